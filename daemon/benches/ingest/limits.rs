//! What this machine could do if the daemon did nothing but decode, or nothing but write. Other machines have other
//! limits; how near the daemon comes to its machine's is what can be compared.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::runtime::Runtime;

use crate::case::Case;
use crate::load::daemon::usage;
use crate::load::drive::now_ns;
use crate::load::recorded::Recording;
use crate::load::stream::Stream;
use crate::load::{BATCH_SPANS, CONNECTIONS, Encoding};
use crate::setting::Setting;

/// Different batches that are used again and again: far more than fit into a cache of the processor.
const BATCHES: usize = 256;
const EACH: Duration = Duration::from_secs(5);
/// Requests of a transaction; eight is what eight connections allow.
const TOGETHER: [usize; 2] = [1, CONNECTIONS];
/// As the store compresses its blocks.
const BLOCK_LEVEL: i32 = 1;

/// A decoder, and the case that it is a part of.
struct Decoder {
    name: &'static str,
    case: &'static str,
    encoding: Encoding,
    /// Whether the bytes could be read.
    decode: fn(&[u8]) -> bool,
}

/// Decoders that are measured, each on one thread.
const DECODERS: [Decoder; 2] = [
    Decoder {
        name: "protobuf into prost's types",
        case: "http-protobuf/none",
        encoding: Encoding::Protobuf,
        decode: |bytes| black_box(ExportTraceServiceRequest::decode(bytes)).is_ok(),
    },
    Decoder {
        name: "JSON with serde into the same",
        case: "http-json/none",
        encoding: Encoding::Json,
        decode: |bytes| black_box(serde_json::from_slice::<ExportTraceServiceRequest>(bytes)).is_ok(),
    },
];

/// What was reached.
#[derive(Clone, Copy)]
struct Rate {
    per_second: f64,
    per_cpu_second: f64,
}

pub(crate) fn run(
    runtime: &Runtime,
    setting: &Setting,
    recordings: &Arc<Vec<Recording>>,
    cases: &[Case],
) -> anyhow::Result<()> {
    println!("\nlimits of this machine                    spans/s  spans/CPU s  the daemon reaches");
    for decoder in &DECODERS {
        let batches = batches(recordings, decoder.encoding);
        let rate = measure(|| decode(decoder, &batches))?;
        let case = cases.iter().find(|case| case.name == decoder.case);
        let share = case.map(|case| case.per_cpu_second() / rate.per_cpu_second);
        print(&format!("decode {}", decoder.name), rate, share, "of it per CPU second");
    }
    let blocks = batches(recordings, Encoding::Protobuf);
    let blocks = blocks.iter().map(|batch| zstd::bulk::compress(batch, BLOCK_LEVEL));
    let blocks = blocks.collect::<std::io::Result<Vec<_>>>()?;
    let fastest = cases.iter().map(|case| case.delivered.per_second()).reduce(f64::max);
    for together in TOGETHER {
        let folder = tempfile::tempdir_in(&setting.folder)?;
        let db = folder.path().join("limit.db");
        let rate = measure(|| runtime.block_on(write(&db, &blocks, together)))?;
        let share = fastest.map(|fastest| fastest / rate.per_second);
        print(&format!("write blocks, {together} a transaction"), rate, share, "of it per second");
    }
    Ok(())
}

fn print(name: &str, rate: Rate, share: Option<f64>, of: &str) {
    let share = share.map_or_else(|| "not measured".to_owned(), |share| format!("{share:.2} {of}"));
    println!("{name:<38} {:>10.0} {:>12.0}  {share}", rate.per_second, rate.per_cpu_second);
}

fn batches(recordings: &Arc<Vec<Recording>>, encoding: Encoding) -> Vec<Vec<u8>> {
    let streams = (0..CONNECTIONS).map(|sender| Stream::new(Arc::clone(recordings), sender, encoding, 3));
    let mut streams: Vec<_> = streams.collect();
    let mut batch = |index: usize| {
        let mut bytes = Vec::new();
        streams[index % CONNECTIONS].batch(BATCH_SPANS, now_ns(), &mut bytes);
        bytes
    };
    (0..BATCHES).map(&mut batch).collect()
}

/// Time and CPU of work that tells how many spans it did; this process does nothing else meanwhile.
fn measure(work: impl FnOnce() -> anyhow::Result<usize>) -> anyhow::Result<Rate> {
    let (begin, before) = (Instant::now(), usage(std::process::id())?);
    let spans = work()? as f64;
    let cpu_seconds = usage(std::process::id())?.cpu_seconds - before.cpu_seconds;
    Ok(Rate { per_second: spans / begin.elapsed().as_secs_f64(), per_cpu_second: spans / cpu_seconds })
}

fn decode(decoder: &Decoder, batches: &[Vec<u8>]) -> anyhow::Result<usize> {
    let begin = Instant::now();
    let mut spans = 0;
    for batch in batches.iter().cycle() {
        if begin.elapsed() >= EACH {
            break;
        }
        ensure!((decoder.decode)(batch), "a batch could not be decoded: {}", decoder.name);
        spans += BATCH_SPANS;
    }
    Ok(spans)
}

/// Writes blocks into a table of their own, durable after each transaction.
async fn write(db: &Path, blocks: &[Vec<u8>], together: usize) -> anyhow::Result<usize> {
    let options = SqliteConnectOptions::new()
        .filename(db)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    sqlx::query("CREATE TABLE blocks (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)").execute(&pool).await?;
    let begin = Instant::now();
    let mut spans = 0;
    let mut blocks = blocks.iter().cycle();
    while begin.elapsed() < EACH {
        let mut transaction = pool.begin().await?;
        for _ in 0..together {
            let block = blocks.next().context("no blocks")?;
            sqlx::query("INSERT INTO blocks (payload) VALUES (?)")
                .bind(block.as_slice())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        spans += together * BATCH_SPANS;
    }
    pool.close().await;
    Ok(spans)
}
