//! The life of recommendations on made-up traffic, run by run as the daemon makes them: Calls, Rollups, reports, and what
//! stands after each of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects in the shortest way")]

mod moves;
mod player;
mod settled;
#[path = "../judge/traffic.rs"]
#[allow(dead_code, reason = "made for another test, of which this one uses a part")]
mod traffic;
