//! **parallel-reads**: the page asks for several things at once. It is a reason to stay a route.
//!
//! Seen: reads of this route that overlapped another read of the same client.
//! Why: `fetch` runs in parallel; as actions they would run one after the other: the sum of their durations instead of the
//! longest. All versions; still so in 16.4.
//! Source: next `app-router-instance.js` (queue); [measured] 3 x 200 ms take some 240 ms as GETs and 644 ms as actions.
//! Guard: the clocks of two instances must not decide whether they overlapped.
//! Example: a dashboard whose panels each fetch their own numbers.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_get_route, part_of, percent};
use super::unseen_sequences;
use crate::evidence::{Fact, Measure};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "parallel-reads",
    words: "",
    effect: Effect::AgainstAction,
    weight: 0.6,
    threshold: 0.2,
    min_samples: 30,
    theme: "parallel-reads",
    pattern: Pattern::Usual,
    applies: is_get_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if unseen_sequences(profile).is_some() {
        return Finding::Silent;
    }
    let Some(share) = profile.share(Fact::ParallelReads, Fact::ReadsSequenced) else {
        return Finding::Silent;
    };
    let p50 = profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    let text = format!(
        "{} run in parallel with another read of the same client; as actions, each would wait for the previous one, {p50:.0} ms or more",
        part_of(share.observed, "its reads")
    );
    let flips = format!("under {} of its reads run in parallel with others", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::ParallelReads);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_low(knobs).or_silent()
}
