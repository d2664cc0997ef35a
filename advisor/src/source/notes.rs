//! What neither source nor traffic tells alone.

use std::collections::BTreeSet;

use pointsman_store::{Definition, HandlerKind, Source, Usage};

use super::join::Index;
use super::{FindingKind, MOST_NOTES, SourceFinding};
use crate::report::{HandlerReport, Report};
use crate::words::ReportedKind;

/// What is odd about a Handler that had traffic.
pub(super) fn of_handler(row: &HandlerReport, definition: &Definition, index: &Index<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if definition.call_sites.is_empty() && row.calls > 0.0 {
        let of_own_ui = row.callers.get("own_ui").copied().unwrap_or_default();
        let guesses = definition.route.as_deref().map_or(0, |route| index.guesses(route));
        notes.push(match (guesses, of_own_ui > 0.0) {
            (0, true) => "browsers call it from the app's own pages, but no code in the repository does: the URL is made \
                          while the code runs, or the pages are of an older build"
                .to_owned(),
            (0, false) => "it is called, but no code in the repository does: its callers are outside the repository".to_owned(),
            (1, _) => "no certain call site; 1 call with an unknown URL may mean it".to_owned(),
            (count, _) => format!("no certain call site; {count} calls with an unknown URL may mean it"),
        });
    }
    if definition.usage == Some(Usage::ServerOnly) {
        notes.push(
            "the code calls it only on the server, yet it was called over HTTP: by an older build, or by somebody who knows \
             its id"
                .to_owned(),
        );
    }
    notes
}

/// What is odd about code that had no traffic, and how much of it is not listed.
pub(super) fn findings(report: &Report, source: &Source) -> (Vec<SourceFinding>, u64) {
    let called = |kind: ReportedKind, name: &str, method: Option<&str>| {
        report.handlers.iter().any(|row| {
            let own = match (&row.action, &row.file) {
                (Some(action), Some(file)) => format!("{file}#{action}"),
                _ => row.route.clone(),
            };
            row.kind == kind && own == name && method.is_none_or(|method| method == row.method)
        })
    };
    // An action that is known only by its id may be any of them.
    let nameless =
        report.handlers.iter().any(|row| row.kind == ReportedKind::ServerAction && row.file.is_none());
    let mut all = BTreeSet::new();
    for definition in &source.handlers {
        let found = match (&definition.action, &definition.route) {
            (Some(action), _) if nameless || called(ReportedKind::ServerAction, action, None) => None,
            (Some(action), _) => of_action(definition, action),
            (None, Some(route)) => {
                let is_called = called(definition.kind.into(), route, definition.method.as_deref());
                (!is_called && !definition.call_sites.is_empty()).then(|| no_traffic(definition, route))
            }
            (None, None) => None,
        };
        all.extend(found);
    }
    let more = all.len().saturating_sub(MOST_NOTES) as u64;
    (all.into_iter().take(MOST_NOTES).collect(), more)
}

fn of_action(definition: &Definition, action: &str) -> Option<SourceFinding> {
    let name = definition.name.clone().unwrap_or_else(|| action.to_owned());
    let (kind, text) = match definition.usage? {
        Usage::Nowhere => (
            FindingKind::DeadAction,
            format!(
                "nothing refers to {name} and nobody called it in this window: delete it, or stop exporting it"
            ),
        ),
        Usage::ServerOnly => (
            FindingKind::StrayUseServer,
            format!(
                "only server code calls {name}: move it out of the 'use server' module, so that nobody can call it over HTTP"
            ),
        ),
        Usage::Action => {
            let text = format!("{} {name}, but it was not called in this window", callers(definition));
            (FindingKind::NoTraffic, text)
        }
    };
    Some(SourceFinding { kind, place: definition.place.clone(), name, text })
}

fn callers(definition: &Definition) -> String {
    match definition.call_sites.len() {
        1 => "1 place calls".to_owned(),
        count => format!("{count} places call"),
    }
}

fn no_traffic(definition: &Definition, route: &str) -> SourceFinding {
    let name = match &definition.method {
        Some(method) if definition.kind == HandlerKind::RouteHandler => format!("{method} {route}"),
        _ => route.to_owned(),
    };
    let text = format!("{} {name}, but it was not called in this window", callers(definition));
    SourceFinding { kind: FindingKind::NoTraffic, place: definition.place.clone(), name, text }
}
