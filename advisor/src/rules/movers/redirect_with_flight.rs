//! **redirect-with-flight**: the action redirects and brings the target along. It is a reason to stay an action.
//!
//! Why: the target's content comes in the same response; as a route it would take one more round trip. All versions.
//! Source: next `action-handler.js` (the target is fetched by the server and streamed).
//! Guard: redirects without content, as to another site, do not count.
//! Example: `createPost` with `redirect('/posts/' + id)`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action, part_of, percent};
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "redirect-with-flight",
    words: "",
    effect: Effect::AgainstRoute,
    weight: 0.8,
    threshold: 0.3,
    min_samples: 10,
    theme: "redirect-with-flight",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::RedirectedWithContent, Fact::Calls) else { return Finding::Silent };
    let text = format!(
        "{} redirect and bring the target in the same response: as a route it would take one more round trip",
        part_of(share.observed, "calls")
    );
    let flips = format!("under {} of calls do", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::RedirectedWithContent);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_observed(knobs)
}
