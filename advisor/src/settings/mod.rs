//! What a user may set about the judgement, with its defaults. Reading files is the daemon's.

mod faults;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::evidence::PassSettings;

/// Thresholds that hold for all rules. All defaults are judgements, not measurements; the
/// report prints the effective ones.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Calls of a Handler before it may be moved.
    pub min_calls_for_move: u64,
    /// Different UTC days on which it was called before it may be moved.
    pub min_days_for_move: u32,
    /// Calls with a known caller, none of them from outside, before a route may become an action. 300 without any
    /// mean fewer than 1 % with 95 % confidence (rule of three).
    pub min_calls_without_outsiders: u64,
    /// Share of Calls whose caller must be known before a route may become an action.
    pub min_callers_known: f64,
    /// Interactions a day below which a move is not worth it.
    pub min_interactions_per_day: f64,
    /// A move must save this much waiting in the median Interaction, ms ...
    pub min_gain_ms: f64,
    /// ... or this many requests per Interaction.
    pub min_gain_requests: f64,
    /// Score at which a move is entered.
    pub enter_score: f64,
    /// Score below which a move that stands is left. The thresholds of the rules that speak for it are lower by the same
    /// ratio while it stands.
    pub leave_score: f64,
    /// What a round trip takes where nothing measures it, ms. It is printed as assumed, and no move rests on it.
    pub round_trip_ms: f64,
    /// The app's `serverActions.bodySizeLimit`, bytes.
    pub action_body_limit: u64,
    /// Share of traces that the app records, where its spans do not declare it.
    pub sampling_ratio: Option<f64>,
    /// By how much the clocks of two instances may differ, ms. What two Calls of different instances show together, such
    /// as a refresh after a mutation, counts only if it would be the same for every such difference.
    pub clock_skew_tolerance_ms: u64,
    /// Environments that never yield a move, in addition to `development`.
    pub excluded_environments: Vec<String>,
    /// Observations that are enough for any rule in what `pointsman capture` records while tests run: tests repeat themselves
    /// less than users do. Rules that need fewer keep their own number.
    pub min_samples_from_tests: u64,
    /// Per rule, by its id.
    pub rules: BTreeMap<String, RuleSettings>,
    /// For some Handlers only; of several that fit, later ones win.
    pub overrides: Vec<Override>,
}

/// Rules set otherwise for some Handlers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Override {
    /// Globs over `/route`, `METHOD /route`, an action's name or `file#name`.
    pub handlers: Vec<String>,
    /// Per rule, by its id.
    pub rules: BTreeMap<String, RuleSettings>,
}

/// What a user may set about one rule; what is absent keeps the rule's default.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSettings {
    /// `false` switches the rule off.
    pub enabled: Option<bool>,
    /// What it adds to or takes from the score.
    pub weight: Option<f64>,
    /// The value that its observable must reach.
    pub threshold: Option<f64>,
    /// Observations that it needs.
    pub min_samples: Option<u64>,
    /// `true` lets it look and be counted, but not speak.
    pub shadow: Option<bool>,
}

impl RuleSettings {
    /// These, and what they leave open as in `others`.
    pub(crate) fn over(self, others: Self) -> Self {
        Self {
            enabled: self.enabled.or(others.enabled),
            weight: self.weight.or(others.weight),
            threshold: self.threshold.or(others.threshold),
            min_samples: self.min_samples.or(others.min_samples),
            shadow: self.shadow.or(others.shadow),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_calls_for_move: 100,
            min_days_for_move: 2,
            min_calls_without_outsiders: 300,
            min_callers_known: 0.99,
            min_interactions_per_day: 20.0,
            min_gain_ms: 50.0,
            min_gain_requests: 1.0,
            enter_score: 0.9,
            leave_score: 0.6,
            round_trip_ms: 60.0,
            action_body_limit: 1 << 20,
            sampling_ratio: None,
            clock_skew_tolerance_ms: 50,
            excluded_environments: Vec::new(),
            min_samples_from_tests: 5,
            rules: BTreeMap::new(),
            overrides: Vec::new(),
        }
    }
}

impl Settings {
    /// What of them bears on counting.
    #[must_use]
    pub fn of_pass(&self) -> PassSettings {
        PassSettings { skew_tolerance_ns: self.clock_skew_tolerance_ms.saturating_mul(1_000_000) }
    }
}
