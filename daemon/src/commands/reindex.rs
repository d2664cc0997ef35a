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

use super::progress::Progress;
use super::{open_existing, print};
use crate::advise;
use crate::config::{Config, hash_secret};

/// Blocks read at a time: some tens of MiB at most.
const BLOCKS: u32 = 16;

/// How often it is looked how far the extraction is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

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
    let (forgotten, blocks, newest) = forget(store).await.with_context(context)?;
    let metrics = Metrics::register(&Registry::new())?;
    let pipeline = Pipeline::start(store.clone(), Settings::new(hash_secret(config)?), metrics).await?;
    extract(store, pipeline, newest).await?;
    let mut progress = Progress::new("counting", "hours");
    let mut show = |done, all| progress.show(done, all);
    advise::roll_up_dirty_hours(store, &config.advice, &mut show).await.with_context(context)?;
    drop(progress);
    let calls = store.volumes().await?.calls.rows;
    Ok(format!(
        "derived anew: {} traces from {blocks} blocks, {} hours; {} calls were forgotten for it, there are {calls} now\n",
        forgotten.traces, forgotten.hours, forgotten.calls
    ))
}

/// Lets the pipeline find the Calls of all blocks.
async fn extract(store: &Store, pipeline: Pipeline, newest: BlockId) -> anyhow::Result<()> {
    let mut progress = Progress::new("finding calls", "blocks");
    let begin = store.extracted_to().await?.0;
    let stop = pipeline.stop(PATIENCE);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            stopped = &mut stop => return Ok(stopped?),
            () = tokio::time::sleep(LOOK_EVERY) => {
                let reached = store.extracted_to().await?.0;
                progress.show(reached.abs_diff(begin), newest.0.abs_diff(begin));
            }
        }
    }
}

/// Forgets the Calls of every trace whose spans are stored; also says in how many blocks they are, and which is the newest.
async fn forget(store: &Store) -> anyhow::Result<(pointsman_store::Forgotten, u64, BlockId)> {
    let all = store.volumes().await?.blocks.rows;
    let mut progress = Progress::new("reading spans", "blocks");
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
        progress.show(count, all);
    }
    drop(progress);
    Ok((reindex.finish().await?, count, last))
}
