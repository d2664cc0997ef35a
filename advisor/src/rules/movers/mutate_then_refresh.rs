//! **mutate-then-refresh**: after the mutation the page is refreshed from the server. The main reason to move a
//! mutation into a Server Action.
//!
//! Seen: a successful POST/PUT/PATCH/DELETE of a page's own UI, then from the same client an RSC request of that
//! page, after the mutation's start and at most 1 s after its end (browsers act on headers, before the body ends); later for
//! clients that are seen to be slow. What the page does by itself does not count: the share of equally long times before
//! mutations in which it was refreshed as well is taken off.
//! Why: an action answers with its result and the re-rendered page, in one response. All versions; `refresh()`
//! exists from Next.js 16 on.
//! Source: Next.js docs, `server-actions`; [measured] refresh 45 ms after the mutation on localhost.
//! Guard: where most calls do not name their page (`Referrer-Policy: no-referrer`), it abstains. What begins a session is not meant,
//! since the page is shown again after it for all that it knows of its user, and the endpoint is most likely a library's. A refresh
//! that an event stream pushes comes after an action as well; while one is open it abstains. A person may click a link to the same
//! page, hence half of all mutations and a short gap. Moving to an action with `revalidatePath` drops the client's prefetches, which
//! are then fetched again; `refresh()` keeps them.
//! Example: `fetch('/api/cart', { method: 'POST' })` and `router.refresh()`.

use pointsman_store::Caller;

use super::super::{
    Effect, Finding, Knobs, Pattern, Rule, Statement, counted, is_mutation_route, part_of, percent, tenths,
};
use super::{by_own_code, is_about_sessions, unseen_sequences};
use crate::evidence::Fact;
use crate::gain::{Gain, action_with_refresh};
use crate::profile::Profile;

/// Prefetches after a refresh that are worth a word.
const NOTABLE_PREFETCHES: f64 = 0.5;

pub(in super::super) static RULE: Rule = Rule {
    id: "mutate-then-refresh",
    words: "",
    effect: Effect::ForAction,
    weight: 1.0,
    threshold: 0.5,
    min_samples: 30,
    theme: "what follows the mutation",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if let Some(absent) = unseen_sequences(profile) {
        return absent;
    }
    if is_about_sessions(profile) {
        return Finding::Silent;
    }
    if profile.count(Fact::FollowedByAmbiguous) > profile.count(Fact::FollowedByRefresh) {
        return Finding::Absent("http.request.header.next-router-prefetch");
    }
    // Which page called is told by most calls, or nobody knows which page would have been refreshed.
    if profile.observed(Fact::PageKnown) * 2 < profile.observed(Fact::by(Caller::OwnUi)) {
        return Finding::Absent("http.request.header.referer");
    }
    let Some(excess) = profile.excess(Fact::FollowedByRefresh) else { return Finding::Silent };
    let (share, seen) = (excess.share, excess.seen);
    let pairs = profile.observed(Fact::FollowedByRefresh);
    let gain = action_with_refresh(profile);
    let text = format!(
        "{} were followed by a refresh of the same page{}, {:.0} ms later (p50): an action would answer with the result and the \
         page at once{}",
        part_of(seen.observed, &counted(seen.samples, "successful mutation")),
        excess.beside("the same time before one"),
        gain.measured_ms(),
        on_prefetches(profile, gain),
    );
    let flips = format!("under {} of mutations are followed by a refresh", percent(knobs.threshold));
    let statement = Statement::of_share(share, text, flips)
        .with(profile.exemplars(Fact::FollowedByRefresh))
        .gaining(gain);
    match by_own_code(profile, statement.judged_by_excess(excess, knobs)) {
        Finding::Holds(statement) if pairs < knobs.min_samples => Finding::Below(statement),
        finding => finding,
    }
}

/// What becomes of the prefetches, where there are enough to matter.
fn on_prefetches(profile: &Profile, gain: Gain) -> String {
    let seen = profile.count(Fact::PrefetchesAfter) / profile.count(Fact::FollowedByRefresh).max(1.0);
    if seen < NOTABLE_PREFETCHES {
        return String::new();
    }
    let prefetches = if tenths(seen) == "1" { "prefetch" } else { "prefetches" };
    let seen = format!("; each refresh was followed by {} {prefetches} on average", tenths(seen));
    if gain.prefetches >= 0.0 {
        return seen + ", which refresh() inside the action avoids and revalidatePath would increase";
    }
    let more = tenths(-gain.prefetches);
    format!("{seen}, and revalidatePath adds {more} more; refresh(), from Next.js 16 on, adds none")
}
