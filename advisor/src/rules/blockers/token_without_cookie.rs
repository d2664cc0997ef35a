//! **token-without-cookie**: the app's own pages send a token with it, and no session's cookie. A route that stays a route until
//! the session is in a cookie.
//!
//! Seen: successful calls by the app's own pages with a bearer token, an API key or basic credentials and without a session's
//! cookie, one in a hundred or more.
//! Why: Next.js' router sends an action's request; the code of a page cannot add a header to it. Without a cookie the action
//! would not know who calls. All versions.
//! Source: next `server-action-reducer.js` (the headers of an action's request).
//! Guard: basic credentials that the browser adds by itself come with the requests to the pages too, and would come with an
//! action's. Where telemetry does not distinguish session cookies from others, any cookie counts as one; where it says nothing about credentials, no call of the app says which came, no route becomes an action.
//! Example: a single-page app that keeps a token in `localStorage` and sends `authorization: Bearer`.

use super::super::{Finding, Knobs, Rule, Statement, is_mutation_route, percent};
use super::blocker;
use crate::evidence::Fact;
use crate::profile::{Profile, Share};

/// Share of the requests to its pages that carry basic credentials from which on the browser adds them. [judgement]
const ADDED_BY_BROWSER: f64 = 0.5;

/// The threshold is the share of successful calls by the own UI, the same as that of unknown callers.
pub(in super::super) static RULE: Rule = Rule {
    threshold: 0.01,
    applies: is_mutation_route,
    ..blocker("token-without-cookie", "called with a token instead of a session cookie", 5, look)
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.surroundings.habits.credentials_told {
        return Finding::Absent("pointsman.request.credentials");
    }
    let share_of = |fact| profile.share(fact, Fact::SucceededByOwnUi);
    let (token, basic) = (share_of(Fact::TokenWithoutSession), share_of(Fact::BasicWithoutSession));
    let by_page = basic.filter(|_| profile.surroundings.basic_on_pages < ADDED_BY_BROWSER);
    let larger = |a: &Share, b: &Share| a.observed.total_cmp(&b.observed);
    let Some(share) = token.into_iter().chain(by_page).max_by(larger).filter(|share| share.observed > 0.0)
    else {
        return Finding::Silent;
    };
    let text = format!(
        "{} of its pages' calls carry a token and no session cookie: an action's request cannot carry the token, so bring the \
         session into a cookie before anything else",
        percent(share.observed)
    );
    let flips = "calls with a session's cookie".to_owned();
    let fact = if token == Some(share) { Fact::TokenWithoutSession } else { Fact::BasicWithoutSession };
    Statement::of_share(share, text, flips).with(profile.exemplars(fact)).judged_by_observed(knobs)
}
