//! **cache-defeated**: caching is allowed, but something defeats it.
//!
//! Seen: answers that caches may keep and that set a cookie at the same time; or answers that caches may keep, of which
//! Next.js' own cache could answer fewer than three in ten.
//! Why: shared caches do not keep what sets a cookie; a key that is new with each request is never found. All versions.
//! Source: RFC 9111, section 7.3 and CDN documentation (`set-cookie`); Next.js docs, CDN caching.
//! Guard: behind a CDN the origin sees only misses, so missing alone counts only where Next.js' own cache answers too.
//! Example: `GET /api/banner` with `s-maxage=300` and a session cookie in each answer.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_get_route, part_of, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::gain::Gain;
use crate::profile::{CookieWriter, Profile, Share};
use crate::stats::as_f64;

/// The threshold is the share of answers that a cookie, or a miss, keeps out of caches.
pub(in super::super) static RULE: Rule =
    improvement("cache-defeated", "let the cache work: something defeats it", 0.7, 30, is_get_route, look);

/// How to do without the cookie, by who writes it.
fn remedy(profile: &Profile) -> &'static str {
    match profile.surroundings.others.cookie_writer() {
        CookieWriter::EveryAnswer => {
            "the app's other answers set one too, so leave this path out of the proxy's matcher, or let the session library skip it"
        }
        CookieWriter::Handler => "do not set it in this handler",
        CookieWriter::Unknown => "set it elsewhere",
    }
}

/// Share of answers with a cookie from which on it is no accident.
const COOKIES: f64 = 0.2;

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let allowed = profile.observed(Fact::CacheAllowed);
    if allowed < knobs.min_samples {
        return Finding::Silent;
    }
    let cookies = profile.share(Fact::CacheAllowedWithCookie, Fact::CacheAllowed);
    if let Some(share) = cookies.filter(|share| share.interval.low >= COOKIES) {
        let text = format!(
            "{} set a cookie, so no shared cache keeps them: {}",
            part_of(share.observed, &counted(share.samples, "cacheable answer")),
            remedy(profile)
        );
        let per_day = profile.estimate_per_day(Fact::CacheAllowedWithCookie);
        let gain = Gain { per_day, requests: 1.0, ..Gain::default() };
        let flips = "answers without a cookie".to_owned();
        let exemplars = profile.exemplars(Fact::CacheAllowedWithCookie);
        return Finding::Holds(Statement::of_share(share, text, flips).with(exemplars).gaining(gain));
    }
    let (hits, misses) = (profile.count(Fact::CacheHits), profile.count(Fact::CacheMisses));
    if hits == 0.0 {
        return Finding::Silent;
    }
    let looked_up = profile.observed(Fact::CacheHits) + profile.observed(Fact::CacheMisses);
    let share = Share::of(misses / (hits + misses), as_f64(looked_up), looked_up);
    let text = format!(
        "Next.js' cache could not answer {} of {} requests: look for parts of the URL that change with each, and leave them \
         out",
        percent(share.observed),
        share.samples
    );
    let flips = format!("under {} of misses", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::CacheMisses);
    Statement::of_share(share, text, flips).with(exemplars).judged_by_low(knobs).or_silent()
}
