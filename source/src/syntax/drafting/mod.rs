//! What drafts ask of one file: where something stands, and which bytes go or come. Knows the syntax, not the move.

mod file;
mod functions;
mod imports;
mod mutation;
mod reads;
mod refresh;
mod removal;

pub(crate) use file::{SourceFile, look};
pub(crate) use functions::Parameter;
pub(crate) use mutation::TakenOver;
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
