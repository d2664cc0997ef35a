//! `pointsman reindex`: Calls and Rollups derived afresh from the stored spans.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use pointsman_collector::ingest::{Pipeline, Settings};
use pointsman_collector::metrics::Metrics;
use pointsman_collector::trace::trace_ids;
use pointsman_store::{BlockId, Store};
use prometheus::Registry;

use super::{open_existing, print, secret};
use crate::advise;
use crate::config::Config;

/// Blocks read at a time: some tens of MiB at most.
const BLOCKS: u32 = 16;

/// Longer than any file takes: whoever is in a hurry ends the process, and the next start goes on.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Forgets what can be derived, derives it, and says how much that was.
pub(crate) async fn run(db: &Path, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let result = derive(&store, config).await;
    store.close().await;
    print(&result?)?;
    Ok(ExitCode::SUCCESS)
}

async fn derive(store: &Store, config: &Config) -> anyhow::Result<String> {
    let context = || format!("cannot derive anew from {}", store.path().display());
    let (forgotten, blocks) = forget(store).await.with_context(context)?;
    let metrics = Metrics::register(&Registry::new())?;
    let pipeline = Pipeline::start(store.clone(), Settings::new(secret()?), metrics).await?;
    pipeline.stop(PATIENCE).await?;
    advise::roll_up_dirty_hours(store, &config.advice).await.with_context(context)?;
    let calls = store.volumes().await?.calls.rows;
    Ok(format!(
        "derived anew: {} traces from {blocks} blocks, {} hours; {} calls were forgotten for it, there are {calls} now\n",
        forgotten.traces, forgotten.hours, forgotten.calls
    ))
}

/// Forgets the Calls of every trace whose spans are stored; also says in how many blocks they are.
async fn forget(store: &Store) -> anyhow::Result<(pointsman_store::Forgotten, u64)> {
    let mut reindex = store.reindex().await?;
    let (mut last, mut count) = (BlockId(0), 0);
    loop {
        let blocks = store.blocks_after(last, BLOCKS).await?;
        let Some((newest, _)) = blocks.last() else { break };
        last = *newest;
        count += blocks.len() as u64;
        for (_, otlp) in &blocks {
            reindex.note(&trace_ids(otlp)).await?;
        }
    }
    Ok((reindex.finish().await?, count))
}
