//! `make bench-ingest`: how much the collector takes and what that costs. Prints tables and judges nothing:
//! `docs/benchmarks.md` says how to read them. The load is made in `load`.
//!
//! `case` saturates a daemon, `calm` gives it a tenth of that, `start` lets it do nothing, `limits` measures what the
//! machine could do without it, `peers` gives the same load to an OpenTelemetry Collector.
#![allow(clippy::print_stdout, reason = "its output is what a bench is for")]

mod calm;
mod case;
mod limits;
#[path = "../load/mod.rs"]
mod load;
mod peers;
mod setting;
mod start;

use std::sync::Arc;

use tokio::runtime::Runtime;

use load::recorded;
use load::stream::Stream;
use load::{BATCH_SPANS, CONNECTIONS, Encoding};
use setting::Setting;

fn main() -> anyhow::Result<()> {
    let setting = Setting::from_environment()?;
    let recordings = Arc::new(recorded::load()?);
    let runtime = Runtime::new()?;
    describe_load(&recordings);
    let mut cases = Vec::new();
    for (transport, compression) in setting.cases() {
        if cases.is_empty() {
            println!("\nsaturated, {:?} each\n{}", setting.duration, case::HEADING);
        }
        let case = case::run(&runtime, &setting, &recordings, transport, compression)?;
        println!("{case}");
        cases.push(case);
    }
    if setting.wants("calm") {
        calm::run(&runtime, &setting, &recordings, &cases)?;
    }
    if setting.wants("start") {
        start::run(&setting)?;
    }
    if setting.wants("limits") {
        limits::run(&runtime, &setting, &recordings, &cases)?;
    }
    if setting.peers {
        peers::run(&runtime, &setting, &recordings)?;
    }
    Ok(())
}

/// What is sent: without it no figure says anything.
fn describe_load(recordings: &Arc<Vec<recorded::Recording>>) {
    const BATCHES: usize = 100;
    let kinds: usize = recordings.iter().map(|recording| recording.traces.len()).sum();
    let bytes_of = |encoding| {
        let mut bytes = 0;
        let mut traces = 0;
        let mut batch = Vec::new();
        for sender in 0..CONNECTIONS {
            let mut stream = Stream::new(Arc::clone(recordings), sender, encoding, 1);
            for _ in 0..BATCHES {
                batch.clear();
                stream.batch(BATCH_SPANS, load::drive::now_ns(), &mut batch);
                bytes += batch.len();
            }
            traces += stream.traces;
        }
        (bytes as f64, traces as f64)
    };
    let spans = (CONNECTIONS * BATCHES * BATCH_SPANS) as f64;
    let ((protobuf, traces), (json, _)) = (bytes_of(Encoding::Protobuf), bytes_of(Encoding::Json));
    println!(
        "load: {CONNECTIONS} connections, batches of {BATCH_SPANS} spans, {kinds} kinds of traces, {:.1} spans a trace, \
         {:.0} B a span in protobuf, {:.0} B in JSON",
        spans / traces,
        protobuf / spans,
        json / spans,
    );
}
