//! `why_not`: why a handler should stay where it is, and what would have to be seen for another verdict.

use pointsman_advisor::{EvidenceKind, EvidenceRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::explain_handler::{Evidence, evidence_line, evidence_row, verdict};
use super::{Called, answered, first};
use crate::render::{self, phrases, safe};
use crate::web::mcp::answer::{Answer, LeftOut};
use crate::web::mcp::desk::{self, Desk};
use crate::web::mcp::quote::Quote;

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
pub(in crate::web::mcp) struct Reasons {
    id: String,
    verdict: &'static str,
    /// No observation could lead to a move.
    barred: bool,
    reason: String,
    flips_if: String,
    against: Vec<Evidence>,
    needs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    left_out: LeftOut,
}

pub(in crate::web::mcp) async fn call(desk: &Desk, arguments: Arguments) -> Called {
    let view = desk.view().await;
    let (report, row) = desk::handler(&view, &arguments.handler)?;
    let quote = Quote::of(report);
    let mut answer = Answer::new(arguments.full);
    verdict(&mut answer, row, &quote);
    if row.barred {
        answer.line("notes", "- No further traffic changes this: who calls it, or a house rule, decides.");
    }
    let lines: Vec<String> =
        row.blockers.iter().map(|rule| format!("- **{rule}**: {}", phrases::blocker(rule))).collect();
    answer.list("## Blockers", "blockers", &lines);
    let is_against = |one: &&EvidenceRow| matches!(one.kind, EvidenceKind::Blocker | EvidenceKind::Against);
    let against: Vec<&EvidenceRow> = row.evidence.iter().filter(is_against).collect();
    let lines: Vec<String> = against.iter().map(|one| evidence_line(one, &quote)).collect();
    let shown = answer.list("## Speaks against a move", "findings", &lines);
    let lines: Vec<String> =
        render::needs(row).iter().map(|need| format!("- {}", quote.sentence(need))).collect();
    let needs = answer.list("## Needed for a verdict", "needs", &lines);
    if let Some(change) = &row.change {
        answer.hint(&format!("\nIt should move: it is part of change {change}. Call get_plan."));
    }
    answered(answer, |left_out| Reasons {
        id: row.id.clone(),
        verdict: row.verdict.as_str(),
        barred: row.barred,
        reason: safe::sentence(&row.reason),
        flips_if: safe::sentence(&row.flips_if),
        against: against.into_iter().take(shown).map(evidence_row).collect(),
        needs: first(&render::needs(row), needs),
        change: row.change.clone(),
        left_out,
    })
}
