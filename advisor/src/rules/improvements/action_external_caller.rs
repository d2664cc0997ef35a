//! **action-external-caller**: something that is not a browser calls the action.
//!
//! Why: somebody depends on a private protocol whose ids change with each build. Publish a route in addition to the action.
//! All versions. Source: Next.js docs, `server-actions` (ids); inbox-zero#2223 (native clients cannot call actions).
//! Guard: synthetic monitors that drive a browser send `sec-fetch` headers and do not count.
//! Example: a mobile app posting `next-action` by hand.

use pointsman_store::Caller;

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action, named};
use super::improvement;
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement(
    "action-external-caller",
    "add a route for callers that are not browsers",
    0.0,
    5,
    is_action,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let fact = Fact::succeeded_by(Caller::External);
    let calls = profile.ever(fact);
    let text = format!(
        "{} came from clients that are not browsers ({}): publish a route for them and keep the action for the pages",
        counted(calls, "call"),
        named(&profile.values_ever(Dimension::ExternalAgent)),
    );
    let statement = Statement::of_count(calls, text, "no such call in the retained data".to_owned());
    statement.with(profile.exemplars(fact)).over_all_retained(profile).judged_by_count(knobs)
}
