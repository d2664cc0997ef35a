//! **single-page-coupling**: nearly all calls come from one page.
//!
//! Why: handler and page change together; an action is next to its page. A small reason. All versions.
//! Source: [judgement]. Example: `POST /api/cart`, called from `/product/[id]` alone.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_mutation_route, part_of, percent};
use crate::evidence::Fact;
use crate::profile::{Profile, Share};
use crate::stats::Interval;
use crate::stats::as_f64;

pub(in super::super) static RULE: Rule = Rule {
    id: "single-page-coupling",
    words: "",
    effect: Effect::ForAction,
    weight: 0.2,
    threshold: 0.95,
    min_samples: 30,
    theme: "pages that call",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let total: f64 = profile.pages.iter().map(|(_, calls)| calls).sum();
    let Some((page, calls)) = profile.pages.first() else { return Finding::Silent };
    let samples = profile.observed(Fact::PageKnown);
    let observed = calls / total;
    let trials = as_f64(samples);
    let share = Share { observed, interval: Interval::wilson(observed * trials, trials), samples };
    let text = format!("{} come from the page {page}", part_of(observed, "calls"));
    let flips = format!("under {} of calls come from one page", percent(knobs.threshold));
    let statement = Statement::of_share(share, text, flips);
    let holds = observed >= knobs.threshold && samples >= knobs.min_samples;
    if holds { Finding::Holds(statement) } else { Finding::Silent }
}
