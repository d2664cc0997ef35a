//! What a check rests on: the reports of recordings, of a database, or of a running daemon.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use pointsman_advisor::Report;
use pointsman_collector::ingest::Pipeline;
use pointsman_collector::metrics::Metrics;
use pointsman_collector::replay::{Recording, Summary, replay};
use pointsman_store::{Location, Store};
use prometheus::Registry;
use reqwest::Url;
use reqwest::redirect::Policy;
use serde::Deserialize;

use super::super::open_existing;
use super::super::scratch::Scratch;
use crate::advise::{Advisor, Keeping, read_configured_source};
use crate::cli::{CheckOptions, Until, View};
use crate::config::{Config, hash_secret};
use crate::render::safe;

/// How long the pipeline may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(60);
/// The largest recording, inflated.
const LARGEST_RECORDING: u64 = 4 << 30;
/// How long a daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The largest report of a daemon.
const LARGEST_REPORT: usize = 256 << 20;
/// Holds a reader's token.
const TOKEN: &str = "POINTSMAN_CHECK_TOKEN";

/// The reports, and what people should know about them.
pub(super) async fn gather(
    db: &Location,
    options: &CheckOptions,
    config: &Config,
) -> anyhow::Result<(Vec<Report>, Vec<String>)> {
    if let Some(url) = &options.url {
        let reports = of_daemon(url).await?;
        let wanted = options.view.service.as_deref();
        let reports: Vec<Report> =
            reports.into_iter().filter(|report| wanted.is_none_or(|name| name == report.service)).collect();
        return Ok((reports, Vec::new()));
    }
    read_configured_source(&config.source).await?;
    if options.files.is_empty() {
        let store = open_existing(db).await?;
        let reports = of_store(&store, &options.view, config).await;
        return Ok((reports?, Vec::new()));
    }
    let scratch = Scratch::create("check")?;
    let store = Store::open(&scratch.path().join("pointsman.db")).await?;
    let notes = fill(&store, &options.files, config).await?;
    let until = if options.view.until == Until::Now { Until::Last } else { options.view.until };
    let reports = of_store(&store, &View { until, ..options.view.clone() }, config).await?;
    Ok((reports, notes))
}

/// The reports as they stand. Nothing of the look is remembered.
async fn of_store(store: &Store, view: &View, config: &Config) -> anyhow::Result<Vec<Report>> {
    let reports = Advisor::new(store, config).reports(view, Keeping::Nothing).await;
    store.close().await;
    reports
}

/// Takes recordings in as `replay` does. A file that gives nothing at all is a fault; parts that cannot be read are said.
async fn fill(store: &Store, files: &[PathBuf], config: &Config) -> anyhow::Result<Vec<String>> {
    let settings = config.otlp.pipeline(hash_secret(config)?);
    let pipeline = Pipeline::start(store.clone(), settings, Metrics::register(&Registry::new())?).await?;
    let mut notes = Vec::new();
    for file in files {
        let recording = Recording::File(file.clone());
        let name = safe::terminal(&file.display().to_string());
        let summary = replay(&pipeline, recording, LARGEST_RECORDING, &mut |_, _| {})
            .await
            .map_err(|error| anyhow::anyhow!("{}", safe::sentence(&error.to_string())))?;
        anyhow::ensure!(
            summary.spans > 0,
            "{name} holds no spans; check takes OTLP traces, one export request a line, as `pointsman capture` writes them"
        );
        notes.extend(note(&name, &summary));
    }
    pipeline.stop(STOP_WITHIN).await?;
    Ok(notes)
}

fn note(name: &str, summary: &Summary) -> Option<String> {
    let first = summary.faults.first()?;
    let first = safe::sentence(&first.to_string());
    Some(match summary.faults.len() {
        1 => format!("a part of {name} is not judged: {first}"),
        many => format!("{many} parts of {name} are not judged; the first: {first}"),
    })
}

/// What a daemon answers: one report, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Latest {
    Several { services: Vec<Report> },
    One(Box<Report>),
}

async fn of_daemon(url: &str) -> anyhow::Result<Vec<Report>> {
    let shown = safe::terminal(url);
    let base: Url = url.parse().map_err(|_| {
        anyhow::anyhow!("--url {shown} is not a valid address; write it as http://127.0.0.1:4400")
    })?;
    anyhow::ensure!(
        matches!(base.scheme(), "http" | "https") && base.password().is_none(),
        "--url {shown}: write http:// or https:// and no password; {TOKEN} holds the token"
    );
    let text = asked(&base).await.with_context(|| format!("cannot get the report of {shown}"))?;
    let latest = serde_json::from_slice(&text)
        .with_context(|| format!("{shown} does not answer with a report of this version"))?;
    Ok(match latest {
        Latest::Several { services } => services,
        Latest::One(one) => vec![*one],
    })
}

async fn asked(base: &Url) -> anyhow::Result<Vec<u8>> {
    // There can be one of a process; it may be installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .timeout(PATIENCE)
        .user_agent(concat!("pointsman/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(reqwest::Error::without_url)?;
    let place = format!("{}/api/v1/reports/latest", base.as_str().trim_end_matches('/'));
    let mut request = client.get(place);
    if let Ok(token) = std::env::var(TOKEN) {
        request = request.bearer_auth(token.trim());
    }
    let mut answer = request.send().await.map_err(reqwest::Error::without_url)?;
    let status = answer.status().as_u16();
    anyhow::ensure!(status != 401, "it wants a token: set {TOKEN} to one of its readers' tokens");
    anyhow::ensure!(status == 200, "it answers {status}");
    let mut text = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        text.extend_from_slice(&piece);
        anyhow::ensure!(
            text.len() <= LARGEST_REPORT,
            "the report is larger than {} MiB",
            LARGEST_REPORT >> 20
        );
    }
    Ok(text)
}
