//! What both sides of a comparison add up to, and how sure that is: the comparison is made again a thousand times with
//! days (or hours, where there are few days) drawn by lot. Source: B. Efron, "Bootstrap methods: another look at the
//! jackknife", 1979; days are drawn whole because their hours resemble each other.

use std::collections::BTreeMap;

use super::pairs::Pair;
use super::slices::{Slice, pile_up};
use crate::stats::Pile;

/// How often the comparison is made again.
const RESAMPLES: usize = 1_000;
/// With so many days days are drawn, with fewer hours.
const DAYS_TO_DRAW: usize = 3;

/// What one side adds up to; `None` where nothing tells it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Summary {
    /// Round trips per Interaction.
    pub(super) trips: Option<f64>,
    /// Waiting, ms.
    pub(super) p50: Option<f64>,
    pub(super) p95: Option<f64>,
    /// Of that, what they wait for beside the main part, ms.
    pub(super) further_p50: Option<f64>,
    pub(super) further_p95: Option<f64>,
    /// Share of calls that failed.
    pub(super) errors: Option<f64>,
    /// Interactions in an hour.
    pub(super) per_hour: Option<f64>,
}

/// Both sides.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Both {
    pub(super) before: Summary,
    pub(super) after: Summary,
}

/// Both sides, all hours together.
pub(super) fn whole(pairs: &[Pair<'_>]) -> Both {
    let mut adder = Adder::new();
    for pair in pairs {
        let each = 1.0 / count(pair.before.len());
        pair.before.iter().for_each(|before| adder.before.add(before, pair.after.interactions * each, each));
        adder.after.add(pair.after, pair.after.interactions, 1.0);
    }
    adder.both()
}

/// Both sides as they would have been with other days, a thousand times. The same seed draws the same days.
pub(super) fn resampled(pairs: &[Pair<'_>], seed: u64) -> Vec<Both> {
    let mut lots = fastrand::Rng::with_seed(seed);
    let mut days: BTreeMap<u32, Vec<&Pair<'_>>> = BTreeMap::new();
    for pair in pairs {
        days.entry(pair.hour / 24).or_default().push(pair);
    }
    let blocks: Vec<Vec<&Pair<'_>>> = if days.len() >= DAYS_TO_DRAW {
        days.into_values().collect()
    } else {
        pairs.iter().map(|pair| vec![pair]).collect()
    };
    let mut adder = Adder::new();
    let draw = |_| {
        adder.clear();
        for _ in 0..blocks.len() {
            for pair in lots.choice(&blocks).into_iter().flatten() {
                let Some(before) = lots.choice(&pair.before) else { continue };
                adder.before.add(before, pair.after.interactions, 1.0);
                adder.after.add(pair.after, pair.after.interactions, 1.0);
            }
        }
        adder.both()
    };
    if blocks.is_empty() { Vec::new() } else { (0..RESAMPLES).map(draw).collect() }
}

/// The middle 95 % of some values; `None` when fewer than half of the comparisons have one.
pub(super) fn interval(mut values: Vec<f64>) -> Option<[f64; 2]> {
    if values.len() < RESAMPLES / 2 {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let at = |thousandths: usize| values.get(last * thousandths / 1_000).copied();
    Some([at(25)?, at(975)?])
}

/// Hours that are being added up.
struct Adder {
    before: Sum,
    after: Sum,
}

struct Sum {
    trips: (f64, f64),
    errors: (f64, f64),
    interactions: f64,
    hours: f64,
    waits: Pile,
    further: Pile,
}

impl Adder {
    fn new() -> Self {
        Self { before: Sum::new(), after: Sum::new() }
    }

    fn clear(&mut self) {
        self.before.clear();
        self.after.clear();
    }

    fn both(&self) -> Both {
        Both { before: self.before.summary(), after: self.after.summary() }
    }
}

impl Sum {
    fn new() -> Self {
        Self {
            trips: (0.0, 0.0),
            errors: (0.0, 0.0),
            interactions: 0.0,
            hours: 0.0,
            waits: Pile::new(),
            further: Pile::new(),
        }
    }

    fn clear(&mut self) {
        self.trips = (0.0, 0.0);
        self.errors = (0.0, 0.0);
        (self.interactions, self.hours) = (0.0, 0.0);
        self.waits.clear();
        self.further.clear();
    }

    /// Adds an hour as if it had had so many Interactions: both sides then have the same hours of the day.
    fn add(&mut self, slice: &Slice, mass: f64, hours: f64) {
        let factor = mass / slice.interactions.max(f64::MIN_POSITIVE);
        self.trips.0 += slice.trips.0 * factor;
        self.trips.1 += slice.trips.1 * factor;
        self.errors.0 += slice.errors.0 * factor;
        self.errors.1 += slice.errors.1 * factor;
        self.interactions += slice.interactions * hours;
        self.hours += hours;
        pile_up(&mut self.waits, &slice.waits, mass);
        pile_up(&mut self.further, &slice.further, mass);
    }

    fn summary(&self) -> Summary {
        let ratio = |(part, whole): (f64, f64)| (whole > 0.0).then(|| part / whole);
        let ms = |pile: &Pile, q| pile.quantile(q).map(|us| us / 1_000.0);
        // Where nothing is waited for beside it, that is no time.
        let both = |q| Some(ms(&self.waits, q)? + ms(&self.further, q).unwrap_or_default());
        Summary {
            trips: ratio(self.trips),
            p50: both(0.5),
            p95: both(0.95),
            further_p50: ms(&self.further, 0.5),
            further_p95: ms(&self.further, 0.95),
            errors: ratio(self.errors),
            per_hour: ratio((self.interactions, self.hours)),
        }
    }
}

fn count(length: usize) -> f64 {
    crate::stats::as_f64(length.max(1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_middle_of_the_values() {
        let values: Vec<f64> = (0..1_001).rev().map(f64::from).collect();
        assert_eq!(interval(values), Some([25.0, 975.0]));
        assert_eq!(interval(vec![1.0; 10]), None);
    }
}
