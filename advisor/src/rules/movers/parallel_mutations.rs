//! **parallel-mutations**: the page changes several things at once. It is a reason to stay a route.
//!
//! Seen: mutations of this route by the page's code that overlapped another mutation of the same client.
//! Why: `fetch` runs in parallel; as actions they would run one after the other, and whatever else the user does would wait for
//! all of them. All versions; still so in 16.4.
//! Source: next `app-router-instance.js` (queue); [measured] see parallel-reads.
//! Guard: a double click makes two now and then; it takes a share of calls. Where one call with a list would do, batch-burst
//! says so.
//! Example: `Promise.all(rows.map((row) => fetch('/api/rows', { method: 'PATCH', ... })))` and one `router.refresh()`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_mutation_route, part_of, percent};
use super::unseen_sequences;
use crate::evidence::{Fact, Measure};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "parallel-mutations",
    words: "",
    effect: Effect::AgainstAction,
    weight: 0.6,
    threshold: 0.2,
    min_samples: 30,
    theme: "parallel-mutations",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if unseen_sequences(profile).is_some() {
        return Finding::Silent;
    }
    let Some(share) = profile.share(Fact::ParallelMutations, Fact::MutationsSequenced) else {
        return Finding::Silent;
    };
    let p50 = profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    let text = format!(
        "{} run at the same time as another mutation of the same client; as actions, each would wait for the previous one, {p50:.0} ms or more",
        part_of(share.observed, "its calls")
    );
    let flips = format!("under {} of its calls run at the same time as others", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::ParallelMutations);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_low(knobs).or_silent()
}
