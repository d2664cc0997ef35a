//! `pointsman demo`: the recording of the example shop in a database of its own, served until Ctrl-C or printed once. No
//! Next.js, Node.js or network is involved. What the recording holds is `recording`'s business.

mod recording;

use std::io::Cursor;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use pointsman_advisor::Report;
use pointsman_collector::ingest::Pipeline;
use pointsman_collector::metrics::Metrics;
use pointsman_collector::replay::{Recording, replay};
use pointsman_store::{Location, Store};
use prometheus::Registry;
use tokio::signal::unix::{SignalKind, signal};

use super::scratch::Scratch;
use super::serve::{self, Guest, Hangup};
use super::{print, report};
use crate::cli::{DemoOptions, Format, ReportOptions, USUAL_WINDOW, Until, View};
use crate::config::{Config, Source, hash_secret};
use crate::render::{self, safe};
use crate::web::Board;

/// The thresholds of `make demo`: a shop that is open for two minutes reaches no other ones.
const SETTINGS: &str = include_str!("../../../examples/storefront/pointsman.toml");
/// How long the pipeline may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(60);
/// The recording, inflated, is smaller.
const MAX_RECORDING: u64 = 256 << 20;
/// Addresses at which a demo may be seen are this machine's own, unless a flag says otherwise.
const OFF: &str = "off";

/// Replays the recording, then prints the report or serves the pages.
pub(crate) async fn run(options: DemoOptions) -> anyhow::Result<ExitCode> {
    let config = settings(&options)?;
    let folder = Scratch::create("demo")?;
    let db = Location::from(&folder.path().join("pointsman.db"));
    let filled = async {
        fill(&db, &config).await?;
        if options.once {
            let view = View { window: USUAL_WINDOW, until: Until::Last, service: None };
            return report::run(
                &db,
                ReportOptions { view, format: Format::Text, full: false, change: None },
                &config,
            )
            .await
            .map(Some);
        }
        Ok(None)
    };
    // Whatever ends it early, the folder is removed.
    let ended = tokio::select! {
        biased;
        signal = interrupted() => Some(signal?),
        filled = filled => filled?,
    };
    if let Some(code) = ended {
        return Ok(code);
    }
    let guest =
        Guest { hangup: Hangup::Ends, welcome: Box::new(|pages, board| Box::pin(welcome(pages, board))) };
    serve::run_with(&db, Source::default(), config, guest).await
}

/// Ends with the first signal that asks for the end, with the code that shells expect of it.
async fn interrupted() -> anyhow::Result<ExitCode> {
    let [mut interrupt, mut terminate, mut hangup] =
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let cannot = "cannot wait for signals";
    let code = tokio::select! {
        _ = interrupt.as_mut().map_err(|_| anyhow::anyhow!(cannot))?.recv() => 130,
        _ = terminate.as_mut().map_err(|_| anyhow::anyhow!(cannot))?.recv() => 143,
        _ = hangup.as_mut().map_err(|_| anyhow::anyhow!(cannot))?.recv() => 129,
    };
    Ok(ExitCode::from(code))
}

/// Pages only: nothing is received, nobody's configuration or variables matter.
fn settings(options: &DemoOptions) -> anyhow::Result<Config> {
    let mut config: Config = toml::from_str(SETTINGS).context("the settings of the demo cannot be read")?;
    OFF.clone_into(&mut config.serve.otlp_grpc);
    OFF.clone_into(&mut config.serve.otlp_http);
    config.serve.listen.clone_from(&options.listen);
    config.logs.level = "warn".to_owned();
    // The recording does not change.
    config.serve.advice_interval_s = 60;
    Ok(config)
}

/// Takes the recording in through the same pipeline as live traces.
async fn fill(db: &Location, config: &Config) -> anyhow::Result<()> {
    let spans = recording::ending_now()?;
    let store = Store::open(db).await?;
    let settings = config.otlp.pipeline(hash_secret(config)?);
    let pipeline = Pipeline::start(store.clone(), settings, Metrics::register(&Registry::new())?).await?;
    let spans = Recording::Reader("the recording".to_owned(), Box::new(Cursor::new(spans)));
    replay(&pipeline, spans, MAX_RECORDING, &mut |_, _| {}).await?;
    pipeline.stop(STOP_WITHIN).await?;
    store.close().await;
    Ok(())
}

/// Says where the pages are and what to look at first, once there is something to see.
async fn welcome(pages: Option<std::net::SocketAddr>, board: Arc<Board>) {
    board.advised().await;
    let Some(pages) = pages else { return };
    let view = board.view();
    let text = view
        .reports()
        .next()
        .map_or_else(String::new, |report| introduced(&format!("http://{pages}"), report));
    // Nobody reads it when standard output is closed; the pages are there all the same.
    let _ = print(&text);
}

fn introduced(url: &str, report: &Report) -> String {
    let next = report.next_version.as_deref();
    let next = next.map_or_else(String::new, |version| format!(" on Next.js {}", safe::terminal(version)));
    let mut text = format!("A recorded shop{next}. {}.\n\n  {url}/\n\n", render::headline(report));
    if let Some(first) = report.changes.iter().find(|change| change.state.is_open()) {
        text +=
            &format!("Look first at: {}.\n  {url}/changes/{}\n\n", safe::terminal(&first.title), first.id);
    }
    text + "The thresholds are lowered to fit two minutes of traffic. `pointsman init` sets up your own app.\n\
            Ctrl-C ends the demo and removes its database.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_receives_nothing_and_its_settings_are_those_of_make_demo() {
        let options = DemoOptions { listen: "127.0.0.1:0".to_owned(), once: false };
        let config = settings(&options).unwrap();
        assert_eq!((config.serve.otlp_grpc.as_str(), config.serve.otlp_http.as_str()), (OFF, OFF));
        assert_eq!(config.serve.listen, "127.0.0.1:0");
        assert_eq!(config.advice.min_calls_for_move, 30);
    }
}
