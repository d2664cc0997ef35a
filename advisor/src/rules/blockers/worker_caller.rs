//! **worker-caller**: a worker calls it, mostly a service worker. A route that must stay a route.
//!
//! Seen: a successful call that names a script where a page would stand (`referer: /sw.js`), or that fetches a worker's script.
//! Why: an action is called through the page's router; a worker has none. Background sync and a queue of failed requests run
//! when no page of the app is open. All versions.
//! Source: Fetch standard (a worker's requests carry its script as referrer); next `server-action-reducer.js`.
//! Guard: one call is enough, since a worker calls what its code names.
//! Example: `POST /api/orders` repeated by a service worker once the client is online again.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_mutation_route};
use super::blocker;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule =
    Rule { applies: is_mutation_route, ..blocker("worker-caller", "called by workers", 1, look) };

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let calls = profile.ever(Fact::SucceededByWorker);
    let text = format!("{} came from a worker's script, which cannot call an action", counted(calls, "call"));
    let flips = "no call by a worker in the retained data".to_owned();
    let exemplars = profile.exemplars(Fact::SucceededByWorker);
    Statement::of_count(calls, text, flips).with(exemplars).judged_by_count(knobs)
}
