//! **route-read-on-load**: a page's own component fetches the route right after the page was loaded.
//!
//! Seen: most reads by the own UI begin within 3 s of the load of the page that makes them, from one page; less as many as
//! begin one window later.
//! Why: a server component has the data in the first response, one round trip earlier. The route may stay for others. All
//! versions.
//! Source: Next.js docs, "Fetching Data" (server components first).
//! Guard: client-side caches (SWR, TanStack Query) fetch on load on purpose, and telemetry cannot see why: it runs in the
//! shadow.
//! Example: `useEffect(() => { fetch('/api/me/stats')... }, [])`.

use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_get_route, part_of, percent};
use super::unseen_sequences;
use crate::evidence::Fact;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "route-read-on-load",
    words: "read the data in the server component",
    effect: Effect::Improves,
    weight: 0.0,
    threshold: 0.8,
    min_samples: 100,
    theme: "route-read-on-load",
    pattern: Pattern::Usual,
    applies: is_get_route,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if unseen_sequences(profile).is_some() || profile.observed(Fact::Polls) > 0 {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::ReadsSoonAfterLoad) else { return Finding::Silent };
    let share = excess.share;
    let text = format!(
        "{} come soon after the load of their page: a server component has the data in the first response",
        part_of(excess.seen.observed, "its reads")
    );
    let flips = format!("under {} of its reads belong to a load", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::ReadsSoonAfterLoad);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_excess(excess, knobs)
}
