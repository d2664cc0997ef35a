//! **low-volume-ok**: it is called rarely, is fast, waits for nothing and does not fail. It stays an action.
//!
//! Why: there is nothing to gain by a move. All versions. Source: [judgement].
//! Guard: only after a week: before, little traffic is a beginning and not a fact.
//! Example: an admin's `reindexSearch()`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action, tenths};
use crate::evidence::{Fact, Measure};
use crate::profile::Profile;

/// Days after which little traffic is a fact.
const WEEK: f64 = 6.9;
/// Slower than this at the 95th percentile is worth a look, ms.
const SLOW: f64 = 1_000.0;
/// Share of calls that may fail.
const ERRORS: f64 = 0.02;

/// The threshold is calls a day.
pub(in super::super) static RULE: Rule = Rule {
    id: "low-volume-ok",
    words: "",
    effect: Effect::Rests,
    weight: 0.0,
    threshold: 20.0,
    min_samples: 1,
    theme: "low-volume-ok",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let per_day = profile.per_day(Fact::Calls);
    let slow = profile.quantile(Measure::Duration, 0.95).is_some_and(|us| us / 1_000.0 >= SLOW);
    let fails = profile
        .share(Fact::ServerErrors, Fact::StatusKnown)
        .is_some_and(|share| share.observed > ERRORS && share.samples >= knobs.min_samples);
    if profile.days < WEEK || per_day >= knobs.threshold || slow || fails {
        return Finding::Silent;
    }
    let text = format!("it is called rarely ({} times a day), so a move would gain little", tenths(per_day));
    let flips = format!("{} calls a day", knobs.threshold);
    Finding::Holds(Statement::of_quantity(per_day, profile.observed(Fact::Calls), text, flips))
}
