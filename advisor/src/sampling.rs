//! How often a Call counts that was chosen from many: by what its trace declares, else by what the user has set, else
//! by the package's own count of requests, else once.

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
    /// Share of requests of a process that nobody reported, where it is taken for complete all the same.
    missing_by_instance: BTreeMap<InstanceKey, f64>,
    missing_of_rest: f64,
}

/// How Calls of one Handler are weighed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Weighing {
    /// How often a Call counts that declares nothing.
    pub(crate) undeclared: f64,
    /// What that rests on.
    pub(crate) basis: Basis,
    /// Share of the requests that left no trace, though every one should have: 0 to 1. Who sent them is not known.
    pub(crate) missing: f64,
}

impl Weights {
    /// From the ratio that the user has set and what all Handlers of the service recorded.
    pub(crate) fn new(configured: Option<f64>, recorded: &Recorded) -> Self {
        let (many, few): (Vec<_>, Vec<_>) = recorded.iter().partition(|(_, stretch)| stretch.calls >= ENOUGH);
        let by_instance = many
            .iter()
            .filter_map(|(instance, stretch)| Some((*instance, Counted::of([*stretch]).weight()?)));
        let missing = many.iter().map(|(instance, stretch)| (*instance, Counted::of([*stretch]).missing()));
        let few = Counted::of(few.into_iter().map(|(_, stretch)| stretch));
        Self {
            configured: configured.filter(|ratio| *ratio > 0.0),
            by_instance: by_instance.collect(),
            rest: few.weight(),
            missing_by_instance: missing.collect(),
            missing_of_rest: few.missing(),
        }
    }

    /// How one Handler's Calls are weighed: by the processes that answered it, each as often as it did.
    pub(crate) fn of(&self, recorded: &Recorded) -> Weighing {
        if let Some(ratio) = self.configured {
            return Weighing { undeclared: 1.0 / ratio, basis: Basis::Configured, missing: 0.0 };
        }
        let (mut calls, mut requests, mut missing) = (0.0, 0.0, 0.0);
        for (instance, stretch) in recorded.iter() {
            if let Some(weight) = self.by_instance.get(&instance).copied().or(self.rest) {
                let of_instance = self.missing_by_instance.get(&instance).copied();
                calls += as_f64(stretch.calls);
                requests += as_f64(stretch.calls) * weight;
                missing += as_f64(stretch.calls) * of_instance.unwrap_or(self.missing_of_rest);
            }
        }
        if calls > 0.0 {
            Weighing { undeclared: requests / calls, basis: Basis::Counted, missing: missing / calls }
        } else {
            Weighing { undeclared: 1.0, basis: Basis::Undeclared, missing: 0.0 }
        }
    }
}

impl Weighing {
    /// How often a Call counts that declares this threshold, or nothing.
    pub(crate) fn of(self, threshold: Option<u64>) -> f64 {
        threshold.map_or(self.undeclared, weight_of)
    }
}

/// Requests between the first and the last recorded Call of some processes, and how many of them were recorded. The first
/// Call is where counting begins, so it stands for none.
#[derive(Clone, Copy)]
struct Counted {
    recorded: u64,
    requests: u64,
}

impl Counted {
    fn of(stretches: impl IntoIterator<Item = Stretch>) -> Self {
        let (mut recorded, mut requests) = (0, 0);
        for stretch in stretches {
            recorded += stretch.calls.saturating_sub(1);
            requests += stretch.last.saturating_sub(stretch.first);
        }
        Self { recorded, requests }
    }

    /// Requests for each that was recorded; `None` where there is no second one.
    fn weight(self) -> Option<f64> {
        let weight = (self.recorded > 0).then(|| as_f64(self.requests) / as_f64(self.recorded))?;
        // Calls cannot be more than the requests they were; such a figure is that of a broken counter.
        Some(if self.is_complete(weight) { 1.0 } else { weight })
    }

    fn is_complete(self, weight: f64) -> bool {
        weight < COMPLETE || self.requests <= self.recorded.saturating_add(FEW)
    }

    /// Share of the requests that were not recorded, where they are too few to be a sampler's choice.
    fn missing(self) -> f64 {
        let missing = self.requests.saturating_sub(self.recorded);
        let sampled = self.weight().is_some_and(|weight| weight > 1.0);
        if sampled || missing <= FEW { 0.0 } else { as_f64(missing) / as_f64(self.requests) }
    }
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
            let counted = Counted::of([Stretch { calls, first, last }]);
            assert_eq!(counted.weight(), expected, "{calls} calls from {first} to {last}");
        }
    }

    #[test]
    fn what_is_too_little_for_a_sampler_is_missing() {
        for (calls, last, expected) in [
            (1_001, 1_001, 0.0),
            (1_001, 1_003, 0.0),
            (991, 1_001, 0.01),
            (961, 1_001, 0.04),
            (101, 1_001, 0.0),
        ] {
            let counted = Counted::of([Stretch { calls, first: 1, last }]);
            assert!((counted.missing() - expected).abs() < 1e-9, "{calls} calls up to {last}");
        }
    }
}
