//! What runs in CI, as a process: `capture` around a command, `check` on what it recorded, and SARIF against its schema.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's panic is its failure, in its helpers too")]

mod action;
mod capture;
mod check;

#[path = "../support/mod.rs"]
mod support;
