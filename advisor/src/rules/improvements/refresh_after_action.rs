//! **refresh-after-action**: after the action the client asks for the page once more.
//!
//! Seen: an RSC request of the same page after the action's start and at most 1 s after its end, or what a slow client needs;
//! less as many as came in the same time before. Of all its calls, or of those from one page.
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
use crate::profile::{CookieWriter, Excess, Profile, Share};
use crate::stats::whole_number;

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
    let flips = format!("under {} are followed by a refresh", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::FollowedByRefresh);
    let statement = |share: Share, place: &str, seen: Share| {
        let text = format!(
            "{place}{} were followed by a refresh of the same page{}: {}",
            part_of(seen.observed, &counted(seen.samples, "call")),
            excess.beside("the same time before one"),
            remedy(profile),
        );
        Statement::of_share(share, text, flips).with(exemplars)
    };
    match busiest_page(profile, excess, knobs) {
        // One page's code asks for the page again, and that of others does not.
        Some((page, share)) if excess.share.interval.low < knobs.threshold => {
            let place = format!("on {page} ");
            Finding::Holds(statement(share, &place, share))
        }
        _ => statement(excess.share, "", excess.seen)
            .gaining(refresh_inside(profile))
            .judged_by_excess(excess, knobs),
    }
}

/// The page from which it is called most, of those whose calls a refresh follows.
fn busiest_page(profile: &Profile, excess: Excess, knobs: &Knobs<'_>) -> Option<(String, Share)> {
    let share_of = |(page, refreshes): &(String, f64)| {
        let (_, calls) = profile.pages.iter().find(|(known, _)| known == page)?;
        // Of each page's refreshes the same part is coincidence.
        let share = Share::of((refreshes * excess.part() / calls).min(1.0), *calls, whole_number(*calls));
        Some((page.clone(), share))
    };
    let of_pages = profile.refreshed_pages.iter().filter_map(share_of);
    let enough = |share: &Share| share.samples >= knobs.min_samples && share.interval.low >= knobs.threshold;
    of_pages.filter(|(_, share)| enough(share)).max_by_key(|(_, share)| share.samples)
}

fn remedy(profile: &Profile) -> &'static str {
    let rerenders = profile.share(Fact::Rerendered, Fact::Calls).is_some_and(|share| share.observed >= 0.5);
    if rerenders {
        "the action's answer already brings the page: drop the refresh"
    } else {
        "call refresh() (revalidatePath before Next.js 16) inside the action instead"
    }
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
