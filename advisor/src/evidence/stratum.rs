//! What was counted of Calls that share one sampling weight. What the weight is, is decided when it is read.

use std::collections::BTreeMap;

use pointsman_store::Sampling;

use super::encoding::{Reader, Writer};
use super::{Dimension, Fact, Measure, RollupError, Tally};
use crate::stats::Sketch;

/// Thresholds that are told apart in one Rollup. There is one a sampler; a sender who makes up others gets coarse ones.
const THRESHOLDS: usize = 32;

/// 2^56: sampling thresholds are fractions of it (OpenTelemetry, tracestate probability sampling).
const THRESHOLD_RANGE: u64 = 1 << 56;

/// Whole counts of Calls that share one sampling weight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stratum {
    facts: Box<[u64; Fact::COUNT]>,
    measures: [Sketch; Measure::COUNT],
    values: [Tally; Dimension::COUNT],
    /// Calls by the hour in which they started, hours since the epoch.
    hours: BTreeMap<u32, u64>,
}

/// By sampling threshold T; `None` where sampling is not declared. Boxed: a map has room for eleven at once, and nearly every
/// Handler has one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Strata(BTreeMap<Option<u64>, Box<Stratum>>);

impl Default for Stratum {
    fn default() -> Self {
        Self {
            facts: Box::new([0; Fact::COUNT]),
            measures: Default::default(),
            values: Default::default(),
            hours: BTreeMap::new(),
        }
    }
}

impl Stratum {
    /// How often a fact was counted.
    #[must_use]
    pub fn count(&self, fact: Fact) -> u64 {
        self.facts.get(fact.code()).copied().unwrap_or_default()
    }

    /// A distribution.
    #[must_use]
    pub fn measure(&self, measure: Measure) -> Option<&Sketch> {
        self.measures.get(measure.code())
    }

    /// How often each value of a dimension was counted.
    #[must_use]
    pub fn tally(&self, dimension: Dimension) -> Option<&Tally> {
        self.values.get(dimension.code())
    }

    /// Calls by the hour in which they started, hours since the epoch.
    #[must_use]
    pub fn hours(&self) -> &BTreeMap<u32, u64> {
        &self.hours
    }

    pub(super) fn add(&mut self, fact: Fact, times: u64) {
        if let Some(count) = self.facts.get_mut(fact.code()) {
            *count = count.saturating_add(times);
        }
    }

    pub(super) fn add_value(&mut self, measure: Measure, value: u64) {
        if let Some(sketch) = self.measures.get_mut(measure.code()) {
            sketch.add(value);
        }
    }

    pub(super) fn add_name(&mut self, dimension: Dimension, name: &str) {
        if let Some(tally) = self.values.get_mut(dimension.code()) {
            tally.add(name, 1);
        }
    }

    pub(super) fn add_hour(&mut self, hour: u32, calls: u64) {
        let known = self.hours.entry(hour).or_default();
        *known = known.saturating_add(calls);
    }

    /// The same calls as those of an action.
    fn as_of_action(&self) -> Self {
        let mut moved = self.clone();
        for (of_route, of_action) in [
            (Fact::ClientKnown, Fact::Sequenced),
            (Fact::ClientKnown, Fact::ShiftedControls),
            // What is sent within a second would wait in the client's queue.
            (Fact::InOwnBatch, Fact::InBurst),
            (Fact::Batches, Fact::Bursts),
        ] {
            moved.add(of_action, self.count(of_route).saturating_sub(self.count(of_action)));
        }
        if let Some((data, answers)) =
            moved.measures.get_mut(Measure::DataBytes.code()).zip(self.measure(Measure::ResponseBytes))
        {
            *data = answers.clone();
        }
        moved
    }

    fn write(&self, to: &mut Writer) {
        let facts = || self.facts.iter().enumerate().filter(|(_, count)| **count > 0);
        to.count(facts().count());
        for (code, count) in facts() {
            to.count(code);
            to.number(*count);
        }
        let measures = || self.measures.iter().enumerate().filter(|(_, sketch)| sketch.count() > 0);
        to.count(measures().count());
        for (code, sketch) in measures() {
            to.count(code);
            to.count(sketch.parts().count());
            let mut last = 0;
            for (bucket, count) in sketch.parts() {
                // One more than the bucket, so that 0 is free for zeros; and only what it is beyond the last one.
                let place = bucket.map_or(0, |bucket| bucket + 1);
                to.count(place - last);
                to.number(count);
                last = place;
            }
        }
        let values = || self.values.iter().enumerate().filter(|(_, tally)| !tally.is_empty());
        to.count(values().count());
        for (code, tally) in values() {
            to.count(code);
            tally.write(to);
        }
        to.count(self.hours.len());
        for (hour, calls) in &self.hours {
            to.number(u64::from(*hour));
            to.number(*calls);
        }
    }

    fn merge_encoded(&mut self, from: &mut Reader<'_>) -> Result<(), RollupError> {
        for _ in 0..from.count()? {
            let fact = Fact::of_code(from.small()?).ok_or(RollupError::Damaged("a fact is unknown"))?;
            self.add(fact, from.number()?);
        }
        for _ in 0..from.count()? {
            let code = from.small()?;
            let sketch = self.measures.get_mut(code).ok_or(RollupError::Damaged("a measure is unknown"))?;
            let mut place = 0usize;
            for _ in 0..from.count()? {
                place = place.saturating_add(from.small()?);
                if !sketch.merge_part(place.checked_sub(1), from.number()?) {
                    return Err(RollupError::Damaged("a bucket is unknown"));
                }
            }
        }
        for _ in 0..from.count()? {
            let code = from.small()?;
            let tally = self.values.get_mut(code).ok_or(RollupError::Damaged("a dimension is unknown"))?;
            tally.merge_encoded(from)?;
        }
        for _ in 0..from.count()? {
            let hour =
                u32::try_from(from.number()?).map_err(|_| RollupError::Damaged("an hour is too late"))?;
            self.add_hour(hour, from.number()?);
        }
        Ok(())
    }
}

impl Strata {
    /// Each with its threshold.
    pub fn iter(&self) -> impl Iterator<Item = (Option<u64>, &Stratum)> {
        self.0.iter().map(|(threshold, stratum)| (*threshold, &**stratum))
    }

    /// The same calls as those of an action.
    pub(super) fn as_of_action(&self) -> Self {
        Self(self.iter().map(|(threshold, stratum)| (threshold, Box::new(stratum.as_of_action()))).collect())
    }

    pub(super) fn of(&mut self, sampling: Sampling) -> &mut Stratum {
        self.of_threshold(match sampling {
            Sampling::Threshold(threshold) => Some(threshold.min(THRESHOLD_RANGE - 1)),
            Sampling::Undeclared => None,
        })
    }

    fn of_threshold(&mut self, threshold: Option<u64>) -> &mut Stratum {
        let full = self.0.len() >= THRESHOLDS && !self.0.contains_key(&threshold);
        self.0.entry(if full { threshold.map(coarse) } else { threshold }).or_default()
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.count(self.0.len());
        for (threshold, stratum) in &self.0 {
            to.optional(*threshold);
            stratum.write(to);
        }
    }

    pub(super) fn merge_encoded(&mut self, from: &mut Reader<'_>) -> Result<(), RollupError> {
        for _ in 0..from.count()? {
            let threshold = from.optional()?;
            if threshold.is_some_and(|threshold| threshold >= THRESHOLD_RANGE) {
                return Err(RollupError::Damaged("a sampling threshold is too large"));
            }
            self.of_threshold(threshold).merge_encoded(from)?;
        }
        Ok(())
    }
}

/// How often a Call counts whose sampler rejected below this threshold: 2^56 / (2^56 - T).
/// Source: OpenTelemetry specification, tracestate probability sampling.
#[must_use]
pub fn weight_of(threshold: u64) -> f64 {
    crate::stats::as_f64(THRESHOLD_RANGE)
        / crate::stats::as_f64(THRESHOLD_RANGE.saturating_sub(threshold)).max(1.0)
}

/// The threshold whose weight is the largest power of two that is not above the weight of this one.
fn coarse(threshold: u64) -> u64 {
    THRESHOLD_RANGE - (THRESHOLD_RANGE - threshold).next_power_of_two()
}
