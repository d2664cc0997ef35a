//! **webhook-signature**: requests carry the signature header of a webhook sender. A route that must stay a route.
//!
//! Why: the sender knows only a URL. Action ids are build artefacts that change, and the body an action expects is
//! React's wire format. Next.js documents webhooks as Route Handlers. All versions.
//! Source: Next.js docs, `route.js` "Webhooks" and Backend for Frontend "Webhooks and callback URLs".
//! Guard: when most of them are turned away with 3xx, 401 or 403, it is the proxy that blocks them: then it is also an
//! improvement to exclude the path (next.js#49739).
//! Example: `POST /api/webhooks/stripe` with `stripe-signature`.

use super::super::{Effect, Finding, Knobs, Rule, Statement, counted, named};
use super::blocker;
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = blocker("webhook-signature", "called by webhooks", 1, look);

/// The same webhook, turned away before it reaches the route.
pub(in super::super) static TURNED_AWAY: Rule = Rule {
    words: "let signed webhooks in: they are turned away",
    effect: Effect::Improves,
    look: look_at_refusals,
    ..blocker("webhook-signature", "called by webhooks", 1, look)
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let signed = profile.ever(Fact::Signed);
    let text = format!(
        "{} carried a webhook signature ({}): the sender can only call a URL",
        counted(signed, "request"),
        named(&profile.values_ever(Dimension::Signature)),
    );
    Statement::of_count(signed, text, flips())
        .with(profile.exemplars(Fact::Signed))
        .over_all_retained(profile)
        .judged_by_count(knobs)
}

fn look_at_refusals(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let (signed, turned_away) = (profile.ever(Fact::Signed), profile.ever(Fact::SignedTurnedAway));
    if turned_away * 2 <= signed {
        return Finding::Silent;
    }
    let text = format!(
        "{} of {} were turned away with 3xx, 401 or 403: exclude this path from the proxy's authentication, the signature \
         is what proves the sender",
        turned_away,
        counted(signed, "signed request"),
    );
    let flips = "signed requests that are answered".to_owned();
    Statement::of_count(turned_away, text, flips)
        .with(profile.exemplars(Fact::SignedTurnedAway))
        .over_all_retained(profile)
        .judged_by_count(knobs)
}

fn flips() -> String {
    "no signed request in the retained data".to_owned()
}
