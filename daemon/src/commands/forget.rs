//! `pointsman forget`: everything that is kept of a service is dropped, its raw spans included. The daemon must be stopped: it
//! would remember what is gone.

use std::process::ExitCode;

use anyhow::Context;
use pointsman_collector::forget::{Left, without};
use pointsman_store::{Block, BlockId, Dropped, Forgetting, Location, Store, StoreError};

use super::progress::Progress;
use super::{open_existing, print};
use crate::cli::ForgetOptions;
use crate::config::Config;
use crate::render::safe::terminal;

/// Blocks read at a time, and bytes of them.
const BLOCKS: u32 = 16;
const BLOCK_BYTES: usize = 8 << 20;

/// What goes of the raw spans.
#[derive(Clone, Copy, Default)]
struct Spans {
    /// Blocks that go as a whole.
    whole: u64,
    /// Blocks that hold other services too, and are written anew without this one.
    parts: u64,
}

/// Says what there is of the service and, once that is wished, drops it.
pub(crate) async fn run(db: &Location, options: ForgetOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let remedy = "forgetting a service on a PostgreSQL server is not built yet: docs/postgres.md says how its rows are deleted there";
    let file = db.file().ok_or_else(|| StoreError::NotAFile { location: db.clone(), remedy })?;
    let store = open_existing(db).await?;
    let (services, blocks) = known(&store).await?;
    let ForgetOptions { service, environment, yes } = options;
    let mut forgetting = Forgetting::begin(file, &service, environment.as_deref())
        .await
        .context("nothing was dropped; stop the daemon first")?;
    let dropped = forgetting.count().await?;
    let mut progress = Progress::new("reading", "blocks");
    let mut show = |done| progress.show(done, blocks);
    let of = (service.as_str(), environment.as_deref());
    let spans = drop_spans(&mut forgetting, of, yes, &mut show).await?;
    drop(progress);
    if yes {
        forgetting.drop_rows().await?;
        forgetting.write_anew().await.context(
            "all rows are dropped, but the file could not be rewritten, so its free parts may still hold deleted data; free some disk space and run this again",
        )?;
    }
    forgetting.end().await?;
    let of = match environment.as_deref() {
        None => terminal(&service),
        Some("") => format!("{} where no environment is declared", terminal(&service)),
        Some(environment) => format!("{} in {}", terminal(&service), terminal(environment)),
    };
    if dropped == Dropped::default() && spans.whole + spans.parts == 0 {
        let known: Vec<String> = services.iter().map(|name| terminal(name)).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        anyhow::bail!("nothing of {of} is in {}; services with calls: {known}", db);
    }
    print(&format!("{of}: {}\n", what(dropped, spans)))?;
    print(if yes {
        "dropped for good: nothing of it is left in the database\n"
    } else {
        "nothing was dropped yet: say --yes to drop all of that for good\n"
    })?;
    if let Some(folder) = config.reports.folder.as_deref().filter(|_| yes) {
        print(&format!("reports that were written to {} are still there\n", folder.display()))?;
    }
    Ok(if yes { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The services that are there, and how many blocks.
async fn known(store: &Store) -> anyhow::Result<(Vec<String>, u64)> {
    let known = (store.services().await, store.volumes().await);
    store.close().await;
    Ok((known.0?, known.1?.blocks.rows))
}

/// Takes the service's spans out of all blocks, or looks in which they are.
async fn drop_spans(
    forgetting: &mut Forgetting,
    (service, environment): (&str, Option<&str>),
    drops: bool,
    progress: &mut impl FnMut(u64),
) -> anyhow::Result<Spans> {
    let (mut last, mut done, mut spans) = (BlockId(0), 0, Spans::default());
    loop {
        let blocks = forgetting.blocks_after(last, BLOCKS, BLOCK_BYTES).await?;
        let Some((newest, _)) = blocks.last() else { return Ok(spans) };
        last = *newest;
        done += blocks.len() as u64;
        let mut left = Vec::new();
        for (id, otlp) in &blocks {
            let context = || format!("block {} cannot be read; `pointsman recover` saves the rest", id.0);
            match without(otlp, service, environment).with_context(context)? {
                Left::Everything => {}
                Left::Nothing => {
                    spans.whole += 1;
                    left.push((*id, None));
                }
                Left::Part(otlp, count) => {
                    spans.parts += 1;
                    // The store keeps arrival and traces of a block that stays.
                    left.push((*id, Some(Block::compress(&otlp, count, [], 0)?)));
                }
            }
        }
        if drops && !left.is_empty() {
            forgetting.leave(&left).await?;
        }
        progress(done);
    }
}

fn what(dropped: Dropped, spans: Spans) -> String {
    let Dropped { handlers, calls, rollups, facts, advice, reports } = dropped;
    let shared = match spans.parts {
        0 => String::new(),
        parts => format!(" and its spans in {parts} that hold other services too"),
    };
    format!(
        "{handlers} handlers, {calls} calls, {rollups} rollups, {facts} facts, {advice} rows of advice, {reports} kept \
         reports, {} blocks of raw spans{shared}",
        spans.whole
    )
}
