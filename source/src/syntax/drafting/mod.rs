//! What drafts ask of one file: where something stands, and which bytes go or come. Knows the syntax, not the move.

mod before_routes;
mod call_sites;
mod direct_call;
mod file;
mod functions;
mod imports;
mod loads;
mod mutation;
mod page;
mod reads;
mod refresh;
mod removal;

pub(crate) use before_routes::{BeforeRoutes, Matchers};
pub(crate) use call_sites::Replacement;
pub(crate) use file::{SourceFile, look};
pub(crate) use functions::Parameter;
pub(crate) use loads::Loads;
pub(crate) use mutation::{Exchange, TakenOver};
pub(crate) use page::Given;
pub(crate) use reads::{Callable, Style};
pub(crate) use refresh::ActionShows;
pub(crate) use removal::Removal;

/// The mark of a comment for a person, in drafted code.
pub(crate) const TODO: &str = "TODO(pointsman): ";

/// What a line asks a person to decide, if it is such a comment.
pub(crate) fn is_todo(line: &str) -> Option<&str> {
    let (_, text) = line.split_once(TODO)?;
    Some(text.trim_end().trim_end_matches("*/}").trim_end_matches("*/").trim_end())
}
