//! **proxy-redirects-action**: the proxy (middleware) answers an action's request with a redirect.
//!
//! Seen: a POST with `next-action`, answered 30x without `x-action-redirect`.
//! Why: the client's `fetch` follows the redirect, gets a page in place of React's wire format, and the UI hangs. Let actions
//! pass the proxy and check the session inside. All versions.
//! Source: next.js#65394; nextjs-auth0#2700.
//! Guard: an action's own redirect names itself in `x-action-redirect`.
//! Example: a session that has ended, and a proxy that sends everybody to `/login`.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement(
    "proxy-redirects-action",
    "do not redirect action requests in the proxy",
    0.0,
    3,
    is_action,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let seen = profile.observed(Fact::RedirectedByProxy);
    let text = format!(
        "{} got a redirect instead of an answer, which the client cannot use: let action requests through the proxy, and check the \
         session in the action",
        counted(seen, "call")
    );
    let flips = "no redirect by the proxy".to_owned();
    Statement::of_count(seen, text, flips)
        .with(profile.exemplars(Fact::RedirectedByProxy))
        .judged_by_count(knobs)
}
