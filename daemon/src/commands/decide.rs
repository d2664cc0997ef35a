//! `pointsman accept`, `dismiss`, `snooze` and `applied`: a user's decision about a Change. What is allowed is
//! decided in the advisor.

use std::process::ExitCode;

use anyhow::Context;
use pointsman_advisor::life::Subject;
use pointsman_advisor::{ChangeId, Report, rfc3339};
use pointsman_store::{Fingerprint, Location, Store};

use super::find::{Named, find};
use super::{open_existing, print};
use crate::advise::{Advisor, End, Keeping, Said};
use crate::cli::{AcceptOptions, AppliedOptions, DismissOptions, SnoozeOptions, Target, USUAL_WINDOW, View};
use crate::config::Config;
use crate::render::safe::terminal;

/// What the user said, before it is known of which handlers.
enum Words {
    Final(Said),
    Applied { successor: Option<String> },
}

pub(crate) async fn accept(
    db: &Location,
    options: AcceptOptions,
    config: &Config,
) -> anyhow::Result<ExitCode> {
    run(db, options.target, Words::Final(Said::Accept), config).await
}

pub(crate) async fn dismiss(
    db: &Location,
    options: DismissOptions,
    config: &Config,
) -> anyhow::Result<ExitCode> {
    let DismissOptions { target, reason, until } = options;
    run(db, target, Words::Final(Said::Dismiss { reason, until_ns: until }), config).await
}

pub(crate) async fn snooze(
    db: &Location,
    options: SnoozeOptions,
    config: &Config,
) -> anyhow::Result<ExitCode> {
    let SnoozeOptions { target, lasting, until, reason } = options;
    let end = until.map_or(End::AfterHours(lasting.unwrap_or_default()), End::At);
    run(db, target, Words::Final(Said::Snooze { end, reason }), config).await
}

pub(crate) async fn applied(
    db: &Location,
    options: AppliedOptions,
    config: &Config,
) -> anyhow::Result<ExitCode> {
    let AppliedOptions { target, successor } = options;
    run(db, target, Words::Applied { successor }, config).await
}

async fn run(db: &Location, target: Target, said: Words, config: &Config) -> anyhow::Result<ExitCode> {
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
            Said::Applied { successor: Some(known.handler(&name).context("--as")?) }
        }
    };
    let decided = advisor.decide(of, meant.subject, target.at, &said).await?;
    let name = terminal(&meant.title);
    let decided = decided.with_context(|| format!("{name} ({})", meant.id))?;
    let until = decided.until_ns.map(rfc3339).map_or_else(String::new, |time| format!(" until {time}"));
    let change =
        meant.report.changes.iter().find(|one| decided.change.is_some_and(|id| one.id == id.to_string()));
    let title = change.map_or(name, |change| format!("{} ({})", terminal(&change.title), change.id));
    let handlers = match decided.moves.len() {
        1 => String::new(),
        many => format!("; it moves {many} handlers"),
    };
    Ok(format!("{title}: {}{until}{handlers}\n", decided.state.as_str()))
}

/// Every Change and handler of some reports, those included of which only a recommendation is left.
struct Known<'a> {
    names: Vec<Named>,
    reports: Vec<&'a Report>,
}

/// What a user means: a Change, or a handler.
struct Meant<'a> {
    subject: Subject,
    id: String,
    title: String,
    report: &'a Report,
}

impl<'a> Known<'a> {
    fn of(reports: &'a [Report]) -> Self {
        let mut known = Self { names: Vec::new(), reports: Vec::new() };
        for report in reports {
            let changes = report.changes.iter().map(Named::of_change);
            let rows = report.handlers.iter().map(Named::of);
            for one in changes.chain(rows).chain(report.recommendations.iter().map(Named::of_life)) {
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
        let (named, report) = named.context("no report has it")?;
        let subject = match ChangeId::from_text(&named.id) {
            Some(id) => Subject::Change(id),
            None => Subject::Handler(Fingerprint::from_hex(&named.id).context("its id cannot be read")?),
        };
        Ok(Meant { subject, id: named.id.clone(), title: named.title.clone(), report })
    }

    /// A handler, which is no Change.
    fn handler(&self, wanted: &str) -> anyhow::Result<Fingerprint> {
        match self.find(wanted)?.subject {
            Subject::Handler(id) => Ok(id),
            Subject::Change(_) => {
                anyhow::bail!("{wanted} is a change; name the handler that came in its place")
            }
        }
    }
}
