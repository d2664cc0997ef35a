//! **native-form-post**: a plain HTML form posts to the route, which redirects back.
//!
//! Why: a form bound to an action gives the same without JavaScript, and one round trip with it. All versions.
//! Source: Next.js docs, "Mutating Data"; [measured] 303 after a form post.
//! Guard: React sends multipart, not urlencoded; what parses the body must change. Signing in is left out: the new document
//! rids the page of all that its components hold of an earlier visitor, or of nobody, and after an action they would keep it.
//! Example: `<form method="post" action="/api/subscribe">`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_mutation_route, part_of, percent};
use super::is_about_sessions;
use crate::evidence::Fact;
use crate::gain::Gain;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "native-form-post",
    words: "",
    effect: Effect::ForAction,
    weight: 0.8,
    threshold: 0.5,
    min_samples: 30,
    theme: "what follows the mutation",
    pattern: Pattern::Form,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::NativeFormPosts, Fact::Calls) else { return Finding::Silent };
    if share.observed == 0.0 || is_about_sessions(profile) {
        return Finding::Silent;
    }
    let text =
        format!("{} come from a plain form and are redirected to a page", part_of(share.observed, "posts"));
    let flips = format!("under {} of posts are navigations", percent(knobs.threshold));
    let per_day = profile.estimate_per_day(Fact::NativeFormPosts);
    let gain = Gain { assumed_trips: 1.0, ..Gain::of_one_request(per_day) };
    let exemplars = profile.exemplars(Fact::NativeFormPosts);
    Statement::of_share(share, text, flips).with(exemplars).gaining(gain).judged_by_low(knobs)
}
