//! **many-callers**: pages of several routes call it.
//!
//! Why: one URL is one place for policy, limits and metrics; it is a reason against a move. All versions.
//! Source: [judgement]. Example: `POST /api/like`, called from five kinds of page.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_mutation_route, named};
use crate::evidence::Fact;
use crate::profile::Profile;
use crate::stats::as_f64;

/// Pages below this share of calls do not count.
const NOTABLE: f64 = 0.05;

pub(in super::super) static RULE: Rule = Rule {
    id: "many-callers",
    words: "",
    effect: Effect::AgainstAction,
    weight: 0.3,
    threshold: 3.0,
    min_samples: 30,
    theme: "pages that call",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let total: f64 = profile.pages.iter().map(|(_, calls)| calls).sum();
    let notable = profile.pages.iter().filter(|(_, calls)| *calls / total >= NOTABLE);
    let routes: Vec<String> = notable.map(|(route, _)| route.clone()).collect();
    let count = routes.len() as u64;
    let text =
        format!("{count} pages call it ({}): one URL keeps one policy for all of them", named(&routes));
    let flips = "one or two pages call it".to_owned();
    let statement =
        Statement { samples: profile.observed(Fact::PageKnown), ..Statement::of_count(count, text, flips) };
    let holds = as_f64(count) >= knobs.threshold && statement.samples >= knobs.min_samples;
    if holds { Finding::Holds(statement) } else { Finding::Silent }
}
