//! Many sketches added up many times: weighed counts in one row of buckets, cleared and filled again.

use super::as_f64;
use super::sketch::{BUCKETS, Sketch, value};

/// A weighed distribution under construction.
#[derive(Clone, Debug)]
pub(crate) struct Pile {
    zeros: f64,
    buckets: Vec<f64>,
    total: f64,
}

impl Pile {
    pub(crate) fn new() -> Self {
        Self { zeros: 0.0, buckets: vec![0.0; BUCKETS], total: 0.0 }
    }

    pub(crate) fn clear(&mut self) {
        self.zeros = 0.0;
        self.buckets.fill(0.0);
        self.total = 0.0;
    }

    /// Adds a sketch so that all its values together count as often as `mass` says; an empty one adds nothing.
    pub(crate) fn add(&mut self, sketch: &Sketch, mass: f64) {
        let count = sketch.count();
        if count == 0 || mass <= 0.0 {
            return;
        }
        let weight = mass / as_f64(count);
        for (bucket, count) in sketch.parts() {
            let place = match bucket {
                None => Some(&mut self.zeros),
                Some(bucket) => self.buckets.get_mut(bucket),
            };
            if let Some(place) = place {
                *place += weight * as_f64(count);
            }
        }
        self.total += mass;
    }

    /// Adds zeros.
    pub(crate) fn add_zeros(&mut self, mass: f64) {
        self.zeros += mass.max(0.0);
        self.total += mass.max(0.0);
    }

    /// The value below which the share `q` of all lies; `None` when it is empty.
    pub(crate) fn quantile(&self, q: f64) -> Option<f64> {
        if self.total <= 0.0 {
            return None;
        }
        let rank = q.clamp(0.0, 1.0) * self.total;
        let mut below = self.zeros;
        if below > 0.0 && below >= rank {
            return Some(0.0);
        }
        let mut last = 0.0;
        for (bucket, mass) in self.buckets.iter().enumerate().filter(|(_, mass)| **mass > 0.0) {
            below += mass;
            last = value(Some(bucket));
            if below >= rank {
                return Some(last);
            }
        }
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sketch_counts_as_often_as_it_is_told() {
        let of = |values: &[u64]| {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.add(*value));
            sketch
        };
        let mut pile = Pile::new();
        assert_eq!(pile.quantile(0.5), None);
        pile.add(&of(&[100]), 3.0);
        pile.add(&of(&[1_000, 1_000, 1_000, 1_000]), 2.0);
        let near = |found: Option<f64>, wanted: f64| {
            assert!(
                found.is_some_and(|found| (found - wanted).abs() <= wanted * 0.011),
                "{found:?}, not {wanted}"
            );
        };
        near(pile.quantile(0.5), 100.0);
        near(pile.quantile(0.7), 1_000.0);
        pile.add_zeros(10.0);
        assert_eq!(pile.quantile(0.5), Some(0.0));
        pile.clear();
        assert_eq!(pile.quantile(0.5), None);
    }
}
