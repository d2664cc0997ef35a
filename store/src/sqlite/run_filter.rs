//! The filter of a run of the trace index: tells of most traces that they are not in it. It is kept on disk, so that
//! a start need not read the runs.

use fastbloom::{BloomFilter, DefaultHasher};

/// Bits per entry: with seven hashes one lookup in 300 is for nothing.
const BITS: usize = 12;
const HASHES: u32 = 7;

/// Trace ids are random, so that nothing is gained by another seed in each process; filters must outlive it.
const SEED: u128 = 0;

#[derive(Clone, Debug)]
pub(super) struct RunFilter(BloomFilter<DefaultHasher>);

impl RunFilter {
    pub(super) fn of(prefixes: impl Iterator<Item = i64> + Clone) -> Self {
        let bits = prefixes.clone().count().max(1) * BITS;
        let mut filter = BloomFilter::with_num_bits(bits).seed(&SEED).hashes(HASHES);
        prefixes.for_each(|prefix| {
            filter.insert_hash(Self::hash(prefix));
        });
        Self(filter)
    }

    /// What to ask filters for.
    pub(super) fn hash(prefix: i64) -> u64 {
        /// Of the golden ratio: spreads what little order there may be in the ids of a poor generator.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = prefix.cast_unsigned().wrapping_mul(SPREAD);
        (mixed ^ (mixed >> 32)).wrapping_mul(SPREAD)
    }

    pub(super) fn may_hold(&self, hash: u64) -> bool {
        self.0.contains_hash(hash)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.as_slice().iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// A filter that is damaged beyond its length lets pass what is not in its run, and maybe hides what is.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let words: Vec<u64> = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let words = if words.is_empty() { vec![u64::MAX] } else { words };
        Self(BloomFilter::from_vec(words).seed(&SEED).hashes(HASHES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_all_it_was_made_of_and_few_others_also_after_a_restart() {
        let inside = (0..20_000).map(|at: i64| at.wrapping_mul(0x7f4a_7c15_9e37));
        let filter = RunFilter::from_bytes(&RunFilter::of(inside.clone()).to_bytes());
        assert!(inside.clone().all(|prefix| filter.may_hold(RunFilter::hash(prefix))));
        let wrong = inside.filter(|prefix| filter.may_hold(RunFilter::hash(prefix ^ (1 << 62)))).count();
        assert!(wrong < 200, "{wrong} of 20000");
    }

    /// Filters are on disk: a version of the crate that reads bits at other places must not read them.
    #[test]
    fn the_bits_stand_where_they_always_stood() {
        assert_eq!(RunFilter::of([1, 2, 3].into_iter()).to_bytes(), [0, 9, 2, 26, 0, 181, 37, 41]);
    }
}
