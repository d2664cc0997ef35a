//! What advice remembers from one run to the next, as rows. Its words and payloads are the advisor's; times are ns since the
//! epoch.

use crate::Fingerprint;

/// A verdict that stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandingRecord {
    /// Whose.
    pub handler: Fingerprint,
    /// The advisor's word for it.
    pub verdict: String,
    /// Since when.
    pub since_ns: u64,
    /// When the Handler was judged last.
    pub seen_ns: u64,
    /// It was given by a first look.
    pub provisional: bool,
    /// How often the advice turned around.
    pub flips: u32,
    /// What the last runs saw instead, and how many.
    pub candidate: Option<(String, u32)>,
}

/// A move that was advised.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecommendationRecord {
    /// Whose; with the verdict it is the key.
    pub handler: Fingerprint,
    /// The advisor's word for the move.
    pub verdict: String,
    /// The advisor's word for where it stands.
    pub state: String,
    /// End of a dismissal or a snooze.
    pub until_ns: Option<u64>,
    /// When it was proposed last.
    pub proposed_ns: u64,
    /// What it promised, in the advisor's own form.
    pub promise: String,
    /// When the traffic moved.
    pub applied_ns: Option<u64>,
    /// The Handler that came in its place.
    pub successor: Option<Fingerprint>,
    /// What was found afterwards, in the advisor's own form.
    pub proof: Option<String>,
    /// The Change that it is part of; `None` until a run has put it into one.
    pub change: Option<u64>,
    /// The changes of its state, oldest first; those before the first of them go.
    pub transitions: Vec<TransitionRecord>,
}

/// A Change: recommendations that are one piece of work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeRecord {
    /// Its id.
    pub id: u64,
    /// What was said of it, in the advisor's own form.
    pub outline: String,
}

/// One change of a recommendation's state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransitionRecord {
    /// Its number within the recommendation.
    pub number: u32,
    /// When.
    pub at_ns: u64,
    /// The state before; `None` at the beginning.
    pub before: Option<String>,
    /// The state after.
    pub after: String,
    /// Who changed it.
    pub who: String,
    /// Why.
    pub reason: String,
}

/// All that is remembered of one service and environment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AdviceRecords {
    /// Raised by every change; whoever writes names the one that it has read.
    pub revision: u64,
    /// The time that the last run looked at; `None` before the first.
    pub last_run_ns: Option<u64>,
    /// The verdicts that stand.
    pub standing: Vec<StandingRecord>,
    /// Every move that was ever advised.
    pub recommendations: Vec<RecommendationRecord>,
    /// The Changes that they are part of.
    pub changes: Vec<ChangeRecord>,
}

/// A run that was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdviceRun {
    /// The time that it looked at.
    pub at_ns: u64,
    /// Handlers that it judged.
    pub handlers: u64,
    /// Verdicts of Handlers that were judged before are forgotten.
    pub forget_before_ns: u64,
}

/// What is to be remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdviceChange<'a> {
    /// The revision that it was made from.
    pub revision: u64,
    /// The run that made it; `None` for a user's decision.
    pub run: Option<AdviceRun>,
    /// Verdicts that are new or have changed.
    pub standing: &'a [StandingRecord],
    /// Recommendations that are new or have changed.
    pub recommendations: &'a [RecommendationRecord],
    /// Changes that are new or have changed.
    pub changes: &'a [ChangeRecord],
}
