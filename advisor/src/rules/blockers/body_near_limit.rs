//! **body-near-limit**: request bodies come near the size that actions accept.
//!
//! Why: an action refuses bodies over `serverActions.bodySizeLimit` (1 MiB by default) with a 500. All versions.
//! Source: next `action-handler.js` (limit); docs, `serverActions.bodySizeLimit`.
//! Seen: 99 % of the bodies are smaller than this; the limit is the app's own where it reports it.
//! Guard: `pages/api` has a limit of its own, equal by default.
//! Example: `POST /api/upload` with images.

use super::super::{Finding, Knobs, Rule, Statement, is_mutation_route};
use super::blocker;
use crate::evidence::Measure;
use crate::profile::Profile;
use crate::stats::Interval;
use crate::stats::as_f64;

pub(in super::super) static RULE: Rule = Rule {
    threshold: 0.7,
    applies: is_mutation_route,
    ..blocker("body-near-limit", "bodies too large for an action", 30, look)
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let bodies = profile.distribution(Measure::RequestBytes);
    let Some(p99) = bodies.quantile(0.99) else { return Finding::Silent };
    let limit = as_f64(profile.body_limit);
    let observed = p99 / limit;
    let samples = bodies.samples();
    let text = format!(
        "the largest requests have {:.0} KB (p99), {:.0} % of what an action accepts",
        p99 / 1_000.0,
        observed * 100.0
    );
    let statement = Statement {
        interval: Interval { low: observed, high: observed },
        ..Statement::of_count(samples, text, "smaller bodies, or a larger bodySizeLimit".to_owned())
    };
    let statement = Statement { observed, ..statement };
    if observed > 1.0 || (observed >= knobs.threshold && samples >= knobs.min_samples) {
        Finding::Holds(statement)
    } else {
        Finding::Silent
    }
}
