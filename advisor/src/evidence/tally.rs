//! How often each of many values was seen, within a limit.

use std::collections::BTreeMap;

use super::RollupError;
use super::encoding::{Reader, Writer};

/// Different values that are told apart.
const VALUES: usize = 256;

/// Counts by value. Up to 256 different values are exact. Of more, 256 are kept that a hash chooses, each with all its
/// counts, and the rest is counted together: so merging stays exact, associative and commutative, and what is kept is
/// a fair sample of the values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tally {
    values: BTreeMap<String, u64>,
    /// Counts of values that are not told apart.
    other: u64,
    /// Values with this hash or a larger one are not told apart.
    limit: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { values: BTreeMap::new(), other: 0, limit: u64::MAX }
    }
}

impl Tally {
    /// Counts a value so many times.
    pub(super) fn add(&mut self, value: &str, count: u64) {
        if let Some(known) = self.values.get_mut(value) {
            *known = known.saturating_add(count);
        } else if self.limit < u64::MAX && lot(value) >= self.limit {
            self.other = self.other.saturating_add(count);
        } else {
            self.values.insert(value.to_owned(), count);
            self.keep_to_limit();
        }
    }

    fn keep_to_limit(&mut self) {
        if self.values.len() > VALUES
            && let Some(largest) = self.values.keys().map(|value| lot(value)).max()
        {
            self.lower_limit(largest);
        }
    }

    fn lower_limit(&mut self, limit: u64) {
        self.limit = limit;
        let other = &mut self.other;
        self.values.retain(|value, count| {
            let kept = lot(value) < limit;
            if !kept {
                *other = other.saturating_add(*count);
            }
            kept
        });
    }

    /// The values that are told apart, with their counts, in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = (&str, u64)> {
        self.values.iter().map(|(value, count)| (value.as_str(), *count))
    }

    /// Counts of values that are not told apart.
    #[must_use]
    pub fn other(&self) -> u64 {
        self.other
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.other == 0
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.number(u64::MAX - self.limit);
        to.number(self.other);
        to.count(self.values.len());
        for (value, count) in &self.values {
            to.bytes(value.as_bytes());
            to.number(*count);
        }
    }

    pub(super) fn merge_encoded(&mut self, from: &mut Reader<'_>) -> Result<(), RollupError> {
        let limit = u64::MAX - from.number()?;
        if limit < self.limit {
            self.lower_limit(limit);
        }
        self.other = self.other.saturating_add(from.number()?);
        for _ in 0..from.count()? {
            let value = from.text()?;
            self.add(value, from.number()?);
        }
        Ok(())
    }
}

/// The number by which chance chooses values, always alike: FNV-1a, spread over all bits by the finalizer of SplitMix64.
/// It is part of what is stored.
fn lot(value: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in value.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u16]) -> Tally {
        let mut tally = Tally::default();
        values.iter().for_each(|value| tally.add(&format!("/product/{value}"), 1));
        tally
    }

    fn merged(parts: &[&[u16]]) -> Tally {
        let mut all = Tally::default();
        for part in parts {
            let mut writer = Writer::default();
            of(part).write(&mut writer);
            all.merge_encoded(&mut Reader::new(&writer.finish())).unwrap();
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// Up to a thousand different values, four times what is told apart.
        #[test]
        fn merging_is_one_pass_over_the_union(
            a in prop::collection::vec(0u16..1_000, 0..900), b in prop::collection::vec(0u16..1_000, 0..900),
            c in prop::collection::vec(0u16..1_000, 0..90),
        ) {
            let union: Vec<u16> = c.iter().chain(&a).chain(&b).copied().collect();
            prop_assert_eq!(merged(&[&a, &b, &c]), merged(&[&c, &b, &a]));
            prop_assert_eq!(merged(&[&a, &b, &c]), of(&union));
            let all = of(&union);
            prop_assert_eq!(all.values().map(|(_, count)| count).sum::<u64>() + all.other(), union.len() as u64);
        }
    }
}
