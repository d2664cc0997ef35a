//! **status-or-header-contract**: callers get statuses or headers that an action cannot answer.
//!
//! Why: an action answers 200, 303 or 500 and cannot set headers freely. All versions.
//! Source: Next.js docs, `route.js` "Headers"; [measured] statuses of actions.
//! Guard: when only the own UI ever got an answer, the contract can become a return value: then it is a step of the move, not
//! a reason. Scanners that are turned away rely on nothing.
//! Example: `POST /api/orders` answering 409 and `x-ratelimit-remaining`.

use pointsman_store::Caller;

use super::super::{
    Effect, Finding, Knobs, Pattern, Rule, Statement, is_mutation_route, named, part_of, percent,
};
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "status-or-header-contract",
    words: "",
    effect: Effect::AgainstAction,
    weight: 0.4,
    threshold: 0.02,
    min_samples: 30,
    theme: "status-or-header-contract",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::StatusContract, Fact::StatusKnown) else { return Finding::Silent };
    // Scanners that were turned away rely on nothing.
    let mut others = Caller::ALL.into_iter().filter(|caller| *caller != Caller::OwnUi);
    let own_ui_only = !others.any(|caller| profile.ever(Fact::succeeded_by(caller)) > 0);
    let statuses: Vec<String> =
        profile.values(Dimension::Status).into_iter().map(|(status, _)| status).collect();
    let text = format!(
        "{} use a custom status or header ({})",
        part_of(share.observed, "answers"),
        named(&statuses)
    );
    let flips = format!("under {} of answers do", percent(knobs.threshold));
    let statement = Statement::of_share(share, text, flips).with(profile.exemplars(Fact::StatusContract));
    if share.observed >= knobs.threshold && share.samples >= knobs.min_samples && !own_ui_only {
        Finding::Holds(statement)
    } else {
        Finding::Silent
    }
}
