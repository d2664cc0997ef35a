//! **private-cache-get**: one client asks again for what has not changed.
//!
//! Seen: within a minute the same client gets the same answer to the same request, in three of ten calls or more.
//! Why: the browser may keep an answer that is the user's own: `cache-control: private, max-age=...`, or SWR's
//! deduplication. All versions.
//! Source: RFC 9111 (`private`); git-city#86 (2 ms against 80-1,440 ms).
//! Guard: silent where caching is allowed already, and where everybody gets the same answer (see cache-get).
//! Example: `GET /api/me/stats` on each page.

use super::super::{Finding, Knobs, Rule, Statement, is_get_route, percent};
use super::improvement;
use crate::evidence::{Fact, Lifetime};
use crate::gain::Gain;
use crate::profile::Profile;

/// Share of calls that may allow caching already.
const RARE: f64 = 0.05;

pub(in super::super) static RULE: Rule = improvement("private-cache-get", 0.3, 30, is_get_route, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.is_unsampled() {
        return Finding::Silent;
    }
    let share = |part, whole| profile.share(part, whole).map_or(0.0, |share| share.observed);
    let cached = share(Fact::CacheAllowed, Fact::Calls).max(share(Fact::CacheHits, Fact::Calls)) > RARE;
    let personal = share(Fact::WithCredentials, Fact::Calls) > 0.5;
    let same_for_all = share(Fact::EqualAcrossClients, Fact::ComparedAcrossClients) >= 0.9;
    if cached || !personal || same_for_all {
        return Finding::Silent;
    }
    let repeats = Fact::repeat_of_same_client(Lifetime::OneMinute);
    let Some(share) = profile.share(repeats, Fact::Comparable) else { return Finding::Silent };
    let text = format!(
        "{} of answers were what the same client had got within the last minute: cache-control: private, max-age=60",
        percent(share.observed)
    );
    let flips = format!("under {} of answers repeat", percent(knobs.threshold));
    let gain = Gain::of_one_request(share.times(profile.per_day(Fact::Calls)));
    Statement::of_share(share, text, flips).gaining(gain).judged_by_low(knobs)
}
