//! **payload-diet**: it answers much data.
//!
//! Seen: the 95th percentile of the answers is over 100 KB on the wire, in calls of its own pages.
//! Why: a page shows a few dozen rows; the rest is parsed for nothing. Paginate, or select fields. All versions.
//! Source: [judgement]. Guard: files and streams do not count, nor pages rendered anew; which rows are used, telemetry cannot
//! see.
//! Example: `GET /api/customers` with all customers.

use super::super::{Finding, Knobs, Rule, Statement, is_action, is_get_route};
use super::improvement;
use crate::evidence::{Fact, Measure};
use crate::gain::Gain;
use crate::profile::Profile;

/// Share of answers that may be files or streams.
const FILES: f64 = 0.05;

/// The threshold is the 95th percentile in bytes.
pub(in super::super) static RULE: Rule =
    improvement("payload-diet", 100_000.0, 30, |profile| is_get_route(profile) || is_action(profile), look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let files = profile.share(Fact::StreamOrBinary, Fact::Calls).is_some_and(|share| share.observed > FILES);
    let measure = if is_action(profile) { Measure::DataBytes } else { Measure::ResponseBytes };
    let sizes = profile.distribution(measure);
    let quantiles = sizes.quantile(0.95).zip(sizes.quantile(0.5)).filter(|_| !files);
    let Some((p95, p50)) = quantiles else { return Finding::Silent };
    let text = format!(
        "answers have {:.0} KB (p50), one in twenty over {:.0} KB: send the rows and fields that the page shows",
        p50 / 1_000.0,
        p95 / 1_000.0
    );
    let flips = format!("a 95th percentile below {:.0} KB", knobs.threshold / 1_000.0);
    let per_day = profile.estimate_per_day(Fact::Calls);
    let gain = Gain { per_day, bytes: (p50 - knobs.threshold).max(0.0), ..Gain::default() };
    Statement::of_quantity(p95, sizes.samples(), text, flips).gaining(gain).judged_by_observed(knobs)
}
