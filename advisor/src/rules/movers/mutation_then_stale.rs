//! **mutation-then-stale**: after the mutation nothing is refreshed, and users load a page twice to see it.
//!
//! Seen: a mutation without a refresh, then one page loaded twice within half a minute by the same client.
//! Why: it looks like a missing invalidation. An action with `updateTag` lets users read what they wrote; `updateTag` is not
//! available in routes. `updateTag` exists from Next.js 16 on, `revalidateTag` before.
//! Source: Next.js docs, `updateTag`; next `revalidate.js` (it throws in route handlers).
//! Guard: people who reload pages all the time did so before the mutation too, which is taken off; another mutation between ends
//! the search; it is a small reason, and none by itself.
//! Example: `POST /api/tags`, after which people press reload.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_mutation_route, percent};
use super::unseen_sequences;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "mutation-then-stale",
    words: "",
    effect: Effect::ForAction,
    weight: 0.4,
    threshold: 0.2,
    min_samples: 30,
    theme: "what follows the mutation",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if unseen_sequences(profile).is_some() {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::FollowedByReload) else { return Finding::Silent };
    let (share, seen) = (excess.share, excess.seen);
    let text = format!(
        "after {} of {} mutations, nothing was refreshed and the user loaded a page twice: the page may show old data",
        percent(seen.observed),
        seen.samples
    );
    let flips = format!("under {} of mutations are followed by such reloads", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::FollowedByReload);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_excess(excess, knobs).or_silent()
}
