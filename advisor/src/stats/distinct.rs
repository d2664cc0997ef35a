//! How many different ones there were.

use datasketches::theta::{
    CompactThetaSketch, ThetaSketch, ThetaSketchBuilder, ThetaUnion, ThetaUnionBuilder,
};

/// Logarithm of how many hashes are kept: part of what is stored.
const LG_KEPT: u8 = 10;

/// Estimates a distinct count with a theta sketch of the crate `datasketches`: exact up to [`Distinct::KEPT`] values,
/// beyond that with a standard error of 1 / sqrt(1024), 3.1 %. It keeps the smallest hashes, so that merging is exact,
/// associative and commutative.
///
/// Source: Dasgupta, Lang, Rhodes, Thaler, "A Framework for Estimating Stream Expression Cardinalities", ICDT 2016.
#[derive(Debug)]
pub struct Distinct {
    added: ThetaSketch,
    merged: ThetaUnion,
}

impl Distinct {
    /// Up to so many values the count is exact.
    pub const KEPT: usize = 1 << LG_KEPT;

    /// Adds a value.
    pub fn add(&mut self, value: u64) {
        self.added.update(value);
    }

    /// Adds everything that an encoded one has seen; `false` when these bytes are none.
    pub(crate) fn merge_encoded(&mut self, bytes: &[u8]) -> bool {
        CompactThetaSketch::deserialize(bytes).is_ok_and(|sketch| self.merged.update(&sketch).is_ok())
    }

    /// The same set always gives the same bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        self.all().serialize()
    }

    /// The estimated number of different values.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.all().estimate()
    }

    /// What was added and what was merged, together.
    fn all(&self) -> CompactThetaSketch {
        let mut all = union();
        for part in [self.merged.to_sketch(true), self.added.compact(true)] {
            // Both were made with the default seed, the only reason for which this could be refused.
            let _ = all.update(&part);
        }
        all.to_sketch(true)
    }
}

#[expect(
    clippy::expect_used,
    reason = "refused is only a precision out of range, and this one is a constant"
)]
fn sketch() -> ThetaSketch {
    ThetaSketchBuilder::default().lg_k(LG_KEPT).build().expect("a precision within 5 to 26")
}

#[expect(
    clippy::expect_used,
    reason = "refused is only a precision out of range, and this one is a constant"
)]
fn union() -> ThetaUnion {
    ThetaUnionBuilder::default().lg_k(LG_KEPT).build().expect("a precision within 5 to 26")
}

impl Default for Distinct {
    fn default() -> Self {
        Self { added: sketch(), merged: union() }
    }
}

impl Clone for Distinct {
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        let _ = copy.merged.update(&self.all());
        copy
    }
}

impl PartialEq for Distinct {
    fn eq(&self, other: &Self) -> bool {
        self.encode() == other.encode()
    }
}

impl Eq for Distinct {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Distinct {
        let mut distinct = Distinct::default();
        values.into_iter().for_each(|value| distinct.add(value));
        distinct
    }

    #[test]
    fn exact_when_few_and_close_when_many() {
        assert_eq!(Distinct::default().estimate(), 0.0);
        assert_eq!(of((0..1_000).chain(0..1_000)).estimate(), 1_000.0);
        let many = of(0..100_000).estimate();
        // Four standard errors.
        assert!((87_500.0..112_500.0).contains(&many), "{many}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn merging_is_one_pass_over_the_union(a in 0u64..4_000, b in 0u64..4_000, c in 0u64..8_000) {
            let parts = [0..a, a / 2..a + b, c..c + 1_500];
            let merged = |order: [usize; 3]| {
                let mut all = Distinct::default();
                order.iter().for_each(|part| assert!(all.merge_encoded(&of(parts[*part].clone()).encode())));
                all
            };
            prop_assert_eq!(merged([0, 1, 2]), merged([2, 0, 1]));
            prop_assert_eq!(merged([1, 2, 0]), of(parts.iter().rev().cloned().flatten()));
        }

        #[test]
        fn bytes_from_anywhere_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            Distinct::default().merge_encoded(&bytes);
        }
    }
}
