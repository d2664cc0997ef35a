//! What nothing else tells: the memory of advice, sources of apps, published reports and their deliveries.

use std::collections::HashMap;

use super::{Backend, Store, ask};
use crate::error::StoreError;
use crate::{
    AdviceChange, AdviceRecords, Delivery, DeliveryState, KeptReport, ReportHead, ReportKey, Source,
    StoredSource,
};

impl Store {
    /// All that is remembered of a service and environment; nothing at the beginning.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn advice(
        &self,
        service: &str,
        environment: Option<&str>,
    ) -> Result<AdviceRecords, StoreError> {
        ask!(self, store => store.advice(service, environment).await)
    }

    /// The same of all environments of a service of which something is remembered, with as many queries as for one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn advice_of_service(
        &self,
        service: &str,
    ) -> Result<HashMap<Option<String>, AdviceRecords>, StoreError> {
        ask!(self, store => store.advice_of_service(service).await)
    }

    /// Remembers a run or a decision, all of it or nothing. `false` when somebody else has changed something since the
    /// revision was read: then nothing is written, and whoever asked reads again. Writing the same twice is writing it once.
    ///
    /// # Errors
    /// When the database refuses; then nothing has changed.
    pub async fn remember_advice(
        &self,
        service: &str,
        environment: Option<&str>,
        change: AdviceChange<'_>,
    ) -> Result<bool, StoreError> {
        ask!(self, store => store.remember_advice(service, environment, change).await)
    }

    /// Keeps a document in place of the one before.
    ///
    /// # Errors
    /// When the database refuses, or the document is larger than 64 MiB.
    pub async fn keep_source(
        &self,
        service: &str,
        environment: Option<&str>,
        at_ns: u64,
        source: &Source,
    ) -> Result<(), StoreError> {
        ask!(self, store => store.keep_source(service, environment, at_ns, source).await)
    }

    /// The document that is kept, if there is one.
    ///
    /// # Errors
    /// When the database refuses, or what it holds cannot be read.
    pub async fn source(
        &self,
        service: &str,
        environment: Option<&str>,
    ) -> Result<Option<StoredSource>, StoreError> {
        ask!(self, store => store.source(service, environment).await)
    }

    /// Keeps a report and notes to whom it is to be delivered, all of it or nothing; older ones than the newest `keep` of its
    /// service and environment go. `false` when there is one for that moment already: then nothing is written, and whoever
    /// kept that one delivers it.
    ///
    /// # Errors
    /// When the database refuses, or the report is larger than 64 MiB.
    pub async fn keep_report(
        &self,
        report: &KeptReport,
        targets: &[String],
        keep: u32,
    ) -> Result<bool, StoreError> {
        ask!(self, store => store.keep_report(report, targets, keep).await)
    }

    /// The reports that are kept, of one service or of all, the newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn report_heads(
        &self,
        service: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ReportHead>, StoreError> {
        ask!(self, store => store.report_heads(service, limit).await)
    }

    /// A kept report.
    ///
    /// # Errors
    /// When the database refuses, or what it holds cannot be inflated.
    pub async fn kept_report(&self, key: &ReportKey) -> Result<Option<KeptReport>, StoreError> {
        ask!(self, store => store.kept_report(key).await)
    }

    /// The last report that is kept from before a moment.
    ///
    /// # Errors
    /// As [`Self::kept_report`].
    pub async fn report_before(
        &self,
        service: &str,
        environment: Option<&str>,
        at_ns: u64,
    ) -> Result<Option<KeptReport>, StoreError> {
        ask!(self, store => store.report_before(service, environment, at_ns).await)
    }

    /// The newest kept report of each service and environment, ordered by these; at most 100.
    ///
    /// # Errors
    /// As [`Self::kept_report`].
    pub async fn newest_reports(&self) -> Result<Vec<KeptReport>, StoreError> {
        ask!(self, store => store.newest_reports().await)
    }

    /// The deliveries of one report, by the receiver's name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn deliveries_of(&self, key: &ReportKey) -> Result<Vec<Delivery>, StoreError> {
        ask!(self, store => store.deliveries_of(key).await)
    }

    /// The deliveries to one receiver that wait, the next one first, at most `limit`: also those whose time has not come.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn waiting_deliveries(&self, target: &str, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        ask!(self, store => store.waiting_deliveries(target, limit).await)
    }

    /// Begins an attempt that must end before `lost_at_ns`: later another process may begin the next one. `None` when
    /// somebody else has begun it, or it is no longer to be tried.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn begin_delivery(
        &self,
        seen: &Delivery,
        lost_at_ns: u64,
    ) -> Result<Option<Delivery>, StoreError> {
        ask!(self, store => store.begin_delivery(seen, lost_at_ns).await)
    }

    /// Notes how an attempt ended that [`Self::begin_delivery`] began. `false` when it had counted as lost and another one
    /// was begun.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_delivery(
        &self,
        begun: &Delivery,
        state: DeliveryState,
        next_try_ns: u64,
    ) -> Result<bool, StoreError> {
        ask!(self, store => store.end_delivery(begun, state, next_try_ns).await)
    }
}
