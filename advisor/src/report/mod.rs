//! The report: what all Handlers of one service are judged to be, machine readable.
//!
//! The JSON form of [`Report`] is a promise (`pointsman.report/v1`): fields may be added, never renamed. How it is
//! drawn as text or a page is not decided here.

mod assemble;
mod benefit;
mod changes;
mod rows;
mod shared;
mod total;
mod types;

pub use assemble::{ReportInput, report, report_within, rfc3339};
pub(crate) use assemble::{by_gain, window};
pub use benefit::{Assumed, Benefit};
pub use changes::{Changes, HandlerChange, Situation, changes};
pub use shared::SharedReason;
pub use total::Total;
pub use types::{
    EffectiveRule, EvidenceKind, EvidenceRow, HandlerReport, Need, Report, Sampled, UnknownActions, Verdict,
    Window,
};
