//! What all that counts an hour shares: its settings, a Call with its Handler, and where facts are collected. Who counts is said
//! in `hour`.

use std::collections::HashMap;

use pointsman_store::{Call, Fingerprint, Hour, RollupRecord};

use super::arguments::Arguments;
use super::rollup::{About, Rollup};

/// What a user may set about a pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PassSettings {
    /// The clocks of two instances are taken to differ by at most this, ns. What two Calls of different instances tell
    /// together counts only if it would be the same for every such difference.
    pub skew_tolerance_ns: u64,
}

/// One Call with the hash that names its Handler, computed once per pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) call: &'a Call,
    pub(super) handler: Fingerprint,
}

/// Where the facts of a pass are collected: only those of Calls that started within the hour, so that a Call is
/// counted by exactly one pass.
pub(super) struct Pass {
    hour: Hour,
    pub(super) settings: PassSettings,
    rollups: HashMap<Fingerprint, Rollup, foldhash::fast::FixedState>,
    /// What came with the load of a page, to be compared when all of it is known.
    pub(super) arguments: Arguments,
}

impl Pass {
    pub(super) fn new(hour: Hour, settings: PassSettings) -> Self {
        Self { hour, settings, rollups: HashMap::default(), arguments: Arguments::default() }
    }

    /// The Rollup of the Call's Handler, if the Call belongs to this hour.
    pub(super) fn of(&mut self, known: Known<'_>) -> Option<&mut Rollup> {
        self.at(known.handler, known.call.start_ns)
    }

    /// Where facts about the Call are counted, if it belongs to this hour.
    pub(super) fn about<'a>(&'a mut self, known: Known<'a>) -> Option<About<'a>> {
        self.of(known).map(|rollup| rollup.about(known.call))
    }

    /// The Rollup of a Handler for a Call that started then, if that was within the hour.
    pub(super) fn at(&mut self, handler: Fingerprint, start_ns: u64) -> Option<&mut Rollup> {
        let within = (self.hour.start_ns()..self.hour.end_ns()).contains(&start_ns);
        within.then(|| self.rollups.entry(handler).or_default())
    }

    /// One Rollup per Handler, in the order of their fingerprints.
    pub(super) fn into_records(self) -> Vec<RollupRecord> {
        let Self { hour, rollups, .. } = self;
        let record = |(handler, rollup): (Fingerprint, Rollup)| RollupRecord {
            handler,
            hour,
            payload: rollup.encode(),
        };
        let mut records: Vec<RollupRecord> = rollups.into_iter().map(record).collect();
        records.sort_unstable_by_key(|record| record.handler);
        records
    }
}
