//! The rolling up of one hour: who counts what is said here, what is counted elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use pointsman_store::{Call, Handler, Hour, RollupRecord};

use super::pass::{Known, Pass, PassSettings};
use super::repeats::Repeats;
use super::{call_facts, clients, sequences};

/// The rolling up of one hour, piece by piece, so that memory does not depend on how much happened in it.
pub struct HourPass {
    pass: Pass,
    repeats: Repeats,
}

impl HourPass {
    /// Begins with an hour.
    #[must_use]
    pub fn new(hour: Hour, settings: PassSettings) -> Self {
        Self { pass: Pass::new(hour, settings), repeats: Repeats::default() }
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
        self.pass.into_records()
    }
}

/// Rolls up one hour at once; see [`HourPass::add`].
#[must_use]
pub fn roll_up(hour: Hour, calls: &[Call], settings: PassSettings) -> Vec<RollupRecord> {
    let mut pass = HourPass::new(hour, settings);
    pass.add(calls);
    pass.finish()
}
