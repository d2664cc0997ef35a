//! **private-cache-get**: one browser asks again for what has not changed.
//!
//! Seen: within a minute the same client of the app's own pages gets the same answer to the same request, in three of ten reads or
//! more, with no write of its own between.
//! Why: the browser may keep an answer that is the user's own: `cache-control: private, max-age=...`, or SWR's deduplication.
//! Where some repeats have changed, or the page polls for changes, only an `ETag` is safe: the request stays, the unchanged body does not. All versions.
//! Source: RFC 9111 (`private`, `no-cache`), RFC 9110, section 8.8.3 (`ETag`); git-city#86 (2 ms against 80-1,440 ms).
//! Guard: silent where caching is allowed already and where everybody gets the same answer (see cache-get). Silent where a client
//! fetches the URL again after a write of its own (`mutate(key)`): the browser's cache would answer with what was before the write.
//! Silent where people ask for the URL both signed in and not: after a sign-out the cache would show the last user. Callers other
//! than the app's own pages have no such cache and are not counted.
//! Example: `GET /api/me/stats` on each page.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_get_route, part_of, percent};
use super::cache_get::is_handled;
use super::improvement;
use crate::evidence::{Fact, Measure};
use crate::gain::Gain;
use crate::profile::{Profile, Share};

/// Upper bound of the share of repeats that have changed with which a browser may answer by itself. [judgement]
const CHANGED: f64 = 0.1;
/// Share of reads that may be the first after a write of the client.
const AFTER_WRITE: f64 = 0.01;
/// Share of calls that may be of the other kind where people are signed in, or are not.
const MIXED: f64 = 0.02;
/// Share of calls in polls from which on a page asks for news. [judgement]
const POLLED: f64 = 0.2;
/// Answers below this size, bytes, gain nothing by an `ETag`.
const WORTH_AN_ETAG: f64 = 1_000.0;

pub(in super::super) static RULE: Rule =
    improvement("private-cache-get", "let the browser keep the answer", 0.3, 30, is_get_route, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.shows_sequences() || is_handled_or_public(profile) || outlives_its_truth(profile) {
        return Finding::Silent;
    }
    let Some(share) = profile.share(Fact::UnchangedRepeats, Fact::ReadsCompared) else {
        return Finding::Silent;
    };
    let (unchanged, changed) =
        (profile.observed(Fact::UnchangedRepeats), profile.observed(Fact::ChangedRepeats));
    let repeats = crate::stats::as_f64(unchanged + changed).max(1.0);
    let changes = Share::of(crate::stats::as_f64(changed) / repeats, repeats, unchanged + changed);
    let per_day = share.times(profile.per_day(Fact::ReadsCompared));
    let flips = format!("under {} of reads repeat", percent(knobs.threshold));
    let seen = format!(
        "{} by the app's pages repeated what the same browser had received within the last minute",
        part_of(share.observed, &counted(share.samples, "read"))
    );
    // Who asks at regular intervals wants to know at once what has changed.
    let polled = profile.share(Fact::Polled, Fact::ClientKnown).is_some_and(|share| share.observed > POLLED);
    let statement = if changes.interval.high <= CHANGED && !polled {
        let text = format!(
            "{seen}, and {changed} of {} repeats had changed: send `cache-control: private, max-age=60`",
            unchanged + changed
        );
        Statement::of_share(share, text, flips).gaining(Gain::of_one_request(per_day))
    } else {
        let bytes = profile.quantile(Measure::ResponseBytes, 0.5).unwrap_or_default();
        if bytes < WORTH_AN_ETAG || changes.observed > 0.5 {
            return Finding::Silent;
        }
        let why = if changes.interval.high <= CHANGED {
            "but the page polls to notice changes at once".to_owned()
        } else {
            format!("but {changed} of {} repeats had changed", unchanged + changed)
        };
        let text = format!(
            "{seen}, {why}, so the browser must not answer from its cache alone: an ETag with `cache-control: private, no-cache` \
             keeps the request and saves the unchanged body"
        );
        Statement::of_share(share, text, flips).gaining(Gain { per_day, bytes, ..Gain::default() })
    };
    statement.with(profile.exemplars(Fact::UnchangedRepeats)).judged_by_low(knobs)
}

/// Whether it is cached already, or the same for all, or nobody's own.
fn is_handled_or_public(profile: &Profile) -> bool {
    let share = |part, whole| profile.share(part, whole).map_or(0.0, |share| share.observed);
    let personal = share(Fact::WithCredentials, Fact::Calls) > 0.5;
    let differ = profile.share(Fact::DifferedBetweenPeople, Fact::ComparedBetweenPeople);
    let same_for_all = differ.is_some_and(|share| share.interval.high <= 0.1);
    is_handled(profile) || !personal || same_for_all
}

/// Whether the browser's copy would still be shown when the page knows better: after a write, or for somebody else.
fn outlives_its_truth(profile: &Profile) -> bool {
    let after_write = profile.share(Fact::RefetchedAfterWrite, Fact::ReadsCompared);
    let signed_in = profile.share(Fact::ByOwnUiSignedIn, Fact::ByOwnUi);
    after_write.is_some_and(|share| share.observed > AFTER_WRITE)
        || signed_in.is_some_and(|share| (MIXED..=1.0 - MIXED).contains(&share.observed))
}
