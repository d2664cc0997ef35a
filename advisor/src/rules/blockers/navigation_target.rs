//! **navigation-target**: browsers navigate to it, or links from outside end there.
//!
//! Why: only POST invokes an action; a link, an OAuth callback, a magic link or a checkout return is a GET. All
//! versions.
//! Source: Next.js docs, "Mutating Data" ("only the POST method is able to invoke").
//! Example: `GET /api/auth/callback?code&state`, answered by a redirect.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_get_route};
use super::blocker;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule =
    Rule { applies: is_get_route, ..blocker("navigation-target", "opened as links or redirects", 2, look) };

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let calls = profile.ever(Fact::NavigatedTo);
    let text = format!(
        "{} navigated to it, came from a link or redirected: an action cannot be the target of a link",
        counted(calls, "request")
    );
    let flips = "no navigation to it in the retained data".to_owned();
    Statement::of_count(calls, text, flips)
        .with(profile.exemplars(Fact::NavigatedTo))
        .over_all_retained(profile)
        .judged_by_count(knobs)
}
