//! `explain_handler`: all that speaks for and against a handler's verdict, what was measured, and where it is in the source.

use std::collections::BTreeMap;

use pointsman_advisor::{EvidenceKind, EvidenceRow, HandlerReport, Report};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Called, answered, first};
use crate::render::{self, life, phrases, safe, source};
use crate::web::mcp::answer::{Answer, LeftOut};
use crate::web::mcp::desk::{self, Desk};
use crate::web::mcp::quote::{self, Quote};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::mcp) struct Arguments {
    /// Id, or part of its route or name.
    handler: String,
    /// A longer answer: 32 KB.
    #[serde(default)]
    full: bool,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::web::mcp) struct Explained {
    id: String,
    name: String,
    kind: String,
    verdict: &'static str,
    reason: String,
    calls_per_day: f64,
    callers: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    evidence: Vec<Evidence>,
    needs: Vec<String>,
    improvements: Vec<String>,
    source: Vec<String>,
    left_out: LeftOut,
}

/// What one rule measured.
#[derive(Clone, Serialize, JsonSchema)]
pub(in crate::web::mcp) struct Evidence {
    pub(super) rule: String,
    pub(super) points: &'static str,
    pub(super) text: String,
}

pub(in crate::web::mcp) async fn call(desk: &Desk, arguments: Arguments) -> Called {
    let view = desk.view().await;
    let (report, row) = desk::handler(&view, &arguments.handler)?;
    let quote = Quote::of(report);
    let mut answer = Answer::new(arguments.full);
    verdict(&mut answer, row, &quote);
    answer.line("measurements", &format!("- {}", measured(row)));
    let lines: Vec<String> = row.evidence.iter().map(|one| evidence_line(one, &quote)).collect();
    let evidence = answer.list("## What the rules found", "findings", &lines);
    let lines: Vec<String> =
        render::needs(row).iter().map(|need| format!("- {}", quote.sentence(need))).collect();
    let needs = answer.list("## Needed for a verdict", "needs", &lines);
    let lines: Vec<String> = row.improvements.iter().map(|rule| improvement(rule)).collect();
    let improvements = answer.list("## Better in place", "improvements", &lines);
    let places = source::lines(row);
    let lines: Vec<String> = places.iter().map(|line| format!("- {}", quote.sentence(line))).collect();
    let sources = answer.list("## In the source", "source lines", &lines);
    let lives = lives(desk, report, row);
    answer.list("## So far", "history entries", &lives);
    if let Some(change) = &row.change {
        answer.hint(&format!("\nPart of change {change}: call get_plan."));
    }
    answered(answer, |left_out| Explained {
        id: row.id.clone(),
        name: safe::terminal(&render::name(row)),
        kind: safe::terminal(row.kind.as_str()),
        verdict: row.verdict.as_str(),
        reason: safe::sentence(&row.reason),
        calls_per_day: row.calls_per_day,
        callers: row.callers.clone(),
        change: row.change.clone(),
        evidence: row.evidence.iter().take(evidence).map(evidence_row).collect(),
        needs: first(&render::needs(row), needs),
        improvements: first(&row.improvements, improvements),
        source: places.iter().take(sources).map(|line| safe::sentence(line)).collect(),
        left_out,
    })
}

/// The handler, what it is judged to be, and why.
pub(super) fn verdict(answer: &mut Answer, row: &HandlerReport, quote: &Quote) {
    answer.line("titles", &format!("# {} ({}, {})", quote::name(row), render::kind(&row.kind), row.id));
    let confidence =
        row.confidence.map_or_else(String::new, |share| format!(", confidence {}", render::percent(share)));
    answer.line("verdicts", &format!("**{}**{confidence}", render::verdict_and_state(row)));
    answer.line("reasons", &format!("- Why: {}", quote.reason(&[row], &row.reason)));
    if !row.flips_if.is_empty() {
        answer.line(
            "conditions",
            &format!("- What would change this: {}", quote.reason(&[row], &row.flips_if)),
        );
    }
    if let Some(rule) = life::house_rule(row) {
        answer.line("house rules", &format!("- {}", quote::whole(&rule)));
    }
}

fn measured(row: &HandlerReport) -> String {
    let mut facts = vec![format!("{} calls a day", render::number(row.calls_per_day))];
    facts.extend(
        row.duration_ms.map(|ms| format!("{} (p95 {})", render::duration(ms.p50), render::duration(ms.p95))),
    );
    let callers: Vec<String> = row
        .callers
        .iter()
        .filter(|(_, share)| **share >= 0.005)
        .map(|(class, share)| format!("{} {}", quote::code(class), render::percent(*share)))
        .collect();
    facts.push(format!("called by {}", callers.join(", ")));
    let pages: Vec<String> = row.pages.iter().map(|page| quote::code(page)).collect();
    facts.extend((!pages.is_empty()).then(|| format!("from pages {}", pages.join(", "))));
    facts.join("; ")
}

/// A finding as a line.
pub(super) fn evidence_line(row: &EvidenceRow, quote: &Quote) -> String {
    let traces: Vec<&str> = row.exemplars.iter().take(2).map(String::as_str).collect();
    let traces = if traces.is_empty() { String::new() } else { format!(" Traces: {}.", traces.join(", ")) };
    format!(
        "- **{}** ({}): {}.{traces}",
        row.rule,
        points(row.kind),
        quote.finding(&row.rule, row.text.trim_end_matches('.'))
    )
}

/// The same as data.
pub(super) fn evidence_row(row: &EvidenceRow) -> Evidence {
    Evidence { rule: row.rule.clone(), points: points(row.kind), text: safe::sentence(&row.text) }
}

pub(super) const fn points(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::For => "for",
        EvidenceKind::Against => "against",
        EvidenceKind::Blocker => "blocker",
        EvidenceKind::Improvement => "improvement",
    }
}

fn improvement(rule: &str) -> String {
    format!("- **{rule}**: {}", phrases::remedy(rule))
}

fn lives(desk: &Desk, report: &Report, row: &HandlerReport) -> Vec<String> {
    let audience = desk.audience();
    let steps = life::all_of(report, &row.id).into_iter().flat_map(|life| {
        let proof = life::proof(life);
        life.history.iter().map(|step| life::step(step, &audience)).chain(proof).collect::<Vec<_>>()
    });
    steps.map(|step| format!("- {}", quote::whole(&step))).collect()
}
