//! The app's source for a report: from the file or the checkout that the configuration names, else what was uploaded. What
//! follows from it is the advisor's.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use pointsman_advisor::Report;
use pointsman_advisor::source::{attach, fits, refuse};
use pointsman_source::{Limits, Wanted, link};
use pointsman_store::{AppFact, SOURCE_SCHEMA, Source, Store};

use crate::config::SourceCode;

/// How long what was read of a checkout is used again: reading it takes a second, and a report is made each minute.
const FRESH: Duration = Duration::from_secs(600);

/// A checkout and the app in it.
type Key = (PathBuf, Option<String>);
/// What was read of each checkout, and when.
type Known = HashMap<Key, (Instant, Arc<Source>)>;

static READ: Mutex<Option<Known>> = Mutex::new(None);

/// Says in a report where its handlers are in the source, or why the source is not used. A source that cannot be read
/// costs the report nothing but that: the log says why.
pub(super) async fn attach_to(
    report: &mut Report,
    facts: &[AppFact],
    (store, config, alone): (&Store, &SourceCode, bool),
) {
    let source = of(store, config, alone, report).await;
    match source {
        Ok(None) => {}
        Ok(Some(source)) => match fits(report, facts, &source) {
            Ok(()) => attach(report, &source),
            Err(misfit) => refuse(report, &source, misfit.to_string()),
        },
        Err(error) => tracing::warn!("the source of {} is not used: {error:#}", report.service),
    }
}

async fn of(
    store: &Store,
    config: &SourceCode,
    alone: bool,
    report: &Report,
) -> anyhow::Result<Option<Arc<Source>>> {
    if config.is_of(&report.service, alone) {
        let config = config.clone();
        return tokio::task::spawn_blocking(move || configured(&config)).await?.map(Some);
    }
    let kept = store.source(&report.service, report.environment.as_deref()).await?;
    Ok(kept.map(|kept| Arc::new(kept.source)))
}

/// Reads what the configuration names, if it names anything: whoever asks for files and lines wants to know why there are none.
pub(crate) async fn read_configured(config: &SourceCode) -> anyhow::Result<()> {
    if config.repo.is_none() && config.file.is_none() {
        return Ok(());
    }
    let config = config.clone();
    tokio::task::spawn_blocking(move || configured(&config)).await?.map(|_| ())
}

fn configured(config: &SourceCode) -> anyhow::Result<Arc<Source>> {
    match (&config.file, &config.repo) {
        (Some(file), _) => from_file(file).map(Arc::new),
        (None, Some(repo)) => from_checkout(repo, config.app.as_ref()),
        (None, None) => anyhow::bail!("the configuration names neither a file nor a checkout"),
    }
}

fn from_file(file: &Path) -> anyhow::Result<Source> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    read(&text).with_context(|| format!("in {}", file.display()))
}

/// Reads a document.
pub(crate) fn read(text: &[u8]) -> anyhow::Result<Source> {
    let source: Source = serde_json::from_slice(text).context("this is not what `pointsman link` writes")?;
    anyhow::ensure!(
        source.schema == SOURCE_SCHEMA,
        "its schema is {}, but {SOURCE_SCHEMA} is needed",
        crate::render::safe::terminal(&source.schema)
    );
    Ok(source)
}

fn from_checkout(repo: &Path, app: Option<&String>) -> anyhow::Result<Arc<Source>> {
    let key = (repo.to_owned(), app.cloned());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let read = read.get_or_insert_default();
    if let Some((at, source)) = read.get(&key)
        && at.elapsed() < FRESH
    {
        return Ok(Arc::clone(source));
    }
    let wanted = Wanted { app: app.cloned(), commit: None };
    let source = Arc::new(link(repo, &wanted, &Limits::default())?);
    read.insert(key, (Instant::now(), Arc::clone(&source)));
    Ok(source)
}
