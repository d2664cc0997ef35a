//! Findings: what a report advises, each as one rule about one Handler, under names that stay the same from build to build.

use std::collections::BTreeMap;

use pointsman_store::Place;
use serde::Serialize;

use crate::life::State;
use crate::report::{EvidenceKind, EvidenceRow, HandlerReport, Report, Verdict};
use crate::words::ReportedKind;

/// Call sites that are listed of a finding.
const MOST_SITES: usize = 5;
/// Of the score that a move takes, a rule must bring so much to be a finding of its own: what only supports a move comes and goes.
const CARRIES: f64 = 0.5;

/// Something to act on.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Finding {
    /// `service.name`.
    pub service: String,
    /// The Handler: `POST /api/cart`, `app/actions.ts#addToCart`, `page /cart`.
    pub handler: String,
    /// The rule that speaks.
    pub rule: String,
    /// The move that it speaks for; null for an improvement in place.
    pub verdict: Option<Verdict>,
    /// Fingerprint of the Handler, 16 hex digits.
    pub id: String,
    /// What was measured, in one sentence.
    pub text: String,
    /// Observations behind it.
    pub samples: u64,
    /// Whether it was seen while tests ran: then the shape of its calls speaks for the move, and whether it is worth it is open.
    pub from_tests: bool,
    /// Where the Handler is written in the app's source; null where that is not known.
    pub place: Option<Place>,
    /// Where it is called, at most five places.
    pub call_sites: Vec<Place>,
    /// Why the team does not want to act on it; null unless it was dismissed or snoozed.
    pub dismissed: Option<String>,
}

impl Finding {
    /// What makes it the same finding in another run.
    #[must_use]
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.service, &self.handler, &self.rule)
    }
}

/// All findings of reports, each once, in the order of their keys. What a service does in several environments is one finding.
#[must_use]
pub fn findings(reports: &[Report]) -> Vec<Finding> {
    let mut all: BTreeMap<(String, String, String), Finding> = BTreeMap::new();
    for report in reports {
        for found in report.handlers.iter().flat_map(|row| of_handler(report, row)) {
            let key = (found.service.clone(), found.handler.clone(), found.rule.clone());
            match all.get_mut(&key) {
                // What one environment dismisses, another may still advise; and one of them may know the source.
                Some(known) => {
                    known.dismissed = known.dismissed.take().filter(|_| found.dismissed.is_some());
                    if known.place.is_none() {
                        (known.place, known.call_sites) = (found.place, found.call_sites);
                    }
                }
                None => {
                    all.insert(key, found);
                }
            }
        }
    }
    all.into_values().collect()
}

fn of_handler(report: &Report, row: &HandlerReport) -> Vec<Finding> {
    let shape = row.shape.as_ref().map(|shape| (shape.verdict, shape.dismissed.clone()));
    let to = shape.or_else(|| advised(report, row));
    let carries = CARRIES * report.settings.enter_score;
    let speaks = |evidence: &&EvidenceRow| match evidence.kind {
        EvidenceKind::Improvement => row.improvements.contains(&evidence.rule),
        EvidenceKind::For => to.is_some() && evidence.weight >= carries,
        EvidenceKind::Against | EvidenceKind::Blocker => false,
    };
    let finding = |evidence: &EvidenceRow| {
        let of_move = to.clone().filter(|_| evidence.kind == EvidenceKind::For);
        let (verdict, dismissed) =
            of_move.map_or((None, None), |(verdict, dismissed)| (Some(verdict), dismissed));
        let source = row.source.as_ref();
        Finding {
            service: report.service.clone(),
            handler: handler(row),
            rule: evidence.rule.clone(),
            verdict,
            id: row.id.clone(),
            text: evidence.text.clone(),
            samples: evidence.samples,
            from_tests: report.is_from_tests(),
            place: source.and_then(|source| source.written.clone().or_else(|| source.defined.clone())),
            call_sites: source.map_or_else(Vec::new, |source| {
                source.call_sites.iter().take(MOST_SITES).map(|site| site.place.clone()).collect()
            }),
            dismissed,
        }
    };
    row.evidence.iter().filter(speaks).map(finding).collect()
}

/// The move that is advised, and why the team does not want it, if it does not. What was made already is no advice.
fn advised(report: &Report, row: &HandlerReport) -> Option<(Verdict, Option<String>)> {
    if row.is_open_move() {
        return Some((row.verdict, None));
    }
    let state = row.state.as_deref().and_then(State::from_word)?;
    let put_aside = row.verdict.is_move() && matches!(state, State::Dismissed | State::Snoozed);
    put_aside.then(|| {
        let life =
            report.recommendations.iter().find(|life| life.id == row.id && life.verdict == row.verdict);
        (row.verdict, Some(life.map_or_else(|| state.as_str().to_owned(), |life| life.reason.clone())))
    })
}

/// A Handler's name. Nothing in it changes with a build: an action of which only the id is known goes by its page.
pub(super) fn handler(row: &HandlerReport) -> String {
    let HandlerReport { kind, method, route, operation, action, file, .. } = row;
    let path = operation.as_ref().map_or_else(|| route.clone(), |operation| format!("{route} {operation}"));
    match (action, file.as_deref().unwrap_or_default()) {
        (Some(action), "") if is_id(action) => format!("action of {route}"),
        (Some(action), "") => format!("{action} of {route}"),
        (Some(action), file) => format!("{file}#{action}"),
        (None, _) => match kind.as_str() {
            "server_action" => format!("actions of {route}"),
            "page" => format!("page {route}"),
            _ => format!("{method} {path}"),
        },
    }
}

/// Whether this is an id of Next.js: 40 hex digits or more.
fn is_id(action: &str) -> bool {
    action.len() >= 40 && action.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it is a Handler that the check is about: one that could be moved.
pub(super) fn is_movable(row: &HandlerReport) -> bool {
    row.kind.is_route() || row.kind == ReportedKind::ServerAction
}
