//! `pointsman report`: the current judgement of every handler.

use std::path::Path;
use std::process::ExitCode;

use super::{open_existing, print};
use crate::advise::{Advisor, Keeping};
use crate::cli::{Format, ReportOptions};
use crate::config::Config;
use crate::render;

/// Prints the report of each service.
pub(crate) async fn run(db: &Path, options: ReportOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let reports = Advisor::new(&store, config).reports(&options.view, Keeping::RunsAndFirstLook).await;
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
