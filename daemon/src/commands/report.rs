//! `pointsman report`: the current judgement of every handler.

use std::path::Path;
use std::process::ExitCode;

use pointsman_advisor::Report;
use pointsman_store::Store;

use super::{open_existing, print};
use crate::advise::{Advisor, Keeping};
use crate::cli::{Format, ReportOptions, View};
use crate::config::Config;
use crate::render;

/// Prints the report of each service.
pub(crate) async fn run(db: &Path, options: ReportOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let reports = reports(&store, &options.view, config).await;
    store.close().await;
    let reports = reports?;
    let text = match options.format {
        Format::Text => render::text::reports(&reports, render::style()),
        Format::Markdown => render::markdown::reports(&reports),
        Format::Html => render::html::page(&reports)?,
        Format::Json => render::json(&reports)?,
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The reports as they stand, with what changed since the last that were kept.
async fn reports(store: &Store, view: &View, config: &Config) -> anyhow::Result<Vec<Report>> {
    let advisor = Advisor::new(store, config);
    let mut reports = advisor.reports(view, Keeping::RunsAndFirstLook).await?;
    advisor.note_changes(&mut reports, view).await?;
    Ok(reports)
}
