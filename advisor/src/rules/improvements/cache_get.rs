//! **cache-get**: many clients get the same answer from an uncached GET.
//!
//! Seen: no `cache-control`, no `set-cookie`; within one lifetime at least four of five answers equal the one before. Different
//! clients get the same answer: where requests come without cookies and tokens, at most one answer in twenty may differ (upper
//! end of the 95 % interval); where they come with cookies, none may differ, in enough comparisons to show that fewer than one in a hundred can. A difference counts unless everyone saw it as a change over time.
//! Why: a dynamic GET route sends no `cache-control`, so every call runs. A lifetime of seconds takes most of the load:
//! `cache-control: public, s-maxage, stale-while-revalidate` lets a CDN answer; `export const revalidate` lets Next.js answer,
//! and with Cache Components, where that is a build error, `'use cache'` in a helper function. All versions.
//! Source: Next.js docs, CDN caching, Cache Components; RFC 9111, section 3; [measured] no cache-control on dynamic GETs.
//! Guard: never where everybody who asks has a session: equal for all who are signed in is not public, and a cache asks nobody who
//! he is. Never where a call is made for what it does or for this very moment: writes, counters, schedules, health checks. Never
//! where a token comes with the request: a cache answers without checking it (see shared-read). Equal answers of up
//! to 64 bytes to requests with cookies do not count: everyone's list is equal while it is empty. On what else an answer depends
//! (country, language, other request headers), telemetry does not show.
//! Example: `GET /api/catalog`.

use pointsman_store::Caller;

use super::super::{Finding, Knobs, Rule, Statement, counted, is_get_route, part_of, percent};
use super::improvement;
use crate::evidence::{Fact, Lifetime};
use crate::gain::Gain;
use crate::profile::{Profile, Share};
use crate::stats::Interval;

/// Share of calls without `cache-control` from which on it is not handled yet.
const UNCACHED: f64 = 0.9;
/// Share of calls that may set a cookie, allow caching already, or bring a token.
const RARE: f64 = 0.05;
/// Share of calls with credentials below which requests count as coming without.
const WITHOUT_CREDENTIALS: f64 = 0.01;
/// Upper bound of the share of answers that differ between clients, without and with credentials. [judgement]
const DIFFER: f64 = 0.05;
const DIFFER_WITH_CREDENTIALS: f64 = 0.01;
/// Clients that must have asked, without and with credentials. [judgement]
const CLIENTS: f64 = 3.0;
const CLIENTS_WITH_CREDENTIALS: f64 = 20.0;

/// The threshold is the potential hit rate: 0.8 are five requests per key and lifetime.
pub(in super::super) static RULE: Rule =
    improvement("cache-get", "let a cache answer it", 0.8, 30, is_get_route, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.is_unsampled() {
        return Finding::Silent;
    }
    let share = |part, whole| profile.share(part, whole).map(|share| share.observed);
    let uncached = share(Fact::GetsWithoutCacheControl, Fact::PlainGets);
    let token = share(Fact::WithToken, Fact::Calls).unwrap_or(1.0);
    // Of credentials nobody tells of, none were seen, and not none were there.
    if !profile.surroundings.habits.credentials_told {
        return Finding::Absent("pointsman.request.credentials");
    }
    let closed = behind_sign_in(profile) || is_run_for_its_effect(profile);
    if uncached.is_none_or(|share| share < UNCACHED) || is_handled(profile) || token > RARE || closed {
        return Finding::Silent;
    }
    let Some(public) = Public::of(profile) else { return Finding::Silent };
    let rates = Lifetime::ALL
        .map(|lifetime| (lifetime, profile.share(Fact::repeat_of_anyone(lifetime), Fact::Comparable)));
    let enough = rates.into_iter().find_map(|(lifetime, rate)| {
        rate.filter(|rate| rate.observed >= knobs.threshold && rate.samples >= knobs.min_samples)
            .map(|rate| (lifetime, rate))
    });
    let Some((lifetime, rate)) = enough else { return Finding::Silent };
    Finding::Holds(statement(profile, knobs, &public, lifetime, rate))
}

/// Whether its answers are cached already, or cannot be because they set cookies. Of a session's cookie telemetry may tell alone.
pub(super) fn is_handled(profile: &Profile) -> bool {
    let share = |fact| profile.share(fact, Fact::Calls).map_or(0.0, |share| share.observed);
    let facts = [Fact::CacheAllowed, Fact::CacheHits, Fact::SetsCookie, Fact::SetsSession];
    facts.into_iter().any(|fact| share(fact) > RARE)
}

/// Whether hardly anybody asks without a session, where sessions are told from other cookies.
fn behind_sign_in(profile: &Profile) -> bool {
    /// Share of successful calls without one from which on it is open.
    const OPEN: f64 = 0.02;
    let signed_in = profile.share(Fact::SucceededSignedIn, Fact::SucceededSessionsTold);
    signed_in.is_some_and(|share| share.observed > 1.0 - OPEN)
}

/// Whether it is called for what it does, or to know how things are at this moment.
pub(super) fn is_run_for_its_effect(profile: &Profile) -> bool {
    const WORDS: [&str; 16] = [
        "health",
        "healthz",
        "ready",
        "readyz",
        "live",
        "livez",
        "ping",
        "cron",
        "crons",
        "jobs",
        "track",
        "hit",
        "hits",
        "pixel",
        "impression",
        "heartbeat",
    ];
    // One write is enough: a scheduler's call of the same URL may be the only one that writes, and a cache would answer it.
    let named =
        profile.handler.route.split('/').any(|segment| WORDS.contains(&segment.to_lowercase().as_str()));
    let share = |fact| profile.share(fact, Fact::Calls).map_or(0.0, |share| share.observed);
    named || profile.observed(Fact::WriteWork) > 0 || share(Fact::by(Caller::Bot)) > 0.5
}

/// Proof that everybody gets the same answer.
pub(super) struct Public {
    /// Comparisons between different clients.
    pub(super) compared: u64,
    /// Answers of these that differed.
    pub(super) differed: u64,
    /// Whether requests come with credentials.
    credentials: bool,
}

impl Public {
    /// The proof, if there is one.
    fn of(profile: &Profile) -> Option<Self> {
        let credentials = profile
            .share(Fact::WithCredentials, Fact::Calls)
            .is_none_or(|share| share.observed > WITHOUT_CREDENTIALS);
        let proof = Self::seen(profile, credentials)?;
        let bound = proof.upper_bound(profile)?;
        let (limit, clients) =
            if credentials { (DIFFER_WITH_CREDENTIALS, CLIENTS_WITH_CREDENTIALS) } else { (DIFFER, CLIENTS) };
        let proven = bound <= limit && !(credentials && proof.differed > 0);
        (proven && profile.clients() >= clients).then_some(proof)
    }

    /// What was compared; `None` where nothing was.
    pub(super) fn seen(profile: &Profile, credentials: bool) -> Option<Self> {
        let compared = profile.observed(Fact::ComparedBetweenPeople);
        let differed = profile.observed(Fact::DifferedBetweenPeople);
        (compared > 0).then_some(Self { compared, differed, credentials })
    }

    /// Upper end of the 95 % interval of the share of answers that differ.
    pub(super) fn upper_bound(&self, profile: &Profile) -> Option<f64> {
        let share = profile.share(Fact::DifferedBetweenPeople, Fact::ComparedBetweenPeople)?;
        Some(share.interval.high)
    }
}

fn statement(
    profile: &Profile,
    knobs: &Knobs<'_>,
    public: &Public,
    lifetime: Lifetime,
    rate: Share,
) -> Statement {
    let seconds = lifetime.seconds();
    let Interval { high, .. } = profile
        .share(Fact::DifferedBetweenPeople, Fact::ComparedBetweenPeople)
        .map_or(rate.interval, |s| s.interval);
    let proof = format!(
        "in {} comparisons between different clients {} differed (at most {} do)",
        public.compared,
        if public.differed == 0 { "none".to_owned() } else { public.differed.to_string() },
        percent(high)
    );
    let credentials = if public.credentials {
        "; requests carry cookies, so first make sure that the code does not read them for the answer: a cache answers without \
         running its checks"
    } else {
        ""
    };
    let text = format!(
        "{} were the same as the last one at most {seconds} s before, for any client; {proof}. Let a cache answer: \
         {}. Check that the answer does not depend on country, language or other request headers: telemetry does not show \
         that{credentials}",
        part_of(rate.observed, &counted(rate.samples, "answer")),
        remedy(profile, seconds)
    );
    let flips = format!("answers that differ between clients, or under {} repeats", percent(knobs.threshold));
    let gain = Gain { per_day: rate.times(profile.per_day(Fact::Calls)), requests: 1.0, ..Gain::default() };
    let exemplars = profile.exemplars(Fact::GetsWithoutCacheControl);
    Statement::of_share(rate, text, flips).with(exemplars).gaining(gain)
}

/// How a cache comes to answer, in this build.
fn remedy(profile: &Profile, seconds: u64) -> String {
    let header = format!("`cache-control: public, s-maxage={seconds}, stale-while-revalidate`");
    match profile.surroundings.build.has_cache_components() {
        Some(true) => format!("{header} for a CDN, and `'use cache'` in a helper function for its data"),
        Some(false) => format!(
            "{header} for a CDN, or `export const revalidate = {seconds}` if it reads no request data"
        ),
        None => format!("{header} for a CDN"),
    }
}
