//! Counts of what was sampled: how many there really were, and how sure that is.

/// How many there were, estimated from a sample.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// How many there were when `observed` are left and each was kept with the same chance, one in `weight`. Exact when
    /// the weight is 1.
    ///
    /// Of N a binomial number is kept. The interval holds every N for which the observation lies within 1.96 standard
    /// deviations, with half a unit allowed for counts being whole (the score interval with continuity correction,
    /// solved for N). Source: E. B. Wilson, 1927, and R. G. Newcombe, "Two-sided confidence intervals for the single
    /// proportion: comparison of seven methods", 1998; the same equation with the number of trials as the unknown.
    #[must_use]
    pub fn of_sample(observed: f64, weight: f64) -> Self {
        /// Two-sided 95 % quantile of the normal distribution, squared.
        const Z2: f64 = 3.841_458_820_694_124;
        let weight = weight.max(1.0);
        let lost = 1.0 - 1.0 / weight;
        let spread = Z2 * lost;
        // |n -+ 1/2 - N p| = z sqrt(N p (1 - p)): a quadratic in N p.
        let end = |n: f64, sign: f64| n + spread / 2.0 + sign * (n * spread + spread * spread / 4.0).sqrt();
        let half = if lost > 0.0 { 0.5 } else { 0.0 };
        let low = if observed > 0.0 { end((observed - half).max(0.0), -1.0) } else { 0.0 };
        let high = end(observed + half, 1.0);
        // What was seen was there.
        Self { value: observed * weight, low: (low * weight).max(observed), high: high * weight }
    }

    /// The sum of independent estimates. Source: Zou and Donner, "Construction of confidence limits about effect
    /// measures: a general approach" (MOVER), 2008.
    #[must_use]
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        let (mut value, mut below, mut above) = (0.0, 0.0, 0.0);
        for part in parts {
            value += part.value;
            below += (part.value - part.low).powi(2);
            above += (part.high - part.value).powi(2);
        }
        Self { value, low: value - f64::sqrt(below), high: value + f64::sqrt(above) }
    }

    /// The same in another unit.
    #[must_use]
    pub fn divided_by(self, by: f64) -> Self {
        Self { value: self.value / by, low: self.low / by, high: self.high / by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_count_is_exact() {
        assert_eq!(Estimate::of_sample(7.0, 1.0), Estimate { value: 7.0, low: 7.0, high: 7.0 });
    }

    /// Every N of a range is thinned at 10 %: the chance that its interval holds it, from the binomial distribution.
    #[test]
    fn the_interval_holds_the_truth_in_95_percent_of_samples() {
        for truth in [5u32, 20, 50, 100, 400, 1_000] {
            let (mut held, mut chance) = (0.0, 0.9f64.powi(truth.cast_signed()));
            for observed in 0..=truth {
                let estimate = Estimate::of_sample(f64::from(observed), 10.0);
                if (estimate.low..=estimate.high).contains(&f64::from(truth)) {
                    held += chance;
                }
                chance *= f64::from(truth - observed) / f64::from(observed + 1) * 0.1 / 0.9;
            }
            assert!(held >= 0.95, "{truth}: {held:.3}");
        }
    }

    #[test]
    fn a_sum_is_surer_than_its_parts() {
        let part = Estimate::of_sample(50.0, 10.0);
        let sum = Estimate::sum([part, part]);
        assert_eq!(sum.value, 1_000.0);
        assert!(sum.high - sum.low < 2.0 * (part.high - part.low));
    }
}
