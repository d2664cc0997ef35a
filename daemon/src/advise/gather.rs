//! Everything that is known of a service when it is judged, read from the store.

use std::collections::HashMap;

use anyhow::Context;
use pointsman_advisor::life::Measured;
use pointsman_advisor::{Gathering, ReportInput, Verdict, Windows, coverage, proxied};
use pointsman_store::{AppFact, Fingerprint, Handler, Hour, RollupRef, Store};

use super::Checkup;
use super::memory::Memories;
use crate::cli::Until;
use crate::clock;

/// Everything that is known of a service.
pub(super) struct Gathered {
    pub(super) service: String,
    /// When the report is made.
    now_ns: u64,
    pub(super) handlers: HashMap<Fingerprint, Handler>,
    pub(super) windows: Windows,
    standing: HashMap<Fingerprint, Verdict>,
    pub(super) facts: Vec<AppFact>,
    /// The hours of the moves that are being compared.
    pub(super) measured: Measured,
}

impl Gathered {
    pub(super) fn input<'a>(&'a self, environment: Option<&'a str>) -> ReportInput<'a> {
        ReportInput {
            service: &self.service,
            environment,
            generated_at_ns: self.now_ns,
            handlers: &self.handlers,
            windows: &self.windows,
            standing: &self.standing,
            facts: &self.facts,
        }
    }

    /// What telemetry of an environment arrived in the window.
    pub(super) fn checkup(&self, environment: Option<&str>) -> Checkup {
        let of_environment = self.facts.iter().filter(|fact| fact.environment.as_deref() == environment);
        Checkup {
            service: self.service.clone(),
            environment: environment.map(str::to_owned),
            coverage: coverage(&self.handlers, &self.windows.window, environment),
            proxied: proxied(&self.handlers, &self.windows.window, environment),
            facts: of_environment.cloned().collect(),
        }
    }
}

/// Whether moves that were made are compared with the time before them, for which their hours are needed one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Looks {
    /// No: between two runs nothing is decided about them.
    Once,
    /// Yes.
    AlsoBack,
}

/// Loads what there is of a service before the hour `to`, and merges its Rollups: those of the window, and all that are
/// looked at. What is remembered of it says which verdicts stand.
pub(super) async fn gather(
    store: &Store,
    service: &str,
    window: u32,
    to: Hour,
    memories: &Memories,
    looks: Looks,
) -> anyhow::Result<Gathered> {
    let handlers = store.handlers(service).await?;
    let mut gathering = Gathering::new(to, window);
    let mut measured = match looks {
        Looks::Once => Measured::default(),
        Looks::AlsoBack => memories.measured(&handlers),
    };
    let oldest = gathering.oldest();
    let add = |rollup: RollupRef<'_>| -> anyhow::Result<()> {
        measured.add(rollup.handler, rollup.hour, rollup.payload)?;
        Ok(gathering.add(rollup.handler, rollup.hour, rollup.payload)?)
    };
    let context = || format!("in {}", store.location());
    store.for_each_rollup(service, oldest, to, add).await.with_context(context)?;
    Ok(Gathered {
        service: service.to_owned(),
        now_ns: clock::now_ns(),
        handlers,
        windows: gathering.finish()?,
        standing: memories.standing(),
        facts: store.app_facts(service).await?,
        measured,
    })
}

/// The moment at which a look ends, ns since the epoch.
pub(super) async fn end_of_look(store: &Store, service: &str, until: Until) -> anyhow::Result<u64> {
    Ok(match until {
        Until::Now => clock::now_ns(),
        Until::At(time) => time,
        Until::Last => store.newest_call(service).await?.unwrap_or_else(clock::now_ns),
    })
}

/// The hour after the one in which a moment lies: a look takes in what has come of that hour.
pub(super) fn hour_after(moment_ns: u64) -> Hour {
    Hour(Hour::of(moment_ns).0.saturating_add(1))
}
