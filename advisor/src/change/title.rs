//! The title of a Change: what to do, in one line, with the names of its Handlers and pages.

use super::words::{Named, list};
use crate::report::{HandlerReport, Verdict};
use crate::rules::{self, Pattern};

/// The title of rows that move together.
pub(super) fn of(rows: &[&HandlerReport], pages: &[String]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let names: Vec<Named<'_>> = rows.iter().map(|row| Named::of(row)).collect();
    let rule = first.rule.as_deref().unwrap_or_default();
    worded(first.verdict, rules::pattern(rule, first.verdict), &names, &on(pages))
}

/// The title of moves of which only the Handlers are known.
pub(crate) fn of_names(verdict: Verdict, names: &[Named<'_>]) -> String {
    worded(verdict, Pattern::Usual, names, "")
}

/// ` on /compare`; nothing where no page or many are known.
fn on(pages: &[String]) -> String {
    match pages {
        [one] => format!(" on {one}"),
        [one, two] => format!(" on {one} and {two}"),
        [one, rest @ ..] if !rest.is_empty() => format!(" on {one} and {} other pages", rest.len()),
        _ => String::new(),
    }
}

fn worded(verdict: Verdict, pattern: Pattern, names: &[Named<'_>], on: &str) -> String {
    let nouns = list(&names.iter().map(Named::noun).collect::<Vec<_>>());
    let names = list(&names.iter().map(Named::name).collect::<Vec<_>>());
    match (verdict, pattern) {
        (Verdict::MoveToRouteHandler, Pattern::Queue) => format!("Fetch {nouns} in parallel{on}"),
        (Verdict::MoveToRouteHandler, Pattern::Poll) => format!("Poll {nouns} through a GET route{on}"),
        (Verdict::MoveToRouteHandler, Pattern::Search) => {
            format!("Search with {names} through a GET route{on}")
        }
        (Verdict::MoveToRouteHandler, Pattern::Stream) => format!("Stream {nouns} from a route{on}"),
        (Verdict::MoveToRouteHandler, Pattern::SharedAnswer) => {
            format!("Serve {nouns} from a GET route that caches can answer{on}")
        }
        (Verdict::MoveToRouteHandler, _) => format!("Serve {nouns} from a GET route{on}"),
        (Verdict::MoveToServerComponent, _) => {
            if on.is_empty() {
                format!("Load {nouns} in a server component")
            } else {
                format!("Load {nouns} with the page{}", on.replacen(" on", "", 1))
            }
        }
        (Verdict::MoveToServerAction, Pattern::Form) => {
            format!("Submit the form{on} to a server action instead of {names}")
        }
        (Verdict::MoveToServerAction, _) => format!("Turn {names} into a server action{on}"),
        (Verdict::Keep | Verdict::InsufficientEvidence, _) => names,
    }
}
