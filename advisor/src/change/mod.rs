//! Changes: moves that are one piece of work, with one title, one gain, one plan and one decision. Lives here: which
//! Handlers belong together, and what is said of them as one. How each of them is judged is `verdict`'s business, what became
//! of a Change `life`'s.

mod gain;
mod group;
mod id;
mod plan;
mod title;
mod words;

use pointsman_store::CallSite;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::life::{Proof, State, Step};
use crate::report::{Benefit, HandlerReport, Verdict};
use crate::words::Effort;

pub(crate) use gain::together;
pub(crate) use group::{Moving, groups};
pub use id::ChangeId;
pub(crate) use title::of_names as generic_title;
pub(crate) use words::{Named, in_order};

/// One piece of work: the Handlers that move for the same reason in the same Interactions. Times are RFC 3339.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Its id, `c` and ten hex digits; it stays the same when a Handler joins or leaves.
    pub id: String,
    /// What to do, in one line.
    pub title: String,
    /// The move.
    pub verdict: Verdict,
    /// The rule that gives the reason; null where the last run did not see it.
    pub rule: Option<String>,
    /// Ids of its Handlers, those included that have moved already.
    pub handlers: Vec<String>,
    /// Routes of the pages that call them.
    pub pages: Vec<String>,
    /// One sentence: why.
    pub reason: String,
    /// How sure it is, 0 to 1: as sure as the least sure of its Handlers.
    pub confidence: Option<f64>,
    /// What all of it gains; waiting that its Handlers share counts once. Null when nothing is claimed.
    pub benefit: Option<Benefit>,
    /// `S`, `M` or `L`.
    #[schema(value_type = Option<String>)]
    pub effort: Option<Effort>,
    /// The plan, for all of its Handlers.
    pub steps: Vec<String>,
    /// What to check first.
    pub warnings: Vec<String>,
    /// Where its Handlers are called in the app's source, at most 20 places each; empty without source.
    #[serde(default)]
    pub call_sites: Vec<CallSite>,
    /// Where it stands in its life.
    pub state: State,
    /// Since when; null outside of a history.
    pub since: Option<String>,
    /// Until when it is dismissed or snoozed; null is without end, or that it is neither.
    pub until: Option<String>,
    /// When it was proposed; null outside of a history.
    pub proposed: Option<String>,
    /// What it promised then.
    pub promised: Option<Benefit>,
    /// When the last of its Handlers moved; null while one of them has not.
    pub applied: Option<String>,
    /// What was found by comparing before and after; null until all of it is compared.
    pub proof: Option<Proof>,
    /// Every change of its state, oldest first.
    pub history: Vec<Step>,
}

/// What is said of some Handlers as one piece of work.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Outline {
    /// What to do, in one line.
    pub title: String,
    /// The rule that gives the reason.
    pub rule: Option<String>,
    /// Ids of the Handlers that it speaks of.
    pub handlers: Vec<String>,
    /// Routes of the pages that call them.
    pub pages: Vec<String>,
    /// One sentence: why.
    pub reason: String,
    /// How sure it is, 0 to 1.
    pub confidence: Option<f64>,
    /// What all of it gains.
    pub benefit: Option<Benefit>,
    /// `S`, `M` or `L`.
    pub effort: Option<Effort>,
    /// The plan.
    pub steps: Vec<String>,
    /// What to check first.
    pub warnings: Vec<String>,
}

/// Puts Handlers that move the same way together; `None` without any. Their order does not matter.
pub(crate) fn outline(rows: &[&HandlerReport]) -> Option<Outline> {
    let rows = in_order(rows);
    let gains: Vec<&Benefit> = rows.iter().filter_map(|row| row.benefit.as_ref()).collect();
    let main = rows.iter().copied().reduce(|best, row| if worth(row) > worth(best) { row } else { best })?;
    let mut pages: Vec<String> = Vec::new();
    for page in rows.iter().flat_map(|row| &row.pages) {
        if !pages.contains(page) {
            pages.push(page.clone());
        }
    }
    let plan = plan::of(&rows, &pages);
    Some(Outline {
        title: title::of(&rows, &pages),
        rule: main.rule.clone(),
        handlers: rows.iter().map(|row| row.id.clone()).collect(),
        reason: main.reason.clone(),
        confidence: rows.iter().filter_map(|row| row.confidence).reduce(f64::min),
        benefit: together(&gains),
        effort: plan.effort,
        steps: plan.steps,
        warnings: plan.warnings,
        pages,
    })
}

fn worth(row: &HandlerReport) -> f64 {
    row.benefit.as_ref().map_or(0.0, Benefit::worth)
}

impl Change {
    /// A Change that was just proposed.
    pub(crate) fn proposed(id: ChangeId, verdict: Verdict, outline: Outline) -> Self {
        let Outline { title, rule, handlers, pages, reason, confidence, benefit, effort, steps, warnings } =
            outline;
        Self {
            id: id.to_string(),
            title,
            verdict,
            rule,
            handlers,
            pages,
            reason,
            confidence,
            benefit,
            effort,
            steps,
            warnings,
            call_sites: Vec::new(),
            state: State::Proposed,
            since: None,
            until: None,
            proposed: None,
            promised: None,
            applied: None,
            proof: None,
            history: Vec::new(),
        }
    }

    /// By what reports order: what waits for somebody first, then what gains most.
    pub(crate) fn by_gain(a: &Self, b: &Self) -> std::cmp::Ordering {
        let rank = |change: &Self| match change.state {
            State::Proposed | State::Accepted => 0,
            State::Snoozed | State::Dismissed => 1,
            State::Applied | State::Verified | State::Expired => 2,
        };
        let worth = |change: &Self| change.benefit.as_ref().map_or(0.0, Benefit::worth);
        rank(a)
            .cmp(&rank(b))
            .then_with(|| if rank(a) == 2 { b.since.cmp(&a.since) } else { worth(b).total_cmp(&worth(a)) })
            .then(a.id.cmp(&b.id))
    }
}

#[cfg(test)]
mod tests;
