//! **action-self-fetch**: an action or a route requests the app's own API over HTTP.
//!
//! Seen: outgoing fetch spans with a request of the same service below them in the trace.
//! Why: the server calls itself through the network: a second invocation, the proxy once more, a round trip within the
//! answer. Call the function behind the route. All versions.
//! Source: Next.js docs, Backend for Frontend "Caveats"; [measured] see server-self-fetch.
//! Guard: only spans nested in one trace count, so another service on the same host does not.
//! Example: `await fetch(`${origin}/api/prices`)` in a Server Action.

use super::super::{Finding, Knobs, Rule, is_action, is_route};
use super::improvement;
use super::server_self_fetch::self_fetches;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement(
    "action-self-fetch",
    "call the function instead of fetching the app's own API",
    0.0,
    20,
    |profile| is_action(profile) || is_route(profile),
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    self_fetches(profile, knobs, "answering it")
}
