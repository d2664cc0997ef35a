//! **cookie-rerender**: an action that reads renders the whole page anew, because it writes a cookie.
//!
//! Seen: in four of five calls the page was rendered anew and a cookie was set, in an action whose name or work says that it
//! reads.
//! Why: any cookie that an action writes (a sliding session, for instance) renders the page again, and nothing opts out of it.
//! Write the cookie in the proxy, or let a route answer. All versions; still so in 16.4.6.
//! Source: Next.js docs, `cookies`; next.js#98058 (open).
//! Guard: actions that change something render the page on purpose.
//! Example: `getNotifications()` behind a library that extends the session.

use super::super::{Finding, Knobs, Rule, Statement, is_action, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement("cookie-rerender", 0.8, 30, is_action, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::RerenderedWithCookie, Fact::Calls) else { return Finding::Silent };
    if !profile.looks_like_reading() {
        return Finding::Silent;
    }
    let text = format!(
        "{} of calls set a cookie and render the page anew, though it reads: write the cookie in the proxy, or read by a route",
        percent(share.observed)
    );
    let flips = format!("under {} of calls set a cookie", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::RerenderedWithCookie);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_observed(knobs)
}
