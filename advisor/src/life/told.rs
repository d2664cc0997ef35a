//! The life of a recommendation as reports tell it, and the record of all of them.

use std::collections::HashMap;

use pointsman_store::{Action, Fingerprint, Handler};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::history::{History, Recommendation, State, Transition, Who};
use super::proof::{Outcome, Proof};
use crate::change::Change;
use crate::report::{Benefit, HandlerReport, Verdict, rfc3339};
use crate::rules::URGENT;
use crate::words::ReportedKind;

/// The life of one recommendation. Times are RFC 3339.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Life {
    /// The Handler's id; with the verdict it is the recommendation's own.
    pub id: String,
    /// The move.
    pub verdict: Verdict,
    /// Id of the Change that it is part of.
    #[serde(default)]
    pub change: Option<String>,
    /// The Handler's kind.
    #[schema(value_type = String)]
    pub kind: ReportedKind,
    /// Its route; of an action the page under which it was first seen.
    pub route: String,
    /// Of a Dispatcher, which of its operations it is; null for all else.
    #[serde(default)]
    pub operation: Option<String>,
    /// Its method.
    pub method: String,
    /// Its name or id, of an action.
    pub action: Option<String>,
    /// The file of an action.
    pub file: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: String,
    /// Why.
    pub reason: String,
    /// Until when it is dismissed or snoozed; null is without end, or that it is neither.
    pub until: Option<String>,
    /// When it was proposed.
    pub proposed: String,
    /// What it promised then.
    pub promised: Option<Benefit>,
    /// When the traffic moved; null when it has not.
    pub applied: Option<String>,
    /// Id of what came in its place; null when nothing did, or it is not known.
    pub successor: Option<String>,
    /// What was found by comparing before and after; null as long as that is not decided.
    pub proof: Option<Proof>,
    /// Every change, oldest first.
    pub history: Vec<Step>,
}

/// One change of a state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// When, RFC 3339.
    pub at: String,
    /// The state before; null at the beginning.
    pub from: Option<State>,
    /// The state after.
    pub to: State,
    /// Who changed it.
    pub who: Who,
    /// Why.
    pub reason: String,
}

/// The product's own record: how often what was promised was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// Changes of which before and after were compared.
    pub verified: usize,
    /// ... that improved what users notice.
    pub improved: usize,
    /// ... that made no difference.
    pub flat: usize,
    /// ... that made it worse.
    pub worse: usize,
    /// ... of which too little was seen.
    pub unknown: usize,
    /// Changes that promised something which could be compared.
    pub promises: usize,
    /// ... of which at least 75 % of it was found.
    pub promises_kept: usize,
    /// Times that a move was left for keep, or keep for a move, in all Handlers that are remembered.
    pub flips: u64,
}

impl Record {
    /// What the history says, and the Changes that were made of it.
    #[must_use]
    pub fn of(history: &History, changes: &[Change]) -> Self {
        let flips = history.standing.values().map(|standing| u64::from(standing.flips)).sum();
        let mut record = Self { flips, ..Self::default() };
        for proof in changes.iter().filter_map(|change| change.proof.as_ref()) {
            record.verified += 1;
            match proof.outcome {
                Outcome::Improved => record.improved += 1,
                Outcome::Flat => record.flat += 1,
                Outcome::Worse => record.worse += 1,
                Outcome::Unknown => record.unknown += 1,
            }
            record.promises += usize::from(proof.promise_kept.is_some());
            record.promises_kept += usize::from(proof.promise_kept == Some(true));
        }
        record
    }
}

impl Life {
    fn of((id, verdict): (Fingerprint, Verdict), one: &Recommendation, handler: &Handler) -> Self {
        let last = one.last_change();
        let (action, file) = handler.action.as_ref().map_or((None, None), Action::name_and_file);
        Self {
            id: id.to_string(),
            verdict,
            change: one.change.map(|id| id.to_string()),
            kind: handler.kind.into(),
            route: handler.route.clone(),
            operation: handler.operation.clone(),
            method: handler.method.clone(),
            action: action.map(str::to_owned),
            file: file.map(str::to_owned),
            state: one.state,
            since: rfc3339(last.map_or(one.proposed_ns, |last| last.at_ns)),
            reason: last.map(|last| last.reason.clone()).unwrap_or_default(),
            until: one.until_ns.map(rfc3339),
            proposed: rfc3339(one.proposed_ns),
            promised: one.promise.benefit.clone(),
            applied: one.applied_ns.map(rfc3339),
            successor: one.successor.map(|id| id.to_string()),
            proof: one.proof.clone(),
            history: one.transitions.iter().map(Step::of).collect(),
        }
    }
}

impl Step {
    pub(super) fn of(transition: &Transition) -> Self {
        let Transition { at_ns, from, to, who, reason, .. } = transition.clone();
        Self { at: rfc3339(at_ns), from, to, who, reason }
    }
}

/// All lives, the newest change first.
pub(super) fn lives(history: &History, handlers: &HashMap<Fingerprint, Handler>) -> Vec<Life> {
    let mut lives: Vec<(u64, Life)> = history
        .recommendations
        .iter()
        .filter_map(|(key, one)| {
            let at_ns = one.last_change().map_or(one.proposed_ns, |last| last.at_ns);
            Some((at_ns, Life::of(*key, one, handlers.get(&key.0)?)))
        })
        .collect();
    lives
        .sort_by(|(a_ns, a), (b_ns, b)| b_ns.cmp(a_ns).then(a.id.cmp(&b.id)).then(a.verdict.cmp(&b.verdict)));
    lives.into_iter().map(|(_, life)| life).collect()
}

impl HandlerReport {
    /// Whether it harms people now: to be mended before anything moves.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.improvements.iter().any(|id| URGENT.contains(&id.as_str()))
    }

    /// Whether it is a move that is advised: not dismissed, not snoozed, not made already.
    #[must_use]
    pub fn is_open_move(&self) -> bool {
        let state = self.state.as_deref().and_then(State::from_word);
        self.verdict.is_move() && state.is_none_or(State::is_open)
    }
}
