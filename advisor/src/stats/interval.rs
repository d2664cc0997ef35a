//! Intervals of shares.

use serde::{Deserialize, Serialize};

/// A closed interval that holds the true value with 95 % confidence; both ends in [0, 1].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The Wilson score interval of the share `hits / trials`.
    ///
    /// Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927. It stays
    /// within [0, 1] and is honest for small samples and for shares near 0 and 1, where the usual interval is not.
    /// Without trials it is [0, 1]: nothing is known. Numbers may be fractions, for weighted counts.
    #[must_use]
    pub fn wilson(hits: f64, trials: f64) -> Self {
        /// Two-sided 95 % quantile of the normal distribution.
        const Z: f64 = 1.959_963_984_540_054;
        if trials <= 0.0 {
            return Self { low: 0.0, high: 1.0 };
        }
        let share = (hits / trials).clamp(0.0, 1.0);
        let spread = Z * Z / trials;
        let centre = (share + spread / 2.0) / (1.0 + spread);
        let half = Z * (share * (1.0 - share) / trials + spread / (4.0 * trials)).sqrt() / (1.0 + spread);
        Self { low: (centre - half).clamp(0.0, 1.0), high: (centre + half).clamp(0.0, 1.0) }
    }

    /// The interval of the difference of two shares, `hits / trials` of the first less that of the second; its ends lie in
    /// [-1, 1].
    ///
    /// Source: R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
    /// methods", 1998, method 10: built from the Wilson intervals of both. For pairs that go together it is too wide rather
    /// than too narrow. Without trials on one side nothing is known of it.
    #[must_use]
    pub fn difference(first: (f64, f64), second: (f64, f64)) -> Self {
        let share =
            |(hits, trials): (f64, f64)| if trials > 0.0 { (hits / trials).clamp(0.0, 1.0) } else { 0.5 };
        let (one, other) = (Self::wilson(first.0, first.1), Self::wilson(second.0, second.1));
        let (p, q) = (share(first), share(second));
        let low = (p - one.low).hypot(other.high - q);
        let high = (one.high - p).hypot(q - other.low);
        Self { low: (p - q - low).max(-1.0), high: (p - q + high).min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_published_values() {
        // R: binom::binom.confint(x, n, methods = "wilson")
        for (hits, trials, low, high) in
            [(9.0, 10.0, 0.5958, 0.9821), (0.0, 20.0, 0.0, 0.1611), (50.0, 100.0, 0.4038, 0.5962)]
        {
            let interval = Interval::wilson(hits, trials);
            assert!((interval.low - low).abs() < 1e-4, "{hits}/{trials}: {interval:?}");
            assert!((interval.high - high).abs() < 1e-4, "{hits}/{trials}: {interval:?}");
        }
    }

    #[test]
    fn differences_agree_with_published_values() {
        // Newcombe 1998, table II, method 10.
        for (first, second, low, high) in [
            ((56.0, 70.0), (48.0, 80.0), 0.0524, 0.3339),
            ((9.0, 10.0), (3.0, 10.0), 0.1705, 0.8090),
            ((6.0, 7.0), (2.0, 7.0), 0.0582, 0.8062),
            ((5.0, 56.0), (0.0, 29.0), -0.0381, 0.1926),
            ((10.0, 10.0), (0.0, 10.0), 0.6075, 1.0),
        ] {
            let interval = Interval::difference(first, second);
            assert!((interval.low - low).abs() < 1e-4, "{first:?} {second:?}: {interval:?}");
            assert!((interval.high - high).abs() < 1e-4, "{first:?} {second:?}: {interval:?}");
        }
    }

    #[test]
    fn nothing_seen_means_nothing_known() {
        assert_eq!(Interval::wilson(0.0, 0.0), Interval { low: 0.0, high: 1.0 });
    }
}
