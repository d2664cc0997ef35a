//! `make bench-report`: what evidence costs. How long the Rollups of an hour of a million Calls take, and how long and
//! how much memory a report over thirty days of ten million Calls to two hundred Handlers takes, and then each page of a
//! daemon on that file. Prints figures and judges nothing: `docs/benchmarks.md` says how to read them.
#![allow(clippy::print_stdout, reason = "its output is what a bench is for")]

#[path = "../load/daemon.rs"]
#[allow(dead_code, reason = "shared with the other benches, each of which uses a part of it")]
mod daemon;
mod pages;
#[path = "../load/random.rs"]
#[allow(dead_code, reason = "shared with the other benches, each of which uses a part of it")]
mod random;
mod traffic;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use pointsman_advisor::Settings;
use pointsman_advisor::evidence::HourPass;
use pointsman_store::{BlockId, Call, DirtyHour, Hour, Store, TraceCalls};
use traffic::Traffic;

/// Handlers of the app, unless `REPORT_HANDLERS` says otherwise.
const HANDLERS: usize = 200;
const DAYS: u32 = 30;
/// Calls handed over at once, as the store does it.
const PIECE: usize = 1_024;
const REPORTS: usize = 5;

fn main() -> anyhow::Result<()> {
    let number = |name: &str, default: usize| -> anyhow::Result<usize> {
        match std::env::var(name) {
            Ok(text) if !text.is_empty() => {
                text.parse().with_context(|| format!("{name}: `{text}` is no number"))
            }
            _ => Ok(default),
        }
    };
    let folder =
        std::env::var("BENCH_DIR").map_or_else(|_| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let folder = tempfile::tempdir_in(folder)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let first = first()?;
    let handlers = number("REPORT_HANDLERS", HANDLERS)?;
    runtime.block_on(an_hour(folder.path(), first, (handlers, number("REPORT_HOUR_CALLS", 1_000_000)?)))?;
    let db = std::env::var("REPORT_DB").map_or_else(|_| folder.path().join("month.db"), PathBuf::from);
    runtime.block_on(a_month(&db, first, (handlers, number("REPORT_CALLS", 10_000_000)?)))?;
    pages::measure(&db)
}

/// The hour thirty days ago: a daemon looks at what has just happened.
fn first() -> anyhow::Result<Hour> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Hour(Hour::of(u64::try_from(now.as_nanos())?).0 - DAYS * 24))
}

/// The Rollups of one hour: counted alone, and with reading the Calls and writing the Rollups.
async fn an_hour(folder: &Path, first: Hour, (handlers, calls): (usize, usize)) -> anyhow::Result<()> {
    let calls = Traffic::new(handlers).hour(first, calls);
    let begin = Instant::now();
    let mut pass = HourPass::new(first, Settings::default().of_pass());
    calls.chunks(PIECE).for_each(|piece| pass.add(piece));
    let rollups = pass.finish();
    let counted = begin.elapsed();
    let bytes: usize = rollups.iter().map(|rollup| rollup.payload.len()).sum();
    println!("an hour of {} calls to {handlers} handlers", calls.len());
    println!("  counted in              {:>8.2} s, on one core", counted.as_secs_f64());
    println!("  into                    {:>8.1} KB a rollup", bytes as f64 / rollups.len() as f64 / 1e3);

    let db = folder.join("hour.db");
    let store = Store::open(&db).await?;
    for piece in calls.chunks(PIECE) {
        store.commit_calls(&of_traces(piece), &[], BlockId(1)).await?;
    }
    store.close().await;
    drop(calls);
    let counting = report(&db, "1h")?;
    let again = report(&db, "1h")?;
    println!("  with reading and writing{:>8.2} s", (counting.took.saturating_sub(again.took)).as_secs_f64());
    println!("  peak memory             {:>8.1} MiB", counting.peak_mib);
    Ok(())
}

/// A report over thirty days.
async fn a_month(db: &Path, first: Hour, (handlers, calls): (usize, usize)) -> anyhow::Result<()> {
    let store = Store::open(db).await?;
    let mut traffic = Traffic::new(handlers);
    let hours = DAYS * 24;
    let an_hour = calls / hours as usize;
    let mut bytes = 0;
    for hour in (0..hours).map(|hour| Hour(first.0 + hour)) {
        let calls = traffic.hour(hour, an_hour);
        let mut pass = HourPass::new(hour, Settings::default().of_pass());
        calls.chunks(PIECE).for_each(|piece| pass.add(piece));
        let rollups = pass.finish();
        bytes += rollups.iter().map(|rollup| rollup.payload.len()).sum::<usize>();
        // One Call stands for the hour: a report reads Rollups.
        let one = Call { start_ns: hour.start_ns() + Hour::NANOS / 2, ..calls[0].clone() };
        let known = if hour == first { of_traces(&calls) } else { of_traces(&[one]) };
        store.commit_calls(&known, &[], BlockId(1)).await?;
        for dirty in store.dirty_hours().await? {
            let none: &[_] = &[];
            store.replace_rollups(&dirty, if is(&dirty, hour) { &rollups } else { none }).await?;
        }
    }
    store.close().await;
    let reports = (0..REPORTS).map(|_| report(db, "30d")).collect::<anyhow::Result<Vec<_>>>()?;
    let mut times: Vec<Duration> = reports.iter().map(|report| report.took).collect();
    times.sort_unstable();
    println!("a report over {DAYS} days of {} calls to {handlers} handlers", an_hour * hours as usize);
    println!(
        "  takes (median of {REPORTS})     {:>8.2} s, {:.2} to {:.2}",
        times[REPORTS / 2].as_secs_f64(),
        times[0].as_secs_f64(),
        times[REPORTS - 1].as_secs_f64()
    );
    println!(
        "  peak memory             {:>8.1} MiB",
        reports.iter().map(|report| report.peak_mib).fold(0.0, f64::max)
    );
    println!(
        "  rollups                 {:>8.1} MiB, {:.1} KB each",
        bytes as f64 / f64::from(1 << 20),
        bytes as f64 / f64::from(hours) / handlers as f64 / 1e3
    );
    Ok(())
}

/// Whether the dirty hour is this one; its neighbours are dirty too, because a Call near an edge bears on both.
fn is(dirty: &DirtyHour, hour: Hour) -> bool {
    dirty.hour == hour
}

/// Each Call as the only one of its trace.
fn of_traces(calls: &[Call]) -> Vec<TraceCalls> {
    let alone = |call: &Call| TraceCalls {
        trace: call.trace,
        before: Vec::new(),
        calls: vec![call.clone()],
        unchanged: Vec::new(),
    };
    calls.iter().map(alone).collect()
}

struct Measured {
    took: Duration,
    peak_mib: f64,
}

/// Runs `pointsman report` as a process of its own.
fn report(db: &Path, window: &str) -> anyhow::Result<Measured> {
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pointsman"))
        .arg("--db")
        .arg(db)
        .args(["report", "--format", "json", "--until", "last", "--window", window])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_kib = 0u64;
    let ended = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak_kib = peak_kib.max(peak.unwrap_or_default());
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let took = begin.elapsed();
    ensure!(ended.success(), "the report failed: {ended}");
    Ok(Measured { took, peak_mib: peak_kib as f64 / 1024.0 })
}
