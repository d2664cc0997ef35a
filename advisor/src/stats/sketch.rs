//! A quantile sketch that merges exactly.

use std::sync::LazyLock;

use super::as_f64;

/// The bucket grid of DDSketch with relative error 1 %, from the crate of that name. The grid is part of what is
/// stored: changing it makes old Rollups unreadable.
static GRID: LazyLock<sketches_ddsketch::Config> =
    LazyLock::new(|| sketches_ddsketch::Config::new(0.01, 4096, 1.0));

/// Values count as at most this (twelve days in µs, a terabyte in bytes): the grid then has at most about 1,400
/// buckets, so that no bucket ever has to be collapsed and merging stays exact.
const LARGEST: u64 = 1 << 40;

/// The bucket of [`LARGEST`], the last there can be.
const LAST_BUCKET: usize = 1_386;

/// How many buckets there are at most.
pub(super) const BUCKETS: usize = LAST_BUCKET + 1;

/// A distribution of whole numbers (µs, bytes) of which any quantile can be read with a relative error of at most
/// 1 %. Buckets are integer counts on a fixed grid: merging is exact, associative and commutative.
///
/// Source: Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees",
/// VLDB 2019.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sketch {
    /// How many values were zero: they have no place on the grid.
    zeros: u64,
    /// The bucket of the first count; 0 without any.
    first: usize,
    /// Counts of the buckets from `first` on; neither end is zero.
    counts: Vec<u64>,
}

/// A stretch of values and how many lay in it, weighed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bin {
    /// From here,
    pub from: f64,
    /// to here.
    pub to: f64,
    /// Values in it.
    pub count: f64,
}

impl Sketch {
    /// Adds one value.
    pub fn add(&mut self, value: u64) {
        match bucket(value) {
            None => self.zeros += 1,
            Some(bucket) => self.add_many(bucket, 1),
        }
    }

    fn add_many(&mut self, bucket: usize, count: u64) {
        if self.counts.is_empty() {
            self.first = bucket;
        } else if bucket < self.first {
            let missing = self.first - bucket;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket;
        }
        let at = bucket - self.first;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        if let Some(known) = self.counts.get_mut(at) {
            *known = known.saturating_add(count);
        }
    }

    /// Adds what [`Sketch::parts`] of another one says; `false` when there can be no such bucket.
    pub(crate) fn merge_part(&mut self, bucket: Option<usize>, count: u64) -> bool {
        match bucket {
            None => self.zeros = self.zeros.saturating_add(count),
            Some(bucket) if bucket <= LAST_BUCKET && count > 0 => self.add_many(bucket, count),
            Some(_) => return false,
        }
        true
    }

    /// The buckets that are not empty, in order; `None` is the bucket of zero.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Option<usize>, u64)> {
        let zeros = (self.zeros > 0).then_some((None, self.zeros));
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        zeros.into_iter().chain(counts.map(|(at, count)| (Some(self.first + at), *count)))
    }

    /// How many values it holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(self.zeros, |sum, count| sum.saturating_add(*count))
    }
}

/// Several sketches read as one, each value counting as often as its sketch's weight says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Distribution {
    /// Bucket and weighed count, in order; `None` is zero.
    parts: Vec<(Option<usize>, f64)>,
    samples: u64,
}

impl Distribution {
    /// Puts sketches with their weights together.
    #[must_use]
    pub fn of<'a>(sketches: impl IntoIterator<Item = (&'a Sketch, f64)>) -> Self {
        let mut all = Self::default();
        for (sketch, weight) in sketches {
            all.samples += sketch.count();
            for (bucket, count) in sketch.parts() {
                all.parts.push((bucket, as_f64(count) * weight));
            }
        }
        all.parts.sort_by_key(|(bucket, _)| *bucket);
        all.parts.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 += later.1;
            }
            same
        });
        all
    }

    /// Observed values, unweighed.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    fn total(&self) -> f64 {
        self.parts.iter().map(|(_, count)| count).sum()
    }

    /// The value below which the share `q` (0 to 1) of all values lies; `None` when it is empty. It is the value at
    /// rank q * (n - 1), counted from zero, as the crate of the grid has it.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let rank = q.clamp(0.0, 1.0) * (self.total() - 1.0).max(0.0);
        let mut below = 0.0;
        for (bucket, count) in &self.parts {
            below += count;
            if below > rank {
                return Some(value(*bucket));
            }
        }
        self.parts.last().map(|(bucket, _)| value(*bucket))
    }

    /// The share of values above a limit, which counts as a value of its own bucket: the edge is blurred by 1 %. `None`
    /// when it is empty.
    #[must_use]
    pub fn share_above(&self, limit: u64) -> Option<f64> {
        let edge = bucket(limit);
        let above = self.parts.iter().filter(|(bucket, _)| *bucket > edge).map(|(_, count)| count);
        (self.samples > 0).then(|| above.fold(0.0, |sum, count| sum + count) / self.total())
    }

    /// At most so many bins of equal ratio from the smallest to the largest value; empty when it is. Zeros are a bin of
    /// their own.
    #[must_use]
    pub fn bins(&self, most: usize) -> Vec<Bin> {
        let mut bins = Vec::new();
        let buckets = || self.parts.iter().filter_map(|(bucket, count)| Some(((*bucket)?, *count)));
        if let Some((None, count)) = self.parts.first() {
            bins.push(Bin { from: 0.0, to: 0.0, count: *count });
        }
        let Some((first, last)) = buckets().map(|(b, _)| b).min().zip(buckets().map(|(b, _)| b).max()) else {
            return bins;
        };
        let width = (last - first + 1).div_ceil(most.max(1));
        let mut from = first;
        while from <= last {
            let within = from..from + width;
            // Not `sum`: that of nothing is -0.
            let counts = buckets().filter(|(bucket, _)| within.contains(bucket)).map(|(_, count)| count);
            let count = counts.fold(0.0, |all, count| all + count);
            bins.push(Bin { from: edge(within.start), to: edge(within.end), count });
            from += width;
        }
        bins
    }
}

/// The bucket of a value; `None` for zero.
fn bucket(value: u64) -> Option<usize> {
    (value > 0).then(|| usize::try_from(GRID.key(as_f64(value.min(LARGEST)))).unwrap_or_default())
}

pub(super) fn value(bucket: Option<usize>) -> f64 {
    bucket.map_or(0.0, |bucket| GRID.value(key(bucket)))
}

/// Where a bucket begins.
fn edge(bucket: usize) -> f64 {
    GRID.pow_gamma(key(bucket))
}

fn key(bucket: usize) -> i32 {
    i32::try_from(bucket).unwrap_or(i32::MAX)
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

    fn read(values: &[u64]) -> Distribution {
        Distribution::of([(&of(values), 1.0)])
    }

    proptest! {
        #[test]
        fn quantiles_are_within_one_percent(mut values in prop::collection::vec(0u64..10_000_000_000, 1..300), q in 0.0..1.0f64) {
            let found = read(&values).quantile(q).unwrap();
            values.sort_unstable();
            let rank = (q * (values.len() as f64 - 1.0)) as usize;
            let truth = values[rank] as f64;
            prop_assert!((found - truth).abs() <= truth * 0.0101 + f64::EPSILON, "{} is not {}", found, truth);
        }

        #[test]
        fn parts_put_together_are_one_pass_over_the_union(a in prop::collection::vec(any::<u64>(), 0..50), b in prop::collection::vec(any::<u64>(), 0..50)) {
            let mut merged = of(&a);
            for (bucket, count) in of(&b).parts() {
                prop_assert!(merged.merge_part(bucket, count));
            }
            let union: Vec<u64> = b.iter().chain(&a).copied().collect();
            prop_assert_eq!(merged, of(&union));
        }

        #[test]
        fn bins_hold_every_value_once(values in prop::collection::vec(0u64..1_000_000, 1..100), most in 1usize..30) {
            let bins = read(&values).bins(most);
            prop_assert_eq!(bins.iter().map(|bin| bin.count).sum::<f64>(), values.len() as f64);
            prop_assert!(bins.len() <= most + 1);
        }
    }

    #[test]
    fn the_largest_value_is_in_the_last_bucket() {
        assert_eq!(bucket(u64::MAX), Some(LAST_BUCKET));
        assert_eq!(bucket(1), Some(0));
        assert!(!Sketch::default().merge_part(Some(LAST_BUCKET + 1), 1));
    }

    #[test]
    fn a_weight_of_ten_counts_ten_times() {
        let (rare, common) = (of(&[100]), of(&[1, 1, 1]));
        let median = Distribution::of([(&rare, 10.0), (&common, 1.0)]).quantile(0.5).unwrap();
        assert!((median - 100.0).abs() <= 1.0, "{median}");
    }

    #[test]
    fn a_share_above_a_limit_leaves_out_the_limit_itself() {
        let values = read(&[0, 10, 1_000, 1_000, 5_000]);
        assert_eq!(values.share_above(1_000), Some(0.2));
        assert_eq!(values.share_above(500), Some(0.6));
        assert_eq!(read(&[]).share_above(1), None);
    }
}
