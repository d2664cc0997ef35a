//! What is said of a report as a whole, one line each: gains that are counted once, reasons and improvements that most Handlers
//! share, and the app's source.

use pointsman_advisor::{Report, SharedImprovement, SharedReason};

use super::{benefit, name, source};

/// Names that are listed; of more only how many there are.
const LISTED: usize = 3;

/// All remarks on a report.
pub(crate) fn remarks(report: &Report) -> Vec<String> {
    benefit::overlap(report).into_iter().chain(reasons(report)).collect()
}

/// That some thresholds are not what they are by default.
pub(crate) fn preview(count: usize) -> String {
    match count {
        1 => "Preview: 1 threshold differs from its default".to_owned(),
        count => format!("Preview: {count} thresholds differ from their defaults"),
    }
}

/// Reasons and causes that many handlers share; where Changes are listed, what overlaps is one of them already.
pub(crate) fn reasons(report: &Report) -> Vec<String> {
    let shared = report.shared_reasons.iter().filter_map(|shared| reason(report, shared));
    let improvements = report.shared_improvements.iter().map(|shared| improvement(report, shared));
    let tests = report.is_from_tests().then(|| {
        "recorded from tests (pointsman capture): shape, not traffic, so no move is advised and rules that need traffic are \
         silent"
            .to_owned()
    });
    tests.into_iter().chain(shared).chain(improvements).chain(source::summary(report)).collect()
}

/// An improvement with one cause, most likely.
fn improvement(report: &Report, shared: &SharedImprovement) -> String {
    let SharedImprovement { rule, actions, handlers, of } = shared;
    let (sort, client) = if *actions {
        ("actions", "the client through which they are called")
    } else {
        ("routes", "the code that calls them")
    };
    format!(
        "{rule} applies to {} of {of} {sort} ({}): probably one cause, such as {client}, so look there first",
        handlers.len(),
        names(report, handlers)
    )
}

/// A reason of the app, and what another decision about it would open; none where it would open nothing.
fn reason(report: &Report, shared: &SharedReason) -> Option<String> {
    let SharedReason { rule, text, routes, of, would_move, could_be_judged } = shared;
    let opens = match (would_move.len(), could_be_judged.len()) {
        (0, 0) => return None,
        (0, judged) => format!("{judged} of them could be judged, and none would move today"),
        (moves, 0) => format!("{moves} would move: {}", names(report, would_move)),
        (moves, judged) => {
            format!("{moves} would move ({}), and {judged} more could be judged", names(report, would_move))
        }
    };
    Some(format!(
        "{routes} of {of} routes stay where they are only because of {rule}: {text}. Without that {opens}"
    ))
}

fn names(report: &Report, ids: &[String]) -> String {
    let known = ids.iter().filter_map(|id| report.handlers.iter().find(|handler| handler.id == *id));
    let mut names: Vec<String> = known.take(LISTED).map(name).collect();
    if ids.len() > LISTED {
        names.push(format!("{} more", ids.len() - LISTED));
    }
    names.join(", ")
}
