//! What is handed to and from the database as one piece.

use crate::{Call, Fingerprint, TraceId};

/// Whole hours since the epoch, UTC: the grid on which Rollups lie.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Hour(pub u32);

impl Hour {
    /// Nanoseconds in an hour.
    pub const NANOS: u64 = 3_600_000_000_000;

    /// A Call this near (ns) to the edge of an hour also bears on the neighbouring hour's sequences: a rollup
    /// pass reads as much beyond each side.
    pub const OVERLAP_NS: u64 = 300_000_000_000;

    /// The hour in which a time (ns since the epoch) lies.
    #[must_use]
    pub fn of(ns: u64) -> Self {
        Self(u32::try_from(ns / Self::NANOS).unwrap_or(u32::MAX))
    }

    /// The hours whose Rollups a Call bears on that started then (ns since the epoch): its own, and a neighbour when it is near the
    /// edge.
    #[cfg(feature = "sqlite")]
    pub(crate) fn touched_by(start_ns: u64) -> impl Iterator<Item = Self> {
        let around =
            [start_ns.saturating_sub(Self::OVERLAP_NS), start_ns, start_ns.saturating_add(Self::OVERLAP_NS)];
        around.into_iter().map(Self::of)
    }

    /// Its first nanosecond since the epoch.
    #[must_use]
    pub fn start_ns(self) -> u64 {
        u64::from(self.0) * Self::NANOS
    }

    /// The first nanosecond after it.
    #[must_use]
    pub fn end_ns(self) -> u64 {
        (u64::from(self.0) + 1) * Self::NANOS
    }
}

/// The Calls of one Trace as they are now known, held against what was known of it before.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceCalls {
    /// The Trace.
    pub trace: TraceId,
    /// The Calls that were stored of it when less was known, and are no more: they go.
    pub before: Vec<Call>,
    /// The Calls that are new or different.
    pub calls: Vec<Call>,
    /// The Calls that are as they were: nothing is written for them, or a trace that grows for hours would be written whole
    /// with each of its spans.
    pub unchanged: Vec<Call>,
}

/// An hour of a service whose Calls changed since it was rolled up.
#[cfg(feature = "sqlite")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirtyHour {
    /// `service.name`.
    pub service: String,
    /// The hour.
    pub hour: Hour,
    /// The number of its last change when it was read.
    pub(crate) generation: i64,
}

/// A Rollup as the database keeps it: its key, and a payload that only the advisor reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RollupRecord {
    /// Whose Calls it sums up.
    pub handler: Fingerprint,
    /// The hour in which they started.
    pub hour: Hour,
    /// The advisor's own encoding.
    pub payload: Vec<u8>,
}

/// A stored Rollup while it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RollupRef<'a> {
    /// Whose Calls it sums up.
    pub handler: Fingerprint,
    /// The hour in which they started.
    pub hour: Hour,
    /// The advisor's own encoding.
    pub payload: &'a [u8],
}
