//! A quantile sketch that merges exactly.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::as_f64;

/// The bucket grid of DDSketch with relative error 1 %, from the crate of that name. The grid is part of what is
/// stored: changing it makes old Rollups unreadable.
static GRID: LazyLock<sketches_ddsketch::Config> =
    LazyLock::new(|| sketches_ddsketch::Config::new(0.01, 4096, 1.0));

/// The bucket of zero, below all buckets of the grid.
const ZERO: i32 = i32::MIN;

/// Values count as at most this (ten years in ms, a terabyte in bytes): the grid then has at most about 1,400
/// buckets, so that no bucket ever has to be collapsed and merging stays exact.
const LARGEST: u64 = 1 << 40;

/// A distribution of whole numbers (µs, bytes) of which any quantile can be read with a relative error of at most
/// 1 %. Buckets are integer counts on a fixed grid: merging is exact, associative and commutative.
///
/// Source: Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees",
/// VLDB 2019.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sketch {
    buckets: BTreeMap<i32, u64>,
}

impl Sketch {
    /// Adds one value.
    pub fn add(&mut self, value: u64) {
        let bucket = if value == 0 { ZERO } else { GRID.key(as_f64(value.min(LARGEST))) };
        *self.buckets.entry(bucket).or_default() += 1;
    }

    /// Adds everything that another one holds.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += count;
        }
    }

    /// How many values it holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.values().sum()
    }

    /// The value below which the share `q` (0 to 1) of all values lies; `None` when it is empty.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        Self::weighted_quantile([(self, 1.0)], q)
    }

    /// The quantile over several sketches, each value counting as often as its sketch's weight says.
    #[must_use]
    pub fn weighted_quantile<'a>(parts: impl IntoIterator<Item = (&'a Self, f64)>, q: f64) -> Option<f64> {
        let mut all: BTreeMap<i32, f64> = BTreeMap::new();
        for (sketch, weight) in parts {
            for (bucket, count) in &sketch.buckets {
                *all.entry(*bucket).or_default() += as_f64(*count) * weight;
            }
        }
        let total: f64 = all.values().sum();
        // The rank of the library: the value at position q * (n - 1), counted from zero.
        let rank = q.clamp(0.0, 1.0) * (total - 1.0).max(0.0);
        let mut below = 0.0;
        let mut last = None;
        for (bucket, weight) in all {
            below += weight;
            last = Some(bucket);
            if below > rank {
                break;
            }
        }
        last.map(|bucket| if bucket == ZERO { 0.0 } else { GRID.value(bucket) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Sketch {
        let mut sketch = Sketch::default();
        values.iter().for_each(|value| sketch.add(*value));
        sketch
    }

    proptest! {
        #[test]
        fn quantiles_are_within_one_percent(mut values in prop::collection::vec(0u64..10_000_000_000, 1..300), q in 0.0..1.0f64) {
            let found = of(&values).quantile(q).unwrap();
            values.sort_unstable();
            let rank = (q * (values.len() as f64 - 1.0)) as usize;
            let truth = values[rank] as f64;
            prop_assert!((found - truth).abs() <= truth * 0.0101 + f64::EPSILON, "{} is not {}", found, truth);
        }

        #[test]
        fn merging_is_one_pass_over_the_union(a in prop::collection::vec(any::<u64>(), 0..50), b in prop::collection::vec(any::<u64>(), 0..50)) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            let union: Vec<u64> = b.iter().chain(&a).copied().collect();
            prop_assert_eq!(merged, of(&union));
        }
    }

    #[test]
    fn a_weight_of_ten_counts_ten_times() {
        let (rare, common) = (of(&[100]), of(&[1, 1, 1]));
        let median = Sketch::weighted_quantile([(&rare, 10.0), (&common, 1.0)], 0.5).unwrap();
        assert!((median - 100.0).abs() <= 1.0, "{median}");
    }
}
