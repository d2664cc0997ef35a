//! **action-self-fetch**: an action or a route requests the app's own API over HTTP.
//!
//! Why, source, guard: as for server-self-fetch. All versions.
//! Example: `await fetch(`${origin}/api/prices`)` in a Server Action.

use super::super::{Finding, Knobs, Rule, is_action, is_route};
use super::improvement;
use super::server_self_fetch::self_fetches;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule =
    improvement("action-self-fetch", 0.0, 20, |profile| is_action(profile) || is_route(profile), look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    self_fetches(profile, knobs, "answering it")
}
