//! **replica-key-mismatch**: unknown action ids come all the time, not only after deployments.
//!
//! Seen: calls by the app's own pages of action ids that some build had and the answering one did not know, in at least half of
//! all hours between the first and the last, over a day or more.
//! Why: two instances were built apart, or have different keys, so that each knows only its own ids. Build once, or set
//! NEXT_SERVER_ACTIONS_ENCRYPTION_KEY alike. All versions.
//! Source: Next.js docs, self-hosting ("Server Functions", "Version Skew").
//! Guard: pages that stay open after a deployment fade within hours (see version-skew); one client alone is a stale tab; ids
//! that no build was ever seen to have are a scanner's.
//! Example: two replicas, each with `next build` of its own.

use super::super::{Finding, Knobs, Rule, Statement, counted, named_unknown_ids};
use super::improvement;
use crate::profile::Profile;
use crate::stats::as_f64;

/// Hours that must lie between the first and the last.
const SPAN_HOURS: u32 = 24;
/// Clients that must have met it.
const CLIENTS: f64 = 3.0;

/// The threshold is the share of hours.
pub(in super::super) static RULE: Rule = improvement(
    "replica-key-mismatch",
    "set the same NEXT_SERVER_ACTIONS_ENCRYPTION_KEY on all instances",
    0.5,
    10,
    named_unknown_ids,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !is_flat(profile, knobs.threshold) {
        return Finding::Silent;
    }
    let unknown = profile.surroundings.unknown_ids;
    let share = as_f64(unknown.hours as u64) / f64::from(unknown.span_hours);
    let text = format!(
        "{} asked for action ids that the app did not know, in {} of {} hours: the instances may come from different builds. Build once, \
         and set the same NEXT_SERVER_ACTIONS_ENCRYPTION_KEY for all",
        counted(unknown.of_builds, "call"),
        unknown.hours,
        unknown.span_hours
    );
    let flips = "unknown ids only in the hours after a deployment".to_owned();
    let statement = Statement::of_quantity(share, unknown.of_builds, text, flips);
    statement.judged_by_observed(knobs)
}

/// Whether unknown ids come all the time.
pub(super) fn is_flat(profile: &Profile, threshold: f64) -> bool {
    let unknown = profile.surroundings.unknown_ids;
    let share = as_f64(unknown.hours as u64) / f64::from(unknown.span_hours.max(1));
    unknown.of_builds > 0
        && unknown.span_hours >= SPAN_HOURS
        && unknown.clients >= CLIENTS
        && share >= threshold
}
