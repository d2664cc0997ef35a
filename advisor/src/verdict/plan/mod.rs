//! The plan of a move: short, concrete, with the names of this Handler. Whether it moves is decided before.

mod names;
mod to_action;
mod to_component;
mod to_route;
mod warnings;

use super::Judgement;
use crate::profile::Profile;
use crate::rules::Pattern;
use crate::words::{Effort, Verdict};
pub(super) use names::action_name;
pub(crate) use names::calling_pages;
pub(crate) use to_route::UNCACHED;

/// What a move takes.
#[derive(Default)]
pub(crate) struct Plan {
    /// `None` unless it is a move.
    pub(crate) effort: Option<Effort>,
    /// What to do, in order.
    pub(crate) steps: Vec<String>,
    /// Side effects of the move, and what telemetry cannot see.
    pub(crate) warnings: Vec<String>,
}

/// The plan for what was judged.
pub(crate) fn plan(profile: &Profile, judgement: &Judgement) -> Plan {
    let verdict = judgement.verdict;
    let reason = judgement.findings.main_reason(verdict);
    let pattern = reason.map_or(Pattern::Usual, |found| found.rule.pattern);
    let steps = match verdict {
        Verdict::MoveToServerAction => to_action::steps(profile, pattern),
        Verdict::MoveToServerComponent => to_component::steps(profile),
        Verdict::MoveToRouteHandler => to_route::steps(profile, pattern),
        Verdict::Keep | Verdict::InsufficientEvidence => return Plan::default(),
    };
    let steps = steps.iter().map(|step| sentence(step)).collect();
    let warnings = warnings::of(profile, verdict).iter().map(|warning| sentence(warning)).collect();
    Plan { effort: Some(effort(profile)), steps, warnings }
}

/// A sentence, from words that begin small and have no end.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// By the number of pages whose code changes. [judgement]
fn effort(profile: &Profile) -> Effort {
    match profile.pages.len() {
        0 | 1 => Effort::Small,
        2 | 3 => Effort::Medium,
        _ => Effort::Large,
    }
}
