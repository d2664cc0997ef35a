//! Loads and saves around the advisor: dirty hours to Rollups, Rollups to reports. All judgement is the advisor's.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context;
use pointsman_advisor::evidence::HourPass;
use pointsman_advisor::{
    Coverage, Explanations, Gathering, Report, ReportInput, Settings, Verdict, Windows, coverage,
    explanations, report,
};
use pointsman_store::{AppFact, Call, Fingerprint, Handler, Hour, RollupRef, Store};
use tokio::sync::mpsc;

use crate::cli::{Until, View};
use crate::clock;
use crate::render::safe::terminal;

/// Brings the Rollups up to date with the Calls.
pub(crate) async fn roll_up_dirty_hours(store: &Store, settings: &Settings) -> anyhow::Result<()> {
    for dirty in store.dirty_hours().await? {
        let from = dirty.hour.start_ns().saturating_sub(Hour::OVERLAP_NS);
        let to = dirty.hour.end_ns() + Hour::OVERLAP_NS;
        let mut pass = HourPass::new(dirty.hour, settings.of_pass());
        let (pieces, mut taken) = mpsc::channel::<Vec<Call>>(1);
        // Beside the reading, and off the threads that serve senders.
        let counting = tokio::task::spawn_blocking(move || {
            while let Some(calls) = taken.blocking_recv() {
                pass.add(&calls);
            }
            pass.finish()
        });
        store.calls_by_client(&dirty.service, from, to, pieces).await?;
        let rollups = counting.await?;
        store.replace_rollups(&dirty, &rollups).await?;
    }
    Ok(())
}

/// The reports that a view asks for, one per service and environment.
pub(crate) async fn reports(store: &Store, view: &View, settings: &Settings) -> anyhow::Result<Vec<Report>> {
    of_services(store, view, settings, report).await
}

/// The reports with all the evidence behind them, one pair per service and environment.
pub(crate) async fn evidence(
    store: &Store,
    view: &View,
    settings: &Settings,
) -> anyhow::Result<Vec<(Report, Explanations)>> {
    let both = |input: &ReportInput<'_>, settings: &Settings| {
        (report(input, settings), explanations(input, settings))
    };
    of_services(store, view, settings, both).await
}

/// What `make` makes of each service and environment.
async fn of_services<T>(
    store: &Store,
    view: &View,
    settings: &Settings,
    make: impl Fn(&ReportInput<'_>, &Settings) -> T,
) -> anyhow::Result<Vec<T>> {
    roll_up_dirty_hours(store, settings).await.context("cannot bring the hourly numbers up to date")?;
    let mut made = Vec::new();
    for service in services(store, view).await? {
        let gathered = gather(store, service, view).await?;
        let environments: BTreeSet<Option<&str>> =
            gathered.handlers.values().map(|handler| handler.environment.as_deref()).collect();
        made.extend(environments.into_iter().map(|one| make(&gathered.input(one), settings)));
    }
    Ok(made)
}

/// The services to look at.
async fn services(store: &Store, view: &View) -> anyhow::Result<Vec<String>> {
    let known = store.services().await?;
    match &view.service {
        None => Ok(known),
        Some(name) if known.contains(name) => Ok(vec![name.clone()]),
        Some(name) if known.is_empty() => {
            anyhow::bail!("there is no service {name} in {}: it holds no calls yet", store.path().display())
        }
        Some(name) => {
            let known: Vec<String> = known.iter().map(|name| terminal(name)).collect();
            anyhow::bail!("there is no service {name}; there are: {}", known.join(", "))
        }
    }
}

/// What telemetry of a service arrives.
pub(crate) struct Checkup {
    pub(crate) service: String,
    pub(crate) coverage: Vec<Coverage>,
    pub(crate) facts: Vec<AppFact>,
}

/// What telemetry arrived in the window, per service.
pub(crate) async fn checkups(
    store: &Store,
    view: &View,
    settings: &Settings,
) -> anyhow::Result<Vec<Checkup>> {
    roll_up_dirty_hours(store, settings).await.context("cannot bring the hourly numbers up to date")?;
    let mut checkups = Vec::new();
    for service in services(store, view).await? {
        let gathered = gather(store, service, view).await?;
        let coverage = coverage(&gathered.handlers, &gathered.windows.window);
        checkups.push(Checkup { service: gathered.service, coverage, facts: gathered.facts });
    }
    Ok(checkups)
}

/// Everything that is known of a service when it is judged.
struct Gathered {
    service: String,
    now_ns: u64,
    handlers: HashMap<Fingerprint, Handler>,
    windows: Windows,
    standing: HashMap<Fingerprint, Verdict>,
    facts: Vec<AppFact>,
}

impl Gathered {
    fn input<'a>(&'a self, environment: Option<&'a str>) -> ReportInput<'a> {
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
}

/// Loads what there is of a service, and merges its Rollups: those of the window, and all that are looked at.
async fn gather(store: &Store, service: String, view: &View) -> anyhow::Result<Gathered> {
    let now_ns = clock::now_ns();
    let to = Hour(Hour::of(end_of_view(store, &service, view.until, now_ns).await?).0 + 1);
    let mut gathering = Gathering::new(to, view.window);
    let oldest = gathering.oldest();
    let add = |rollup: RollupRef<'_>| -> anyhow::Result<()> {
        Ok(gathering.add(rollup.handler, rollup.hour, rollup.payload)?)
    };
    let context = || format!("in {}", store.path().display());
    store.for_each_rollup(&service, oldest, to, add).await.with_context(context)?;
    let windows = gathering.finish()?;
    let standing = HashMap::new();
    let handlers = store.handlers(&service).await?;
    let facts = store.app_facts(&service).await?;
    Ok(Gathered { service, now_ns, handlers, windows, standing, facts })
}

async fn end_of_view(store: &Store, service: &str, until: Until, now: u64) -> anyhow::Result<u64> {
    Ok(match until {
        Until::Now => now,
        Until::At(time) => time,
        Until::Last => store.newest_call(service).await?.unwrap_or(now),
    })
}
