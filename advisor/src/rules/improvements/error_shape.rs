//! **error-shape**: it fails with 5xx.
//!
//! Seen: over 2 % of the answers to people and known clients are 5xx, not counting bodies that were too large and foreign origins.
//! Why: an error that is expected belongs in the return value of an action (thrown errors lose their message in production),
//! or in a 4xx of a route. All versions.
//! Source: Next.js docs, "Error Handling" (expected errors as return values).
//! Guard: what scanners and callers that nobody knows are answered does not count. A database that is down fails every handler: where
//! the app's other handlers fail nearly as often, it is not a matter of shape.
//! Example: `throw new Error('out of stock')` in an action.

use super::super::{Finding, Knobs, Rule, Statement, is_action, is_route, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement(
    "error-shape",
    "fix the 5xx errors",
    0.02,
    30,
    |profile| is_action(profile) || is_route(profile),
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::ServerErrorsToUsers, Fact::StatusToUsers) else {
        return Finding::Silent;
    };
    if everything_fails(profile, share.observed) {
        return Finding::Silent;
    }
    let remedy = if is_action(profile) {
        "return expected errors as values; thrown errors lose their message in production"
    } else {
        "answer expected errors with 4xx"
    };
    let text = format!("{} of {} answers are 5xx: {remedy}", percent(share.observed), share.samples);
    let flips = format!("under {} of answers are 5xx", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::ServerErrorsToUsers);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_low(knobs).or_silent()
}

/// Whether the app's other handlers fail nearly as often.
fn everything_fails(profile: &Profile, own: f64) -> bool {
    /// Share of its own errors that the others reach. [judgement]
    const NEARLY: f64 = 0.5;
    profile.surroundings.others.server_errors.is_some_and(|others| {
        others.samples >= profile.observed(Fact::StatusToUsers) && others.observed >= own * NEARLY
    })
}
