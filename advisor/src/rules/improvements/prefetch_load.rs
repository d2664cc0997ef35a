//! **prefetch-load**: a page is rendered far more often ahead of visits than for them.
//!
//! Seen: prefetches of the page by the client router, against documents, navigations and refreshes of it; at least four prefetches
//! for each visit, which together take at least a twentieth of the time that the app spends on answering, and eight or more of them
//! for each page that shows links to it: a list.
//! Why: `<Link>` fetches ahead every link in view. In lists and tables most of them are never followed, and each is a request
//! that renders what the page's `loading.js` leaves of it, or all of it where there is none. `prefetch={false}` on links in
//! lists, or a link that prefetches when the pointer comes near, asks for what people want. With `partialPrefetching` one shell
//! a route is fetched ahead in place of one payload a link.
//! Source: Next.js docs, "Prefetching" and `<Link>`; [measured] on an app with tables prefetches were 37 % of all calls and a
//! third of the server's time.
//! Guard: a link in the navigation is fetched ahead once for each page, and kept; pages that are mostly visited after a prefetch are what prefetching is for; a prefetch that Next.js answers from its
//! cache costs next to nothing, hence the share of time.
//! Example: a table of a hundred rows, each of which links to its own page.

use super::super::{Finding, Knobs, Rule, Statement, is_page, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::gain::Gain;
use crate::profile::Profile;

/// Share of all time of the app below which prefetches of a page are no matter.
const SHARE_OF_TIME: f64 = 0.05;
/// Prefetches of the page for each page that a client was shown from which on it is a list that links to it. [judgement]
const LIST: f64 = 8.0;

/// The threshold is the share of prefetches among all requests to the page.
pub(in super::super) static RULE: Rule =
    improvement("prefetch-load", "prefetch fewer links", 0.8, 100, is_page, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let visits = profile.observed(Fact::PageDocuments) + profile.observed(Fact::PageNavigations);
    let prefetches = profile.observed(Fact::PagePrefetches);
    let Some(share) =
        profile.share_of_sum(Fact::PagePrefetches, &[Fact::PageDocuments, Fact::PageNavigations])
    else {
        return Finding::Silent;
    };
    let of_page = profile.count(Fact::TimeInPrefetches) / profile.count(Fact::TimeSpent).max(1.0);
    let of_app = of_page * profile.surroundings.share_of_time;
    let each = profile.count(Fact::PrefetchesInRows) / profile.count(Fact::PrefetchRows).max(1.0);
    if of_app < SHARE_OF_TIME || each < LIST {
        return Finding::Silent;
    }
    let text = format!(
        "{prefetches} of {} requests to this page were prefetches ({each:.0} per page with links to it, {} of the app's time) for \
         {visits} visits: {}",
        prefetches + visits,
        percent(of_app),
        remedy(profile),
    );
    let flips = format!("under {} of its requests are prefetches", percent(knobs.threshold));
    let per_day = profile.estimate_per_day(Fact::PagePrefetches);
    let unused =
        1.0 - (profile.count(Fact::PageNavigations) / profile.count(Fact::PagePrefetches).max(1.0)).min(1.0);
    let gain = Gain { per_day, prefetches: unused, ..Gain::default() };
    Statement::of_share(share, text, flips).gaining(gain).judged_by_low(knobs).or_silent()
}

/// What helps, by what the app has switched on.
fn remedy(profile: &Profile) -> &'static str {
    match profile.surroundings.habits.partial_prefetching {
        Some(true) => {
            "partialPrefetching is on, so these are shells and what links ask for themselves: drop prefetch={true} on links in \
             lists, and check what of the page cannot be part of its shell"
        }
        _ => {
            "set prefetch={false} on links in lists, or prefetch when the pointer comes near; partialPrefetching (Next.js 16.3 on) \
             fetches one shell for all links of a route"
        }
    }
}
