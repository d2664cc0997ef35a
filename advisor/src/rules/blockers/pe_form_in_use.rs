//! **pe-form-in-use**: people without JavaScript post this action's form. It must stay an action.
//!
//! Why: a form bound to an action works before and without JavaScript; a `fetch` does not. All versions.
//! Source: Next.js docs, "Mutating Data" (progressive enhancement).
//! Example: a newsletter form.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, counted, is_action};
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "pe-form-in-use",
    words: "forms that work without JavaScript",
    effect: Effect::BlocksRoute,
    weight: 0.0,
    threshold: 0.005,
    min_samples: 3,
    theme: "pe-form-in-use",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let posts = profile.ever(Fact::FormPosts);
    let text =
        format!("{} came from a form without JavaScript: only an action serves it", counted(posts, "call"));
    let flips = "no form post without JavaScript in the retained data".to_owned();
    let statement = Statement::of_count(posts, text, flips).with(profile.exemplars(Fact::FormPosts));
    let common = profile.share(Fact::FormPosts, Fact::Calls).is_some_and(|s| s.observed >= knobs.threshold);
    match statement.over_all_retained(profile).judged_by_count(knobs) {
        Finding::Below(statement) if common => Finding::Holds(statement),
        finding => finding,
    }
}
