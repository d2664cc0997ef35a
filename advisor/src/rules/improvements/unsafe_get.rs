//! **unsafe-get**: a GET changes something.
//!
//! Seen: a GET route whose child spans write to a database, or whose answers set a cookie, in one call of twenty, and which the app's
//! other pages and GETs do not do as well.
//! Why: prefetchers, crawlers and link previews send GETs; so does a page on any other site. Make it a POST, or an action. All
//! versions.
//! Source: RFC 9110, section 9.2.1 (safe methods); Next.js docs, Data Security.
//! Guard: what came with a token counts for nothing, since no link can send one, nor does a session's cookie that is renewed for who has
//! one; where the browser has none any more afterwards, it was ended. Cookies and writes that come with most answers are the proxy's or
//! a session library's, and say nothing of one handler.
//! Schedulers send GETs and nothing else (Vercel Cron), so that what they call may write. Callbacks of a login, endpoints of authentication libraries, draft mode and other targets of navigation write and set cookies on
//! purpose; so does a counter of views. Of a target of navigation it is said only where links of the app's own pages change the session
//! of people who are signed in (`?action=logout`). None of them is meant to happen when a link to it comes into view: where ten or more
//! prefetches did it, it is said of them as well.
//! Example: `GET /api/logout`.

use pointsman_store::Caller;

use super::super::{Finding, Knobs, Rule, Statement, counted, is_get_route, part_of, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::{Profile, Share};

/// Share of calls that may be navigations: callbacks of a login write and set cookies on purpose.
const NAVIGATIONS: f64 = 0.05;

/// Words of paths that write or set cookies on purpose.
const ON_PURPOSE: [&str; 25] = [
    "cron",
    "crons",
    "auth",
    "callback",
    "oauth",
    "refresh",
    "renew",
    "sso",
    "saml",
    "oidc",
    "magic",
    "verify",
    "confirm",
    "unsubscribe",
    "draft",
    "preview",
    "view",
    "views",
    "hit",
    "hits",
    "counter",
    "track",
    "pixel",
    "impression",
    "csrf",
];

pub(in super::super) static RULE: Rule =
    improvement("unsafe-get", "do not change data in a GET", 0.05, 10, is_get_route, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if let Some(prefetched) = by_prefetch(profile, knobs) {
        return prefetched;
    }
    let scheduled =
        profile.share(Fact::by(Caller::Bot), Fact::Calls).is_some_and(|share| share.observed > 0.5);
    if scheduled || is_on_purpose(&profile.handler.route) {
        return Finding::Silent;
    }
    let navigated =
        profile.share(Fact::NavigatedTo, Fact::Calls).is_some_and(|share| share.observed > NAVIGATIONS);
    if navigated {
        return by_link(profile, knobs);
    }
    if let Some(ended) = by_code(profile, knobs) {
        return ended;
    }
    let writes = profile.share(Fact::ForgeableWrites, Fact::Calls);
    let writes = writes.filter(|_| !profile.surroundings.others.every_read_writes());
    let cookies =
        profile.share(Fact::ForgeableCookies, Fact::Calls).map(|share| profile.beyond_the_apps(share));
    let observed = |share: Option<Share>| share.map_or(0.0, |share| share.observed);
    let (fact, what, share) = if observed(writes) >= observed(cookies) {
        (Fact::ForgeableWrites, "write", writes)
    } else {
        (Fact::ForgeableCookies, "set a cookie", cookies)
    };
    let Some(share) = share.filter(|share| share.observed > 0.0) else { return Finding::Silent };
    let text = format!(
        "{} {what}: crawlers, prefetchers and links on other sites send GETs too; make it a POST or an action",
        part_of(share.observed, &counted(share.samples, "GET"))
    );
    let flips = format!("under {} of GETs change something", percent(knobs.threshold));
    Statement::of_share(share, text, flips).with(profile.exemplars(fact)).judged_by_observed(knobs)
}

/// What links of the app's own pages do with the session of who follows them: end it, or put another one in its place.
fn by_link(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let done = profile.observed(Fact::SessionsChangedByLink);
    let ambient = profile.surroundings.others.pages_set_cookies();
    let Some(share) = profile.share(Fact::SessionsChangedByLink, Fact::Calls) else { return Finding::Silent };
    if ambient || done < knobs.min_samples {
        return Finding::Silent;
    }
    let text = format!(
        "{done} links on the app's own pages led to it and changed the session of people who were signed in: a link on any other site \
         does the same; make it a POST or an action"
    );
    let flips = format!("under {} of GETs change a session", percent(knobs.threshold));
    let statement =
        Statement::of_share(share, text, flips).with(profile.exemplars(Fact::SessionsChangedByLink));
    statement.judged_by_observed(knobs)
}

/// What calls by the app's own code do with a session, which a picture on any other site can do as well: end it.
fn by_code(profile: &Profile, knobs: &Knobs<'_>) -> Option<Finding> {
    /// Share of calls. Whoever asks as the session runs out has none afterwards either. [judgement]
    const USUAL: f64 = 0.2;
    let ended = profile.observed(Fact::SessionsEnded);
    let share = profile.share(Fact::SessionsEnded, Fact::Calls)?;
    if !profile.shows_sequences() || ended < knobs.min_samples || share.observed < USUAL {
        return None;
    }
    let text = format!(
        "{ended} times the browser had no session any more after it: a picture or a link on any other site does the same; make it a \
         POST or an action"
    );
    let flips = "GETs after which the session goes on".to_owned();
    let statement = Statement::of_share(share, text, flips).with(profile.exemplars(Fact::SessionsEnded));
    Some(statement.judged_by_observed(knobs))
}

/// What prefetches of it did, which nobody asked for.
fn by_prefetch(profile: &Profile, knobs: &Knobs<'_>) -> Option<Finding> {
    let others = &profile.surroundings.others;
    let ambient = others.pages_set_cookies() || others.every_read_writes();
    let done = profile.observed(Fact::PrefetchedEffects);
    if ambient || done < knobs.min_samples {
        return None;
    }
    let share = profile.share(Fact::PrefetchedEffects, Fact::Prefetched)?;
    let text = format!(
        "{done} prefetches of links to it changed something or set a cookie, and nobody had followed the link: make it a POST or an \
         action, and until then set prefetch={{false}} on these links"
    );
    let flips = "prefetches that change nothing".to_owned();
    let statement = Statement::of_share(share, text, flips).with(profile.exemplars(Fact::PrefetchedEffects));
    Some(statement.judged_by_observed(knobs))
}

/// Whether its path says that it writes or sets cookies on purpose.
fn is_on_purpose(route: &str) -> bool {
    let route = route.to_ascii_lowercase();
    route.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| ON_PURPOSE.contains(&word))
}
