//! What followed a mutation or an action: a refresh of its page, a new document, a re-fetch, prefetches.
//!
//! Windows are those of rules.md, mutate-then-refresh and mutate-then-document. Each follower belongs to the latest
//! mutation before it, so that two quick mutations with one refresh count as one pair. A mutation of which it is not
//! certain whether anything followed, because the clocks of two instances may differ, is not counted as one that could
//! be followed.

use std::collections::BTreeSet;

use pointsman_store::{Call, Caller, Form, Sign};

use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, is_action_fetch, same_page, shows_page};
use super::super::{Fact, InteractionKind, Measure};
use super::{SECOND, after, gap, interaction};

/// A refresh may start this long after the end of what it follows, ns. It may start before that end, because
/// browsers act on the headers of a response, but not before its request.
const LATE: i64 = SECOND.cast_signed();
/// A new document may come this long after it, ns.
const LATE_DOCUMENT: i64 = 2 * SECOND.cast_signed();
/// Prefetches within this time after an Interaction are counted with it, ns.
const PREFETCH_WINDOW: u64 = 5 * SECOND;
/// Prefetches after an action that make it worth a word (rules.md, overwide-revalidation).
const MANY_PREFETCHES: u32 = 5;
/// No request takes longer than this, ns: how far back a follower looks for what it follows.
const LOOK_BACK: i64 = 60 * SECOND.cast_signed();

/// Counts what followed each mutation and action of the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let calls = &line.calls;
    refetched_ahead(pass, calls);
    let (mut clear, mut unclear) = (BTreeSet::new(), BTreeSet::new());
    for (index, follower) in calls.iter().enumerate() {
        let Some(fact) = follows_as(follower.call) else { continue };
        let Some((first, certainty)) = followed(line, index, fact) else { continue };
        if certainty != Certainty::Holds {
            unclear.insert(first);
        } else if clear.insert((first, fact)) {
            // It is the mutation that is counted, once, however many such requests follow.
            record(pass, calls, calls[first], *follower, fact);
        }
    }
    for (index, known) in calls.iter().enumerate().filter(|(_, known)| can_be_followed(known.call)) {
        let Some(mut about) = pass.about(*known) else { continue };
        let is_clear = clear.range((index, Fact::Calls)..).next().is_some_and(|(first, _)| *first == index);
        if unclear.contains(&index) && !is_clear {
            about.exemplify(Fact::UnorderedPairs);
        } else {
            about.count(Fact::Followable);
        }
    }
}

/// A mutation of a route or an action, by the own UI, that succeeded and whose page is known.
pub(super) fn can_be_followed(call: &Call) -> bool {
    let mutation = call.handler.kind.is_route()
        && matches!(call.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
        && call.page.is_some();
    let action = is_action_fetch(call) && !call.has(Sign::Redirected) && call.path.is_some();
    (mutation || action) && call.caller == Caller::OwnUi && matches!(call.status, Some(200..300))
}

/// As what a Call can follow a mutation. A refresh is asked for by the page itself; from another page it is a
/// navigation.
fn follows_as(call: &Call) -> Option<Fact> {
    let from_elsewhere = call.page.is_some() && !same_page(call.page.as_ref(), call.path.as_ref());
    match call.form {
        Form::Rsc | Form::RscOrPrefetch if from_elsewhere => None,
        Form::Rsc => Some(Fact::FollowedByRefresh),
        Form::RscOrPrefetch => Some(Fact::FollowedByAmbiguous),
        Form::Document => Some(Fact::FollowedByDocument),
        Form::Plain if call.method == "GET" && call.handler.kind.is_route() => Some(Fact::FollowedByRefetch),
        _ => None,
    }
}

/// The place of the latest Call that the follower follows, or may follow.
fn followed(line: &Timeline<'_>, follower: usize, fact: Fact) -> Option<(usize, Certainty)> {
    let calls = &line.calls;
    let call = calls.get(follower)?.call;
    // Clocks that differ may list a follower before what it follows.
    let until =
        calls.partition_point(|known| known.call.start_ns <= call.start_ns.saturating_add(line.skew()));
    let recent =
        (0..until).rev().take_while(|at| after(call.start_ns, calls[*at].call.start_ns) <= LOOK_BACK);
    recent
        .filter(|at| *at != follower && can_be_followed(calls[*at].call))
        .map(|at| (at, follows(line, calls[at].call, call, fact)))
        .filter(|(_, certainty)| *certainty != Certainty::Fails)
        .max_by_key(|(at, certainty)| (*certainty == Certainty::Holds, calls[*at].call.end_ns()))
}

fn follows(line: &Timeline<'_>, first: &Call, follower: &Call, fact: Fact) -> Certainty {
    // An action is posted to the page that it is called from.
    let page = if is_action_fetch(first) { &first.path } else { &first.page };
    let latest = if fact == Fact::FollowedByDocument { LATE_DOCUMENT } else { LATE };
    let related = match fact {
        Fact::FollowedByRefetch => api_area(&first.handler.route).eq(api_area(&follower.handler.route)),
        _ => same_page(page.as_ref(), follower.path.as_ref()),
    };
    if !related {
        return Certainty::Fails;
    }
    let pair = (first, follower);
    let begins_later = line.within(pair, after(follower.start_ns, first.start_ns), 1, i64::MAX);
    begins_later.and(line.within(pair, gap(first, follower), i64::MIN, latest))
}

/// The part of an API that a route belongs to: its first two segments (`/api/mail` of `/api/mail/[id]`).
fn api_area(route: &str) -> impl Iterator<Item = &str> {
    route.split('/').filter(|segment| !segment.is_empty()).take(2)
}

fn record(pass: &mut Pass, calls: &[Known<'_>], first: Known<'_>, follower: Known<'_>, fact: Fact) {
    let Some(mut about) = pass.about(first) else { return };
    about.exemplify(fact);
    let shows_page = matches!(fact, Fact::FollowedByRefresh | Fact::FollowedByDocument);
    if shows_page && first.call.has(Sign::SetsCookie) {
        about.exemplify(Fact::CookieThenRefresh);
    }
    let kind = match fact {
        Fact::FollowedByRefresh if is_action_fetch(first.call) => InteractionKind::ActionThenRefresh,
        Fact::FollowedByRefresh => InteractionKind::MutationThenRefresh,
        Fact::FollowedByDocument if !is_action_fetch(first.call) => InteractionKind::MutationThenDocument,
        _ => return,
    };
    let prefetches = prefetches_after(calls, follower.call);
    if fact == Fact::FollowedByRefresh {
        let waited = after(follower.call.start_ns, first.call.end_ns()).max(0).cast_unsigned();
        about.measure(Measure::RefreshGap, waited / 1_000);
        about.count_many(Fact::PrefetchesAfter, u64::from(prefetches));
    }
    // By the clocks of two instances the follower may seem to begin first.
    let mut steps = [first, follower];
    steps.sort_by_key(|known| known.call.start_ns);
    if let Some(rollup) = pass.of(first) {
        rollup.keep(interaction(kind, &steps, prefetches));
    }
}

/// Prefetches of the client in the seconds after a Call, until it is shown the next page: what follows then is that
/// page's.
fn prefetches_after(calls: &[Known<'_>], call: &Call) -> u32 {
    let first = calls.partition_point(|known| known.call.start_ns < call.start_ns);
    let until = call.end_ns().saturating_add(PREFETCH_WINDOW);
    let next_page = |other: &Call| shows_page(other) && other.start_ns > call.start_ns;
    let window = calls.iter().skip(first).take_while(|known| known.call.start_ns < until);
    let prefetches =
        window.take_while(|known| !next_page(known.call)).filter(|known| known.call.form == Form::Prefetch);
    u32::try_from(prefetches.count()).unwrap_or(u32::MAX)
}

/// What the client fetched ahead once more after actions that made it drop what it had.
fn refetched_ahead(pass: &mut Pass, calls: &[Known<'_>]) {
    for known in calls.iter().filter(|known| known.call.has(Sign::DropsPrefetches)) {
        let prefetches = prefetches_after(calls, known.call);
        let Some(mut about) = pass.about(*known) else { continue };
        about.count_many(Fact::PrefetchesAfterDrop, u64::from(prefetches));
        if prefetches >= MANY_PREFETCHES {
            about.exemplify(Fact::DropsPrefetchesAndRefetches);
        }
    }
}
