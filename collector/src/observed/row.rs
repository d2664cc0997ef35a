//! The numbers of one Handler, or of several together.

use pointsman_store::{Call, Caller, Sign};

/// Upper bounds of a duration's buckets, seconds: from a cached answer to a stuck one.
pub const DURATION_BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper bounds of a body's buckets, bytes: 1 MiB is what Next.js accepts for an action unless told otherwise.
pub const SIZE_BOUNDS: [f64; 8] =
    [256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0];

/// How a Call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// 2xx or 3xx.
    Succeeded,
    /// 4xx.
    ClientError,
    /// 5xx, or its span says that it failed.
    ServerError,
    /// The app did not know the action's id: client and server are of different builds.
    UnknownAction,
    /// Telemetry does not say.
    Unknown,
}

/// Observations by size; each bucket counts only what is in no smaller one.
#[derive(Clone, PartialEq, Debug)]
pub struct Histogram<const BOUNDS: usize> {
    buckets: [u64; BOUNDS],
    count: u64,
    sum: f64,
}

/// What was counted of one Handler. Everything in it only grows.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Row {
    calls: u64,
    by_caller: [[u64; Outcome::ALL.len()]; Caller::ALL.len()],
    /// How long until the response was finished, seconds.
    pub duration: Histogram<{ DURATION_BOUNDS.len() }>,
    /// Request bodies whose size is known, bytes.
    pub request: Histogram<{ SIZE_BOUNDS.len() }>,
    /// Response bodies whose size is known, bytes.
    pub response: Histogram<{ SIZE_BOUNDS.len() }>,
    /// Answers from Next.js' cache (`x-nextjs-cache: HIT` or `STALE`).
    pub cache_hits: u64,
    /// Answers that Next.js' cache did not have (`MISS`).
    pub cache_misses: u64,
}

/// What is counted of a Call.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    caller: Caller,
    outcome: Outcome,
    duration_ns: u64,
    request_bytes: Option<u64>,
    response_bytes: Option<u64>,
    cache_hit: bool,
    cache_miss: bool,
}

impl Row {
    /// All Calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Calls by class of caller and outcome, those that were seen.
    pub fn by_caller(&self) -> impl Iterator<Item = (Caller, Outcome, u64)> {
        let all = Caller::ALL.into_iter().zip(&self.by_caller);
        let all = all.flat_map(|(caller, counts)| {
            Outcome::ALL.into_iter().zip(counts).map(move |(outcome, count)| (caller, outcome, *count))
        });
        all.filter(|(_, _, count)| *count > 0)
    }

    pub(super) fn count(&mut self, seen: &Seen) {
        self.calls += 1;
        self.by_caller[seen.caller as usize][seen.outcome as usize] += 1;
        self.duration.observe(seen.duration_ns as f64 / 1e9, &DURATION_BOUNDS);
        if let Some(bytes) = seen.request_bytes {
            self.request.observe(bytes as f64, &SIZE_BOUNDS);
        }
        if let Some(bytes) = seen.response_bytes {
            self.response.observe(bytes as f64, &SIZE_BOUNDS);
        }
        self.cache_hits += u64::from(seen.cache_hit);
        self.cache_misses += u64::from(seen.cache_miss);
    }
}

impl Seen {
    pub(super) fn of(call: &Call) -> Self {
        Self {
            caller: call.caller,
            outcome: Outcome::of(call),
            duration_ns: call.duration_ns,
            request_bytes: call.request_bytes,
            response_bytes: call.response_bytes,
            cache_hit: call.has(Sign::CacheHit),
            cache_miss: call.has(Sign::CacheMiss),
        }
    }
}

impl Outcome {
    /// Every one, in a fixed order.
    pub const ALL: [Self; 5] =
        [Self::Succeeded, Self::ClientError, Self::ServerError, Self::UnknownAction, Self::Unknown];

    /// The word that labels use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "success",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::UnknownAction => "unknown_action",
            Self::Unknown => "unknown",
        }
    }

    fn of(call: &Call) -> Self {
        if call.has(Sign::ActionNotFound) {
            return Self::UnknownAction;
        }
        match call.status {
            Some(500..) => Self::ServerError,
            _ if call.has(Sign::Failed) => Self::ServerError,
            Some(400..) => Self::ClientError,
            Some(101 | 200..) => Self::Succeeded,
            Some(_) | None => Self::Unknown,
        }
    }
}

impl<const BOUNDS: usize> Default for Histogram<BOUNDS> {
    fn default() -> Self {
        Self { buckets: [0; BOUNDS], count: 0, sum: 0.0 }
    }
}

impl<const BOUNDS: usize> Histogram<BOUNDS> {
    fn observe(&mut self, value: f64, bounds: &[f64; BOUNDS]) {
        if let Some(bucket) = bounds.iter().zip(&mut self.buckets).find(|(bound, _)| value <= **bound) {
            *bucket.1 += 1;
        }
        self.count += 1;
        self.sum += value;
    }

    /// Observations that are at most as large as each bound.
    pub fn cumulative(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        })
    }

    /// All observations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }
}
