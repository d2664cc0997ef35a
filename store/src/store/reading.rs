//! What the advisor reads and counts: Handlers, their Calls, facts about the apps, and Rollups.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::{Backend, Store, ask};
use crate::error::StoreError;
use crate::{AppFact, Call, DirtyHour, Fingerprint, Handler, Hour, RollupRecord, RollupRef};

impl Store {
    /// Names of all services that have Handlers, in alphabetical order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn services(&self) -> Result<Vec<String>, StoreError> {
        ask!(self, store => store.services().await)
    }

    /// The services and their environments with when each was called last, ns since the epoch, the latest first; of ties the
    /// first by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn apps_called(&self) -> Result<Vec<(String, Option<String>, u64)>, StoreError> {
        ask!(self, store => store.apps_called().await)
    }

    /// All Handlers of a service that were ever seen and not forgotten.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn handlers(&self, service: &str) -> Result<HashMap<Fingerprint, Handler>, StoreError> {
        ask!(self, store => store.handlers(service).await)
    }

    /// One Handler; `None` for one that was never seen or is forgotten.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn handler(&self, id: Fingerprint) -> Result<Option<Handler>, StoreError> {
        ask!(self, store => store.handler(id).await)
    }

    /// All Handlers of a service with when each was called last, ns since the epoch, as far as Calls and Rollups reach back; 0 for what has
    /// neither.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn handlers_called(&self, service: &str) -> Result<Vec<(Handler, u64)>, StoreError> {
        ask!(self, store => store.handlers_called(service).await)
    }

    /// The Calls of a service that started in `from_ns <= start < to_ns`, ordered by client, then by start.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn calls(&self, service: &str, from_ns: u64, to_ns: u64) -> Result<Vec<Call>, StoreError> {
        ask!(self, store => store.calls(service, from_ns, to_ns).await)
    }

    /// Sends the same piece by piece and in no order, so that not all of them are held at once. All Calls of a client come
    /// in one piece, unless more than 100,000 would, or 8 MiB of texts.
    ///
    /// An hour with many Calls is read several times, each time for a part of the clients: passing over a row costs a
    /// fraction of what sorting all of them by client would.
    ///
    /// How many were left out because more than 512 pieces would be needed for one moment of one part of the clients.
    ///
    /// # Errors
    /// When the database refuses; then some pieces may have been sent already.
    pub async fn calls_by_client(
        &self,
        service: &str,
        from_ns: u64,
        to_ns: u64,
        pieces: mpsc::Sender<Vec<Call>>,
    ) -> Result<u64, StoreError> {
        ask!(self, store => store.calls_by_client(service, from_ns, to_ns, pieces).await)
    }

    /// The start of the newest Call of a service, ns since the epoch; `None` without any Call.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn newest_call(&self, service: &str) -> Result<Option<u64>, StoreError> {
        ask!(self, store => store.newest_call(service).await)
    }

    /// The facts of a service, of more than 10,000 those that were seen last, ordered by name and then by when they were first seen.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn app_facts(&self, service: &str) -> Result<Vec<AppFact>, StoreError> {
        ask!(self, store => store.app_facts(service).await)
    }

    /// Hours that need to be rolled up, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn dirty_hours(&self) -> Result<Vec<DirtyHour>, StoreError> {
        ask!(self, store => store.dirty_hours().await)
    }

    /// The same up to so many: of each service the newest hour first, then the one before it, and so on, so that no service
    /// waits for the long past of another; and how many there are in all.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn newest_dirty_hours(&self, most: u32) -> Result<(Vec<DirtyHour>, u64), StoreError> {
        ask!(self, store => store.newest_dirty_hours(most).await)
    }

    /// Puts the Rollups of a service's hour in place of those that were there, unless somebody who read the hour's Calls
    /// later, or as late, has written already, or retention has closed the hour. Returns whether they were written. The hour
    /// stays dirty when its Calls changed again in between.
    ///
    /// # Errors
    /// When the database refuses; then the old ones stay.
    pub async fn replace_rollups(
        &self,
        dirty: &DirtyHour,
        rollups: &[RollupRecord],
    ) -> Result<bool, StoreError> {
        ask!(self, store => store.replace_rollups(dirty, rollups).await)
    }

    /// Hands over all Rollups of a service with `from <= hour < to` one by one, handler by handler and in the order of
    /// their hours: a report merges many thousands, of which no two need to be in memory.
    ///
    /// # Errors
    /// When the database refuses, or the one who takes them does; then some may have been taken already.
    pub async fn for_each_rollup<E: From<StoreError>>(
        &self,
        service: &str,
        from: Hour,
        to: Hour,
        take: impl FnMut(RollupRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        ask!(self, store => store.for_each_rollup(service, from, to, take).await)
    }

    /// Hands over the Rollups of one Handler with `from <= hour < to`, in the order of their hours.
    ///
    /// # Errors
    /// When the database refuses, or the one who takes them does; then some may have been taken already.
    pub async fn for_each_rollup_of<E: From<StoreError>>(
        &self,
        handler: Fingerprint,
        from: Hour,
        to: Hour,
        take: impl FnMut(RollupRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        ask!(self, store => store.for_each_rollup_of(handler, from, to, take).await)
    }
}
