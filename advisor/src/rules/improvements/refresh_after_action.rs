//! **refresh-after-action**: after the action the client asks for the page once more.
//!
//! Seen: an RSC request of the same page after the action's start and at most 1 s after its end, or what a slow client needs;
//! less as many as came in the same time before.
//! Why: when the action re-renders the page the refresh is redundant; when it does not, `refresh()` or
//! `updateTag()` inside the action brings the page in the same response. All versions; `refresh()` from 16 on,
//! `revalidatePath` before.
//! Guard: a refresh that nobody's code asks for. The router fetches the page itself after an answer with a cookie that the proxy or
//! a session library set (see cookie-rerender), and in a loop (see action-refresh-loop); an open event stream may push it; what the page does all the time is taken
//! off.
//! Source: Next.js docs, `server-actions`, `refresh`. Example: `await toggleFavorite(id); router.refresh()`.

use super::super::movers::may_be_pushed;
use super::super::{Finding, Knobs, Rule, Statement, counted, is_action, part_of, percent};
use super::action_refresh_loop::is_looping;
use super::improvement;
use crate::evidence::Fact;
use crate::gain::refresh_inside;
use crate::profile::{CookieWriter, Profile};

pub(in super::super) static RULE: Rule =
    improvement("refresh-after-action", "refresh inside the action", 0.5, 30, is_action, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.shows_sequences() {
        return Finding::Silent;
    }
    if is_looping(profile) || is_by_router(profile) || may_be_pushed(profile) {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::FollowedByRefresh) else { return Finding::Silent };
    let (share, seen) = (excess.share, excess.seen);
    let rerenders = profile.share(Fact::Rerendered, Fact::Calls).is_some_and(|share| share.observed >= 0.5);
    let remedy = if rerenders {
        "the action's answer already brings the page: drop the refresh"
    } else {
        "call refresh() (revalidatePath before Next.js 16) inside the action instead"
    };
    let text = format!(
        "{} were followed by a refresh of the same page{}: {remedy}",
        part_of(seen.observed, &counted(seen.samples, "call")),
        excess.beside("the same time before one"),
    );
    let flips = format!("under {} are followed by a refresh", percent(knobs.threshold));
    let gain = refresh_inside(profile);
    let exemplars = profile.exemplars(Fact::FollowedByRefresh);
    Statement::of_share(share, text, flips).with(exemplars).gaining(gain).judged_by_excess(excess, knobs)
}

/// Whether the router fetches the page by itself: the answers say that it changed, because of cookies that the action's own code
/// does not write, or may not.
fn is_by_router(profile: &Profile) -> bool {
    /// Share of calls from which on it is the usual case.
    const USUAL: f64 = 0.5;
    let share = |part| profile.share(part, Fact::Calls).map_or(0.0, |share| share.observed);
    let others = profile.surroundings.others.cookie_writer() != CookieWriter::Handler;
    let with_cookie = share(Fact::SetsCookie) >= USUAL && share(Fact::DropsPrefetches) >= USUAL;
    // An answer that says so and brings no page makes the router ask for it.
    let without_page = share(Fact::DropsPrefetches) - share(Fact::Rerendered) >= USUAL;
    (with_cookie && others) || without_page
}
