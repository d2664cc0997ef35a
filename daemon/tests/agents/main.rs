//! Coding agents against the real binary, message by message: who is answered, what hostile names do to an answer, and how a
//! repository is told. Real clients are in `node`, and run with `make test-agents`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod drafts;
mod hostile;
mod install;
mod stdio;
