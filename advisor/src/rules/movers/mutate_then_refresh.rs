//! **mutate-then-refresh**: after the mutation the page is refreshed from the server. The main reason to move a
//! mutation into a Server Action.
//!
//! Seen: a successful POST/PUT/PATCH/DELETE of a page's own UI, then from the same client an RSC request of that
//! page, after the mutation's start and at most 1 s after its end (browsers act on headers, before the body ends).
//! Why: an action answers with its result and the page rendered anew, in one response. All versions; `refresh()`
//! exists from Next.js 16 on.
//! Source: Next.js docs, `server-actions`; [measured] refresh 45 ms after the mutation on localhost.
//! Guard: a person may click a link to the same page, hence half of all mutations and a short gap. Moving to an
//! action with `revalidatePath` drops the client's prefetches, which are then fetched again; `refresh()` keeps them.
//! Example: `fetch('/api/cart', { method: 'POST' })` and `router.refresh()`.

use super::super::{
    Effect, Finding, Gain, Knobs, Rule, Statement, as_f64, is_mutation_route, median, percent,
};
use super::unseen_sequences;
use crate::evidence::{Fact, InteractionKind};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "mutate-then-refresh",
    effect: Effect::ForAction,
    weight: 1.0,
    threshold: 0.5,
    min_samples: 30,
    theme: "what follows the mutation",
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if let Some(absent) = unseen_sequences(profile) {
        return absent;
    }
    if profile.count(Fact::FollowedByAmbiguous) > profile.count(Fact::FollowedByRefresh) {
        return Finding::Absent("http.request.header.next-router-prefetch");
    }
    let Some(share) = profile.share(Fact::FollowedByRefresh, Fact::Followable) else {
        return Finding::Silent;
    };
    let pairs = profile.observed(Fact::FollowedByRefresh);
    let gain = gain(profile);
    let text = format!(
        "{} of {} successful mutations were followed by a refresh of the same page (p50 {:.0} ms later): an action \
         answers with result and page at once",
        percent(share.observed),
        share.samples,
        gain.ms_p50,
    );
    let flips = format!("under {} of mutations are followed by a refresh", percent(knobs.threshold));
    let statement = Statement::of_share(share, text, flips)
        .with(profile.exemplars(Fact::FollowedByRefresh))
        .gaining(gain);
    match statement.judged_by_low(knobs) {
        Finding::Holds(statement) if pairs < knobs.min_samples => Finding::Below(statement),
        finding => finding,
    }
}

/// Request headers of the refresh that is saved, bytes ([measured] about 650 in Chromium).
const REFRESH_HEADERS: f64 = 650.0;

/// From the kept Interactions: the refresh's round trip, and the gap that the browser spent between both.
fn gain(profile: &Profile) -> Gain {
    let gaps = profile.interactions(InteractionKind::MutationThenRefresh).filter_map(|pair| {
        let [mutation, refresh] = pair.steps.as_slice() else { return None };
        let mutation_end = mutation.start_us + mutation.duration_us;
        Some(as_f64(refresh.start_us.saturating_sub(mutation_end)) / 1_000.0)
    });
    let ms_p50 = median(gaps.collect()).unwrap_or_default();
    Gain { ms_p50, bytes: REFRESH_HEADERS, ..Gain::of_one_request(profile.per_day(Fact::FollowedByRefresh)) }
}
