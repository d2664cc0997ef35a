//! **cross-origin-caller**: pages of another origin call it, or it answers CORS.
//!
//! Why: Next.js refuses an action whose `Origin` is not its `Host`; `allowedOrigins` is meant for proxies, not for
//! third parties. CORS belongs to routes. All versions.
//! Source: next `server/app-render/action-handler.js` (origin check); docs, `serverActions.allowedOrigins`.
//! Guard: following a link from another site is no such call (see navigation-target); same-origin by
//! `sec-fetch-site` wins over a `Host` that a proxy rewrote.
//! Example: `POST /api/embed/vote` from a widget on a partner's site.

use super::super::{Finding, Knobs, Rule, Statement, counted, named};
use super::blocker;
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = blocker("cross-origin-caller", "called from other origins", 1, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let cross = Fact::CrossOriginFetches;
    let (calls, preflights, allows) =
        (profile.ever(cross), profile.ever(Fact::Preflights), profile.ever(Fact::AllowOrigin));
    let (seen, fact, text) = if calls > 0 {
        let origins = named(&profile.values_ever(Dimension::Origin));
        (
            calls,
            cross,
            format!("{} from pages of another origin succeeded ({origins})", counted(calls, "call")),
        )
    } else if preflights > 0 {
        (preflights, Fact::Preflights, format!("{} asked for it", counted(preflights, "CORS preflight")))
    } else {
        (allows, Fact::AllowOrigin, format!("{} allowed other origins", counted(allows, "answer")))
    };
    let text = format!("{text}: actions refuse other origins");
    let flips = "no cross-origin call, preflight or permission in the retained data".to_owned();
    Statement::of_count(seen, text, flips)
        .with(profile.exemplars(fact))
        .over_all_retained(profile)
        .judged_by_count(knobs)
}
