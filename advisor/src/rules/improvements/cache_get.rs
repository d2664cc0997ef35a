//! **cache-get**: many clients get the same answer from an uncached GET.
//!
//! Seen: no `cache-control`, no `set-cookie`; equal requests of different clients get equal answers; within one
//! lifetime at least four of five answers equal the one before.
//! Why: a dynamic GET route sends no `cache-control`, so every call runs. A lifetime of seconds takes most of the
//! load. `force-static`/`revalidate`, `'use cache'` in a helper (with Cache Components), or `cache-control: public,
//! s-maxage, stale-while-revalidate`. All versions.
//! Source: Next.js docs, CDN caching; [measured] no cache-control on dynamic GETs.
//! Guard: answers that differ between clients, or that a token asks for, are never `public`: checks in the handler
//! do not run on CDN hits.
//! Example: `GET /api/catalog`.

use super::super::{Finding, Knobs, Rule, Statement, is_get_route, percent};
use super::improvement;
use crate::evidence::{Fact, Lifetime};
use crate::gain::Gain;
use crate::profile::Profile;

/// Clients that must have been compared.
const CLIENTS: f64 = 3.0;
/// Share of equal answers among equal requests of different clients.
const EQUAL: f64 = 0.9;
/// Share of calls that may set a cookie, allow caching already, or bring a token (a public cache would answer
/// without checking it).
const RARE: f64 = 0.05;

/// The threshold is the potential hit rate: 0.8 are five requests per key and lifetime.
pub(in super::super) static RULE: Rule = improvement("cache-get", 0.8, 30, is_get_route, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.is_unsampled() {
        return Finding::Silent;
    }
    let share = |part, whole| profile.share(part, whole).map(|share| share.observed);
    let Some(uncached) = share(Fact::GetsWithoutCacheControl, Fact::PlainGets) else {
        return Finding::Silent;
    };
    let handled = [Fact::CacheAllowed, Fact::CacheHits, Fact::SetsCookie, Fact::WithToken]
        .map(|fact| share(fact, Fact::Calls));
    let handled = handled.into_iter().flatten().any(|share| share > RARE);
    let equal =
        share(Fact::EqualAcrossClients, Fact::ComparedAcrossClients).is_some_and(|share| share >= EQUAL);
    if uncached < EQUAL || handled || !equal || profile.clients() < CLIENTS {
        return Finding::Silent;
    }
    let rates = Lifetime::ALL
        .map(|lifetime| (lifetime, profile.share(Fact::repeat_of_anyone(lifetime), Fact::Comparable)));
    let enough = rates.into_iter().find_map(|(lifetime, rate)| {
        rate.filter(|rate| rate.observed >= knobs.threshold && rate.samples >= knobs.min_samples)
            .map(|r| (lifetime, r))
    });
    let Some((lifetime, rate)) = enough else { return Finding::Silent };
    let seconds = lifetime.seconds();
    let text = format!(
        "{} of {} answers were the same as the last one of at most {seconds} s before, whoever asked, and none may be \
         cached: `cache-control: public, s-maxage={seconds}, stale-while-revalidate` would answer them without the app",
        percent(rate.observed),
        rate.samples,
    );
    let flips = format!("answers that differ between clients, or under {} repeats", percent(knobs.threshold));
    let per_day = rate.times(profile.per_day(Fact::Calls));
    let gain = Gain { per_day, requests: 1.0, ..Gain::default() };
    let exemplars = profile.exemplars(Fact::GetsWithoutCacheControl);
    Finding::Holds(Statement::of_share(rate, text, flips).with(exemplars).gaining(gain))
}
