//! Source and traffic together: which definition and which call sites belong to a Handler, and what neither tells alone.
//! What is in the source is found elsewhere; here it is only compared.

mod fit;
mod join;
mod notes;
mod steps;

use pointsman_store::{CallSite, Place, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::explanation::Explanations;
use crate::report::{HandlerReport, Report};
pub use fit::{Misfit, fits};
use join::Index;

/// Call sites that are listed for a Handler; further ones are counted.
const MOST_SITES: usize = 20;
/// Notes of a kind that are listed in a report; further ones are counted.
const MOST_NOTES: usize = 50;

/// A Handler in the app's source.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct HandlerSource {
    /// Where it is exported; null if no definition was found.
    pub defined: Option<Place>,
    /// Where the function is written, if that is another place.
    pub written: Option<Place>,
    /// Where it is called, at most 20.
    pub call_sites: Vec<CallSite>,
    /// How many places call it.
    pub call_sites_total: u64,
    /// Why nothing was found, or what is odd about it; each is one sentence.
    pub notes: Vec<String>,
}

/// The app's source behind a report.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ReportSource {
    /// The commit, where it is known.
    pub commit: Option<String>,
    /// Hash of all that was read.
    pub content_hash: Option<String>,
    /// Why the source was not used; null if it was.
    pub refused: Option<String>,
    /// Handlers of the report that have a definition, and those that should have one.
    pub matched: u64,
    /// Handlers of the report that could have one: routes, `pages/api` and actions.
    pub expected: u64,
    /// Calls in the source that could not be tied to a handler.
    pub unresolved: u64,
    /// What only source and traffic together tell about code that had no traffic.
    pub findings: Vec<SourceFinding>,
    /// Findings beyond those that are listed.
    pub more_findings: u64,
}

/// What is odd about code that had no traffic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceFinding {
    /// What it is.
    pub kind: FindingKind,
    /// Where.
    pub place: Place,
    /// `POST /api/x`, or the action's name.
    pub name: String,
    /// One sentence: what was seen and what to do.
    pub text: String,
}

/// What source and traffic together may show about code without traffic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// An action that nothing refers to and nobody called.
    DeadAction,
    /// An action that only server code calls: its public endpoint is of no use.
    StrayUseServer,
    /// A handler that the code calls, but that had no calls in the window.
    NoTraffic,
}

/// Says in a report where its Handlers are defined and called, and what is odd about it.
pub fn attach(report: &mut Report, source: &Source) {
    let index = Index::of(source);
    for row in &mut report.handlers {
        row.source = handler_source(row, &index);
        let mut steps = std::mem::take(&mut row.steps);
        steps::name_places(&mut steps, &[row]);
        row.steps = steps;
    }
    let Report { handlers, changes, .. } = report;
    for change in changes {
        let rows: Vec<&HandlerReport> =
            handlers.iter().filter(|row| change.handlers.contains(&row.id)).collect();
        steps::name_places(&mut change.steps, &rows);
        let sites = rows.iter().filter_map(|row| row.source.as_ref()).flat_map(|source| &source.call_sites);
        change.call_sites = sites.cloned().collect();
    }
    let expected = report.handlers.iter().filter(|row| row.source.is_some()).count();
    let is_defined =
        |row: &&HandlerReport| row.source.as_ref().is_some_and(|source| source.defined.is_some());
    let matched = report.handlers.iter().filter(is_defined).count();
    let (findings, more_findings) = notes::findings(report, source);
    report.source = Some(ReportSource {
        commit: source.commit.clone(),
        content_hash: Some(source.content_hash.clone()),
        refused: None,
        matched: matched as u64,
        expected: expected as u64,
        unresolved: source.counts.unresolved,
        findings,
        more_findings,
    });
}

/// Says in a report that there is source that does not fit, and why.
pub fn refuse(report: &mut Report, source: &Source, reason: String) {
    report.source = Some(ReportSource {
        commit: source.commit.clone(),
        content_hash: Some(source.content_hash.clone()),
        refused: Some(reason),
        ..ReportSource::default()
    });
}

/// The same for the evidence: what the report says of each Handler.
pub fn attach_to_evidence(explanations: &mut Explanations, report: &Report) {
    for explanation in &mut explanations.handlers {
        let row = report.handlers.iter().find(|row| row.id == explanation.id);
        explanation.source = row.and_then(|row| row.source.clone());
    }
}

/// What the source says of one Handler; `None` for pages and for what has no code of its own.
fn handler_source(row: &HandlerReport, index: &Index<'_>) -> Option<HandlerSource> {
    let lookup = index.definition(row)?;
    let mut found = HandlerSource::default();
    match lookup {
        Ok(definition) => {
            found.defined = Some(definition.place.clone());
            found.written.clone_from(&definition.written_in);
            found.call_sites = definition.call_sites.iter().take(MOST_SITES).cloned().collect();
            found.call_sites_total = definition.call_sites.len() as u64;
            found.notes = notes::of_handler(row, definition, index);
        }
        Err(why) => found.notes.push(why.to_owned()),
    }
    Some(found)
}
