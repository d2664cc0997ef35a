//! `pointsman explain`: everything measured about one handler, or about all.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use pointsman_advisor::{Explanation, Explanations, HandlerReport, Report};

use super::{open_existing, print};
use crate::cli::{EvidenceFormat, ExplainOptions};
use crate::config::Config;
use crate::render::safe::terminal;
use crate::{advise, render};

/// Prints the evidence about the handler that the user named, or about all of them.
pub(crate) async fn run(db: &Path, options: ExplainOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let known = advise::evidence(&store, &options.view, &config.advice).await;
    store.close().await;
    let known = known?;
    let text = match options.format {
        EvidenceFormat::Json => json(&known, options.handler.as_deref())?,
        EvidenceFormat::Text => text(&known, options.handler.as_deref())?,
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(known: &[(Report, Explanations)], wanted: Option<&str>) -> anyhow::Result<String> {
    let handlers = handlers(known);
    let chosen = match wanted {
        None => handlers,
        Some(wanted) => vec![find(&handlers, wanted)?],
    };
    let style = render::style();
    let texts: Vec<String> =
        chosen.iter().map(|(handler, measured)| render::explain::text(handler, measured, style)).collect();
    Ok(texts.join("\n"))
}

/// One object, or one per service under `services`; of one handler only its own entry.
fn json(known: &[(Report, Explanations)], wanted: Option<&str>) -> anyhow::Result<String> {
    let text = match (wanted, known) {
        (Some(wanted), _) => serde_json::to_string_pretty(find(&handlers(known), wanted)?.1),
        (None, [(_, one)]) => serde_json::to_string_pretty(one),
        (None, several) => serde_json::to_string_pretty(&serde_json::json!({
            "schema": "pointsman.evidence/v1",
            "services": several.iter().map(|(_, explanations)| explanations).collect::<Vec<_>>(),
        })),
    };
    Ok(text.context("the evidence cannot be written as JSON")? + "\n")
}

type Both<'a> = (&'a HandlerReport, &'a Explanation);

/// Every handler that was judged, with what was measured about it.
fn handlers(known: &[(Report, Explanations)]) -> Vec<Both<'_>> {
    known.iter().flat_map(|(report, explanations)| of_report(report, explanations)).collect()
}

fn of_report<'a>(report: &'a Report, explanations: &'a Explanations) -> Vec<Both<'a>> {
    let measured = |id: &str| explanations.handlers.iter().find(|measured| measured.id == id);
    report.handlers.iter().filter_map(|handler| Some((handler, measured(&handler.id)?))).collect()
}

/// By id, else by a part of its name that only it has; a name that is exactly its own wins.
fn find<'a>(handlers: &[Both<'a>], wanted: &str) -> anyhow::Result<Both<'a>> {
    let named = |exact: bool| -> Vec<Both<'a>> {
        let fits = |name: &str| if exact { name == wanted } else { name.contains(wanted) };
        let all = handlers.iter().copied();
        all.filter(|(h, _)| {
            h.id == wanted
                || fits(&h.route)
                || h.action.as_deref().is_some_and(fits)
                || fits(&render::name(h))
        })
        .collect()
    };
    let found = [named(true), named(false)].into_iter().find(|found| !found.is_empty()).unwrap_or_default();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => anyhow::bail!("no handler is called {wanted}; `pointsman report` lists them with their ids"),
        many => {
            let names: Vec<String> = many
                .iter()
                .take(10)
                .map(|(h, _)| format!("{} {}", h.id, terminal(&render::name(h))))
                .collect();
            anyhow::bail!("{wanted} fits several handlers; name one by its id:\n  {}", names.join("\n  "))
        }
    }
}
