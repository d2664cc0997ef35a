//! **unsafe-get**: a GET changes something.
//!
//! Seen: a GET route whose child spans write to a database, or whose answers set a cookie, in one call of twenty.
//! Why: prefetchers, crawlers and link previews send GETs; so does a page on any other site. Make it a POST, or an action. All
//! versions.
//! Source: RFC 9110, section 9.2.1 (safe methods); Next.js docs, Data Security.
//! Guard: callbacks of a login, draft mode and other targets of navigation write and set cookies on purpose; a counter of views
//! writes. Cookies that a proxy or a session's library sets with
//! the app's other reads and pages too say nothing of this one.
//! Example: `GET /api/logout`.

use super::super::{Finding, Knobs, Rule, Statement, is_get_route, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::Profile;

/// Share of calls that may be navigations: callbacks of a login write and set cookies on purpose.
const NAVIGATIONS: f64 = 0.05;

pub(in super::super) static RULE: Rule = improvement("unsafe-get", 0.05, 10, is_get_route, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let navigated =
        profile.share(Fact::NavigatedTo, Fact::Calls).is_some_and(|share| share.observed > NAVIGATIONS);
    let cookies =
        profile.share(Fact::SetsCookie, Fact::Calls).map(|share| profile.beyond_the_apps(share).observed);
    let writes = profile.share(Fact::WriteWork, Fact::Calls).map(|share| share.observed);
    let (fact, what) =
        if writes >= cookies { (Fact::WriteWork, "write") } else { (Fact::SetsCookie, "set a cookie") };
    let Some(share) = profile.share(fact, Fact::Calls).filter(|_| !navigated) else {
        return Finding::Silent;
    };
    let share = if fact == Fact::SetsCookie { profile.beyond_the_apps(share) } else { share };
    let text = format!(
        "{} of its GETs {what}: crawlers, prefetchers and links on other sites send GETs too; make it a POST or an action",
        percent(share.observed)
    );
    let flips = format!("under {} of GETs change something", percent(knobs.threshold));
    Statement::of_share(share, text, flips).with(profile.exemplars(fact)).judged_by_observed(knobs)
}
