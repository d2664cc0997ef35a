//! **client-needs-abort**: the page gives requests up and sends others instead. It is a reason to stay a route.
//!
//! Seen: reads whose client went away while it sent another one to the same route.
//! Why: a `fetch` can be aborted and a route sees it (`request.signal`); an action cannot be. All versions; a signal for
//! actions is proposed and open.
//! Source: Next.js docs, `route.js` (`request.signal`); next.js#94279 (open).
//! Guard: a client that merely goes away proves nothing; parallel reads are not given up.
//! Example: a search box that aborts the request before.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_get_route, part_of, percent};
use super::unseen_sequences;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "client-needs-abort",
    words: "",
    effect: Effect::AgainstAction,
    weight: 0.4,
    threshold: 0.1,
    min_samples: 30,
    theme: "client-needs-abort",
    pattern: Pattern::Usual,
    applies: is_get_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if unseen_sequences(profile).is_some() {
        return Finding::Silent;
    }
    let Some(share) = profile.share(Fact::Superseded, Fact::ReadsSequenced) else { return Finding::Silent };
    let text = format!(
        "{} were aborted for a newer one, and an action cannot be aborted",
        part_of(share.observed, "its reads")
    );
    let flips = format!("under {} of its reads are aborted", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::Superseded);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_low(knobs).or_silent()
}
