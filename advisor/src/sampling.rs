//! How often a Call counts that was chosen from many: by what its trace declares, else by what the user has set, else
//! by the package's own count of requests, else once (design.md, invariant 5).

use std::collections::BTreeMap;

use pointsman_store::InstanceKey;

use crate::evidence::{Recorded, Stretch, weight_of};
use crate::stats::as_f64;

/// A process with so many recorded Calls is weighed by its own count; the rest are taken together.
const ENOUGH: u64 = 100;

/// A count that misses fewer than one request in twenty is taken as complete: some are always under way, and an export
/// may be lost.
const COMPLETE: f64 = 1.05;

/// So few missing requests prove nothing either, however few were recorded.
const FEW: u64 = 2;

/// What the weight of Calls rests on that declare nothing themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// There are none: each trace declares its threshold.
    Declared,
    /// The ratio that the user has set.
    Configured,
    /// The package's own count of requests (`pointsman.requests.seen`).
    Counted,
    /// Nothing: each counts once.
    Undeclared,
}

/// Weights of all processes of a service.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Weights {
    configured: Option<f64>,
    by_instance: BTreeMap<InstanceKey, f64>,
    /// Of the processes with few Calls, together; `None` where none was counted.
    rest: Option<f64>,
}

/// How Calls of one Handler are weighed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Weighing {
    /// How often a Call counts that declares nothing.
    pub(crate) undeclared: f64,
    /// What that rests on.
    pub(crate) basis: Basis,
}

impl Weights {
    /// From the ratio that the user has set and what all Handlers of the service recorded.
    pub(crate) fn new(configured: Option<f64>, recorded: &Recorded) -> Self {
        let (many, few): (Vec<_>, Vec<_>) = recorded.iter().partition(|(_, stretch)| stretch.calls >= ENOUGH);
        let by_instance =
            many.into_iter().filter_map(|(instance, stretch)| Some((instance, weight([stretch])?)));
        Self {
            configured: configured.filter(|ratio| *ratio > 0.0),
            by_instance: by_instance.collect(),
            rest: weight(few.into_iter().map(|(_, stretch)| stretch)),
        }
    }

    /// How one Handler's Calls are weighed: by the processes that answered it, each as often as it did.
    pub(crate) fn of(&self, recorded: &Recorded) -> Weighing {
        if let Some(ratio) = self.configured {
            return Weighing { undeclared: 1.0 / ratio, basis: Basis::Configured };
        }
        let (mut calls, mut requests) = (0.0, 0.0);
        for (instance, stretch) in recorded.iter() {
            if let Some(weight) = self.by_instance.get(&instance).copied().or(self.rest) {
                calls += as_f64(stretch.calls);
                requests += as_f64(stretch.calls) * weight;
            }
        }
        if calls > 0.0 {
            Weighing { undeclared: requests / calls, basis: Basis::Counted }
        } else {
            Weighing { undeclared: 1.0, basis: Basis::Undeclared }
        }
    }
}

impl Weighing {
    /// How often a Call counts that declares this threshold, or nothing.
    pub(crate) fn of(self, threshold: Option<u64>) -> f64 {
        threshold.map_or(self.undeclared, weight_of)
    }
}

/// Requests for each that was recorded. The first Call is where counting begins, so it stands for none; `None` where
/// there is no second one.
fn weight(stretches: impl IntoIterator<Item = Stretch>) -> Option<f64> {
    let (mut recorded, mut requests) = (0, 0);
    for stretch in stretches {
        recorded += stretch.calls.saturating_sub(1);
        requests += stretch.last.saturating_sub(stretch.first);
    }
    let weight = (recorded > 0).then(|| as_f64(requests) / as_f64(recorded))?;
    // Calls cannot be more than the requests they were; such a figure is that of a broken counter.
    let complete = weight < COMPLETE || requests <= recorded.saturating_add(FEW);
    Some(if complete { 1.0 } else { weight })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_missing_requests_prove_no_sampling() {
        for (calls, first, last, expected) in [
            (1, 7, 7, None),
            (2, 1, 4, Some(1.0)),
            (10, 1, 12, Some(1.0)),
            (10, 1, 28, Some(3.0)),
            (1_001, 1, 1_041, Some(1.0)),
            (1_001, 1, 10_001, Some(10.0)),
            (50, 1, 3, Some(1.0)),
        ] {
            assert_eq!(
                weight([Stretch { calls, first, last }]),
                expected,
                "{calls} calls from {first} to {last}"
            );
        }
    }
}
