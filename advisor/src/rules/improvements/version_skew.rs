//! **version-skew**: pages loaded before a deployment call actions that the new build does not know.
//!
//! Seen: five or more calls of action ids that some build of the app had and the answering one did not know, by two or more
//! clients of the app's own pages, one in a thousand of the page's action calls or more.
//! Why: ids of actions change with builds. Set NEXT_SERVER_ACTIONS_ENCRYPTION_KEY alike for all builds and
//! instances, a deployment id with routing by deployment, and let the UI reload. No reason to move. All versions.
//! Source: Next.js docs, self-hosting, `deploymentId`, `server-actions`; next.js#75541.
//! Guard: malformed ids and other posts to the page do not count, nor do ids that no build was ever seen to have: scanners make
//! them up.
//! Example: bursts of 404 (409 from 16.4 on) after each deployment.

use super::super::{Finding, Knobs, Rule, Statement, counted, named_unknown_ids};
use super::improvement;
use super::replica_key_mismatch::is_flat;
use crate::evidence::Fact;
use crate::profile::Profile;
use crate::stats::as_f64;

/// Share of hours with unknown ids that makes it replica-key-mismatch.
const FLAT: f64 = 0.5;
/// Clients that must have met it: one alone is a stale tab or a bot.
const CLIENTS: f64 = 2.0;

pub(in super::super) static RULE: Rule = improvement(
    "version-skew",
    "set a deployment id, so that old pages reload",
    0.001,
    5,
    named_unknown_ids,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let unknown = profile.surroundings.unknown_ids;
    let share =
        as_f64(unknown.of_builds) / as_f64(unknown.of_builds + profile.observed(Fact::Calls)).max(1.0);
    // Such fast rows are a tab or a bot, and unknown ids at all hours come from instances built apart: each has its own rule.
    let others = unknown.hammered * 2 > unknown.calls || is_flat(profile, FLAT);
    if others || unknown.of_builds < knobs.min_samples || unknown.clients < CLIENTS || share < knobs.threshold
    {
        return Finding::Silent;
    }
    let text = format!(
        "{} on its page asked for action ids of another build, which the app did not know: set NEXT_SERVER_ACTIONS_ENCRYPTION_KEY and a \
         deployment id, so that pages opened before a deployment still work",
        counted(unknown.of_builds, "call")
    );
    Finding::Holds(Statement::of_count(unknown.of_builds, text, "no calls of unknown ids".to_owned()))
}
