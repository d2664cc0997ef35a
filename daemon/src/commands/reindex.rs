//! `pointsman reindex`: Calls and Rollups derived again from the stored spans. The spans themselves lose what would not be
//! stored today: the list of what may be kept grows shorter, or a setting is taken back.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use pointsman_collector::admit::admit;
use pointsman_collector::ingest::{Pipeline, Settings};
use pointsman_collector::metrics::Metrics;
use pointsman_collector::trace::trace_ids;
use pointsman_store::{BlockId, Forgotten, Location, Store};
use prometheus::Registry;

use super::progress::Progress;
use super::{open_existing, print};
use crate::advise;
use crate::config::{Config, shared_secret};

/// Blocks read at a time, and bytes of them.
const BLOCKS: u32 = 16;
const BLOCK_BYTES: usize = 8 << 20;

/// How often it is looked how far the extraction is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Longer than any file takes: whoever is in a hurry ends the process, and the next start goes on.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Forgets what can be derived, derives it, and says how much that was.
pub(crate) async fn run(db: &Location, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let result = derive(&store, config).await;
    store.close().await;
    print(&result?)?;
    Ok(ExitCode::SUCCESS)
}

async fn derive(store: &Store, config: &Config) -> anyhow::Result<String> {
    let context = || format!("cannot rebuild from {}", store.location());
    let settings = config.otlp.pipeline(shared_secret(config, store).await?);
    let lease = store.lease_extraction().await.with_context(context)?;
    let lease =
        lease.context("nothing was changed: another process works on the database; stop the daemon first")?;
    let Read { forgotten, blocks, cut, newest } = forget(store, &settings).await.with_context(context)?;
    let metrics = Metrics::register(&Registry::new())?;
    // The pipeline takes it.
    lease.release().await;
    let pipeline = Pipeline::start(store.clone(), settings, metrics).await?;
    extract(store, pipeline, newest).await?;
    let mut progress = Progress::new("counting", "hours");
    let mut show = |done, all| progress.show(done, all);
    let rolled = advise::roll_up_dirty_hours(store, &config.advice, None, &mut show).await;
    if let Some(text) = rolled.with_context(context)?.text() {
        tracing::warn!("left out: {text}");
    }
    drop(progress);
    let calls = store.volumes().await?.calls.rows;
    Ok(format!(
        "rebuilt {} traces from {blocks} blocks, {} hours: {calls} calls, {} before\n\
         {} held data that is no longer stored; it was removed\n",
        forgotten.traces,
        forgotten.hours,
        forgotten.calls,
        if cut == 1 { "1 block".to_owned() } else { format!("{cut} blocks") }
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

/// What was read before anything is derived.
struct Read {
    forgotten: Forgotten,
    blocks: u64,
    /// Blocks of which something went that is not stored any more.
    cut: u64,
    newest: BlockId,
}

/// Forgets the Calls of every trace whose spans are stored, and cuts the spans to what is stored today.
async fn forget(store: &Store, settings: &Settings) -> anyhow::Result<Read> {
    let all = store.volumes().await?.blocks.rows;
    let mut progress = Progress::new("reading spans", "blocks");
    let mut reindex = store.reindex().await?;
    let (mut newest, mut count, mut cut) = (BlockId(0), 0, 0);
    // When a span came has been looked at; what is stored is not refused for its time.
    let now_ns = u64::MAX;
    loop {
        let blocks = store.blocks_after(newest, BLOCKS, BLOCK_BYTES).await?;
        let Some((last, _)) = blocks.last() else { break };
        newest = *last;
        count += blocks.len() as u64;
        for (id, otlp) in &blocks {
            let kept = admit(otlp, now_ns, &settings.limits, &settings.secret)
                .with_context(|| format!("block {} cannot be read", id.0))?;
            if kept.otlp != *otlp {
                reindex.rewrite(*id, &kept.otlp).await?;
                cut += 1;
            }
            reindex.note(&trace_ids(otlp).collect::<Vec<_>>()).await?;
        }
        progress.show(count, all);
    }
    drop(progress);
    Ok(Read { forgotten: reindex.finish().await?, blocks: count, cut, newest })
}
