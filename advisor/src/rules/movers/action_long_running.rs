//! **action-long-running**: the action takes longer than ten seconds.
//!
//! Why: until it ends, every later action and refresh of the same user waits. A streaming route can be aborted and
//! shows progress; work that nobody waits for is enqueued and answered at once (`after`). All versions.
//! Source: next `app-router-instance.js` (queue); docs, `after`; vercel/ai#1122. Example: a chat in an action.

use super::super::{Effect, Finding, Gain, Knobs, Rule, Statement, is_action};
use crate::evidence::{Fact, Measure};
use crate::profile::Profile;
use crate::stats::Interval;

/// The threshold is the 95th percentile of the duration, s.
pub(in super::super) static RULE: Rule = Rule {
    id: "action-long-running",
    effect: Effect::ForRoute,
    weight: 0.8,
    threshold: 10.0,
    min_samples: 30,
    theme: "action-long-running",
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(p95) = profile.quantile(Measure::Duration, 0.95).map(|us| us / 1_000_000.0) else {
        return Finding::Silent;
    };
    let samples = profile.observed(Fact::Calls);
    let text =
        format!("one call in twenty takes over {p95:.1} s: all later actions of that user wait for it");
    let flips = format!("a 95th percentile below {} s", knobs.threshold);
    let held = profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    let gain = Gain { interactions_per_day: profile.per_day(Fact::Calls), ms_p50: held, ..Gain::default() };
    let statement = Statement::of_count(samples, text, flips).gaining(gain);
    let statement = Statement { observed: p95, interval: Interval { low: p95, high: p95 }, ..statement };
    let holds = p95 >= knobs.threshold && samples >= knobs.min_samples;
    if holds { Finding::Holds(statement) } else { Finding::Silent }
}
