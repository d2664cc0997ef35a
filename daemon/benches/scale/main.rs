//! `make bench-scale`: how the cost of taking spans, of finding a trace and of a report grows with what is stored.
//! Prints a table and judges nothing: `docs/benchmarks.md` says how to read it.
//!
//! One file is filled through the daemon as fast as it takes spans. The traces are those of an app with steady traffic
//! that ends within the last day: each level adds hours, so that a report has to do with more of them.
#![allow(clippy::print_stdout, reason = "its output is what a bench is for")]

mod level;
#[path = "../load/mod.rs"]
mod load;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use level::{Bench, Level};
use load::recorded;

const MILLION: f64 = 1e6;
const LEVELS: &str = "1,10,50";

fn main() -> anyhow::Result<()> {
    let text = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let levels = levels(&text("SCALE_LEVELS").unwrap_or_else(|| LEVELS.to_owned()))?;
    let folder = text("BENCH_DIR").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let folder = tempfile::tempdir_in(folder)?;
    let recordings = Arc::new(recorded::load()?);
    let most = levels.last().copied().unwrap_or_default();
    let mut bench = Bench::new(recordings, folder.path().join("bench.db"), most)?;
    println!("{}", level::HEADING);
    let mut first: Option<Level> = None;
    for spans in levels {
        let level = bench.measure(spans)?;
        println!("{level}");
        match &first {
            Some(first) => println!("{}", level.against(first)),
            None => first = Some(level),
        }
    }
    Ok(())
}

/// Spans of each level, ascending.
fn levels(text: &str) -> anyhow::Result<Vec<u64>> {
    let words = text.split(',').map(|word| {
        let millions: f64 =
            word.trim().parse().with_context(|| format!("SCALE_LEVELS: `{word}` is no number"))?;
        ensure!(millions > 0.0, "SCALE_LEVELS: `{word}` is not above 0");
        Ok((millions * MILLION) as u64)
    });
    let mut levels = words.collect::<anyhow::Result<Vec<_>>>()?;
    levels.sort_unstable();
    Ok(levels)
}
