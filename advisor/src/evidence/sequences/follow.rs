//! What followed a mutation or an action: a refresh of its page, a new document, a re-fetch, prefetches.
//!
//! Windows are those of rules.md, mutate-then-refresh and mutate-then-document. Each follower belongs to the latest
//! mutation before it, so that two quick mutations with one refresh count as one pair.

use pointsman_store::{Call, Caller, Form, Sign};

use super::super::timeline::{Timeline, is_action_fetch, same_page};
use super::super::{Fact, InteractionKind, Known, Measure, Pass};
use super::{SECOND, after, gap, interaction};

/// A refresh may start this long after the end of what it follows, ns. It may start before that end, because
/// browsers act on the headers of a response, but not before its request.
const LATE: i64 = SECOND.cast_signed();
/// A new document may come this long after it, ns.
const LATE_DOCUMENT: i64 = 2 * SECOND.cast_signed();
/// Prefetches within this time after an Interaction are counted with it, ns.
const PREFETCH_WINDOW: u64 = 5 * SECOND;
/// No request takes longer than this, ns: how far back a follower looks for what it follows.
const LOOK_BACK: u64 = 60 * SECOND;

/// Counts what followed each mutation and action of the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let calls = &line.calls;
    for known in calls.iter().filter(|known| can_be_followed(known.call)) {
        if let Some(rollup) = pass.of(*known) {
            rollup.count(Fact::Followable, known.call);
        }
    }
    for (index, follower) in calls.iter().enumerate() {
        let Some(fact) = follows_as(follower.call) else { continue };
        let Some(first) = followed(&calls[..index], follower.call, fact) else { continue };
        record(pass, calls, first, *follower, fact);
    }
}

/// A mutation of a route or an action, by the own UI, that succeeded and whose page is known.
fn can_be_followed(call: &Call) -> bool {
    let mutation = call.handler.kind.is_route()
        && matches!(call.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
        && call.page.is_some();
    let action = is_action_fetch(call) && !call.has(Sign::Redirected) && call.path.is_some();
    (mutation || action) && call.caller == Caller::OwnUi && matches!(call.status, Some(200..300))
}

/// As what a Call can follow a mutation.
fn follows_as(call: &Call) -> Option<Fact> {
    match call.form {
        Form::Rsc => Some(Fact::FollowedByRefresh),
        Form::RscOrPrefetch => Some(Fact::FollowedByAmbiguous),
        Form::Document => Some(Fact::FollowedByDocument),
        Form::Plain if call.method == "GET" && call.handler.kind.is_route() => Some(Fact::FollowedByRefetch),
        _ => None,
    }
}

/// The latest Call before the follower that it follows.
fn followed<'a>(before: &[Known<'a>], follower: &Call, fact: Fact) -> Option<Known<'a>> {
    let recent = before.iter().rev().take_while(|k| follower.start_ns - k.call.start_ns <= LOOK_BACK);
    recent
        .filter(|k| can_be_followed(k.call) && fits(k.call, follower, fact))
        .max_by_key(|k| k.call.end_ns())
        .copied()
}

fn fits(first: &Call, follower: &Call, fact: Fact) -> bool {
    // An action is posted to the page that it is called from.
    let page = if is_action_fetch(first) { &first.path } else { &first.page };
    let latest = if fact == Fact::FollowedByDocument { LATE_DOCUMENT } else { LATE };
    let related = match fact {
        Fact::FollowedByRefetch => api_area(&first.handler.route) == api_area(&follower.handler.route),
        _ => same_page(page.as_ref(), follower.path.as_ref()),
    };
    related && follower.start_ns > first.start_ns && gap(first, follower) <= latest
}

/// The part of an API that a route belongs to: its first two segments (`/api/mail` of `/api/mail/[id]`).
fn api_area(route: &str) -> Vec<&str> {
    route.split('/').filter(|segment| !segment.is_empty()).take(2).collect()
}

fn record(pass: &mut Pass, calls: &[Known<'_>], first: Known<'_>, follower: Known<'_>, fact: Fact) {
    let Some(rollup) = pass.of(first) else { return };
    rollup.exemplify(fact, first.call);
    if fact != Fact::FollowedByRefresh {
        return;
    }
    let waited = after(follower.call.start_ns, first.call.end_ns()).max(0).cast_unsigned();
    rollup.measure(Measure::RefreshGap, first.call, waited / 1_000);
    let prefetches = prefetches_after(calls, follower.call);
    rollup.count_many(Fact::PrefetchesAfter, first.call, u64::from(prefetches));
    let kind = if is_action_fetch(first.call) {
        InteractionKind::ActionThenRefresh
    } else {
        InteractionKind::MutationThenRefresh
    };
    rollup.keep(interaction(kind, &[first, follower], prefetches));
}

/// Prefetches of the client in the seconds after a Call.
fn prefetches_after(calls: &[Known<'_>], call: &Call) -> u32 {
    let window = call.start_ns..call.end_ns().saturating_add(PREFETCH_WINDOW);
    let prefetches =
        calls.iter().filter(|k| k.call.form == Form::Prefetch && window.contains(&k.call.start_ns));
    u32::try_from(prefetches.count()).unwrap_or(u32::MAX)
}
