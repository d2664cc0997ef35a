//! Which part of its requests a process recorded, by the package's own count (`pointsman.requests.seen`).

use std::collections::BTreeMap;

use pointsman_store::{Call, InstanceKey};

use super::RollupError;
use super::encoding::{Reader, Writer};

/// Processes that are told apart: those with the smallest keys, which are hashes, so that a Handler's share of them is
/// the same whichever Rollups are merged.
const INSTANCES: usize = 64;

/// What was recorded of each process. Merging is exact, associative and commutative.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recorded(BTreeMap<u64, Stretch>);

/// A stretch of a process' requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// Calls that were recorded.
    pub calls: u64,
    /// Requests the process had counted at the first of them, itself included.
    pub first: u64,
    /// Requests it had counted at the last.
    pub last: u64,
}

impl Recorded {
    pub(super) fn note(&mut self, call: &Call) {
        if let (Some(InstanceKey(instance)), Some(seen)) = (call.instance, call.requests_seen) {
            self.add(instance, Stretch { calls: 1, first: seen, last: seen });
        }
    }

    fn add(&mut self, instance: u64, stretch: Stretch) {
        let known = self.0.entry(instance).or_insert(Stretch { calls: 0, ..stretch });
        known.calls = known.calls.saturating_add(stretch.calls);
        known.first = known.first.min(stretch.first);
        known.last = known.last.max(stretch.last);
        if self.0.len() > INSTANCES {
            self.0.pop_last();
        }
    }

    /// Adds what another one recorded.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(instance, stretch)| self.add(*instance, *stretch));
    }

    /// By process.
    pub fn iter(&self) -> impl Iterator<Item = (InstanceKey, Stretch)> {
        self.0.iter().map(|(instance, stretch)| (InstanceKey(*instance), *stretch))
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.count(self.0.len());
        for (instance, stretch) in &self.0 {
            to.fixed(&instance.to_be_bytes());
            to.number(stretch.calls);
            to.number(stretch.first);
            to.number(stretch.last);
        }
    }

    pub(super) fn merge_encoded(&mut self, from: &mut Reader<'_>) -> Result<(), RollupError> {
        for _ in 0..from.count()? {
            let instance = u64::from_be_bytes(from.fixed()?);
            let stretch = Stretch { calls: from.number()?, first: from.number()?, last: from.number()? };
            self.add(instance, stretch);
        }
        Ok(())
    }
}
