//! Takes out of spans what is personal, before anything is stored: no cookies, no authorization values, no
//! query strings, no statements, no messages, no addresses. What the judgement needs of them stays as a
//! name or as presence. `names` says what happens to which attribute, `text` what becomes of its text, `marks`
//! what is left in place of what went, `client` what becomes of a session or an address, `session` which cookie is one.
//! Who walks the spans is [`crate::admit`].

mod client;
mod marks;
mod names;
mod session;
mod text;

pub use client::Secret;
pub(crate) use marks::{Left, Marks};
pub(crate) use names::{Treatment, names_a_person_or_machine, rule};
pub(crate) use text::{span_name, treat};
