//! **cookie-write-then-refresh**: the mutation sets a cookie, and then the page is shown again.
//!
//! Seen: mutations that answered `set-cookie` and were followed by a refresh or a new document of their page, more often than
//! one came in the same time before them.
//! Why: writing a cookie in an action re-renders the page in the same response. All versions.
//! Source: Next.js docs, `cookies` ("Understanding cookie behavior in Server Actions").
//! Guard: it reports the same fact as mutate-then-refresh and mutate-then-document; only the heaviest of them counts.
//! What begins a session is not meant: a page is shown again after it for more than one answer.
//! A cookie that a proxy or a session's library sets with the app's other reads and pages too is no write of this one.
//! Example: `POST /api/theme` and `router.refresh()`.

use super::super::{
    Effect, Finding, Knobs, Pattern, Rule, Statement, counted, is_mutation_route, part_of, percent,
};
use super::{by_own_code, in_view, is_about_sessions, unseen_sequences};
use crate::evidence::Fact;
use crate::gain::action_with_refresh;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "cookie-write-then-refresh",
    words: "",
    effect: Effect::ForAction,
    weight: 0.6,
    threshold: 0.5,
    min_samples: 30,
    theme: "what follows the mutation",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if unseen_sequences(profile).is_some() || is_about_sessions(profile) {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::CookieThenRefresh) else { return Finding::Silent };
    let (share, seen) = (profile.beyond_the_apps(excess.share), excess.seen);
    let text = format!(
        "{} set a cookie, and then the page was shown again: an action sets the cookie and renders the page \
         in one response",
        part_of(seen.observed, &counted(seen.samples, "successful mutation"))
    );
    let flips = format!("under {} of mutations do both", percent(knobs.threshold));
    let gain = action_with_refresh(profile);
    let exemplars = profile.exemplars(Fact::CookieThenRefresh);
    let statement = Statement::of_share(share, text, flips).with(exemplars).gaining(gain);
    let found = by_own_code(profile, statement.judged_by_excess(excess, knobs).or_silent());
    in_view(profile, Fact::CookieThenRefresh, found)
}
