//! **action-read-only**: the action only reads.
//!
//! Seen: in nearly all calls no page rendered again, no cookie of its own, no redirect, no writing child span; and reading
//! child spans, or a name that can only mean reading: its verb is get, list, fetch, search, load, find or the like, and no
//! other word of it could write (`findOrCreateCustomer`, `getAndDelete`). `count`, `check` and `read` may mean either.
//! Why: an action is a POST, runs one at a time and is never cached; reading is what GET is for. Alone not enough.
//! All versions. Source: Next.js docs, "Mutating Data"; react.dev `use server` (not recommended for data fetching).
//! Guard: mails, queues and logs leave no trace either; without positive signs of reading the developer is asked.
//! Example: `getRecommendations()`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action};
use crate::evidence::Fact;
use crate::profile::{Grounds, Profile, Seen, Share};
use crate::stats::Interval;
use crate::stats::as_f64;

pub(in super::super) static RULE: Rule = Rule {
    id: "action-read-only",
    words: "",
    effect: Effect::ForRoute,
    weight: 0.7,
    threshold: 0.95,
    min_samples: 100,
    theme: "action-read-only",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if profile.seen() != Seen::Reads {
        return Finding::Silent;
    }
    let samples = profile.observed(Fact::Calls);
    let says = match profile.access().grounds {
        Grounds::Name => "its name says",
        Grounds::Construction => "Next.js says",
        Grounds::Traffic | Grounds::Nothing => "its child spans say",
    };
    let text = format!("it only reads: no effect was seen, and {says} that it fetches");
    let all = as_f64(samples);
    let share = Share { observed: 1.0, interval: Interval::wilson(all, all), samples };
    let statement = Statement::of_share(share, text, "calls that change something".to_owned());
    let enough = samples >= knobs.min_samples.min(knobs.settings.min_calls_for_move);
    if enough { Finding::Holds(statement) } else { Finding::Below(statement) }
}
