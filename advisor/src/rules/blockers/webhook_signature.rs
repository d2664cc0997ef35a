//! **webhook-signature**: requests carry the signature header of a webhook sender. A route that must stay a route.
//!
//! Why: the sender knows only a URL. Action ids are build artefacts that change, and the body an action expects is
//! React's wire format. Next.js documents webhooks as Route Handlers. All versions.
//! Source: Next.js docs, `route.js` "Webhooks" and Backend for Frontend "Webhooks and callback URLs".
//! Example: `POST /api/webhooks/stripe` with `stripe-signature`.

use super::super::{Finding, Knobs, Rule, Statement, counted, named};
use super::blocker;
use crate::evidence::{Dimension, Fact};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = blocker("webhook-signature", 1, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let signed = profile.ever(Fact::Signed);
    let mut text = format!(
        "{} carried a webhook signature ({}): the sender can only call a URL",
        counted(signed, "request"),
        named(&profile.values_ever(Dimension::Signature)),
    );
    let turned_away = profile.ever(Fact::SignedTurnedAway);
    if turned_away * 2 > signed {
        text += &format!(
            "; {turned_away} of them were turned away with 3xx, 401 or 403: exclude this path from the proxy's \
             authentication"
        );
    }
    Statement::of_count(signed, text, flips()).with(profile.exemplars(Fact::Signed)).judged_by_count(knobs)
}

fn flips() -> String {
    "no signed request in all that is retained".to_owned()
}
