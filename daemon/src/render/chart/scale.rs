//! Scales: which values an axis spans and which of them it names. Where they are drawn is the frame's.

/// From a value to a place, linear or by ratios.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    log: bool,
}

impl Scale {
    /// From 0 to a little over the largest value.
    pub(super) fn from_zero(largest: f64) -> Self {
        let to = if largest.is_finite() && largest > 0.0 { largest.min(f64::MAX / 4.0) } else { 1.0 };
        Self { from: 0.0, to: to * 1.08, log: false }
    }

    /// From one value to another, exactly.
    pub(super) fn linear(from: f64, to: f64) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        Self { from, to, log: false }
    }

    /// By ratios, with room around the values; `None` when none of them is above 0.
    pub(super) fn ratios(values: impl Iterator<Item = f64>) -> Option<Self> {
        let usable = values.filter(|value| value.is_finite() && *value > 0.0);
        let logs = usable.map(f64::log10);
        let (low, high) = logs
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        (low <= high).then(|| {
            let room = ((high - low) * 0.08).max(0.15);
            Self { from: low - room, to: high + room, log: true }
        })
    }

    /// The ends as they are laid out: values, or their logarithms.
    pub(super) fn laid_out(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// A value as it is laid out; what lies outside is put at the edge.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = if self.log { value.max(f64::MIN_POSITIVE).log10() } else { value };
        if place.is_nan() { self.from } else { place.clamp(self.from, self.to) }
    }

    pub(super) fn value(&self, place: f64) -> f64 {
        if self.log { 10_f64.powf(place) } else { place }
    }

    /// At most `most` values worth naming, as they are laid out.
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        if self.log { self.ratio_ticks(most) } else { self.even_ticks(most) }
    }

    fn even_ticks(&self, most: usize) -> Vec<f64> {
        let rough = (self.to - self.from) / count(most.max(1));
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].iter().map(|nice| nice * power).find(|step| *step >= rough * 0.999);
        let Some(step) = step.filter(|step| step.is_finite() && *step > 0.0) else { return Vec::new() };
        let first = (self.from / step).ceil();
        let ticks = (0..=most + 1).map(|index| (first + count(index)) * step);
        ticks.filter(|tick| *tick <= self.to).collect()
    }

    fn ratio_ticks(&self, most: usize) -> Vec<f64> {
        let decades = || {
            (0..=700_u32).map(|index| self.from.floor() + f64::from(index)).take_while(|at| *at <= self.to)
        };
        let within = |ticks: Vec<f64>| -> Vec<f64> {
            ticks.into_iter().filter(|tick| (self.from..=self.to).contains(tick)).collect()
        };
        let fine: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
        let choices = fine
            .map(|nice| within(decades().flat_map(|at| nice.iter().map(move |n| at + n.log10())).collect()));
        if let Some(ticks) = choices.iter().find(|ticks| ticks.len() <= most && !ticks.is_empty()) {
            return ticks.clone();
        }
        let all = within(decades().collect());
        let each = all.len().div_ceil(most.max(1)).max(1);
        all.into_iter().step_by(each).collect()
    }
}

#[allow(clippy::cast_precision_loss, reason = "a few ticks")]
fn count(index: usize) -> f64 {
    index as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_few_and_inside() {
        assert_eq!(Scale::from_zero(93.0).ticks(5), [0.0, 50.0, 100.0]);
        let decades = Scale::ratios([1.0, 10_000.0].into_iter()).expect("there are values");
        assert_eq!(decades.ticks(5), [0.0, 1.0, 2.0, 3.0, 4.0]);
        for (low, high) in [(1.0, 1.0), (0.001, 1e300), (7.0, 9.0), (3.0, 45.0)] {
            let scale = Scale::ratios([low, high].into_iter()).expect("there are values");
            let ticks = scale.ticks(5);
            assert!(ticks.len() <= 5 && !ticks.is_empty(), "{low} {high}: {ticks:?}");
            assert!(ticks.iter().all(|tick| scale.from <= *tick && *tick <= scale.to));
        }
        assert_eq!(Scale::ratios([0.0, f64::NAN, -1.0].into_iter()), None);
        assert!(Scale::from_zero(f64::INFINITY).ticks(4).len() <= 6);
    }
}
