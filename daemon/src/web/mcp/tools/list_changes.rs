//! `list_changes`: what to do, in the order of the report: Changes first, then what gets better in place.

use pointsman_advisor::{Change, HandlerReport, Report};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Called, answered, first};
use crate::render::{self, phrases, safe, summary};
use crate::web::mcp::answer::{Answer, LeftOut};
use crate::web::mcp::desk::Desk;
use crate::web::mcp::quote::{self, Quote};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::mcp) struct Arguments {
    /// Only this `service.name`.
    service: Option<String>,
    /// Also done, dismissed and snoozed changes.
    #[serde(default)]
    all: bool,
    /// A longer answer: 32 KB.
    #[serde(default)]
    full: bool,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::web::mcp) struct Changes {
    changes: Vec<Listed>,
    improvements: Vec<Improvement>,
    left_out: LeftOut,
}

#[derive(Clone, Serialize, JsonSchema)]
struct Listed {
    id: String,
    title: String,
    service: String,
    state: &'static str,
    verdict: &'static str,
    saves_a_day: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<String>,
    handlers: usize,
}

#[derive(Clone, Serialize, JsonSchema)]
struct Improvement {
    handler: String,
    name: String,
    urgent: bool,
    do_this: Vec<String>,
}

pub(in crate::web::mcp) async fn call(desk: &Desk, arguments: Arguments) -> Called {
    let view = desk.view().await;
    let mut answer = Answer::new(arguments.full);
    let (mut changes, mut improvements) = (Vec::new(), Vec::new());
    let services: Vec<&Report> = view.reports().collect();
    let wanted = |report: &&&Report| arguments.service.as_ref().is_none_or(|name| *name == report.service);
    let reports: Vec<&&Report> = services.iter().filter(wanted).collect();
    if reports.is_empty() {
        return Err(none_of(&services, arguments.service.as_deref(), desk.has_advised()));
    }
    for report in reports {
        answer.line("services", &heading(report));
        let listed = report.changes.iter().filter(|change| arguments.all || change.state.is_open());
        let listed: Vec<&Change> = listed.collect();
        let quote = Quote::of(report);
        let lines: Vec<String> = listed.iter().map(|change| line(change, &quote)).collect();
        let shown = answer.list("## Changes", "changes", &lines);
        changes.extend(first(&listed, shown).into_iter().map(|change| structured(report, change)));
        let better: Vec<&HandlerReport> =
            report.handlers.iter().filter(|row| !row.improvements.is_empty()).collect();
        let lines: Vec<String> = better.iter().map(|row| improvement_line(row)).collect();
        let shown = answer.list("## Improve in place", "improvements", &lines);
        improvements.extend(first(&better, shown).into_iter().map(improvement));
    }
    answer.hint("\nNext: get_plan with a change's id. explain_handler says more about one handler.");
    answered(answer, |left_out| Changes { changes, improvements, left_out })
}

fn none_of(known: &[&Report], wanted: Option<&str>, has_advised: bool) -> String {
    match wanted {
        Some(name) if !known.is_empty() => {
            let known: Vec<String> =
                known.iter().take(20).map(|report| quote::code(&report.service)).collect();
            format!("There is no service {}; there are: {}.", quote::code(name), known.join(", "))
        }
        _ if has_advised => "No calls have arrived in the last week. Ask what_is_missing.".to_owned(),
        _ => "The first run of the advisor has not finished yet; ask again in a few seconds.".to_owned(),
    }
}

fn heading(report: &Report) -> String {
    let environment =
        report.environment.as_deref().map_or_else(String::new, |name| format!(" ({})", quote::code(name)));
    let lowered = render::lowered(&report.settings);
    let preview = if lowered.is_empty() {
        ""
    } else {
        " Thresholds are below their defaults: treat this as a preview."
    };
    format!("# {}{environment}\n{}.{preview}", quote::code(&report.service), render::headline(report))
}

fn line(change: &Change, quote: &Quote) -> String {
    let mut facts: Vec<String> = Vec::new();
    let saves = saves(change);
    facts.extend((!saves.is_empty()).then(|| format!("saves a day: {saves}")));
    facts.extend(change.confidence.map(|share| format!("confidence {}", render::percent(share))));
    facts.extend(change.effort.as_ref().map(|effort| format!("effort {effort}")));
    facts.push(change.state.as_str().to_owned());
    format!("- {} {}: {}", change.id, quote.sentence(&change.title), facts.join(", "))
}

fn saves(change: &Change) -> String {
    change.benefit.as_ref().map(summary::saves).unwrap_or_default().join(", ")
}

fn structured(report: &Report, change: &Change) -> Listed {
    Listed {
        id: change.id.clone(),
        title: safe::terminal(&change.title),
        service: safe::terminal(&report.service),
        state: change.state.as_str(),
        verdict: change.verdict.as_str(),
        saves_a_day: saves(change),
        confidence: change.confidence,
        effort: change.effort.as_ref().map(ToString::to_string),
        handlers: change.handlers.len(),
    }
}

fn improvement_line(row: &HandlerReport) -> String {
    let urgent = if row.is_urgent() { "**fix first**: " } else { "" };
    format!("- {} ({}): {urgent}{}", quote::name(row), row.id, remedies(row).join("; "))
}

fn improvement(row: &HandlerReport) -> Improvement {
    Improvement {
        handler: row.id.clone(),
        name: safe::terminal(&render::name(row)),
        urgent: row.is_urgent(),
        do_this: remedies(row),
    }
}

fn remedies(row: &HandlerReport) -> Vec<String> {
    row.improvements.iter().map(|rule| phrases::remedy(rule).to_owned()).collect()
}
