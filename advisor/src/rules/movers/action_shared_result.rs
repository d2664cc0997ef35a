//! **action-shared-result**: different clients get the same answer to the same arguments.
//!
//! Seen: equal request keys of different clients within five minutes, with equal answers in at least four of five.
//! Why: an action's answer is never cached; a GET route with `s-maxage`, or a server component with `'use cache'`, answers
//! all of them from one computation. All versions.
//! Source: next `action-handler.js` (`no-store`); Next.js docs, CDN caching.
//! Guard: only actions that read; hashes come from the package, without them the rule is silent.
//! Example: `getExchangeRates()`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, counted, is_action, part_of, percent};
use crate::evidence::{Fact, Lifetime};
use crate::gain::Gain;
use crate::profile::{Profile, Seen};

/// Clients that must have been compared.
const CLIENTS: f64 = 3.0;

pub(in super::super) static RULE: Rule = Rule {
    id: "action-shared-result",
    words: "",
    effect: Effect::ForRoute,
    weight: 0.7,
    threshold: 0.8,
    min_samples: 30,
    theme: "action-shared-result",
    pattern: Pattern::SharedAnswer,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.is_unsampled() || profile.seen() != Seen::Reads || profile.clients() < CLIENTS {
        return Finding::Silent;
    }
    let Some(share) = profile.share(Fact::EqualAcrossClients, Fact::ComparedAcrossClients) else {
        return Finding::Silent;
    };
    let repeats = profile.share(Fact::repeat_of_anyone(Lifetime::OneMinute), Fact::Comparable);
    let kept = repeats.map_or(0.0, |share| share.observed);
    let text = format!(
        "{} were the same as another client's for the same arguments; cached for a minute, {} of calls need no work",
        part_of(share.observed, &counted(share.samples, "answer")),
        percent(kept)
    );
    let flips = "answers that differ between clients".to_owned();
    let per_day = repeats.map(|share| share.times(profile.per_day(Fact::Calls))).unwrap_or_default();
    let gain = Gain { per_day, requests: 1.0, ..Gain::default() };
    Statement::of_share(share, text, flips).gaining(gain).judged_by_low(knobs)
}
