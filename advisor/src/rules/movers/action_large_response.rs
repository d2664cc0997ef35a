//! **action-large-response**: the action answers large data.
//!
//! Seen: the 95th percentile of answers that neither render a page nor redirect is over 500 KB.
//! Why: React's wire format is parsed as a whole before the page sees any of it, nothing may cache it, and files come as
//! base64. A route can stream, compress, range and be saved by the browser. All versions.
//! Source: Next.js docs, Streaming ("Route Handlers"); next `server-action-reducer.js` (`text/x-component` only).
//! Guard: sizes are those on the wire; where they are unknown the rule is silent.
//! Example: `exportOrders()` returning a workbook as base64.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action};
use crate::evidence::{Fact, Measure};
use crate::gain::Gain;
use crate::profile::Profile;

/// The threshold is the 95th percentile in bytes.
pub(in super::super) static RULE: Rule = Rule {
    id: "action-large-response",
    words: "",
    effect: Effect::ForRoute,
    weight: 0.6,
    threshold: 500_000.0,
    min_samples: 30,
    theme: "action-large-response",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let sizes = profile.distribution(Measure::DataBytes);
    let Some(p95) = sizes.quantile(0.95) else { return Finding::Silent };
    let text = format!(
        "one answer in twenty has over {:.0} KB of data: a route can stream it and hand it to the browser as a file",
        p95 / 1_000.0
    );
    let flips = format!("a 95th percentile below {:.0} KB", knobs.threshold / 1_000.0);
    let per_day = profile.estimate_per_day(Fact::Calls);
    let held = profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    let gain = Gain { per_day, queue_ms: profile.queue_ms(held), ..Gain::default() };
    Statement::of_quantity(p95, sizes.samples(), text, flips).gaining(gain).judged_by_observed(knobs)
}
