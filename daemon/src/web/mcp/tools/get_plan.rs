//! `get_plan`: a Change as an agent needs it to make it. What stands in its way comes before the steps, so that a plan is never
//! read without it.

use pointsman_advisor::{Change, EvidenceKind, HandlerReport, Report};
use pointsman_store::CallSite;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::explain_handler::{Evidence, evidence_row};
use super::{Called, answered};
use crate::render::{self, benefit, phrases, safe, source};
use crate::web::mcp::answer::{Answer, LeftOut};
use crate::web::mcp::desk::{self, Desk, Meant};
use crate::web::mcp::quote::{self, Quote};

/// Said with each patch.
const UNCHECKED: &str =
    "Paths are relative to the app's repository. Neither `git apply --check` nor the type check was run.";
/// Why a patch is not shown.
const NOT_PLAIN: &str = "the patch holds control characters; `pointsman draft` writes it to a file";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::mcp) struct Arguments {
    /// Id of a change, or of one of its handlers.
    change: String,
    /// A longer answer: 32 KB.
    #[serde(default)]
    full: bool,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::web::mcp) struct Plan {
    id: String,
    title: String,
    state: &'static str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saves: Option<String>,
    blockers: Vec<Evidence>,
    warnings: Vec<String>,
    steps: Vec<String>,
    handlers: Vec<Handler>,
    call_sites: Vec<Site>,
    draft: Draft,
    left_out: LeftOut,
}

#[derive(Serialize, JsonSchema)]
struct Handler {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    defined: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Site {
    file: String,
    line: u32,
    how: String,
}

#[derive(Default, Serialize, JsonSchema)]
struct Draft {
    /// A unified diff.
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    /// What it leaves to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    why_none: Option<String>,
}

pub(in crate::web::mcp) async fn call(desk: &Desk, arguments: Arguments) -> Called {
    let view = desk.view().await;
    let (report, change) = match desk::meant(&view, &arguments.change)? {
        Meant::Change(report, change) => (report, change),
        Meant::Handler(report, row) => (report, of_handler(report, row)?),
    };
    let mut answer = Answer::new(arguments.full);
    let mut plan = written(&mut answer, report, change);
    plan.draft = drafted(&mut answer, desk.draft(report, change).await);
    answered(answer, |left_out| Plan { left_out, ..plan })
}

/// The Change that a handler is part of.
fn of_handler<'v>(report: &'v Report, row: &HandlerReport) -> Result<&'v Change, String> {
    let id = row.change.as_ref();
    let change = id.and_then(|id| report.changes.iter().find(|change| change.id == *id));
    change.ok_or_else(|| {
        let better: Vec<&str> = row.improvements.iter().map(|rule| phrases::remedy(rule)).collect();
        let better = if better.is_empty() {
            String::new()
        } else {
            format!(" What gets better in place: {}.", better.join("; "))
        };
        format!(
            "{} ({}) is part of no change: {}.{better} Ask why_not for the reasons.",
            quote::name(row),
            row.id,
            render::verdict(row.verdict)
        )
    })
}

/// Writes the plan, and returns of it what fits.
fn written(answer: &mut Answer, report: &Report, change: &Change) -> Plan {
    let quote = Quote::of(report);
    let rows: Vec<&HandlerReport> =
        report.handlers.iter().filter(|row| change.handlers.contains(&row.id)).collect();
    let saves = change.benefit.as_ref().and_then(benefit::benefit);
    head(answer, (change, &rows), saves.as_deref(), &quote);
    let against: Vec<(&HandlerReport, Evidence)> = rows
        .iter()
        .flat_map(|row| row.evidence.iter().map(move |one| (*row, one)))
        .filter(|(_, one)| matches!(one.kind, EvidenceKind::Blocker | EvidenceKind::Against))
        .map(|(row, one)| (row, evidence_row(one)))
        .collect();
    let lines: Vec<String> = against.iter().map(|(row, one)| against_line(row, one, &quote)).collect();
    if lines.is_empty() {
        answer.line("blockers", "\nBlockers: none was seen.");
    }
    let blockers = answer.list("## Speaks against it", "blockers", &lines);
    let sentences = |all: &[String]| {
        all.iter().map(|one| format!("- {}", quote.sentence(&render::capital(one)))).collect::<Vec<_>>()
    };
    let warnings = answer.list("## Check first", "warnings", &sentences(&change.warnings));
    let steps = change.steps.iter().enumerate();
    let lines: Vec<String> =
        steps.map(|(index, step)| format!("{}. {}", index + 1, quote.sentence(step))).collect();
    let steps = answer.list("## Steps", "steps", &lines);
    let lines: Vec<String> = rows.iter().map(|row| handler_line(row)).collect();
    let handlers = answer.list("## Handlers", "handlers", &lines);
    let lines: Vec<String> =
        change.call_sites.iter().map(|site| format!("- {}", quote::code(&source::call_site(site)))).collect();
    if lines.is_empty() {
        answer.line("call sites", &format!("\nCall sites: {}.", no_call_sites(report)));
    }
    let sites = answer.list("## Call sites", "call sites", &lines);
    unlisted_sites(answer, &rows);
    Plan {
        id: change.id.clone(),
        title: safe::terminal(&change.title),
        state: change.state.as_str(),
        verdict: change.verdict.as_str(),
        confidence: change.confidence,
        effort: change.effort.as_ref().map(ToString::to_string),
        saves,
        blockers: against.into_iter().take(blockers).map(|(_, one)| one).collect(),
        warnings: change.warnings.iter().take(warnings).map(|text| safe::sentence(text)).collect(),
        steps: change.steps.iter().take(steps).map(|text| safe::sentence(text)).collect(),
        handlers: rows.iter().take(handlers).map(|row| handler(row)).collect(),
        call_sites: change.call_sites.iter().take(sites).map(site).collect(),
        draft: Draft::default(),
        left_out: LeftOut::new(),
    }
}

/// Writes the draft whole or not at all: a part of a patch does not apply.
fn drafted(answer: &mut Answer, made: Result<pointsman_source::Draft, String>) -> Draft {
    let none = |answer: &mut Answer, why: String| {
        answer.line("drafts", &format!("\nDraft: none, because {}.", quote::whole(&why)));
        Draft { why_none: Some(safe::sentence(&why)), ..Draft::default() }
    };
    let made = match made {
        Ok(made) => made,
        Err(why) => return none(answer, why),
    };
    let patch = made.patch();
    let Some(block) = quote::block("diff", &patch) else { return none(answer, NOT_PLAIN.to_owned()) };
    if !answer.line("drafts", &format!("\n## Draft\n{UNCHECKED}\n{block}")) {
        return Draft { why_none: Some("it is too long for this answer".to_owned()), ..Draft::default() };
    }
    let lines: Vec<String> = made.left_out.iter().map(|why| format!("- {}", quote::whole(why))).collect();
    let shown = answer.list("## Not in the draft", "reasons", &lines);
    let left_out = made.left_out.iter().take(shown).map(|why| safe::sentence(why)).collect();
    Draft { patch: Some(patch), left_out, why_none: None }
}

fn head(
    answer: &mut Answer,
    (change, rows): (&Change, &[&HandlerReport]),
    saves: Option<&str>,
    quote: &Quote,
) {
    answer.line("titles", &format!("# {} ({})", quote.sentence(&change.title), change.id));
    let mut facts =
        vec![format!("**{}**", render::verdict(change.verdict)), change.state.as_str().to_owned()];
    facts.extend(change.confidence.map(|share| format!("confidence {}", render::percent(share))));
    facts.extend(change.effort.as_ref().map(|effort| format!("effort {effort}")));
    answer.line("verdicts", &facts.join(", "));
    answer.line("reasons", &format!("- Why: {}", quote.reason(rows, &change.reason)));
    if let Some(saves) = saves {
        answer.line("gains", &format!("- Saves {saves}"));
    }
}

fn against_line(row: &HandlerReport, one: &Evidence, quote: &Quote) -> String {
    format!(
        "- {}: **{}** ({}): {}",
        quote::name(row),
        one.rule,
        one.points,
        quote.finding(&one.rule, &one.text)
    )
}

fn defined(row: &HandlerReport) -> Option<String> {
    row.source
        .as_ref()
        .and_then(|source| source.defined.as_ref())
        .map(|place| safe::terminal(&source::place(place)))
}

fn handler_line(row: &HandlerReport) -> String {
    let defined =
        defined(row).map_or_else(String::new, |place| format!(", defined in {}", quote::code(&place)));
    let calls = render::number(row.calls_per_day);
    format!("- {} ({}, {}): {calls} calls a day{defined}", quote::name(row), row.id, render::kind(&row.kind))
}

fn handler(row: &HandlerReport) -> Handler {
    Handler { id: row.id.clone(), name: safe::terminal(&render::name(row)), defined: defined(row) }
}

fn site(site: &CallSite) -> Site {
    Site {
        file: safe::terminal(&site.place.file),
        line: site.place.line,
        how: safe::terminal(&source::call_site(site)),
    }
}

/// A handler lists its first call sites only.
fn unlisted_sites(answer: &mut Answer, rows: &[&HandlerReport]) {
    let sources = rows.iter().filter_map(|row| row.source.as_ref());
    let unlisted: u64 =
        sources.map(|source| source.call_sites_total.saturating_sub(source.call_sites.len() as u64)).sum();
    answer.leave_out("call sites", usize::try_from(unlisted).unwrap_or(usize::MAX));
}

fn no_call_sites(report: &Report) -> String {
    match &report.source {
        None => "unknown, because the app's source was not linked (`pointsman link`, `[source]` in the configuration)"
            .to_owned(),
        Some(source) if source.refused.is_some() => {
            let why = source.refused.as_deref().unwrap_or_default();
            format!("unknown, because the app's source is not used: {}", quote::whole(why))
        }
        Some(_) => "none was found in the app's source".to_owned(),
    }
}
