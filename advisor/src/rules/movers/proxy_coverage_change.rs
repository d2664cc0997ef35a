//! **proxy-coverage-change**: the proxy (middleware) runs for the route, but not for the page to which an action would be
//! posted, or the reverse. It is a reason against a move, and every move carries a warning about it.
//!
//! Why: an action is a POST to the page's URL; a matcher that guards `/api/**` does not guard it. All versions with
//! middleware or `proxy.ts`.
//! Source: Next.js docs, `proxy.js` ("Server Functions ... are handled as POST requests to the route where they are used").
//! Guard: silent where no call of the app shows a proxy at all.
//! Example: `matcher: '/api/:path*'` with a check of the session.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_mutation_route, percent};
use crate::evidence::Fact;
use crate::profile::{Profile, Share};
use crate::stats::as_f64;

/// The threshold is the difference of the two shares.
pub(in super::super) static RULE: Rule = Rule {
    id: "proxy-coverage-change",
    words: "",
    effect: Effect::AgainstAction,
    weight: 0.3,
    threshold: 0.5,
    min_samples: 30,
    theme: "proxy-coverage-change",
    pattern: Pattern::Usual,
    applies: is_mutation_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(page) = profile.surroundings.page_proxied else { return Finding::Silent };
    let Some(own) = profile.share(Fact::ProxyRan, Fact::Calls) else { return Finding::Silent };
    let samples = own.samples.min(page.samples);
    let difference = Share::of((own.observed - page.observed).abs(), as_f64(samples), samples);
    let text = format!(
        "the proxy runs for {} of its calls and for {} of the requests to the page that calls it: a move changes what it \
         guards",
        percent(own.observed),
        percent(page.observed)
    );
    let flips = "a proxy that runs for both".to_owned();
    Statement::of_share(difference, text, flips).judged_by_observed(knobs)
}
