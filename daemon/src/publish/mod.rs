//! Publishing: reports are made when they are due, kept, and brought to whoever wants them. Lives here: the two kinds of tasks
//! and what they share. `times` says when a report is due, `target` where it goes, `webhook` and `folder` how. How a
//! report reads is `render`'s business, what it says the advisor's.
//!
//! Nothing waits for a receiver: what is to be delivered stands in the database, and each receiver has a task of its own that
//! tries it there until it is taken or given up.

mod delivering;
mod email;
mod folder;
mod grafana;
mod metrics;
mod target;
mod times;
mod webhook;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use pointsman_advisor::{Report, life};
use pointsman_store::{AppFact, KeptReport, ReportKey, Store, Work};
use prometheus::Registry;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::{Instrument, error, info, info_span};

use crate::advise::{Advisor, note_changes};
use crate::clock;
use crate::config::{Config, Current, Reports};
use crate::stopping::until;
use crate::telemetry::TRACED;
use delivering::Deliverer;
use metrics::Metrics;
use target::Target;
use times::{Due, Times};

/// How often it is looked whether a report is due.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// A service and environment.
type Of = (String, Option<String>);

/// Makes reports when they are due.
pub(crate) struct Publisher {
    store: Store,
    current: Current,
    /// As the times were made of.
    config: Arc<Config>,
    metrics: Metrics,
    times: Times,
    targets: Vec<Arc<Target>>,
    /// What was due last and is done: kept by whomever, or empty.
    done: HashMap<Of, u64>,
    kept: Arc<Notify>,
}

/// What is wrong with the files of receivers.
pub(crate) fn faults(reports: &Reports) -> Vec<String> {
    target::of(reports).err().map(|error| format!("{error:#}")).into_iter().collect()
}

impl Publisher {
    /// Reads what the configuration names: secrets, certificates of the system; and registers its metrics.
    pub(crate) fn new(store: Store, current: Current, registry: &Registry) -> anyhow::Result<Self> {
        let config = current.get();
        let times = Times::new(&config.reports)?;
        let targets: Vec<Arc<Target>> = target::of(&config.reports)?.into_iter().map(Arc::new).collect();
        let metrics = Metrics::register(registry, targets.iter().map(|target| target.name()))?;
        Ok(Self {
            store,
            current,
            config,
            metrics,
            times,
            targets,
            done: HashMap::new(),
            kept: Arc::default(),
        })
    }

    /// Starts the tasks: one that publishes, and one for each receiver.
    pub(crate) fn start(self, stopped: &watch::Receiver<bool>, tasks: &mut JoinSet<anyhow::Result<()>>) {
        for target in &self.targets {
            let deliverer = Deliverer {
                store: self.store.clone(),
                target: Arc::clone(target),
                metrics: self.metrics.clone(),
                kept: Arc::clone(&self.kept),
            };
            tasks.spawn(deliverer.deliver_again_and_again(stopped.clone()));
        }
        tasks.spawn(self.publish_again_and_again(stopped.clone()));
    }

    /// A report that fails is logged and tried again at the next look.
    async fn publish_again_and_again(mut self, stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
        let stop = until(&stopped);
        tokio::pin!(stop);
        loop {
            let published = tokio::select! {
                () = &mut stop => return Ok(()),
                published = self.publish_what_is_due(clock::now_ns()) => published,
            };
            if let Err(error) = published {
                error!("a report could not be published: {error:#}");
                self.metrics.count_failure();
            }
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn publish_what_is_due(&mut self, now_ns: u64) -> anyhow::Result<()> {
        self.follow_configuration()?;
        if self.times.are_off() {
            return Ok(());
        }
        // Others find it published, as they would if two had begun; this saves them the work.
        if !self.store.leads(Work::Publishing, LOOK_EVERY * 3).await? {
            return Ok(());
        }
        let mut failure = None;
        for service in self.store.services().await? {
            let handlers = self.store.handlers(&service).await?;
            let environments: BTreeSet<Option<String>> =
                handlers.into_values().map(|handler| handler.environment).collect();
            let facts = self.store.app_facts(&service).await?;
            for environment in environments {
                // One that fails leaves the others alone.
                let published = self.publish_if_due((service.clone(), environment), &facts, now_ns).await;
                failure = published.err().or(failure);
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Another schedule may have come into force. Receivers stay as they were at the start.
    fn follow_configuration(&mut self) -> anyhow::Result<()> {
        let config = self.current.get();
        if !Arc::ptr_eq(&config, &self.config) {
            self.times = Times::new(&config.reports)?;
            self.config = config;
        }
        Ok(())
    }

    async fn publish_if_due(&mut self, of: Of, facts: &[AppFact], now_ns: u64) -> anyhow::Result<()> {
        let (service, environment) = (of.0.as_str(), of.1.as_deref());
        let deployed = |until_ns| life::deployed(facts, environment, until_ns);
        if self.times.due(self.done.get(&of).copied(), deployed, now_ns).is_none() {
            return Ok(());
        }
        // Another process may have been faster.
        let last = self.store.report_before(service, environment, now_ns).await?;
        let last_ns = [last.as_ref().map(|kept| kept.key.at_ns), self.done.get(&of).copied()];
        let last_ns = last_ns.into_iter().flatten().max();
        let Some(due) = self.times.due(last_ns, deployed, now_ns) else {
            self.done.extend(last_ns.map(|last_ns| (of, last_ns)));
            return Ok(());
        };
        let advisor = Advisor::new(&self.store, &self.config);
        let span = info_span!(target: TRACED, "make report", reason = due.reason.as_str());
        let made = advisor.report_at(service, environment, due.at_ns).instrument(span).await?;
        // Before the first one, a report on nothing would say nothing.
        if let Some(mut report) = made.filter(|report| last.is_some() || !report.handlers.is_empty()) {
            note_changes(&mut report, last.as_ref());
            self.keep(&of, due, &report).await?;
        }
        self.done.insert(of, due.at_ns);
        Ok(())
    }

    /// Keeps a report, with what is to be delivered of it; unless another process has been faster.
    async fn keep(&self, (service, environment): &Of, due: Due, report: &Report) -> anyhow::Result<()> {
        let key = ReportKey { service: service.clone(), environment: environment.clone(), at_ns: due.at_ns };
        let payload = serde_json::to_vec(report)?;
        let reason = due.reason.as_str().to_owned();
        let kept = KeptReport { key, made_ns: clock::now_ns(), reason, payload };
        let targets: Vec<String> = self.targets.iter().map(|target| target.name().to_owned()).collect();
        if self.store.keep_report(&kept, &targets, self.config.reports.keep).await? {
            self.metrics.count_report(due.reason);
            info!(
                service,
                environment,
                reason = due.reason.as_str(),
                window_to = report.window.to,
                "published a report"
            );
            self.kept.notify_waiters();
        }
        Ok(())
    }
}
