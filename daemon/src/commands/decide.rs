//! `pointsman accept`, `dismiss`, `snooze` and `applied`: a user's decision about a recommended move. What is allowed is
//! decided in the advisor.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use pointsman_advisor::life::Decision;
use pointsman_advisor::{Report, rfc3339};
use pointsman_store::{Fingerprint, Handler, Hour, Store};

use super::find::{Named, find};
use super::{open_existing, print};
use crate::advise::{Advisor, Keeping};
use crate::cli::{AcceptOptions, AppliedOptions, DismissOptions, SnoozeOptions, Target, USUAL_WINDOW, View};
use crate::config::Config;
use crate::render::{self, safe::terminal};

/// What the user said, before it is known about which handlers.
enum Said {
    Accept,
    Dismiss { reason: String, until_ns: Option<u64> },
    Snooze { hours: Option<u32>, until_ns: Option<u64>, reason: Option<String> },
    Applied { successor: Option<String> },
}

pub(crate) async fn accept(db: &Path, options: AcceptOptions, config: &Config) -> anyhow::Result<ExitCode> {
    run(db, options.target, Said::Accept, config).await
}

pub(crate) async fn dismiss(db: &Path, options: DismissOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let DismissOptions { target, reason, until } = options;
    run(db, target, Said::Dismiss { reason, until_ns: until }, config).await
}

pub(crate) async fn snooze(db: &Path, options: SnoozeOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let SnoozeOptions { target, lasting, until, reason } = options;
    run(db, target, Said::Snooze { hours: lasting, until_ns: until, reason }, config).await
}

pub(crate) async fn applied(db: &Path, options: AppliedOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let AppliedOptions { target, successor } = options;
    run(db, target, Said::Applied { successor }, config).await
}

async fn run(db: &Path, target: Target, said: Said, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let text = decide(&store, target, said, config).await;
    store.close().await;
    print(&text?)?;
    Ok(ExitCode::SUCCESS)
}

async fn decide(store: &Store, target: Target, said: Said, config: &Config) -> anyhow::Result<String> {
    let advisor = Advisor::new(store, config);
    let view = View { window: USUAL_WINDOW, until: target.at, service: target.service };
    let reports = advisor.reports(&view, Keeping::RunsAndFirstLook).await?;
    let known = Known::of(&reports);
    let meant = known.find(&target.handler)?;
    let of = (meant.report.service.as_str(), meant.report.environment.as_deref());
    let decision = match said {
        Said::Accept => Decision::Accept,
        Said::Dismiss { reason, until_ns } => Decision::Dismiss { reason, until_ns },
        Said::Snooze { hours, until_ns, reason } => {
            let length = u64::from(hours.unwrap_or_default()) * Hour::NANOS;
            let begin = advisor.moment(of.0, target.at).await?;
            Decision::Snooze { until_ns: until_ns.unwrap_or_else(|| begin.saturating_add(length)), reason }
        }
        Said::Applied { successor } => {
            let successor = match successor {
                Some(name) => Some(known.successor(&name, &meant, &advisor).await?),
                None => None,
            };
            Decision::Applied { successor }
        }
    };
    let decided = advisor.decide(of, meant.id, target.at, &decision).await?;
    let name = terminal(&meant.title);
    let decided = decided.with_context(|| format!("{name} ({})", meant.id))?;
    let until = decided.until_ns.map(rfc3339).map_or_else(String::new, |time| format!(" until {time}"));
    Ok(format!("{name}: {} is {}{until}\n", render::verdict(decided.verdict), decided.state.as_str()))
}

/// Every handler of some reports, those included of which only a recommendation is left.
struct Known<'a> {
    names: Vec<Named>,
    reports: Vec<&'a Report>,
}

/// The handler that a user means.
struct Meant<'a> {
    id: Fingerprint,
    title: String,
    report: &'a Report,
}

impl<'a> Known<'a> {
    fn of(reports: &'a [Report]) -> Self {
        let mut known = Self { names: Vec::new(), reports: Vec::new() };
        for report in reports {
            let rows = report.handlers.iter().map(Named::of);
            for one in rows.chain(report.recommendations.iter().map(Named::of_life)) {
                if !known.names.iter().any(|other| other.id == one.id) {
                    known.names.push(one);
                    known.reports.push(report);
                }
            }
        }
        known
    }

    fn find(&self, wanted: &str) -> anyhow::Result<Meant<'a>> {
        let place = find(&self.names, wanted)?;
        let named = self.names.get(place).zip(self.reports.get(place));
        let (named, report) = named.context("the handler is in no report")?;
        let id = Fingerprint::from_hex(&named.id).context("its id is none")?;
        Ok(Meant { id, title: named.title.clone(), report })
    }

    /// What came in place of a handler: one of the same report.
    async fn successor(
        &self,
        wanted: &str,
        old: &Meant<'_>,
        advisor: &Advisor<'_>,
    ) -> anyhow::Result<(Fingerprint, Handler)> {
        let new = self.find(wanted).context("--as")?;
        anyhow::ensure!(
            new.report.service == old.report.service && new.report.environment == old.report.environment,
            "--as {wanted}: it is a handler of another service or environment"
        );
        let handler = advisor.handler(&new.report.service, new.id).await?;
        Ok((new.id, handler.with_context(|| format!("--as {wanted}: the handler is not known"))?))
    }
}
