//! **action-per-endpoint-ops**: many actions share one URL, so that limits and alerts per URL cannot separate them.
//!
//! Seen: eight or more actions called from one page.
//! Why: all of them are POSTs to the page; a CDN, a proxy or a dashboard that goes by URL sees one endpoint. First aid: the
//! package names them in traces from the app's manifest. All versions.
//! Source: [judgement] teams have left actions for that.
//! Guard: whether anybody wants limits per handler, telemetry cannot see: it runs in the shadow.
//! Example: an editor page with a dozen actions.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action};
use crate::evidence::Fact;
use crate::profile::Profile;
use crate::stats::as_f64;

/// The threshold is the number of actions.
pub(in super::super) static RULE: Rule = Rule {
    id: "action-per-endpoint-ops",
    words: "",
    effect: Effect::ForRoute,
    weight: 0.3,
    threshold: 8.0,
    min_samples: 30,
    theme: "action-per-endpoint-ops",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let actions = profile.surroundings.actions_on_page;
    let text = format!(
        "{actions} actions are POSTs to {}: rate limits and alerts per URL cannot separate them",
        profile.handler.route
    );
    let flips = "fewer actions on its page".to_owned();
    Statement::of_quantity(as_f64(actions as u64), profile.observed(Fact::Calls), text, flips)
        .judged_by_observed(knobs)
}
