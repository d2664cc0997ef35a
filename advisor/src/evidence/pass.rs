//! The rolling up of one hour: who counts what is said here, what is counted elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use pointsman_store::{Call, Fingerprint, Handler, Hour, RollupRecord};

use super::arguments::Arguments;
use super::repeats::Repeats;
use super::rollup::{About, Rollup};
use super::{call_facts, clients, sequences};

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
}

/// The rolling up of one hour, piece by piece, so that memory does not depend on how much happened in it.
pub struct HourPass {
    pass: Pass,
    repeats: Repeats,
}

impl HourPass {
    /// Begins with an hour.
    #[must_use]
    pub fn new(hour: Hour, settings: PassSettings) -> Self {
        let pass = Pass { hour, settings, rollups: HashMap::default(), arguments: Arguments::default() };
        Self { pass, repeats: Repeats::default() }
    }

    /// Takes Calls that started in the hour or within [`Hour::OVERLAP_NS`] of it, in any order. What a client did
    /// in a row is seen only if all Calls of the client come in one piece.
    pub fn add(&mut self, calls: &[Call]) {
        let mut fingerprints = HashMap::<_, _, foldhash::fast::FixedState>::default();
        let mut fingerprint = |handler: &Arc<Handler>| {
            *fingerprints.entry(Arc::as_ptr(handler)).or_insert_with(|| handler.fingerprint())
        };
        let mut known: Vec<Known<'_>> =
            calls.iter().map(|call| Known { call, handler: fingerprint(&call.handler) }).collect();
        known.sort_by_key(|known| (known.call.start_ns, known.call.trace, known.call.span));
        for one in &known {
            call_facts::count(&mut self.pass, *one);
            self.repeats.note(*one);
        }
        for line in clients::timelines(&mut self.pass, &known) {
            sequences::count(&mut self.pass, &line);
        }
    }

    /// One Rollup per Handler, in the order of their fingerprints.
    #[must_use]
    pub fn finish(mut self) -> Vec<RollupRecord> {
        self.repeats.count(&mut self.pass);
        std::mem::take(&mut self.pass.arguments).count(&mut self.pass);
        let Pass { hour, rollups, .. } = self.pass;
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

/// Rolls up one hour at once; see [`HourPass::add`].
#[must_use]
pub fn roll_up(hour: Hour, calls: &[Call], settings: PassSettings) -> Vec<RollupRecord> {
    let mut pass = HourPass::new(hour, settings);
    pass.add(calls);
    pass.finish()
}
