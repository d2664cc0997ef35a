//! Whether a move has been made: the old Handler fades while the app is used as before, and one Handler of the kind that
//! the verdict names comes, called from the same pages and about as often. Where this is not certain nothing is said:
//! the user can say it.

use pointsman_store::{Action, Fingerprint, Handler, HandlerKind, Hour};

use super::history::Recommendation;
use super::traffic::{Course, Traffic};
use crate::report::Verdict;

/// The old Handler must have faded below this part of its calls ...
const FADED: f64 = 0.1;
/// ... for so many hours ...
const FADED_HOURS: u32 = 24;
/// ... in which it would have been called so often ...
const EXPECTED: f64 = 20.0;
/// ... because the rest of the app still has this part of its calls.
const STILL_USED: f64 = 0.5;
/// The new Handler is called from the same pages by this share of its calls ...
const SAME_PAGES: f64 = 0.5;
/// ... and at most so many times more or less often.
const RHYTHM: f64 = 2.0;
/// A Handler that was called in the first hours of all that is retained may be older than that.
const UNCERTAIN_HOURS: u32 = 24;

/// A move that was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Applied {
    /// Since when the old Handler fades, ns since the epoch.
    pub(super) at_ns: u64,
    /// What came in its place; `None` where the page itself does.
    pub(super) successor: Option<Fingerprint>,
}

/// Whether the move was made, when, and what came in its place.
pub(super) fn detect(
    id: Fingerprint,
    verdict: Verdict,
    one: &Recommendation,
    traffic: &Traffic,
) -> Option<Applied> {
    let hour = faded_since(id, one, traffic)?;
    let at_ns = Hour(hour).start_ns();
    if verdict == Verdict::MoveToServerComponent {
        let handler = &traffic.courses.get(&id)?.handler;
        // The id of an action that has no name changes with every build: its fading proves nothing.
        let is_named = matches!(handler.action, Some(Action::Export { .. }));
        let before = one.promise.page_calls_per_day?;
        let after = traffic.page_calls_per_day(&one.promise.pages, hour, traffic.to)?;
        return (is_named && after >= before * STILL_USED).then_some(Applied { at_ns, successor: None });
    }
    let successor = successor(verdict, one, traffic, hour)?;
    Some(Applied { at_ns, successor: Some(successor) })
}

/// The hour since which the Handler has faded, if it has.
pub(super) fn faded_since(id: Fingerprint, one: &Recommendation, traffic: &Traffic) -> Option<u32> {
    let course = traffic.courses.get(&id)?;
    let proposed = Hour::of(one.proposed_ns).0;
    let hour = change_point(course, proposed, traffic)?;
    let days = f64::from(traffic.to - hour) / 24.0;
    let usual = one.promise.calls_per_day;
    let faded = course.per_day(hour, traffic.to) < usual * FADED && usual * days >= EXPECTED;
    let others = traffic.others_per_day(id, hour, traffic.to);
    (faded && others >= one.promise.others_per_day * STILL_USED).then_some(hour)
}

/// The hour at which the rate of calls changed most, at least a day before the end: where two steady rates explain the
/// calls best (the maximum of the likelihood of two Poisson processes).
fn change_point(course: &Course, proposed: u32, traffic: &Traffic) -> Option<u32> {
    /// Hours before the proposal that show the usual rate.
    const USUAL_HOURS: u32 = 7 * 24;
    let begin = traffic.from.max(proposed.saturating_sub(USUAL_HOURS));
    let end = traffic.to.checked_sub(FADED_HOURS)?;
    let total: f64 = course.hours.range(begin..traffic.to.max(begin)).map(|(_, calls)| calls).sum();
    let mut before: f64 = course.hours.range(begin..proposed.max(begin)).map(|(_, calls)| calls).sum();
    let mut best: Option<(f64, u32)> = None;
    for hour in proposed.max(begin)..=end {
        let (early, late) = (hour - begin, traffic.to - hour);
        let likelihood = likelihood(before, early) + likelihood(total - before, late);
        if early > 0 && best.is_none_or(|(most, _)| likelihood > most) {
            best = Some((likelihood, hour));
        }
        before += course.hours.get(&hour).copied().unwrap_or_default();
    }
    best.map(|(_, hour)| hour)
}

/// How well one steady rate explains so many calls in so many hours, as a logarithm.
fn likelihood(calls: f64, hours: u32) -> f64 {
    if calls <= 0.0 || hours == 0 { 0.0 } else { calls * (calls / f64::from(hours)).ln() }
}

/// The one Handler that came in place of another; `None` when there is none, or more than one.
pub(super) fn successor(
    verdict: Verdict,
    one: &Recommendation,
    traffic: &Traffic,
    since: u32,
) -> Option<Fingerprint> {
    let usual = one.promise.calls_per_day;
    let proposed = Hour::of(one.proposed_ns).0;
    let certain = if traffic.from > proposed { traffic.from + UNCERTAIN_HOURS } else { proposed + 1 };
    let fits = |course: &Course| {
        let Some(first) = course.first().filter(|first| *first >= certain) else { return false };
        let rate = course.per_day(first.max(since), traffic.to);
        may_follow(verdict, &course.handler)
            && shared_pages(course, one) >= SAME_PAGES
            && rate <= usual * RHYTHM
            && rate * RHYTHM >= usual
    };
    let mut fitting = traffic.courses.iter().filter(|(_, course)| fits(course)).map(|(id, _)| *id);
    let found = fitting.next()?;
    fitting.next().is_none().then_some(found)
}

/// Whether a Handler is of the kind that the verdict names, and can be told from others that are new with this build.
fn may_follow(verdict: Verdict, handler: &Handler) -> bool {
    is_of_kind(verdict, handler)
        && match verdict {
            Verdict::MoveToServerAction => matches!(handler.action, Some(Action::Export { .. })),
            _ => handler.method == "GET",
        }
}

/// Whether a Handler is of the kind that the verdict names.
pub(super) fn is_of_kind(verdict: Verdict, handler: &Handler) -> bool {
    match verdict {
        Verdict::MoveToServerAction => handler.kind == HandlerKind::ServerAction,
        Verdict::MoveToRouteHandler => handler.kind.is_route(),
        Verdict::MoveToServerComponent => handler.kind == HandlerKind::Page,
        Verdict::Keep | Verdict::InsufficientEvidence => false,
    }
}

/// The share of its calls that come from pages which called the old Handler.
fn shared_pages(course: &Course, one: &Recommendation) -> f64 {
    course.pages.iter().filter(|(page, _)| one.promise.pages.contains(page)).map(|(_, share)| share).sum()
}

#[cfg(test)]
#[path = "applied_tests.rs"]
mod tests;
