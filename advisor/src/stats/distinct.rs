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
///
/// While values come they are in hash tables, which take up to 64 KiB; [`Distinct::settle`] leaves the hashes alone, at most 8 KiB.
#[derive(Debug, Default)]
pub struct Distinct {
    added: Option<ThetaSketch>,
    merged: Option<ThetaUnion>,
    settled: Option<CompactThetaSketch>,
}

impl Distinct {
    /// Up to so many values the count is exact.
    pub const KEPT: usize = 1 << LG_KEPT;

    /// Adds a value.
    pub fn add(&mut self, value: u64) {
        self.added.get_or_insert_with(sketch).update(value);
    }

    /// Adds everything that an encoded one has seen; `false` when these bytes are none.
    pub(crate) fn merge_encoded(&mut self, bytes: &[u8]) -> bool {
        let settled = self.settled.take();
        let merged = self.merged.get_or_insert_with(union);
        if let Some(settled) = settled {
            // Made with the default seed, as the table is.
            let _ = merged.update(&settled);
        }
        CompactThetaSketch::deserialize(bytes).is_ok_and(|sketch| merged.update(&sketch).is_ok())
    }

    /// Nothing more is expected for now: gives up the tables that make adding fast.
    pub(crate) fn settle(&mut self) {
        if self.added.is_some() || self.merged.is_some() {
            *self = Self { settled: Some(self.all()), ..Self::default() };
        }
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
        let merged = self.merged.as_ref().map(|merged| merged.to_sketch(true));
        let added = self.added.as_ref().map(|added| added.compact(true));
        for part in [merged.as_ref(), added.as_ref(), self.settled.as_ref()].into_iter().flatten() {
            // All were made with the default seed, the only reason for which this could be refused.
            let _ = all.update(part);
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

impl Clone for Distinct {
    fn clone(&self) -> Self {
        Self { settled: Some(self.all()), ..Self::default() }
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

    #[test]
    fn settling_changes_nothing_that_is_told() {
        let mut distinct = of(0..3_000);
        let before = distinct.encode();
        distinct.settle();
        assert!(distinct.added.is_none() && distinct.merged.is_none());
        assert_eq!(distinct.encode(), before);
        assert!(distinct.merge_encoded(&of(2_000..9_000).encode()));
        distinct.add(9_000);
        assert_eq!(distinct, of(0..9_001));
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
