//! What a database has to do for the rest of the product, asked of each backend on databases of its own. What belongs to one
//! backend alone (files, recovery, giving back space) has tests of its own beside these.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure, in its helpers too")]

mod advice;
mod published;
#[path = "../support/mod.rs"]
mod support;
mod telemetry;
mod together;

use support::{World, world};

/// A fresh database of each backend. A machine without PostgreSQL says so.
async fn worlds() -> Vec<World> {
    #[cfg(feature = "postgres")]
    let server = support::server_world().await;
    #[cfg(not(feature = "postgres"))]
    let server = None;
    [Some(world().await), server].into_iter().flatten().collect()
}
