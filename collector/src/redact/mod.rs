//! Takes out of spans what is not known to be harmless, before anything is stored: what stays is a list, and of its values no
//! cookies, no authorization values, no query strings, no statements, no messages, no addresses. What the judgement needs
//! of the rest stays as a name, as presence or as a keyed hash. `allowed` and `names` say what happens to which
//! attribute, `text` and `path` what becomes of its text, `marks` what is left in place of what went, `client` what becomes
//! of a session or an address, `session` which cookie is one, `keyed` how texts are hashed.
//! Who walks the spans is [`crate::admit`].

mod allowed;
mod client;
mod keyed;
mod marks;
mod names;
mod path;
mod session;
mod text;

pub use keyed::Secret;
pub(crate) use marks::{Left, Marks};
pub(crate) use names::{Rule, Treatment, rule};
pub(crate) use text::{origin_of, span_name, treat};
