//! The report: what all Handlers of one service are judged to be, machine readable.
//!
//! The JSON form of [`Report`] is a promise (`pointsman.report/v1`): fields may be added, never renamed. How it is
//! drawn as text or a page is not decided here.

mod assemble;
mod benefit;
mod differences;
mod rows;
mod shared;
mod total;
mod types;

pub(crate) use assemble::{by_gain, window};
pub use assemble::{report, report_within, rfc3339};
pub use benefit::{Assumed, Benefit};
pub use differences::{Differences, HandlerDifference, PartOf, Situation, differences};
pub use shared::{SharedImprovement, SharedReason};
pub use total::Total;
pub use types::{
    EffectiveRule, EvidenceKind, EvidenceRow, HandlerReport, Report, Sampled, Shape, UnknownActions, Window,
};

pub use crate::input::ReportInput;
pub use crate::words::{Effort, Need, NeedCode, ReportedKind, SequenceKind, Verdict};

/// A row that says nothing, for tests.
#[cfg(test)]
pub(crate) fn blank_row(id: u64, verdict: Verdict) -> HandlerReport {
    HandlerReport {
        id: format!("{id:016x}"),
        kind: ReportedKind::RouteHandler,
        route: format!("/api/{id}"),
        operation: None,
        method: "POST".into(),
        action: None,
        file: None,
        calls: 700.0,
        calls_per_day: 100.0,
        forms: std::collections::BTreeMap::new(),
        preflights: 0,
        callers: std::collections::BTreeMap::new(),
        verdict,
        change: None,
        rule: None,
        pages: Vec::new(),
        confidence: None,
        state: None,
        policy: None,
        reason: "so it is".into(),
        flips_if: String::new(),
        barred: false,
        blockers: Vec::new(),
        improvements: Vec::new(),
        evidence: Vec::new(),
        benefit: None,
        effort: None,
        steps: Vec::new(),
        warnings: Vec::new(),
        needs: Vec::new(),
        duration_ms: None,
        source: None,
        shape: None,
    }
}
