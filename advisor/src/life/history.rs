//! What is remembered of a service from one run to the next: the verdicts that stand and the life of each
//! recommendation. Nothing happens here; who may change what is decided in the files beside this one.

use std::collections::BTreeMap;

use pointsman_store::Fingerprint;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::proof::Proof;
use crate::change::{ChangeId, Outline};
use crate::report::{Benefit, Verdict};
use crate::words::Effort;

/// Transitions that are kept of one recommendation; of more the oldest go.
const MOST_TRANSITIONS: usize = 100;

/// What is remembered of one service and environment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// The verdicts that stand, by Handler.
    pub standing: BTreeMap<Fingerprint, Standing>,
    /// Every move that was ever advised and not forgotten. Handler and verdict are the same in every build, except of
    /// an action that is known only by its id: that one is a new Handler with each build.
    pub recommendations: BTreeMap<(Fingerprint, Verdict), Recommendation>,
    /// What was said of each Change when it was proposed, or when Handlers joined it.
    pub changes: BTreeMap<ChangeId, Outline>,
}

/// A verdict that stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The verdict.
    pub verdict: Verdict,
    /// Since when, ns since the epoch.
    pub since_ns: u64,
    /// When the Handler was judged last, ns since the epoch.
    pub seen_ns: u64,
    /// It was given by a first look, before any regular run: it holds nothing up.
    pub provisional: bool,
    /// What the last runs saw instead, if they did.
    pub candidate: Option<Candidate>,
    /// How often a move was left for keep, or keep for a move.
    pub flips: u32,
}

/// A judgement that differs from the verdict that stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// What the last run saw.
    pub verdict: Verdict,
    /// In how many runs in a row the judgement differed from the standing verdict.
    pub runs: u32,
}

/// Where a recommendation stands in its life.
///
/// ```text
/// proposed <-> accepted, dismissed, snoozed       the user, or a policy
/// proposed, accepted -> expired -> proposed       its reason is gone, and comes back
/// any of these -> applied -> verified             seen in the traffic, or said by the user; then compared
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Advised, and nobody has answered.
    Proposed,
    /// Somebody will do it.
    Accepted,
    /// Not wanted, for a reason.
    Dismissed,
    /// Not now.
    Snoozed,
    /// The traffic has moved.
    Applied,
    /// Before and after were compared.
    Verified,
    /// Its reason, or its Handler, is gone.
    Expired,
}

/// Who changed a state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// What was seen in the traffic.
    Advisor,
    /// A command.
    User,
    /// A policy of the app's repository or of the configuration.
    Policy,
}

/// One change of a state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// Its number within the recommendation, from 0 on.
    pub number: u32,
    /// When, ns since the epoch.
    pub at_ns: u64,
    /// The state before; `None` at the beginning.
    pub from: Option<State>,
    /// The state after.
    pub to: State,
    /// Who changed it.
    pub who: Who,
    /// Why.
    pub reason: String,
}

/// A move that was advised, and what became of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Recommendation {
    /// Where it stands.
    pub state: State,
    /// Until when it is dismissed or snoozed, ns since the epoch; `None` is without end.
    pub until_ns: Option<u64>,
    /// When it was last proposed, ns since the epoch.
    pub proposed_ns: u64,
    /// What it promised then.
    pub promise: Promise,
    /// When the traffic moved, ns since the epoch.
    pub applied_ns: Option<u64>,
    /// The Handler that came in its place, where one did and is known.
    pub successor: Option<Fingerprint>,
    /// What the comparison of before and after found.
    pub proof: Option<Proof>,
    /// The Change that it is part of; `None` until a run has put it into one.
    pub change: Option<ChangeId>,
    /// All changes of its state, oldest first.
    pub transitions: Vec<Transition>,
}

/// A recommendation as it was when it was proposed: what it promised, and by what its fading will be told.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Promise {
    /// What it gains; null where nothing was claimed.
    pub benefit: Option<Benefit>,
    /// How sure it was.
    pub confidence: Option<f64>,
    /// `S`, `M` or `L`.
    #[schema(value_type = Option<String>)]
    pub effort: Option<Effort>,
    /// The plan.
    pub steps: Vec<String>,
    /// What the plan warns of.
    pub warnings: Vec<String>,
    /// Calls of the Handler per day.
    pub calls_per_day: f64,
    /// Calls of all other Handlers of the app per day.
    pub others_per_day: f64,
    /// Routes of the pages that call it.
    pub pages: Vec<String>,
    /// Calls of these pages themselves per day; null where none of them is known.
    pub page_calls_per_day: Option<f64>,
}

impl Recommendation {
    /// A new one.
    pub(super) fn proposed(promise: Promise, at_ns: u64, reason: String) -> Self {
        let mut new = Self {
            state: State::Proposed,
            until_ns: None,
            proposed_ns: at_ns,
            promise,
            applied_ns: None,
            successor: None,
            proof: None,
            change: None,
            transitions: Vec::new(),
        };
        new.note(None, at_ns, State::Proposed, Who::Advisor, reason);
        new
    }

    /// Changes the state; what had an end loses it.
    pub(super) fn change(&mut self, at_ns: u64, to: State, who: Who, reason: String) {
        self.note(Some(self.state), at_ns, to, who, reason);
        self.state = to;
        self.until_ns = None;
    }

    fn note(&mut self, from: Option<State>, at_ns: u64, to: State, who: Who, reason: String) {
        let number = self.transitions.last().map_or(0, |last| last.number.saturating_add(1));
        self.transitions.push(Transition { number, at_ns, from, to, who, reason });
        let surplus = self.transitions.len().saturating_sub(MOST_TRANSITIONS);
        self.transitions.drain(..surplus);
    }

    /// The last change; there is always one.
    #[must_use]
    pub fn last_change(&self) -> Option<&Transition> {
        self.transitions.last()
    }

    /// Whether a policy keeps it from being advised.
    pub(super) fn is_dismissed_by_policy(&self) -> bool {
        self.state == State::Dismissed && self.last_change().is_some_and(|last| last.who == Who::Policy)
    }
}

impl State {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Proposed,
        Self::Accepted,
        Self::Dismissed,
        Self::Snoozed,
        Self::Applied,
        Self::Verified,
        Self::Expired,
    ];

    /// The word for reports, tables and labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Accepted => "accepted",
            Self::Dismissed => "dismissed",
            Self::Snoozed => "snoozed",
            Self::Applied => "applied",
            Self::Verified => "verified",
            Self::Expired => "expired",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether the move is advised: nobody has refused, postponed or done it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Proposed | Self::Accepted)
    }
}

impl Who {
    /// Everybody.
    pub const ALL: [Self; 3] = [Self::Advisor, Self::User, Self::Policy];

    /// The word for reports and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advisor => "advisor",
            Self::User => "user",
            Self::Policy => "policy",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|who| who.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.as_str()), Some(state));
        }
        for who in Who::ALL {
            assert_eq!(Who::from_word(who.as_str()), Some(who));
        }
        assert_eq!(State::from_word("gone"), None);
    }

    #[test]
    fn of_many_changes_the_last_are_kept_with_their_numbers() {
        let mut one = Recommendation::proposed(Promise::default(), 1, "new".to_owned());
        for at in 2..300 {
            one.change(at, State::Accepted, Who::User, String::new());
        }
        assert_eq!(one.transitions.len(), MOST_TRANSITIONS);
        assert_eq!(one.last_change().map(|last| (last.number, last.at_ns)), Some((298, 299)));
    }
}
