//! `pointsman draft`: a Change as a patch. Nothing of the app is written; the patch goes to standard output.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use pointsman_advisor::{Change, HandlerReport, Report};
use pointsman_store::Location;

use super::find::{Named, find};
use super::{open_existing, print};
use crate::advise::{Advisor, Keeping};
use crate::cli::DraftOptions;
use crate::config::Config;
use crate::draft::{Checkout, Drafted, check, header, of_action, of_change, of_handler, patch_file};
use crate::render::safe::terminal;

/// Prints the draft; fails where there is none, and says why.
pub(crate) async fn run(db: &Location, options: DraftOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let checkout = checkout(&options, config)?;
    let reports = match &options.url {
        Some(url) => fetched(url).await?,
        None => {
            let store = open_existing(db).await?;
            let reports = Advisor::new(&store, config).reports(&options.view, Keeping::Nothing).await;
            store.close().await;
            reports?
        }
    };
    // The compiler runs for seconds, and nothing else waits here.
    tokio::task::spawn_blocking(move || drafted(&reports, &options, &checkout)).await?
}

fn drafted(reports: &[Report], options: &DraftOptions, checkout: &Checkout) -> anyhow::Result<ExitCode> {
    let (drafted, steps) = meant(reports, &options.change, checkout)?;
    if drafted.draft.files.is_empty() {
        eprintln!("{}: there is no draft", terminal(&drafted.title));
        for why in &drafted.draft.left_out {
            eprintln!("- {}", terminal(why));
        }
        if !steps.is_empty() {
            eprintln!("The steps:");
        }
        for (index, step) in steps.iter().enumerate() {
            eprintln!("{}. {}", index + 1, terminal(step));
        }
        return Ok(ExitCode::FAILURE);
    }
    let checks = check(&drafted, checkout, !options.no_typecheck)?;
    for line in header(&drafted, &checks) {
        eprintln!("{line}");
    }
    print(&patch_file(&drafted, &checks))?;
    Ok(ExitCode::SUCCESS)
}

/// The draft of what the user means, and the steps of its plan.
fn meant(reports: &[Report], wanted: &str, checkout: &Checkout) -> anyhow::Result<(Drafted, Vec<String>)> {
    let known: Vec<(&Report, Subject<'_>)> = reports
        .iter()
        .flat_map(|report| {
            let changes = report.changes.iter().map(Subject::Change);
            changes.chain(report.handlers.iter().map(Subject::Handler)).map(move |one| (report, one))
        })
        .collect();
    let named: Vec<Named> = known.iter().map(|(_, one)| one.named()).collect();
    let found = find(&named, wanted);
    if wanted.contains('#')
        && found.is_err()
        && let Some(drafted) = of_action(reports, wanted, checkout)?
    {
        return Ok((drafted, Vec::new()));
    }
    let (report, subject) = known.get(found?).context("no report has it")?;
    Ok(match subject {
        Subject::Change(change) => (of_change(report, change, checkout)?, change.steps.clone()),
        Subject::Handler(row) => (of_handler(report, row, checkout)?, row.steps.clone()),
    })
}

/// What may be drafted.
enum Subject<'a> {
    Change(&'a Change),
    Handler(&'a HandlerReport),
}

impl Subject<'_> {
    fn named(&self) -> Named {
        match self {
            Self::Change(change) => Named::of_change(change),
            Self::Handler(row) => Named::of(row),
        }
    }
}

/// Where the source is: what the command line says, else the configuration, else this folder.
fn checkout(options: &DraftOptions, config: &Config) -> anyhow::Result<Checkout> {
    let configured = (config.source.repo.clone(), config.source.app.clone());
    let (repo, app) = match &options.repo {
        Some(repo) => (Some(repo.clone()), options.app.clone()),
        None => (configured.0, options.app.clone().or(configured.1)),
    };
    let repo = match repo {
        Some(repo) => repo,
        None => std::env::current_dir().context("this folder cannot be read; pass --repo")?,
    };
    Ok(Checkout { repo, app })
}

/// The reports of a running daemon.
async fn fetched(url: &str) -> anyhow::Result<Vec<Report>> {
    /// How long the daemon may take.
    const PATIENCE: Duration = Duration::from_secs(30);
    let address = format!("{}/api/v1/reports/latest", url.trim_end_matches('/'));
    // There can be one of a process; it may be installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(PATIENCE).build().context("no HTTP client")?;
    let mut request = client.get(&address);
    if let Ok(token) = std::env::var("POINTSMAN_TOKEN") {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.with_context(|| format!("{address} does not answer"))?;
    let status = answer.status();
    anyhow::ensure!(
        status.is_success(),
        "{address} answers {status}; if its pages ask for a token, set POINTSMAN_TOKEN"
    );
    let bytes = answer.bytes().await.with_context(|| format!("{address} broke off"))?;
    reports(&bytes).with_context(|| format!("{address} does not answer with a report"))
}

fn reports(bytes: &[u8]) -> anyhow::Result<Vec<Report>> {
    let mut value: serde_json::Value = serde_json::from_slice(bytes)?;
    match value.get_mut("services").map(serde_json::Value::take) {
        Some(several) => Ok(serde_json::from_value(several)?),
        None => Ok(vec![serde_json::from_value(value)?]),
    }
}
