//! What an app's other answers show, as the background against which one Handler is seen: a cookie that pages and other GETs
//! set as well was set by the proxy or a session library, and an error that everything has is no Handler's own.

use std::iter::Sum;
use std::ops::{Add, Sub};

use pointsman_store::HandlerKind;

use super::{Profile, Share};
use crate::evidence::Fact;
use crate::stats::as_f64;

/// Reads below which the background is not known.
const ENOUGH: u64 = 20;
/// Share of other reads from which on what they show comes with every answer. [judgement]
const MOST: f64 = 0.5;
/// Share of other reads up to which it comes with hardly any. [judgement]
const HARDLY_ANY: f64 = 0.05;

/// Who sets the cookies that come with a Handler's answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CookieWriter {
    /// Its own code: other pages and GETs set hardly any.
    Handler,
    /// The proxy, or a session library that works for every request: other pages and GETs set them as well.
    EveryAnswer,
    /// Telemetry does not say.
    Unknown,
}

/// What an app's other Handlers show.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Others {
    /// Share of other pages and GETs that set a cookie, of those whose response headers are known. Where the proxy runs for this
    /// Handler only those for which it runs as well, else only those for which it does not.
    pub cookies_on_reads: Option<Share>,
    /// Share of pages that set a cookie, of those whose response headers are known, by the same way.
    pub cookies_on_pages: Option<Share>,
    /// Share of other pages and GETs whose child spans write.
    pub writes_on_reads: Option<Share>,
    /// Share of other answers that are 5xx.
    pub server_errors: Option<Share>,
    /// Whether anybody in the app has a session; `None` where telemetry does not tell sessions from other cookies.
    pub has_sessions: Option<bool>,
}

impl Others {
    /// Who sets the cookies.
    #[must_use]
    pub fn cookie_writer(&self) -> CookieWriter {
        match self.cookies_on_reads.filter(|share| share.samples >= ENOUGH) {
            Some(share) if share.observed >= MOST => CookieWriter::EveryAnswer,
            Some(share) if share.observed <= HARDLY_ANY => CookieWriter::Handler,
            _ => CookieWriter::Unknown,
        }
    }

    /// Whether even pages come with cookies, which their own code cannot set: the proxy does, for everything.
    #[must_use]
    pub fn pages_set_cookies(&self) -> bool {
        /// Share of pages. [judgement]
        const SOME: f64 = 0.2;
        self.cookies_on_pages.is_some_and(|share| share.samples >= ENOUGH && share.observed >= SOME)
    }

    /// Whether writing comes with most reads, as where a session library notes each request.
    #[must_use]
    pub fn every_read_writes(&self) -> bool {
        self.writes_on_reads.is_some_and(|share| share.samples >= ENOUGH && share.observed >= MOST)
    }
}

/// Counts of some Handlers together, weighed; with the observed ones where a share needs its sample.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    reads: [f64; 2],
    reads_answered: [f64; 2],
    pages_answered: [f64; 2],
    cookies: f64,
    cookies_of_pages: f64,
    writes: f64,
    answered: [f64; 2],
    errors: f64,
    sessions_told: f64,
    signed_in: f64,
}

impl Totals {
    pub(super) fn of(profile: &Profile<'_>) -> Self {
        let both = |fact| [profile.count(fact), as_f64(profile.observed(fact))];
        let kind = profile.handler.kind;
        let reads = kind == HandlerKind::Page || (kind.is_route() && profile.handler.method == "GET");
        let mut totals = Self {
            answered: both(Fact::StatusToUsers),
            errors: profile.count(Fact::ServerErrorsToUsers),
            sessions_told: profile.count(Fact::SucceededSessionsTold),
            signed_in: profile.count(Fact::SucceededSignedIn),
            ..Self::default()
        };
        if reads {
            totals.reads = both(Fact::Calls);
            totals.writes = profile.count(Fact::WriteWork);
            totals.reads_answered = both(Fact::ResponseHeadersKnown);
            totals.cookies = profile.count(Fact::SetsCookie);
        }
        if kind == HandlerKind::Page {
            totals.pages_answered = totals.reads_answered;
            totals.cookies_of_pages = totals.cookies;
        }
        totals
    }

    /// What is left of all when this Handler's own are taken away; of reads only what came by the same way, through the proxy or
    /// past it.
    pub(super) fn others(self, same_way: Self, own: Self) -> Others {
        let (rest, reads) = (self - own, same_way - own);
        Others {
            cookies_on_reads: share(reads.cookies, reads.reads_answered),
            cookies_on_pages: share(reads.cookies_of_pages, reads.pages_answered),
            writes_on_reads: share(reads.writes, reads.reads),
            server_errors: share(rest.errors, rest.answered),
            has_sessions: (self.sessions_told > 0.0).then_some(self.signed_in > 0.0),
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of observations")]
fn share(part: f64, [weighed, observed]: [f64; 2]) -> Option<Share> {
    (observed >= 1.0 && weighed > 0.0).then(|| Share::of(part / weighed, observed, observed.round() as u64))
}

impl Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.with(other, 1.0)
    }
}

impl Sub for Totals {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.with(other, -1.0)
    }
}

impl Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

impl Totals {
    fn with(self, other: Self, sign: f64) -> Self {
        let both = |a: [f64; 2], b: [f64; 2]| [sign.mul_add(b[0], a[0]), sign.mul_add(b[1], a[1])];
        let one = |a: f64, b: f64| sign.mul_add(b, a);
        Self {
            reads: both(self.reads, other.reads),
            reads_answered: both(self.reads_answered, other.reads_answered),
            pages_answered: both(self.pages_answered, other.pages_answered),
            cookies: one(self.cookies, other.cookies),
            cookies_of_pages: one(self.cookies_of_pages, other.cookies_of_pages),
            writes: one(self.writes, other.writes),
            answered: both(self.answered, other.answered),
            errors: one(self.errors, other.errors),
            sessions_told: one(self.sessions_told, other.sessions_told),
            signed_in: one(self.signed_in, other.signed_in),
        }
    }
}
