//! `pointsman explain`: a Change with its evidence; everything measured about one handler, or about all.

use std::process::ExitCode;

use anyhow::Context;
use pointsman_advisor::{Change, Explanation, Explanations, HandlerReport, Report};
use pointsman_store::Location;

use super::find::{Named, find};
use super::{open_to_look, print};
use crate::advise::Advisor;
use crate::cli::{EvidenceFormat, ExplainOptions};
use crate::config::Config;
use crate::render::explain::Look;
use crate::render::{self, Audience};

/// Prints the evidence about the handler that the user named, or about all of them.
pub(crate) async fn run(db: &Location, options: ExplainOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_to_look(db).await?;
    let known = Advisor::new(&store, config).evidence(&options.view).await;
    store.close().await;
    let known = known?;
    let text = match options.format {
        EvidenceFormat::Json => json(&known, options.handler.as_deref())?,
        EvidenceFormat::Text => text(&known, options.handler.as_deref(), &config.reports.audience())?,
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(
    known: &[(Report, Explanations)],
    wanted: Option<&str>,
    audience: &Audience,
) -> anyhow::Result<String> {
    let handlers = handlers(known);
    let with = Look { audience, style: render::style() };
    let chosen = match wanted {
        None => handlers,
        Some(wanted) => match change(known, wanted)? {
            None => vec![meant(&handlers, wanted)?],
            Some((report, change)) => {
                let of_change = handlers.iter().filter(|one| change.handlers.contains(&one.handler.id));
                let evidence = of_change
                    .map(|one| render::explain::evidence(one.report, one.handler, one.measured, with));
                let texts = std::iter::once(render::change::text(report, change, audience, with.style))
                    .chain(evidence);
                return Ok(texts.collect::<Vec<_>>().join("\n"));
            }
        },
    };
    let texts: Vec<String> =
        chosen.iter().map(|one| render::explain::text(one.report, one.handler, one.measured, with)).collect();
    Ok(texts.join("\n"))
}

/// One object, or one per service under `services`; of one handler only its own entry.
fn json(known: &[(Report, Explanations)], wanted: Option<&str>) -> anyhow::Result<String> {
    let text = match (wanted, known) {
        (Some(wanted), _) => serde_json::to_string_pretty(meant(&handlers(known), wanted)?.measured),
        (None, [(_, one)]) => serde_json::to_string_pretty(one),
        (None, several) => serde_json::to_string_pretty(&serde_json::json!({
            "schema": "pointsman.evidence/v1",
            "services": several.iter().map(|(_, explanations)| explanations).collect::<Vec<_>>(),
        })),
    };
    Ok(render::safe::json(text.context("the evidence cannot be written as JSON")?) + "\n")
}

/// The Change that a user means, if it is one.
fn change<'a>(
    known: &'a [(Report, Explanations)],
    wanted: &str,
) -> anyhow::Result<Option<(&'a Report, &'a Change)>> {
    let all: Vec<(&Report, &Change)> = known
        .iter()
        .flat_map(|(report, _)| report.changes.iter().map(move |change| (report, change)))
        .collect();
    let named: Vec<Named> = all.iter().map(|(_, change)| Named::of_change(change)).collect();
    if !named.iter().any(|one| one.is_meant_by(wanted)) {
        return Ok(None);
    }
    Ok(all.get(find(&named, wanted)?).copied())
}

/// A handler that was judged, with what was measured about it.
#[derive(Clone, Copy)]
struct Judged<'a> {
    report: &'a Report,
    handler: &'a HandlerReport,
    measured: &'a Explanation,
}

fn handlers(known: &[(Report, Explanations)]) -> Vec<Judged<'_>> {
    known.iter().flat_map(|(report, explanations)| of_report(report, explanations)).collect()
}

fn of_report<'a>(report: &'a Report, explanations: &'a Explanations) -> Vec<Judged<'a>> {
    let measured = |id: &str| explanations.handlers.iter().find(|measured| measured.id == id);
    let judged =
        |handler: &'a HandlerReport| Some(Judged { report, handler, measured: measured(&handler.id)? });
    report.handlers.iter().filter_map(judged).collect()
}

/// The one that the user means.
fn meant<'a>(handlers: &[Judged<'a>], wanted: &str) -> anyhow::Result<Judged<'a>> {
    let named: Vec<Named> = handlers.iter().map(|one| Named::of(one.handler)).collect();
    let place = find(&named, wanted)?;
    handlers.get(place).copied().context("the handler is in no report")
}
