//! `pointsman replay`: recorded files through the same path as live traces.

use std::process::ExitCode;
use std::time::Duration;

use pointsman_collector::ingest::Pipeline;
use pointsman_collector::metrics::Metrics;
use pointsman_collector::replay::{Recording, Summary, replay};
use pointsman_store::{Location, Store};
use prometheus::Registry;

use super::print;
use super::progress::Progress;
use crate::cli::ReplayOptions;
use crate::config::{Config, shared_secret};
use crate::render::safe;

/// How long the end of the pipeline may take.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// Faults of one file that are printed; the rest is counted.
const SHOWN_FAULTS: usize = 20;

/// Replays each file in turn. Fails only when a file gave nothing at all; the others are kept.
pub(crate) async fn run(db: &Location, options: ReplayOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let store = Store::open(db).await?;
    let metrics = Metrics::register(&Registry::new())?;
    let settings = config.otlp.pipeline(shared_secret(config, &store).await?);
    let pipeline = Pipeline::start(store.clone(), settings, metrics).await?;
    let mut failed = false;
    for file in options.files {
        let name = file.display().to_string();
        let mut progress = Progress::new(format!("replaying {}", safe::terminal(&name)), "bytes");
        let mut show = |done, all| progress.show(done, all);
        let replayed = replay(&pipeline, recording(file), options.max_size << 20, &mut show).await;
        drop(progress);
        match replayed {
            Ok(summary) => {
                print(&line(&name, &summary))?;
                if summary.spans == 0 {
                    failed = true;
                    eprintln!(
                        "pointsman: nothing in {name} was kept: it holds no usable span; replay takes OTLP traces, one \
                         export request a line"
                    );
                }
            }
            Err(error) => {
                failed = true;
                eprintln!("pointsman: {error}");
            }
        }
    }
    pipeline.stop(STOP_WITHIN).await?;
    store.close().await;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn recording(file: std::path::PathBuf) -> Recording {
    if file.as_os_str() == "-" {
        Recording::Reader("standard input".to_owned(), Box::new(std::io::stdin()))
    } else {
        Recording::File(file)
    }
}

/// One line of numbers, then one per fault.
fn line(name: &str, summary: &Summary) -> String {
    let mut text =
        format!("{name}: {} requests, {} spans, {} calls", summary.requests, summary.spans, summary.calls);
    let refused: Vec<String> =
        summary.refused.iter().map(|(reason, count)| format!("{} {count}", reason.as_str())).collect();
    if !refused.is_empty() {
        text += &format!("; refused or cut: {}", refused.join(", "));
    }
    text.push('\n');
    for fault in summary.faults.iter().take(SHOWN_FAULTS) {
        text += &format!("  {}\n", safe::terminal(&fault.to_string()));
    }
    if let Some(more) = summary.faults.len().checked_sub(SHOWN_FAULTS).filter(|more| *more > 0) {
        text += &format!("  and {more} more like these\n");
    }
    text
}
