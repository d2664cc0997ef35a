//! **action-use-cache-ref**: the page calls a `'use cache'` function as if it were an action.
//!
//! Seen: the first bit of the action's id is set.
//! Why: such a function is a cacheable read by construction, but is sent as a POST with `no-store` through the queue of
//! actions. A GET route can be cached by a CDN; a server component needs no request at all. Next.js 15 and later.
//! Source: [read in source] next `server-reference-info.js`.
//! Guard: ids of Next.js 14 have no such bit.
//! Example: `export async function getRates() { 'use cache'; ... }`, called in `useEffect`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action, part_of};
use crate::evidence::{Fact, Measure};
use crate::gain::Gain;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "action-use-cache-ref",
    words: "",
    effect: Effect::ForRoute,
    weight: 0.9,
    threshold: 0.95,
    min_samples: 30,
    // It says the same as action-read-only: that it reads.
    theme: "action-read-only",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::CachedFunctions, Fact::Calls) else { return Finding::Silent };
    let text = format!(
        "{} go to a 'use cache' function: a read that caches could answer, but sent as a POST, which no cache may keep",
        part_of(share.observed, "calls")
    );
    let per_day = profile.estimate_per_day(Fact::CachedFunctions);
    let held = profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    let gain = Gain { per_day, queue_ms: profile.queue_ms(held), ..Gain::default() };
    let exemplars = profile.exemplars(Fact::CachedFunctions);
    Statement::of_share(share, text, "a function without 'use cache'".to_owned())
        .with(exemplars)
        .gaining(gain)
        .judged_by_observed(knobs)
}
