//! **action-replay**: one client asks for an unknown action id over and over.
//!
//! Seen: rows of twenty or more calls of unknown ids by one client, one every two seconds or faster, making up most of all
//! calls of unknown ids.
//! Why: a stale tab that retries, or a bot that replays a recorded request: each is an invocation for nothing. Block or limit
//! it in the proxy or CDN by path, method and presence of `next-action`; the id itself changes with builds. All versions.
//! Source: jobseek#7189 (647 of 699 invocations).
//! Guard: calls of many clients after a deployment are version-skew.
//! Example: a hundred POSTs in half a minute to `/explore`.

use super::super::{Finding, Knobs, Rule, Statement, counted, named_unknown_ids, part_of};
use super::improvement;
use crate::profile::{Profile, Share};
use crate::stats::as_f64;

/// The threshold is the share of such calls among those of unknown ids.
pub(in super::super) static RULE: Rule = improvement(
    "action-replay",
    "block the client that repeats an unknown action id",
    0.5,
    50,
    named_unknown_ids,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let unknown = profile.surroundings.unknown_ids;
    if unknown.hammered < knobs.min_samples {
        return Finding::Silent;
    }
    let all = as_f64(unknown.calls.max(1));
    let share = Share::of(as_f64(unknown.hammered) / all, all, unknown.calls);
    let text = format!(
        "{} of unknown action ids on {} came from single clients in quick succession: limit POSTs with next-action there \
         in the proxy or CDN",
        part_of(share.observed, &counted(unknown.calls, "call")),
        profile.handler.route
    );
    Statement::of_share(share, text, "no such rows".to_owned()).judged_by_observed(knobs)
}
