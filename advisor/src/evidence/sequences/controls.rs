//! Control windows of what follows mutations and actions: a time of the same length, of the same client on the same page, that
//! ends where the mutation begins and in which nothing preceded; where less of it is known, that part. What comes in it comes by itself, so that it counts as
//! coincidence after mutations too; see `base_rate`.

use pointsman_store::{Call, Sign};

use super::super::pass::{Known, Pass};
use super::super::timeline::{Timeline, asks_for_page, may_write, same_page, shows_page};
use super::super::{Fact, PARTS};
use super::after;
use super::follow::{can_be_followed, follows_as, is_related};

/// Calls that are looked at in a control window: with more of them nothing is told.
const MOST: usize = 200;

/// What came in the time before a mutation, by how long before: ns, the latest of each.
#[derive(Default)]
struct Before {
    refresh: Option<i64>,
    refetch: Option<i64>,
    document: Option<i64>,
    /// Where the time ends in which nothing preceded: another mutation, or the client's arrival on the page.
    reaches: i64,
}

/// Counts the control windows of the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let views = views(line);
    // Of all that may have caused something so far, the latest end.
    let mut caused_until = 0;
    for (place, known) in line.calls.iter().enumerate() {
        if can_be_followed(known.call) {
            record(pass, line, *known, &look_back(line, &views, place, caused_until));
        }
        if may_write(known.call) {
            let reaches = line.rhythm.refresh(known.call).unsigned_abs();
            caused_until = caused_until.max(known.call.end_ns().saturating_add(reaches));
        }
    }
}

/// The page in view before each Call, as far as Calls tell.
fn views<'a>(line: &Timeline<'a>) -> Vec<Option<&'a String>> {
    let mut view = None;
    let after = |known: &Known<'a>| {
        let before = view;
        let shown = known.call.path.as_ref().filter(|_| shows_page(known.call));
        view = shown.or(known.call.page.as_ref()).or(view);
        before
    };
    line.calls.iter().map(after).collect()
}

fn look_back(line: &Timeline<'_>, views: &[Option<&String>], place: usize, caused_until: u64) -> Before {
    let call = line.calls[place].call;
    let longest = line.rhythm.if_slow(line.rhythm.document(call)).saturating_add(length(call));
    let free = after(call.start_ns, caused_until).min(longest);
    let mut before = Before { reaches: free, ..Before::default() };
    for at in (0..place).rev().take(MOST) {
        let other = line.calls[at].call;
        let ago = after(call.start_ns, other.start_ns);
        if ago >= before.reaches {
            return before;
        }
        let arrives = asks_for_page(other) && !same_page(views[at], other.path.as_ref());
        if arrives {
            before.reaches = ago;
            return before;
        }
        if let Some(fact) = follows_as(other).filter(|fact| is_related(call, other, *fact)) {
            let came = match fact {
                Fact::FollowedByRefresh => &mut before.refresh,
                Fact::FollowedByRefetch => &mut before.refetch,
                Fact::FollowedByDocument => &mut before.document,
                _ => continue,
            };
            came.get_or_insert(ago);
        }
    }
    if place > MOST {
        before.reaches = 0;
    }
    before
}

fn record(pass: &mut Pass, line: &Timeline<'_>, known: Known<'_>, before: &Before) {
    let call = known.call;
    let Some(mut about) = pass.about(known) else { return };
    let window = |latest: i64| latest.saturating_add(length(call));
    let (refresh, document) = (line.rhythm.refresh(call), line.rhythm.document(call));
    let (soon, later) = (window(refresh), window(document));
    let slow = window(line.rhythm.if_slow(refresh));
    let came = |ago: Option<i64>, within: i64| ago.is_some_and(|ago| ago <= within);
    let mut count = |windows: Fact, length: i64, hits: &[(Fact, bool)]| {
        let known = parts(before.reaches, length);
        if known == 0 {
            return;
        }
        about.count_many(windows, known);
        for (fact, _) in hits.iter().filter(|(_, hit)| *hit) {
            about.count(*fact);
        }
    };
    let refreshed = came(before.refresh, soon);
    let reloaded = came(before.document, later);
    let refetched = came(before.refetch, soon);
    count(
        Fact::RefreshControls,
        soon,
        &[(Fact::ControlRefresh, refreshed), (Fact::ControlRefetch, refetched)],
    );
    let with_cookie = call.has(Sign::SetsCookie) && (refreshed || reloaded);
    count(
        Fact::DocumentControls,
        later,
        &[(Fact::ControlDocument, reloaded), (Fact::ControlCookieThenRefresh, with_cookie)],
    );
    if !line.rhythm.is_known() {
        count(Fact::SlowRefreshControls, slow, &[(Fact::ControlSlowRefresh, came(before.refresh, slow))]);
    }
}

/// How much of a window is known, in thousandths.
pub(super) fn parts(known: i64, window: i64) -> u64 {
    let window = window.max(1).unsigned_abs();
    let known = known.max(0).unsigned_abs().min(window);
    known.saturating_mul(u64::from(PARTS)) / window
}

fn length(call: &Call) -> i64 {
    call.duration_ns.cast_signed()
}
