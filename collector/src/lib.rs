//! OTLP in, Calls out. Knows the wire and what Next.js puts on it; knows nothing of rules.
//!
//! The pure half: [`wire`] turns bytes into requests, [`admit`] decides what may pass and takes out what is
//! personal, [`trace`] puts spans together, [`extract`] finds the Calls. None of them waits, reads a clock or
//! touches a file. Whatever does lives beside them and calls them in this order.

pub mod admit;
pub mod extract;
mod redact;
pub mod trace;
pub mod wire;
