//! `pointsman capture`: a receiver on a free port for as long as a command runs, and a file of what came. What is done with the
//! command itself lives in `child`, with the file in `recording_file`. Nothing is judged here.

mod child;
mod recording_file;

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use pointsman_collector::ingest::{Recorded, Recorder};
use pointsman_collector::metrics::Metrics;
use pointsman_collector::receive::{Listener, Protocol, http};
use prometheus::Registry;
use tokio::sync::oneshot;

use self::child::{Child, Ended};
use self::recording_file::RecordingFile;
use crate::cli::CaptureOptions;
use crate::config::{Config, hash_secret};
use crate::render::{number, safe};

/// Without a request for so long, nothing more is expected: apps are told to send five times as often.
const QUIET: Duration = Duration::from_secs(1);
/// How often the command and its signals are looked at.
const PULSE: Duration = Duration::from_millis(50);

/// Records while the command runs, and passes its exit code on.
pub(crate) async fn run(options: CaptureOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let CaptureOptions { out, max_size, wait, command } = options;
    let (Some(program), arguments) = (command.first(), command.get(1..).unwrap_or_default()) else {
        anyhow::bail!("there is no command; write it after `--`, as in `pointsman capture -- npm run e2e`");
    };
    let cannot_write =
        || format!("cannot write {}; --out names another file", safe::terminal(&out.display().to_string()));
    let (place, file) = RecordingFile::create(&out).with_context(cannot_write)?;
    let settings = config.otlp.pipeline(hash_secret(config)?);
    let recorder = Recorder::start(file, max_size << 20, settings, Metrics::register(&Registry::new())?);
    let listener = Listener::bind(Protocol::Http, (Ipv4Addr::LOCALHOST, 0).into()).await?;
    let endpoint = format!("http://{}", listener.local_addr());
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move {
        let _ = stopped.await;
    };
    let server = tokio::spawn(http::serve(listener, recorder.intake(), http::Settings::default(), stopped));

    let mut child = match Child::start(program, arguments, &endpoint) {
        Ok(child) => child,
        Err(cannot) => {
            eprintln!("pointsman: {}", cannot.text);
            return Ok(ExitCode::from(cannot.code));
        }
    };
    let ended = child.wait(PULSE).await?;
    if !ended.hurried {
        tokio::select! {
            () = wait_for_late(&recorder, Duration::from_secs(wait)) => {}
            () = child.hurried() => {}
        }
    }
    let _ = stop.send(());
    let _ = server.await;
    let recorded = recorder.stop().await;
    place.put_in_place().with_context(cannot_write)?;
    eprint!("{}", summary(&out, &recorded, &ended));
    anyhow::ensure!(
        recorded.fault.is_none() || !ended.is_success(),
        "{} is not complete",
        safe::terminal(&out.display().to_string())
    );
    Ok(ended.exit_code())
}

/// Until nothing has come for a while.
async fn wait_for_late(recorder: &Recorder, at_most: Duration) {
    let begun = Instant::now();
    let (mut came, mut last) = (recorder.came(), Instant::now());
    while last.elapsed() < QUIET && begun.elapsed() < at_most {
        tokio::time::sleep(PULSE).await;
        if recorder.came() != came {
            (came, last) = (recorder.came(), Instant::now());
        }
    }
}

/// What was recorded, and everything that was not.
fn summary(out: &Path, recorded: &Recorded, ended: &Ended) -> String {
    let Recorded { requests, spans, bytes, .. } = recorded;
    let file = safe::terminal(&out.display().to_string());
    let mut lines = vec![format!(
        "{file}: {} spans in {}, {}; recorded from tests: shape, not traffic",
        grouped(*spans),
        plural(*requests, "request"),
        size(*bytes)
    )];
    if let Some(said) = ended.said() {
        lines.push(said);
    }
    if *spans == 0 {
        lines.push(
            "no traces came: is the app built with @pointsman/nextjs (`pointsman init`), does the command start it, and does \
             it leave OTEL_EXPORTER_OTLP_ENDPOINT alone?"
                .to_owned(),
        );
    }
    if recorded.turned_away > 0 {
        let why = recorded.fault.as_ref().map_or_else(
            || "the file has reached --max-size".to_owned(),
            |fault| format!("the file cannot be written: {}", safe::terminal(fault)),
        );
        lines.push(format!(
            "not recorded, because {why}: {} with {} (a sender that tried again is counted again)",
            plural(recorded.turned_away, "request"),
            plural(recorded.spans_turned_away, "span")
        ));
    } else if let Some(fault) = &recorded.fault {
        lines.push(format!("not everything was recorded: {}", safe::terminal(fault)));
    }
    if !recorded.refused.is_empty() {
        let all: Vec<String> =
            recorded.refused.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        lines.push(format!("refused or cut: {}", all.join(", ")));
    }
    if recorded.not_understood > 0 {
        lines.push(format!("not understood: {}", plural(recorded.not_understood, "request")));
    }
    lines.iter().map(|line| format!("pointsman: {line}\n")).collect()
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(count)) }
}

#[allow(clippy::cast_precision_loss, reason = "counts of one test run stay far below 2^53")]
fn grouped(count: u64) -> String {
    number(count as f64)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_was_left_out_is_said() {
        let recorded = Recorded {
            requests: 2,
            spans: 1_200,
            bytes: 3 << 20,
            turned_away: 1,
            spans_turned_away: 7,
            refused: vec![("bad_trace_id", 3)],
            not_understood: 1,
            ..Recorded::default()
        };
        let said = summary(Path::new("a\u{1b}[31m.jsonl"), &recorded, &Ended::of_code(0));
        assert_eq!(
            said,
            "pointsman: a\\u{1b}[31m.jsonl: 1,200 spans in 2 requests, 3 MiB; recorded from tests: shape, not traffic\n\
             pointsman: not recorded, because the file has reached --max-size: 1 request with 7 spans (a sender that tried \
             again is counted again)\n\
             pointsman: refused or cut: bad_trace_id 3\n\
             pointsman: not understood: 1 request\n"
        );
        let nothing = summary(Path::new("a"), &Recorded::default(), &Ended::of_code(1));
        assert!(nothing.contains("no traces came"), "{nothing}");
    }
}
