//! How many different ones there were.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Estimates a distinct count by keeping the smallest hashes (bottom-k, also known as KMV): exact up to
/// [`Distinct::KEPT`], beyond that with a standard error of about 1 / sqrt(62), 13 %. Merging keeps the smallest of
/// both and is exact.
///
/// Source: Beyer et al., "On synopses for distinct-value estimation under multiset operations", SIGMOD 2007.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Distinct {
    smallest: BTreeSet<u64>,
}

impl Distinct {
    /// How many hashes are kept.
    pub const KEPT: usize = 64;

    /// Adds a value by its hash, which must be spread evenly over all 64 bits (client keys are).
    pub fn add(&mut self, hash: u64) {
        self.smallest.insert(hash);
        while self.smallest.len() > Self::KEPT {
            self.smallest.pop_last();
        }
    }

    /// Adds everything that another one has seen.
    pub fn merge(&mut self, other: &Self) {
        other.smallest.iter().for_each(|hash| self.add(*hash));
    }

    /// The estimated number of different values.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "an estimate: the last bits of a hash do not matter")]
    pub fn estimate(&self) -> f64 {
        let kept = self.smallest.len();
        match self.smallest.last() {
            Some(largest) if kept == Self::KEPT && *largest > 0 => {
                (kept as f64 - 1.0) / (*largest as f64 / u64::MAX as f64)
            }
            _ => kept as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64: an even spread for test values.
    fn spread(mut value: u64) -> u64 {
        value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    #[test]
    fn exact_when_few_and_close_when_many() {
        let mut clients = Distinct::default();
        (0..40).for_each(|client| clients.add(spread(client)));
        (0..40).for_each(|client| clients.add(spread(client)));
        assert_eq!(clients.estimate(), 40.0);
        (0..10_000).for_each(|client| clients.add(spread(client)));
        assert!((6_000.0..14_000.0).contains(&clients.estimate()), "{}", clients.estimate());
    }
}
