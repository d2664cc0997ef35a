//! **frequent-poll**: a page asks again and again at regular intervals. It is a reason to stay a route.
//!
//! Seen: five or more calls of one client with a coefficient of variation of the intervals below 0.3, less than a minute
//! apart.
//! Why: as an action each poll would hold the client's one queue for actions, and nothing could answer 304. All versions.
//! Source: Next.js docs, Backend for Frontend ("frequently polled data" is fetched by the client, with SWR or TanStack
//! Query).
//! Guard: schedulers call regularly too; they are no browsers and have a rule of their own.
//! Example: `GET /api/jobs/[id]` every five seconds.

use super::super::{
    Effect, Finding, Knobs, Pattern, Rule, Statement, is_get_route, part_of, percent, tenths,
};
use super::unseen_sequences;
use crate::evidence::{Fact, Measure};
use crate::profile::Profile;

/// Longer intervals are no frequent poll, s.
const FREQUENT: f64 = 60.0;

pub(in super::super) static RULE: Rule = Rule {
    id: "frequent-poll",
    words: "",
    effect: Effect::AgainstAction,
    weight: 0.7,
    threshold: 0.3,
    min_samples: 5,
    theme: "frequent-poll",
    pattern: Pattern::Usual,
    applies: is_get_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if unseen_sequences(profile).is_some() || profile.observed(Fact::Polls) == 0 {
        return Finding::Silent;
    }
    let every = profile.quantile(Measure::PollInterval, 0.5).unwrap_or_default() / 1_000_000.0;
    let Some(share) = profile.share(Fact::Polled, Fact::ClientKnown).filter(|_| every < FREQUENT) else {
        return Finding::Silent;
    };
    let text = format!(
        "{} are polls, one every {} s: as an action, each poll would block the user's own actions",
        part_of(share.observed, "its calls"),
        tenths(every)
    );
    let flips = format!("under {} of its calls are polls", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::Polled);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_low(knobs).or_silent()
}
