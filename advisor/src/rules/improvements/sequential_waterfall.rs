//! **sequential-waterfall**: within the handler one request or query waits for the other.
//!
//! Seen: child spans, two or more of which do not write, that never overlap and take seven tenths of the time, in at least half of
//! the calls.
//! Why: what does not depend on each other can run together: `Promise.all`. All versions.
//! Source: Next.js docs, "Fetching Data" (parallel data fetching). Guard: whether the second needs the first's result, telemetry
//! cannot see; what writes has to keep its order.
//! Example: `const a = await db.a(); const b = await db.b();`.

use super::super::{Finding, Knobs, Rule, Statement, percent};
use super::improvement;
use crate::evidence::{Fact, Measure};
use crate::profile::Profile;

/// Faster handlers have nothing to gain, µs at the median.
const FAST: f64 = 50_000.0;

pub(in super::super) static RULE: Rule =
    improvement("sequential-waterfall", "run its queries in parallel", 0.5, 30, |_| true, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let p50 = profile.quantile(Measure::Duration, 0.5).unwrap_or_default();
    let Some(share) = profile.share(Fact::Waterfalls, Fact::Calls).filter(|_| p50 >= FAST) else {
        return Finding::Silent;
    };
    let text = format!(
        "in {} of calls its queries and requests run one after the other and take most of the {:.0} ms (p50): run reads that do not need each other's results in `Promise.all`, and keep writes in order",
        percent(share.observed),
        p50 / 1_000.0
    );
    let flips = format!("under {} of calls do", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::Waterfalls);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_low(knobs).or_silent()
}
