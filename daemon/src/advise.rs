//! Loads and saves around the advisor: dirty hours to Rollups, Rollups to reports. All judgement is the advisor's.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context;
use pointsman_advisor::evidence::{HourPass, Rollup};
use pointsman_advisor::{Coverage, Report, ReportInput, Settings, coverage, report};
use pointsman_store::{AppFact, Fingerprint, Hour, RollupRecord, Store};

use crate::cli::{Until, View};
use crate::clock;
use crate::render::safe::terminal;

/// Blockers look at all that is retained: this many hours before the window's end, at least (35 days).
const RETAINED_HOURS: u32 = 35 * 24;

/// Brings the Rollups up to date with the Calls.
pub(crate) async fn roll_up_dirty_hours(store: &Store) -> anyhow::Result<()> {
    for dirty in store.dirty_hours().await? {
        let from = dirty.hour.start_ns().saturating_sub(Hour::OVERLAP_NS);
        let to = dirty.hour.end_ns() + Hour::OVERLAP_NS;
        let mut pass = HourPass::new(dirty.hour);
        store.calls_by_client(&dirty.service, from, to, |calls| pass.add(&calls)).await?;
        let rollups = tokio::task::spawn_blocking(move || pass.finish()).await?;
        store.replace_rollups(&dirty, &rollups).await?;
    }
    Ok(())
}

/// The reports that a view asks for, one per service and environment.
pub(crate) async fn reports(store: &Store, view: &View, settings: &Settings) -> anyhow::Result<Vec<Report>> {
    roll_up_dirty_hours(store).await.context("cannot bring the hourly numbers up to date")?;
    let mut reports = Vec::new();
    for service in services(store, view).await? {
        reports.extend(of_service(store, &service, view, settings).await?);
    }
    Ok(reports)
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
pub(crate) async fn checkups(store: &Store, view: &View) -> anyhow::Result<Vec<Checkup>> {
    roll_up_dirty_hours(store).await.context("cannot bring the hourly numbers up to date")?;
    let mut checkups = Vec::new();
    for service in services(store, view).await? {
        let (from, to) = window(store, &service, view, clock::now_ns()).await?;
        let (rollups, _) = merge(&store.rollups(&service, from, to).await?, from)?;
        let coverage = coverage(&store.handlers(&service).await?, &rollups);
        let facts = store.app_facts(&service).await?;
        checkups.push(Checkup { service, coverage, facts });
    }
    Ok(checkups)
}

/// The hours that a view looks at, half open.
async fn window(store: &Store, service: &str, view: &View, now: u64) -> anyhow::Result<(Hour, Hour)> {
    let to = Hour(Hour::of(end_of_view(store, service, view.until, now).await?).0 + 1);
    Ok((Hour(to.0.saturating_sub(view.window)), to))
}

async fn of_service(
    store: &Store,
    service: &str,
    view: &View,
    settings: &Settings,
) -> anyhow::Result<Vec<Report>> {
    let now = clock::now_ns();
    let (from, to) = window(store, service, view, now).await?;
    let oldest = Hour(to.0.saturating_sub(view.window.max(RETAINED_HOURS)));
    let handlers = store.handlers(service).await?;
    let records = store.rollups(service, oldest, to).await?;
    let facts = store.app_facts(service).await?;
    let environments: BTreeSet<Option<String>> = handlers.values().map(|h| h.environment.clone()).collect();
    let merged = tokio::task::spawn_blocking(move || merge(&records, from)).await?;
    let (window, retained) = merged.with_context(|| format!("in {}", store.path().display()))?;
    let of_environment = |environment: &Option<String>| {
        let input = ReportInput {
            service,
            environment: environment.as_deref(),
            from,
            to,
            generated_at_ns: now,
            handlers: &handlers,
            window: &window,
            retained: &retained,
            facts: &facts,
        };
        report(&input, settings)
    };
    Ok(environments.iter().map(of_environment).collect())
}

async fn end_of_view(store: &Store, service: &str, until: Until, now: u64) -> anyhow::Result<u64> {
    Ok(match until {
        Until::Now => now,
        Until::At(time) => time,
        Until::Last => store.newest_call(service).await?.unwrap_or(now),
    })
}

type ByHandler = HashMap<Fingerprint, Rollup>;

/// Merges Rollups per Handler: those of the window, and all.
fn merge(records: &[RollupRecord], from: Hour) -> anyhow::Result<(ByHandler, ByHandler)> {
    let (mut window, mut retained) = (ByHandler::new(), ByHandler::new());
    for record in records {
        let rollup = Rollup::decode(&record.payload)?;
        if record.hour >= from {
            window.entry(record.handler).or_default().merge(&rollup);
        }
        retained.entry(record.handler).or_default().merge(&rollup);
    }
    Ok((window, retained))
}
