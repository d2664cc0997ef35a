//! What followed a mutation or an action: a refresh of its page, a new document, a re-fetch.
//!
//! Each follower belongs to the latest
//! mutation before it, so that two quick mutations with one refresh count as one pair. A mutation of which it is not
//! certain whether anything followed, because the clocks of two instances may differ, is not counted as one that could
//! be followed. How often the same comes when nothing preceded it is counted in `controls`.

use std::collections::BTreeSet;

use pointsman_store::{Call, Caller, Form, Sign};

use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, asks_for_page, is_action_fetch, same_page};
use super::super::{Dimension, Fact, InteractionKind, Measure};
use super::prefetches::Prefetches;
use super::{SECOND, after, gap, interaction};

/// No request takes longer than this, ns: how far back a follower looks for what it follows.
const LOOK_BACK: i64 = 60 * SECOND.cast_signed();
/// Mutations that a follower looks back at, at most: what is busier is no person.
const MOST: usize = 32;

/// Counts what followed each mutation and action of the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>, prefetches: &Prefetches<'_>) {
    let triggers: Vec<Known<'_>> =
        line.calls.iter().copied().filter(|known| can_be_followed(known.call)).collect();
    let streams: Vec<&Call> = line.calls.iter().map(|known| known.call).filter(|call| pushes(call)).collect();
    let (mut clear, mut unclear, mut perhaps) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (place, follower) in line.calls.iter().enumerate() {
        let Some(fact) = follows_as(follower.call) else { continue };
        let Some((first, certainty)) = followed(line, &triggers, *follower, fact) else {
            if fact == Fact::FollowedByRefresh && !line.rhythm.is_known() {
                perhaps.extend(perhaps_followed(line, &triggers, *follower));
            }
            continue;
        };
        if certainty != Certainty::Holds {
            unclear.insert(first);
        } else if clear.insert((first, fact)) {
            // It is the mutation that is counted, once, however many such requests follow.
            record(pass, triggers[first], (place, *follower), fact, prefetches);
        }
    }
    for (index, known) in triggers.iter().enumerate() {
        let Some(mut about) = pass.about(*known) else { continue };
        let is_clear = clear.range((index, Fact::Calls)..).next().is_some_and(|(first, _)| *first == index);
        if unclear.contains(&index) && !is_clear {
            about.exemplify(Fact::UnorderedPairs);
            continue;
        }
        about.count(Fact::Followable);
        if streams.iter().any(|stream| overlaps(stream, known.call)) {
            about.count(Fact::FollowableBesideStream);
        }
        if perhaps.contains(&index) && !clear.contains(&(index, Fact::FollowedByRefresh)) {
            about.count(Fact::PerhapsFollowedByRefresh);
        }
    }
}

/// Whether a Call is a stream of events by which the server tells the page what happened, to everyone who looks on. A read
/// that goes on for long may be one where nothing says what it is.
fn pushes(call: &Call) -> bool {
    /// Longer than reads take that send no events, ns. [judgement]
    const LONG: u64 = 5_000_000_000;
    match &call.media_type {
        Some(media_type) => &**media_type == "text/event-stream",
        None => call.handler.kind.is_route() && call.method == "GET" && call.duration_ns >= LONG,
    }
}

fn overlaps(stream: &Call, call: &Call) -> bool {
    stream.start_ns <= call.end_ns() && call.start_ns <= stream.end_ns()
}

/// A mutation of a route or an action, by the own UI, that succeeded and whose page is known. The answer to a form that
/// navigates takes the page's place: whatever is loaded afterwards does not follow from the mutation.
pub(super) fn can_be_followed(call: &Call) -> bool {
    let mutation = call.handler.kind.is_route()
        && !call.has(Sign::Navigate)
        && matches!(call.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
        && call.page.is_some();
    let action = is_action_fetch(call) && !call.has(Sign::Redirected) && call.path.is_some();
    (mutation || action) && call.caller == Caller::OwnUi && matches!(call.status, Some(200..300))
}

/// The page that a mutation or an action was called from. An action is posted to its page.
pub(super) fn page_of(call: &Call) -> Option<&String> {
    if is_action_fetch(call) { call.path.as_ref() } else { call.page.as_ref() }
}

/// As what a Call can follow a mutation. A refresh is asked for by the page itself; from another page it is a
/// navigation.
pub(super) fn follows_as(call: &Call) -> Option<Fact> {
    let from_elsewhere = call.page.is_some() && !same_page(call.page.as_ref(), call.path.as_ref());
    match call.form {
        Form::Rsc | Form::RscOrPrefetch if from_elsewhere => None,
        Form::Rsc if asks_for_page(call) => Some(Fact::FollowedByRefresh),
        Form::RscOrPrefetch => Some(Fact::FollowedByAmbiguous),
        Form::Document if asks_for_page(call) => Some(Fact::FollowedByDocument),
        Form::Plain if call.method == "GET" && call.handler.kind.is_route() => Some(Fact::FollowedByRefetch),
        _ => None,
    }
}

/// Whether a Call may belong to a mutation by what it asks for: the same page, or the same part of the API.
pub(super) fn is_related(first: &Call, follower: &Call, fact: Fact) -> bool {
    match fact {
        Fact::FollowedByRefetch => api_area(&first.handler.route).eq(api_area(&follower.handler.route)),
        _ => same_page(page_of(first), follower.path.as_ref()),
    }
}

/// The mutations that began before a follower, or may have, the latest first.
fn before<'t>(
    line: &Timeline<'_>,
    triggers: &'t [Known<'t>],
    follower: Known<'_>,
) -> impl Iterator<Item = (usize, &'t Call)> {
    let start_ns = follower.call.start_ns;
    // Clocks that differ may list a follower before what it follows.
    let latest = start_ns.saturating_add(line.skew());
    let until = triggers.partition_point(|known| known.call.start_ns <= latest);
    let earlier = (0..until).rev().take(MOST).map(|at| (at, triggers[at].call));
    earlier.take_while(move |(_, first)| after(start_ns, first.start_ns) <= LOOK_BACK)
}

/// The place of the latest mutation that the follower follows, or may follow.
fn followed(
    line: &Timeline<'_>,
    triggers: &[Known<'_>],
    follower: Known<'_>,
    fact: Fact,
) -> Option<(usize, Certainty)> {
    before(line, triggers, follower)
        .map(|(at, first)| (at, follows(line, first, follower.call, fact), first.end_ns()))
        .filter(|(_, certainty, _)| *certainty != Certainty::Fails)
        .max_by_key(|(_, certainty, end_ns)| (*certainty == Certainty::Holds, *end_ns))
        .map(|(at, certainty, _)| (at, certainty))
}

fn follows(line: &Timeline<'_>, first: &Call, follower: &Call, fact: Fact) -> Certainty {
    if !is_related(first, follower, fact) {
        return Certainty::Fails;
    }
    let latest = match fact {
        Fact::FollowedByDocument => line.rhythm.document(first),
        _ => line.rhythm.refresh(first),
    };
    let pair = (first, follower);
    let begins_later = line.within(pair, after(follower.start_ns, first.start_ns), answered(first), i64::MAX);
    begins_later.and(line.within(pair, gap(first, follower), i64::MIN, latest))
}

/// From when on a request can be the consequence of a Call, ns after its start: nobody acts on an answer that has not begun.
pub(super) fn answered(call: &Call) -> i64 {
    call.first_byte_ns.map_or(1, |first_byte| first_byte.min(call.duration_ns).cast_signed()).max(1)
}

/// The latest mutation that a refresh follows if its client is a slow one.
fn perhaps_followed(line: &Timeline<'_>, triggers: &[Known<'_>], follower: Known<'_>) -> Option<usize> {
    let slow = |first: &Call| line.rhythm.if_slow(line.rhythm.refresh(first));
    before(line, triggers, follower)
        .filter(|(_, first)| is_related(first, follower.call, Fact::FollowedByRefresh))
        .filter(|(_, first)| after(follower.call.start_ns, first.start_ns) >= answered(first))
        .find(|(_, first)| gap(first, follower.call) <= slow(first))
        .map(|(at, _)| at)
}

/// The part of an API that a route belongs to: its first two segments (`/api/mail` of `/api/mail/[id]`).
fn api_area(route: &str) -> impl Iterator<Item = &str> {
    route.split('/').filter(|segment| !segment.is_empty()).take(2)
}

fn record(
    pass: &mut Pass,
    first: Known<'_>,
    (place, follower): (usize, Known<'_>),
    fact: Fact,
    prefetches: &Prefetches<'_>,
) {
    let Some(mut about) = pass.about(first) else { return };
    about.exemplify(fact);
    if fact == Fact::FollowedByDocument && same_page(follower.call.page.as_ref(), follower.call.path.as_ref())
    {
        about.count(Fact::FollowedByOwnDocument);
    }
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
    let again = prefetches.again_after(place);
    if fact == Fact::FollowedByRefresh {
        let waited = after(follower.call.start_ns, first.call.end_ns()).max(0).cast_unsigned();
        about.measure(Measure::RefreshGap, waited / 1_000);
        about.count_many(Fact::PrefetchesAfter, u64::from(again));
        if kind == InteractionKind::ActionThenRefresh {
            about.tally(Dimension::RefreshedPage, &first.call.handler.route);
        }
    }
    // By the clocks of two instances the follower may seem to begin first.
    let mut steps = [first, follower];
    steps.sort_by_key(|known| known.call.start_ns);
    if let Some(rollup) = pass.of(first) {
        rollup.keep(interaction(kind, &steps, again));
    }
}
