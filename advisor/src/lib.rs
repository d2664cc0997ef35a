//! The judgement: Calls in, Rollups out; Rollups in, Report out.
//!
//! Lives here: what is counted about Calls (`evidence`), the merged numbers of one Handler (`profile`), the rules
//! (`rules`, one file each), how they add up to a verdict (`verdict`), the report (`report`) and what of it is new to a pull
//! request (`check`). Not here: IO,
//! clocks, async, SQL, and how a report is drawn. Every function of this crate gives the same answer to the same
//! arguments.

pub mod advisories;
mod change;
pub mod check;
mod coverage;
pub mod evidence;
pub mod explanation;
mod gain;
mod input;
pub mod life;
mod naming;
mod profile;
mod report;
mod routes;
pub mod rules;
mod sampling;
mod settings;
pub mod source;
mod stats;
mod verdict;
mod windows;
mod words;

pub use change::{Change, ChangeId, Outline};
pub use coverage::{ACTION_NAMES, CHANGING_KEYS, Coverage, Proxied, coverage, proxied};
pub use explanation::{Explanation, Explanations, explain_each, explanations};
pub use gain::{Gain, Waiting};
pub use profile::{
    Access, AppBuild, CookieWriter, Grounds, Habits, NextVersion, Others, Profile, Seen, Share, Surroundings,
    UnknownIds,
};
pub use report::{
    Assumed, Benefit, Differences, EffectiveRule, Effort, EvidenceKind, EvidenceRow, HandlerDifference,
    HandlerReport, Need, NeedCode, PartOf, Report, ReportInput, ReportedKind, Sampled, SequenceKind, Shape,
    SharedImprovement, SharedReason, Situation, Total, UnknownActions, Verdict, Window, differences, report,
    report_within, rfc3339,
};
pub use sampling::Basis;
pub use settings::{Override, RuleSettings, Settings};
pub use stats::{Bin, Distribution, Estimate, Interval, Sketch, Trend};
pub use windows::{ByHandler, Gathering, Windows};
