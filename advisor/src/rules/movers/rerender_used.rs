//! **rerender-used**: the action's answer brings the re-rendered page. It is a reason to stay an action.
//!
//! Why: as a route it would take one more round trip for each call. All versions.
//! Source: next `action-revalidation-kind.js` (`x-action-revalidated`); [measured] one request instead of two.
//! Example: `addReview` with `revalidatePath`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action, part_of, percent};
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "rerender-used",
    words: "",
    effect: Effect::AgainstRoute,
    weight: 1.0,
    threshold: 0.5,
    min_samples: 10,
    theme: "rerender-used",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(share) = profile.share(Fact::Rerendered, Fact::Calls) else { return Finding::Silent };
    let text = format!("{} bring the refreshed page in the same response", part_of(share.observed, "calls"));
    let flips = format!("under {} of calls do", percent(knobs.threshold));
    let statement = Statement::of_share(share, text, flips).with(profile.exemplars(Fact::Rerendered));
    let holds = share.observed >= knobs.threshold && share.samples >= knobs.min_samples;
    if holds { Finding::Holds(statement) } else { Finding::Silent }
}
