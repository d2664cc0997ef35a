//! **payload-diet**: it answers much data.
//!
//! Seen: the 95th percentile of the answers is over 100 KB on the wire, and at least half of the calls come from the app's own pages.
//! Why: a page shows a few dozen rows; the rest is parsed for nothing. Paginate, or select fields. All versions.
//! Source: [judgement]. Guard: what other clients fetch, they may need; files and streams do not count, nor re-rendered pages; which rows are used, telemetry cannot
//! see.
//! Example: `GET /api/customers` with all customers.

use pointsman_store::Caller;

use super::super::{Finding, Knobs, Rule, Statement, is_action, is_get_route};
use super::improvement;
use crate::evidence::{Fact, Measure};
use crate::gain::Gain;
use crate::profile::Profile;

/// Share of answers that may be files or streams.
const FILES: f64 = 0.05;
/// Share of calls that the app's own pages make: only their needs are known.
const OWN_UI: f64 = 0.5;

/// The threshold is the 95th percentile in bytes.
pub(in super::super) static RULE: Rule = improvement(
    "payload-diet",
    "send less data",
    100_000.0,
    30,
    |profile| is_get_route(profile) || is_action(profile),
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let files = [Fact::StreamOrBinary, Fact::LongTail]
        .into_iter()
        .any(|fact| profile.share(fact, Fact::Calls).is_some_and(|share| share.observed > FILES));
    let measure = if is_action(profile) { Measure::DataBytes } else { Measure::ResponseBytes };
    let sizes = profile.distribution(measure);
    let own = profile.share(Fact::by(Caller::OwnUi), Fact::Calls).map_or(0.0, |share| share.observed);
    let quantiles = sizes.quantile(0.95).zip(sizes.quantile(0.5)).filter(|_| !files && own >= OWN_UI);
    let Some((p95, p50)) = quantiles else { return Finding::Silent };
    let text = format!(
        "answers have {:.0} KB (p50), and one in twenty has over {:.0} KB: send only the rows and fields that the page shows",
        p50 / 1_000.0,
        p95 / 1_000.0
    );
    let flips = format!("a 95th percentile below {:.0} KB", knobs.threshold / 1_000.0);
    let per_day = profile.estimate_per_day(Fact::by(Caller::OwnUi));
    let gain = Gain { per_day, bytes: (p50 - knobs.threshold).max(0.0), ..Gain::default() };
    Statement::of_quantity(p95, sizes.samples(), text, flips).gaining(gain).judged_by_observed(knobs)
}
