//! A client's own rhythm: how soon its browser sends what an answer made it want. Phones and slow networks take ten times as
//! long as a desk beside the server, so no window for what follows is the same for all.
//!
//! It is measured where no person is involved: from the end of a document to the first link that the router fetches ahead, and from
//! a redirect to the document that it leads to. What is fetched ahead on a page that the router itself has shown says nothing: it is
//! asked for while that page is still being answered. The gap holds the round trip as this client lives it, and the work of its
//! browser. Windows grow with it; they never shrink below what fits a desk, and never grow to what people do in.

use pointsman_store::{Call, Form};

use super::pass::Known;
use super::timeline::shows_page;

/// One millisecond, ns.
const MILLI: i64 = 1_000_000;
/// One second, ns.
const SECOND: i64 = 1_000 * MILLI;

/// A link that comes into view later than this was scrolled to, ns.
const SCROLLED: i64 = 15 * SECOND;
/// What waits for an answer begins at most this long after it, ns: 50 ms and one round trip of a desk.
const QUEUED: i64 = 150 * MILLI;
/// From here on a person may have been as fast, ns.
const PERSON: i64 = SECOND;
/// A refresh comes at most this long after what made it, ns.
const REFRESH: i64 = SECOND;
/// ... and at most this long, however slow the client.
const SLOWEST_REFRESH: i64 = 10 * SECOND;
/// What a page fetches for itself begins at most this long after it, ns.
const LOAD: i64 = 3 * SECOND;
/// ... and at most this long, however slow the client.
const SLOWEST_LOAD: i64 = 15 * SECOND;
/// What a page fetches ahead begins at most this long after what showed it, ns.
const AHEAD: i64 = 5 * SECOND;
/// By how much longer windows are where the rhythm is not known and the client may be slow.
const SLOW: i64 = 3;

/// How fast a client is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Rhythm {
    /// From an answer to what the browser sends on account of it, ns: the lower quartile of what was seen.
    reaction: Option<i64>,
}

impl Rhythm {
    /// That of the client who sent these, which are ordered by start.
    pub(super) fn of(calls: &[Known<'_>]) -> Self {
        let mut gaps: Vec<i64> = calls
            .windows(2)
            .filter(|pair| reacts(pair[0].call, pair[1].call))
            .map(|pair| {
                pair[1].call.start_ns.cast_signed().saturating_sub(pair[0].call.end_ns().cast_signed())
            })
            // What began before the end is no reaction to it: the page was streamed, or another one asked.
            .filter(|gap| (0..=SCROLLED).contains(gap))
            .collect();
        gaps.sort_unstable();
        Self { reaction: gaps.get(gaps.len() / 4).copied() }
    }

    /// Whether it was seen at all.
    pub(super) fn is_known(self) -> bool {
        self.reaction.is_some()
    }

    /// How long after an answer may begin what waited for it, ns.
    pub(super) fn queued(self) -> i64 {
        self.longest_queued().clamp(QUEUED, PERSON)
    }

    /// The same if the client is as slow as it may be, ns: then a person may have been as fast.
    pub(super) fn queued_if_slow(self) -> i64 {
        if self.is_known() { self.longest_queued().max(self.queued()) } else { self.queued() * SLOW }
    }

    /// A reaction, and half of one for what varies.
    fn longest_queued(self) -> i64 {
        self.times(3) / 2
    }

    /// How long after the end of a Call may begin the refresh that it made, ns. A server that took long may be busy, and
    /// so may be the machine of whoever waited for it.
    pub(super) fn refresh(self, call: &Call) -> i64 {
        let busy = call.duration_ns.cast_signed();
        busy.max(self.times(4)).clamp(REFRESH, SLOWEST_REFRESH)
    }

    /// The same for a new document, which the browser also has to leave the old one for.
    pub(super) fn document(self, call: &Call) -> i64 {
        2 * self.refresh(call)
    }

    /// How long after the end of a load may begin what the page fetches for itself, ns.
    pub(super) fn load(self, load: &Call) -> i64 {
        load.duration_ns.cast_signed().max(self.times(6)).clamp(LOAD, SLOWEST_LOAD)
    }

    /// How long after a Call may begin what the page fetches ahead on account of it, ns.
    pub(super) fn ahead(self) -> i64 {
        self.times(3).clamp(AHEAD, SLOWEST_LOAD)
    }

    /// A window as long as a slow client would need, ns: the same where the rhythm is known.
    pub(super) fn if_slow(self, window: i64) -> i64 {
        if self.is_known() { window } else { window.saturating_mul(SLOW) }
    }

    fn times(self, factor: i64) -> i64 {
        self.reaction.unwrap_or_default().saturating_mul(factor)
    }
}

/// Whether the browser sent the second by itself, on account of the first.
fn reacts(first: &Call, second: &Call) -> bool {
    let ahead = first.form == Form::Document && shows_page(first) && second.form == Form::Prefetch;
    let redirected = first.form == Form::Document
        && matches!(first.status, Some(300..400))
        && second.form == Form::Document;
    ahead || redirected
}
