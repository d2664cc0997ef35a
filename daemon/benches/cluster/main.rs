//! `make bench-cluster`: what one SQLite file costs beside one, two and three collectors on a PostgreSQL server of the bench's own
//! (Debian's `postgresql`), with the same spans, in one run. Prints figures and judges nothing: `docs/benchmarks.md` says how to read
//! them. `BENCH_SPANS` are sent to each, `BENCH_ROUNDS` times in turn.
#![allow(clippy::print_stdout, reason = "its output is what a bench is for")]

#[path = "../load/mod.rs"]
mod load;
#[path = "../../../store/tests/support/server.rs"]
#[allow(clippy::print_stderr, reason = "tests say what they leave out")]
mod server;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::runtime::Runtime;

use load::daemon::{Daemon, command};
use load::drive::{Clock, Delivered, Plan, Until, drive};
use load::recorded::Recording;
use load::{Compression, Transport};
use server::Server;

/// Spans sent to each, unless `BENCH_SPANS` says otherwise.
const SPANS: u64 = 400_000;
/// Each in turn so many times, unless `BENCH_ROUNDS` says otherwise.
const ROUNDS: u64 = 2;
/// All collectors have the same, or the server's would be made by whoever is first.
const SECRET: (&str, &str) = ("POINTSMAN_HASH_SECRET", "the same secret everywhere");
const HEADING: &str = "where          collectors  spans/s  spans/CPU s  with the server's  p50 ms  p99 ms  complete s  B/span  report s";

fn main() -> anyhow::Result<()> {
    let number = |name: &str, default: u64| match std::env::var(name) {
        Ok(text) if !text.is_empty() => text.parse().with_context(|| format!("{name}={text}: not a number")),
        _ => Ok(default),
    };
    let (spans, rounds) = (number("BENCH_SPANS", SPANS)?, number("BENCH_ROUNDS", ROUNDS)?);
    let recordings = Arc::new(load::recorded::load()?);
    let runtime = Runtime::new()?;
    let server = Server::durable().context("there is no PostgreSQL here (Debian: postgresql)")?;
    println!(
        "{spans} spans over HTTP in protobuf, {} connections to each collector\n{HEADING}",
        load::CONNECTIONS
    );
    for round in 0..rounds {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let file = folder.path().join("bench.db");
        let bench = Bench { runtime: &runtime, recordings: &recordings, spans, seed: round + 1 };
        bench.run(&Place::File(&file), 1)?;
        for collectors in 1..=3 {
            let schema = format!("bench_{round}_{collectors}");
            bench.run(&Place::Server { server: &server, schema: &schema }, collectors)?;
            server.sql(&format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
    Ok(())
}

/// Where the collectors keep what they receive.
enum Place<'a> {
    File(&'a Path),
    Server { server: &'a Server, schema: &'a str },
}

impl Place<'_> {
    fn db(&self) -> PathBuf {
        match self {
            Self::File(path) => path.to_path_buf(),
            Self::Server { server, schema } => format!("{}?schema={schema}", server.address()).into(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "SQLite",
            Self::Server { .. } => "PostgreSQL",
        }
    }

    /// CPU time of the database's own processes so far, s; SQLite's is the daemon's.
    fn cpu_seconds(&self) -> anyhow::Result<f64> {
        match self {
            Self::File(_) => Ok(0.0),
            Self::Server { server, .. } => server_cpu(server.pid()),
        }
    }

    /// What is stored, bytes.
    fn bytes(&self, runtime: &Runtime) -> anyhow::Result<u64> {
        match self {
            Self::File(path) => Ok(runtime.block_on(load::disk::weigh(path))?.used_bytes),
            Self::Server { server, schema } => {
                let sql = format!(
                    "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace \
                     WHERE nspname = '{schema}' AND relkind = 'r'"
                );
                Ok(server.sql(&sql).trim().parse()?)
            }
        }
    }
}

/// What each place gets.
struct Bench<'a> {
    runtime: &'a Runtime,
    recordings: &'a Arc<Vec<Recording>>,
    spans: u64,
    seed: u64,
}

impl Bench<'_> {
    /// Feeds so many collectors with the spans in equal parts, and prints a line.
    fn run(&self, place: &Place<'_>, collectors: u64) -> anyhow::Result<()> {
        let db = place.db();
        let daemons =
            (0..collectors).map(|_| Daemon::start_with(&db, &[SECRET])).collect::<Result<Vec<_>, _>>()?;
        let used = || daemons.iter().map(|one| Ok(one.usage()?.cpu_seconds)).sum::<anyhow::Result<f64>>();
        let (before, server_before, begin) = (used()?, place.cpu_seconds()?, Instant::now());
        let delivered = self.runtime.block_on(self.send(&daemons))?;
        daemons.iter().try_for_each(Daemon::wait_until_extracted)?;
        let complete = begin.elapsed();
        let (cpu, server_cpu) = (used()? - before, place.cpu_seconds()? - server_before);
        daemons.into_iter().try_for_each(Daemon::stop)?;
        let spans: u64 = delivered.iter().map(|one| one.spans).sum();
        let wall = delivered.iter().map(|one| one.wall).max().unwrap_or_default();
        let mut latencies: Vec<Duration> = delivered.into_iter().flat_map(|one| one.latencies).collect();
        latencies.sort_unstable();
        let ms = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        let of = spans as f64;
        println!(
            "{:<14} {collectors:>10} {:>8.0} {:>12.0} {:>18.0} {:>7.1} {:>7.1} {:>11.1} {:>7.1} {:>9.2}",
            place.name(),
            of / wall.as_secs_f64(),
            of / cpu,
            of / (cpu + server_cpu),
            ms(50),
            ms(99),
            complete.as_secs_f64(),
            place.bytes(self.runtime)? as f64 / of,
            report(&db)?.as_secs_f64(),
        );
        Ok(())
    }

    /// Each collector its part, at the same time.
    async fn send(&self, daemons: &[Daemon]) -> anyhow::Result<Vec<Delivered>> {
        let parts = daemons.iter().zip(self.seed * 100..).map(|(daemon, seed)| {
            let plan = Plan {
                transport: Transport::HttpProtobuf,
                compression: Compression::None,
                until: Until::Spans(self.spans / daemons.len() as u64),
                pace: None,
                seed,
                clock: Clock::Now,
            };
            let (recordings, to) = (Arc::clone(self.recordings), daemon.http);
            tokio::spawn(async move { drive(&recordings, to, &plan).await })
        });
        let mut delivered = Vec::new();
        for part in parts.collect::<Vec<_>>() {
            delivered.push(part.await??);
        }
        Ok(delivered)
    }
}

/// How long the report of the last hour takes that counts it for the first time.
fn report(db: &Path) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    let arguments = ["report", "--format", "json", "--until", "last", "--window", "1h"];
    let output = command(db).args(arguments).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(begin.elapsed())
}

/// User and system time of a server's processes: of those that are there, and of those that have ended.
fn server_cpu(postmaster: u32) -> anyhow::Result<f64> {
    let words = |pid: &str| -> Option<Vec<u64>> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the name in brackets come the state and the parent; the times are the 12th to 15th word.
        let rest = stat.rsplit(')').next()?.split_whitespace().skip(1);
        Some(rest.map(|word| word.parse().unwrap_or(0)).collect())
    };
    let own = words(&postmaster.to_string()).context("the server has ended")?;
    let mut ticks: u64 = own.get(10..14).map_or(0, |times| times.iter().sum());
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Some(of) = entry.file_name().to_str().and_then(words) else { continue };
        if of.first() == Some(&u64::from(postmaster)) {
            ticks += of.get(10..12).map_or(0, |times| times.iter().sum());
        }
    }
    Ok(ticks as f64 / load::daemon::TICKS_PER_SECOND)
}
