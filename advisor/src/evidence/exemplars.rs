//! Traces that show a fact.

use std::collections::BTreeMap;

use pointsman_store::{Call, Hour, TraceId};

use super::encoding::{Reader, Writer};
use super::{Fact, RollupError};

/// Traces kept per fact.
const KEPT: usize = 3;

/// A few traces per fact: the newest hour's, because their spans are kept longest, and of one hour those with the
/// smallest ids. Merging is exact, associative and commutative.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Exemplars {
    /// By the code of the fact, those that were seen; each in the order in which they are kept.
    by_fact: BTreeMap<usize, Vec<Exemplar>>,
}

/// Counted from the end of time, so that the newest comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Exemplar {
    hours_to_end: u32,
    trace: TraceId,
}

impl Exemplars {
    /// Keeps the Call's trace, unless better ones are kept.
    pub(super) fn show(&mut self, fact: Fact, call: &Call) {
        let hours_to_end = u32::MAX - Hour::of(call.start_ns).0;
        self.keep(fact.code(), Exemplar { hours_to_end, trace: call.trace });
    }

    fn keep(&mut self, fact: usize, exemplar: Exemplar) {
        let kept = self.by_fact.entry(fact).or_default();
        if kept.len() == KEPT && kept.last().is_some_and(|last| *last <= exemplar) {
            return;
        }
        if let Err(place) = kept.binary_search(&exemplar) {
            kept.insert(place, exemplar);
            kept.truncate(KEPT);
        }
    }

    /// The traces of a fact, the newest hour's first.
    pub fn of(&self, fact: Fact) -> impl Iterator<Item = TraceId> {
        self.by_fact.get(&fact.code()).into_iter().flatten().map(|exemplar| exemplar.trace)
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.count(self.by_fact.len());
        for (fact, kept) in &self.by_fact {
            to.count(*fact);
            to.count(kept.len());
            for Exemplar { hours_to_end, trace } in kept {
                to.fixed(&hours_to_end.to_be_bytes());
                to.fixed(&trace.0);
            }
        }
    }

    pub(super) fn merge_encoded(&mut self, from: &mut Reader<'_>) -> Result<(), RollupError> {
        for _ in 0..from.count()? {
            let fact = from.small()?;
            if fact >= Fact::COUNT {
                return Err(RollupError::Damaged("a fact is unknown"));
            }
            for _ in 0..from.count()? {
                let hours_to_end = u32::from_be_bytes(from.fixed()?);
                self.keep(fact, Exemplar { hours_to_end, trace: TraceId(from.fixed()?) });
            }
        }
        Ok(())
    }
}
