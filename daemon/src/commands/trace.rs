//! `pointsman trace`: one stored trace as a tree.

use std::process::ExitCode;

use anyhow::Context;
use pointsman_store::{Location, TraceId};

use super::{open_to_look, print};
use crate::cli::TraceOptions;
use crate::render::tree::{Told, text};
use crate::stored_trace::StoredTrace;

/// Prints every span that is stored of the trace.
pub(crate) async fn run(db: &Location, options: &TraceOptions) -> anyhow::Result<ExitCode> {
    let id = TraceId::from_hex(&options.id)
        .with_context(|| format!("`{}` is not a trace id: it has 32 hex digits, not all zero", options.id))?;
    let store = open_to_look(db).await?;
    let stored = StoredTrace::read(&store, id).await;
    store.close().await;
    let stored = stored?;
    let trace = stored.assemble()?.with_context(|| {
        format!("trace {id} is not in {}: it was never received, or retention has removed it", db)
    })?;
    print(&text(&Told::of(&trace)))?;
    Ok(ExitCode::SUCCESS)
}
