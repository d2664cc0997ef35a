//! **beacon-or-keepalive**: pages send it without reading the answer, also while they are being left.
//!
//! Why: actions are sent one after the other by the client router, without `keepalive`: a beacon would hold up the
//! user's own actions and be lost when the page goes. All versions.
//! Source: next `server-action-reducer.js` (a plain fetch through the router's queue).
//! Example: `POST /api/vitals` by `navigator.sendBeacon`.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_mutation_route};
use super::blocker;
use crate::evidence::Fact;
use crate::profile::Profile;

/// Path segments that name telemetry.
const SEGMENTS: [&str; 8] =
    ["collect", "track", "vitals", "beacon", "analytics", "telemetry", "metrics", "rum"];

pub(in super::super) static RULE: Rule = Rule {
    applies: is_mutation_route,
    ..blocker("beacon-or-keepalive", "sent as a beacon while pages are left", 5, look)
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let named = profile.handler.route.split('/').any(|segment| SEGMENTS.contains(&segment));
    let beacons = profile.ever(Fact::NoCors);
    let (seen, text) = if beacons > 0 {
        (beacons, format!("{} went out without reading the answer (no-cors)", counted(beacons, "call")))
    } else if named {
        (
            profile.ever(Fact::Calls),
            "its path suggests telemetry that pages send while they are closed".to_owned(),
        )
    } else {
        return Finding::Silent;
    };
    let text = format!("{text}: as an action it would queue ahead of the user's own actions");
    let flips = "no such call in the retained data".to_owned();
    Statement::of_count(seen, text, flips)
        .with(profile.exemplars(Fact::NoCors))
        .over_all_retained(profile)
        .judged_by_count(knobs)
}
