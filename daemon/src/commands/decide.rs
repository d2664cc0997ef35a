//! `pointsman accept`, `dismiss`, `snooze` and `applied`: a user's decision about a recommended move. What is allowed is
//! decided in the advisor.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use pointsman_advisor::{Report, rfc3339};
use pointsman_store::{Fingerprint, Store};

use super::find::{Named, find};
use super::{open_existing, print};
use crate::advise::{Advisor, End, Keeping, Said};
use crate::cli::{AcceptOptions, AppliedOptions, DismissOptions, SnoozeOptions, Target, USUAL_WINDOW, View};
use crate::config::Config;
use crate::render::{self, safe::terminal};

/// What the user said, before it is known of which handlers.
enum Words {
    Final(Said),
    Applied { successor: Option<String> },
}

pub(crate) async fn accept(db: &Path, options: AcceptOptions, config: &Config) -> anyhow::Result<ExitCode> {
    run(db, options.target, Words::Final(Said::Accept), config).await
}

pub(crate) async fn dismiss(db: &Path, options: DismissOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let DismissOptions { target, reason, until } = options;
    run(db, target, Words::Final(Said::Dismiss { reason, until_ns: until }), config).await
}

pub(crate) async fn snooze(db: &Path, options: SnoozeOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let SnoozeOptions { target, lasting, until, reason } = options;
    let end = until.map_or(End::AfterHours(lasting.unwrap_or_default()), End::At);
    run(db, target, Words::Final(Said::Snooze { end, reason }), config).await
}

pub(crate) async fn applied(db: &Path, options: AppliedOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let AppliedOptions { target, successor } = options;
    run(db, target, Words::Applied { successor }, config).await
}

async fn run(db: &Path, target: Target, said: Words, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let text = decide(&store, target, said, config).await;
    store.close().await;
    print(&text?)?;
    Ok(ExitCode::SUCCESS)
}

async fn decide(store: &Store, target: Target, said: Words, config: &Config) -> anyhow::Result<String> {
    let advisor = Advisor::new(store, config);
    let view = View { window: USUAL_WINDOW, until: target.at, service: target.service };
    let reports = advisor.reports(&view, Keeping::RunsAndFirstLook).await?;
    let known = Known::of(&reports);
    let meant = known.find(&target.handler)?;
    let of = (meant.report.service.as_str(), meant.report.environment.as_deref());
    let said = match said {
        Words::Final(said) => said,
        Words::Applied { successor: None } => Said::Applied { successor: None },
        Words::Applied { successor: Some(name) } => {
            Said::Applied { successor: Some(known.find(&name).context("--as")?.id) }
        }
    };
    let decided = advisor.decide(of, meant.id, target.at, &said).await?;
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
}
