//! From Calls to Rollups: what is counted about each Call and about what one client did in a row.
//!
//! A rollup pass takes the Calls of one hour with five minutes on each side, ordered by client, and returns one
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
    fn owns(&self, call: &Call) -> bool {
        (self.hour.start_ns()..self.hour.end_ns()).contains(&call.start_ns)
    }

    /// The Rollup of the Call's Handler, if the Call belongs to this hour.
    fn of(&mut self, known: Known<'_>) -> Option<&mut Rollup> {
        self.owns(known.call).then(|| self.rollups.entry(known.handler).or_default())
    }
}

/// Rolls up one hour. `calls` are those that started in it or within [`Hour::OVERLAP_NS`] of it, in any order.
#[must_use]
pub fn roll_up(hour: Hour, calls: &[Call]) -> Vec<RollupRecord> {
    let mut pass = Pass { hour, rollups: BTreeMap::new() };
    let mut known: Vec<Known<'_>> =
        calls.iter().map(|call| Known { call, handler: call.handler.fingerprint() }).collect();
    known.sort_by_key(|known| (known.call.start_ns, known.call.trace, known.call.span));
    for one in &known {
        call_facts::count(&mut pass, *one);
    }
    repeats::count(&mut pass, &known);
    for line in timeline::by_client(&known) {
        sequences::count(&mut pass, &line);
    }
    pass.rollups
        .into_iter()
        .map(|(handler, rollup)| RollupRecord { handler, hour, payload: rollup.encode() })
        .collect()
}
