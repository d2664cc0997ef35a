//! The pure half of the collector against recorded traffic of real Next.js apps: what is found in it, what is
//! found when telemetry is missing or comes in any order, and what may never pass the door.

#![expect(
    clippy::unwrap_used,
    reason = "a test may say what it expects in the shortest way, its helpers too"
)]

mod action_signs;
mod allowed;
mod app_facts;
mod captures;
mod clients;
mod contract;
mod door;
mod errors;
mod hostile;
mod layouts;
mod made;
mod order;
mod plain;
mod routes;
mod support;
mod time;
mod unseen;
