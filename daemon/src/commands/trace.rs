//! `pointsman trace`: one stored trace as a tree.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use pointsman_collector::trace::{Assembly, MAX_SPANS};
use pointsman_store::TraceId;

use super::{open_existing, print};
use crate::cli::TraceOptions;
use crate::render;

/// Prints every span that is stored of the trace.
pub(crate) async fn run(db: &Path, options: &TraceOptions) -> anyhow::Result<ExitCode> {
    let id = TraceId::from_hex(&options.id)
        .with_context(|| format!("`{}` is not a trace id: it has 32 hex digits, not all zero", options.id))?;
    let store = open_existing(db).await?;
    let mut blocks = Vec::new();
    for (_, block) in store.blocks_of(&[id]).await? {
        blocks.extend(store.block(block).await?);
    }
    store.close().await;
    let mut assembly = Assembly::only(HashSet::from([id]), MAX_SPANS);
    for block in &blocks {
        assembly.add(block)?;
    }
    let trace = assembly.finish().into_iter().next();
    let trace = trace.with_context(|| {
        format!("trace {id} is not in {}: it was never received, or retention has removed it", db.display())
    })?;
    print(&render::tree::trace(&trace))?;
    Ok(ExitCode::SUCCESS)
}
