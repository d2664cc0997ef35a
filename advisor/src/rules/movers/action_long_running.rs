//! **action-long-running**: the action takes longer than ten seconds, or nearly as long as its page may.
//!
//! Seen: the 95th percentile of its duration is over 10 s, or over four fifths of the `maxDuration` that its page sets.
//! Why: until it ends, every later action and refresh of the same user waits. A streaming route can be aborted and
//! shows progress; work that nobody waits for is enqueued and answered at once (`after`). An action shares its page's limit of
//! time, and a platform that keeps to it ends the call there. All versions.
//! Source: next `app-router-instance.js` (queue); docs, `after`, `maxDuration` ("Server Actions"); vercel/ai#1122. Example: a chat in an action.

use pointsman_store::Caller;

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action};
use crate::evidence::{Fact, Measure};
use crate::gain::Gain;
use crate::profile::Profile;

/// Share of its page's limit from which on a duration is near it. [judgement]
const NEAR: f64 = 0.8;

/// The threshold is the 95th percentile of the duration, s.
pub(in super::super) static RULE: Rule = LONG;

/// The same without a move: work that nobody waits for need not be waited for.
pub(in super::super) static FIRST_AID: Rule = Rule {
    words: "start the work in the action and let a route report on it",
    effect: Effect::Improves,
    weight: 0.0,
    ..LONG
};

const LONG: Rule = Rule {
    id: "action-long-running",
    words: "",
    effect: Effect::ForRoute,
    weight: 0.8,
    threshold: 10.0,
    min_samples: 30,
    theme: "action-long-running",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(p95) = profile.quantile(Measure::Duration, 0.95).map(|us| us / 1_000_000.0) else {
        return Finding::Silent;
    };
    let samples = profile.observed(Fact::Calls);
    let limit = profile.page_limit_s().filter(|limit| limit * NEAR < knobs.threshold);
    let near = limit
        .map_or_else(String::new, |limit| format!(" of the {limit:.0} s that its page allows (maxDuration)"));
    let knobs = &Knobs { threshold: limit.map_or(knobs.threshold, |limit| limit * NEAR), ..*knobs };
    let text = format!(
        "one call in twenty takes over {p95:.1} s{near}: all later actions of that user wait for it; work that nobody waits for can run in `after()`, once the answer is sent"
    );
    let flips = format!("a 95th percentile below {} s", knobs.threshold);
    let held = profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    let per_day = profile.estimate_per_day(Fact::Calls);
    let gain = Gain { per_day, queue_ms: profile.queue_ms(held), ..Gain::default() };
    let exemplars = profile.exemplars(Fact::succeeded_by(Caller::OwnUi));
    Statement::of_quantity(p95, samples, text, flips).with(exemplars).gaining(gain).judged_by_observed(knobs)
}
