//! **error-shape**: it fails with 5xx.
//!
//! Seen: over 2 % of answers are 5xx, not counting bodies that were too large and foreign origins.
//! Why: an error that is expected belongs into the return value of an action (thrown errors lose their message in production),
//! or into a 4xx of a route. All versions.
//! Source: Next.js docs, "Error Handling" (expected errors as return values).
//! Guard: a database that is down fails every handler: then it is no matter of shape.
//! Example: `throw new Error('out of stock')` in an action.

use super::super::{Finding, Knobs, Rule, Statement, is_action, is_route, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule =
    improvement("error-shape", 0.02, 30, |profile| is_action(profile) || is_route(profile), look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::ServerErrors, Fact::StatusKnown) else { return Finding::Silent };
    let remedy = if is_action(profile) {
        "return expected errors as values; what is thrown loses its message in production"
    } else {
        "answer expected errors with 4xx"
    };
    let text = format!("{} of answers are 5xx: {remedy}", percent(share.observed));
    let flips = format!("under {} of answers are 5xx", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::ServerErrors);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_low(knobs).or_silent()
}
