//! From Calls to Rollups: what is counted about each Call and about what one client did in a row.
//!
//! A rollup pass takes the Calls of one hour with five minutes on each side, client by client, and returns one
//! Rollup per Handler. Facts are counted here and nowhere judged.

mod call_facts;
mod fact;
mod interaction;
mod repeats;
mod rollup;
mod sequences;
mod timeline;

use std::collections::BTreeMap;

use pointsman_store::{Call, Fingerprint, Hour, RollupRecord};

use repeats::Repeats;

pub use fact::{Dimension, Fact, Lifetime, Measure};
pub use interaction::{Interaction, InteractionKind, Step};
pub use rollup::{Rollup, RollupError, Stratum};

/// One Call with the hash that names its Handler, computed once per pass.
#[derive(Clone, Copy, Debug)]
struct Known<'a> {
    call: &'a Call,
    handler: Fingerprint,
}

/// Where the facts of a pass are collected: only those of Calls that started within the hour, so that a Call is
/// counted by exactly one pass.
struct Pass {
    hour: Hour,
    rollups: BTreeMap<Fingerprint, Rollup>,
}

impl Pass {
    /// The Rollup of the Call's Handler, if the Call belongs to this hour.
    fn of(&mut self, known: Known<'_>) -> Option<&mut Rollup> {
        self.at(known.handler, known.call.start_ns)
    }

    /// The Rollup of a Handler for a Call that started then, if that was within the hour.
    fn at(&mut self, handler: Fingerprint, start_ns: u64) -> Option<&mut Rollup> {
        self.has(start_ns).then(|| self.rollups.entry(handler).or_default())
    }

    fn has(&self, start_ns: u64) -> bool {
        (self.hour.start_ns()..self.hour.end_ns()).contains(&start_ns)
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
    pub fn new(hour: Hour) -> Self {
        Self { pass: Pass { hour, rollups: BTreeMap::new() }, repeats: Repeats::default() }
    }

    /// Takes Calls that started in the hour or within [`Hour::OVERLAP_NS`] of it, in any order. What a client did
    /// in a row is seen only if all Calls of the client come in one piece.
    pub fn add(&mut self, calls: &[Call]) {
        let mut known: Vec<Known<'_>> =
            calls.iter().map(|call| Known { call, handler: call.handler.fingerprint() }).collect();
        known.sort_by_key(|known| (known.call.start_ns, known.call.trace, known.call.span));
        for one in &known {
            call_facts::count(&mut self.pass, *one);
            self.repeats.note(*one);
        }
        for line in timeline::by_client(&known) {
            sequences::count(&mut self.pass, &line);
        }
    }

    /// One Rollup per Handler.
    #[must_use]
    pub fn finish(mut self) -> Vec<RollupRecord> {
        self.repeats.count(&mut self.pass);
        let Pass { hour, rollups } = self.pass;
        let record = |(handler, rollup): (Fingerprint, Rollup)| RollupRecord {
            handler,
            hour,
            payload: rollup.encode(),
        };
        rollups.into_iter().map(record).collect()
    }
}

/// Rolls up one hour at once; see [`HourPass::add`].
#[must_use]
pub fn roll_up(hour: Hour, calls: &[Call]) -> Vec<RollupRecord> {
    let mut pass = HourPass::new(hour);
    pass.add(calls);
    pass.finish()
}
