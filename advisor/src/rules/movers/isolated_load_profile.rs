//! **isolated-load-profile**: it is far slower than the page it would join, or takes a large part of the app's time. It is a reason to stay a route.
//!
//! Seen: its 95th percentile is five times that of the page that calls it most, or it takes three tenths of all time that
//! the app spends on answering, or the build gives it a longer `maxDuration` than that page.
//! Why: an action runs within its page's function and shares `maxDuration`, memory and region with it; a route can have its
//! own, and be scaled on its own where the host does so. All versions.
//! Source: Next.js docs, `maxDuration` ("Server Actions"); [judgement] that it matters: with one `next start` process both run
//! in it.
//! Guard: it needs both distributions, and more than a second at the 95th percentile.
//! Example: `POST /api/reports`, which computes for seconds.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_mutation_route, percent};
use crate::evidence::{Fact, Measure};
use crate::profile::Profile;
use crate::stats::as_f64;

/// Share of the app's time that stands alone as a reason.
const SHARE_OF_TIME: f64 = 0.3;
/// A handler this fast at its 95th percentile has no load worth isolating, ms: pages are often so fast that five times their
/// duration is nothing. [judgement]
const FAST: f64 = 1_000.0;

/// The threshold is how many times slower than its page it is.
pub(in super::super) static RULE: Rule = Rule {
    id: "isolated-load-profile",
    words: "",
    effect: Effect::AgainstAction,
    weight: 0.4,
    threshold: 5.0,
    min_samples: 30,
    theme: "isolated-load-profile",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let around = &profile.surroundings;
    let Some(own) = profile.quantile(Measure::Duration, 0.95).map(|us| us / 1_000.0) else {
        return Finding::Silent;
    };
    let samples = profile.observed(Fact::Calls);
    let flips = "a duration like that of its page".to_owned();
    let times = around.page_p95_ms.filter(|page| *page > 0.0).map(|page| own / page);
    let build = &around.build;
    let own_limit = build.max_duration_s(&profile.handler.route).map(as_f64);
    let limited = own_limit.filter(|own| profile.page_limit_s().is_none_or(|page| page < *own));
    let heavy = own >= FAST && around.share_of_time > SHARE_OF_TIME;
    let slower = own >= FAST && times.is_some_and(|times| times >= knobs.threshold);
    let text = if let Some(limit) = limited.filter(|_| !slower) {
        format!("it has a maxDuration of its own ({limit:.0} s): as an action it would get that of its page")
    } else if heavy && !slower {
        format!("it takes {} of the app's total response time", percent(around.share_of_time))
    } else {
        format!(
            "one call in twenty takes over {own:.0} ms, {:.1} times as long as its page: as an action it shares the page's \
             limits",
            times.unwrap_or_default()
        )
    };
    let statement = Statement::of_quantity(times.unwrap_or_default(), samples, text, flips);
    let enough = samples >= knobs.min_samples;
    if (heavy || slower || limited.is_some()) && enough { Finding::Holds(statement) } else { Finding::Silent }
}
