//! `make bench-ingest`: how much the collector takes and what that costs. Prints tables and judges nothing:
//! `docs/benchmarks.md` says how to read them. The load is made in `load`.
#![allow(clippy::print_stdout, reason = "its output is what a bench is for")]

mod case;
#[path = "../load/mod.rs"]
mod load;
mod setting;

use std::sync::Arc;

use load::recorded;
use load::stream::Stream;
use load::{BATCH_SPANS, CONNECTIONS, Encoding};
use setting::Setting;

fn main() -> anyhow::Result<()> {
    let setting = Setting::from_environment()?;
    let recordings = Arc::new(recorded::load()?);
    let runtime = tokio::runtime::Runtime::new()?;
    describe_load(&recordings);
    println!("\n{}", case::HEADING);
    for (transport, compression) in setting.cases() {
        let case = case::run(&runtime, &setting, &recordings, transport, compression)?;
        println!("{case}");
    }
    Ok(())
}

/// What is sent: without it no figure says anything.
fn describe_load(recordings: &Arc<Vec<recorded::Recording>>) {
    const SAMPLE: usize = 100;
    let templates: usize = recordings.iter().map(|recording| recording.traces.len()).sum();
    let mut streams: Vec<_> = Encoding::BOTH
        .into_iter()
        .flat_map(|encoding| {
            (0..CONNECTIONS)
                .map(move |sender| (encoding, Stream::new(Arc::clone(recordings), sender, encoding, 1)))
        })
        .collect();
    let mut bytes = [0, 0];
    let mut traces = 0;
    let mut batch = Vec::new();
    for (encoding, stream) in &mut streams {
        for _ in 0..SAMPLE {
            batch.clear();
            stream.batch(BATCH_SPANS, load::drive::now_ns(), &mut batch);
            bytes[*encoding as usize] += batch.len();
        }
        traces += stream.traces;
    }
    let spans = (SAMPLE * BATCH_SPANS * CONNECTIONS) as f64;
    println!(
        "load: {CONNECTIONS} connections, batches of {BATCH_SPANS} spans, {templates} kinds of traces, {:.1} spans a trace, \
         {:.0} B a span in protobuf, {:.0} B in JSON",
        spans * 2.0 / traces as f64,
        bytes[0] as f64 / spans,
        bytes[1] as f64 / spans,
    );
}
