//! **cookie-rerender**: an action that reads renders the whole page again, because a cookie comes with its answer.
//!
//! Seen: in four of five calls the page was rendered again and a cookie was set, in an action whose name or work says that it
//! reads.
//! Why: any cookie on the answer of an action renders the page again and makes the client drop its prefetches, and nothing opts
//! out of it. That holds for a cookie of the proxy as well: Next.js merges it into the action's own. The remedy depends on who
//! writes the cookie, which shows in the app's other pages and GETs. The action: do not write it there. The proxy: write it only
//! when its value changes, and not on requests with `next-action`. A session library: its own setting, for example a rolling
//! threshold. All versions; still so in 16.4.6.
//! Source: next `request-store.js`, `action-handler.js`; Next.js docs, `cookies`; next.js#98058; formbricks#8513; nextjs-auth0#2833.
//! Guard: actions that change something render the page on purpose. A session that is renewed less often ends earlier for a user
//! who was away.
//! Example: `getNotifications()` behind a library that extends the session with each request.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action, part_of, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::{CookieWriter, Others, Profile};

pub(in super::super) static RULE: Rule = improvement(
    "cookie-rerender",
    "do not set a cookie when the action only reads",
    0.8,
    30,
    is_action,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::RerenderedWithCookie, Fact::Calls) else { return Finding::Silent };
    if !profile.looks_like_reading_but_for_cookies() {
        return Finding::Silent;
    }
    let text = format!(
        "{} set a cookie, so the whole page came back although the action only reads: {}",
        part_of(share.observed, &counted(share.samples, "call")),
        remedy(&profile.surroundings.others)
    );
    let flips = format!("under {} of calls set a cookie", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::RerenderedWithCookie);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_observed(knobs)
}

/// What to do, by who writes the cookie.
pub(super) fn remedy(others: &Others) -> String {
    let share = others.cookies_on_reads.map_or(0.0, |share| share.observed);
    let proxy =
        "in the proxy, set the cookie only when its value changes, and never on requests with next-action";
    let library = "raise the renewal threshold of the session library";
    match others.cookie_writer() {
        CookieWriter::EveryAnswer => format!(
            "{} of the app's other pages and GETs set a cookie as well, so the proxy or a session library writes it: {proxy}; {library} \
             (idle sessions then end a little earlier)",
            percent(share)
        ),
        CookieWriter::Handler => format!(
            "only {} of the app's other pages and GETs set a cookie, so the action writes it: do not write it there (in the proxy it would \
             have the same effect)",
            percent(share)
        ),
        CookieWriter::Unknown => format!(
            "find out who writes the cookie. The action: do not write it there; otherwise {proxy}; {library}"
        ),
    }
}
