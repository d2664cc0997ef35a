//! `pointsman report`: what to do, on one screen; in full, or one Change of it, where that is asked for.

use std::process::ExitCode;

use anyhow::Context;
use pointsman_advisor::{Change, Report};
use pointsman_store::{Location, Store};

use super::find::{Named, find};
use super::{open_existing, print};
use crate::advise::{Advisor, Keeping};
use crate::cli::{Format, ReportOptions, View};
use crate::config::Config;
use crate::render::html::Pictures;
use crate::render::{self, Audience};

/// Prints the report of each service.
pub(crate) async fn run(db: &Location, options: ReportOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let wants_pictures = options.change.is_none() && options.format == Format::Html;
    let found = if wants_pictures {
        with_pictures(&store, &options.view, config).await
    } else {
        reports(&store, &options.view, config).await.map(|reports| (reports, Pictures::new()))
    };
    store.close().await;
    let (reports, pictures) = found?;
    let audience = config.reports.audience();
    let text = match (&options.change, options.format) {
        (Some(wanted), format) => change(&reports, wanted, format, &audience)?,
        (None, Format::Text) if options.full => render::text::reports(&reports, &audience, render::style()),
        (None, Format::Text) => render::summary::reports(&reports, &audience, render::style()),
        (None, Format::Markdown) => render::markdown::reports(&reports, &audience),
        (None, Format::Html) => render::html::page(&reports, &audience, &pictures)?,
        (None, Format::Json) => render::json(&reports)?,
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// One Change.
fn change(reports: &[Report], wanted: &str, format: Format, audience: &Audience) -> anyhow::Result<String> {
    let known: Vec<(&Report, &Change)> =
        reports.iter().flat_map(|report| report.changes.iter().map(move |change| (report, change))).collect();
    let named: Vec<Named> = known.iter().map(|(_, change)| Named::of_change(change)).collect();
    let place = find(&named, wanted)?;
    let (report, change) = known.get(place).copied().context("no report has it")?;
    match format {
        Format::Text => Ok(render::change::text(report, change, audience, render::style())),
        Format::Markdown => Ok(render::markdown::change(report, change, audience)),
        Format::Json => {
            let json =
                serde_json::to_string_pretty(change).context("the change cannot be written as JSON")?;
            Ok(render::safe::json(json) + "\n")
        }
        Format::Html => anyhow::bail!("--change prints text, markdown or json; leave out --format html"),
    }
}

/// The reports as they stand, with what changed since the last that were kept.
async fn reports(store: &Store, view: &View, config: &Config) -> anyhow::Result<Vec<Report>> {
    let advisor = Advisor::new(store, config);
    let mut reports = advisor.reports(view, Keeping::RunsAndFirstLook).await?;
    advisor.note_changes(&mut reports, view).await?;
    Ok(reports)
}

/// The same, with one user's requests now and after each open Change.
async fn with_pictures(
    store: &Store,
    view: &View,
    config: &Config,
) -> anyhow::Result<(Vec<Report>, Pictures)> {
    let advisor = Advisor::new(store, config);
    let outlooks = advisor.outlooks(view, Keeping::RunsAndFirstLook).await?;
    let mut pictures = Pictures::new();
    for outlook in &outlooks {
        for change in outlook.report.changes.iter().filter(|change| change.state.is_open()) {
            let example = outlook.evidence.example_of(change)?;
            pictures.extend(example.map(|example| (change.id.clone(), example)));
        }
    }
    let mut reports: Vec<Report> = outlooks.into_iter().map(|outlook| outlook.report).collect();
    advisor.note_changes(&mut reports, view).await?;
    Ok((reports, pictures))
}
