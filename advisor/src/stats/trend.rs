//! Whether something grows.

/// Change per week as a share of the mean, with its 95 % interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Trend {
    /// 0.1 means: a tenth of the mean more each week.
    pub per_week: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Two-sided 95 % quantiles of Student's t for 3 to 30 degrees of freedom.
const T: [f64; 28] = [
    3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110,
    2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

impl Trend {
    /// Days below which nothing is said.
    pub const DAYS: usize = 5;

    /// The trend of counts of whole days in a row: the slope of the least-squares line. `None` for fewer than
    /// [`Trend::DAYS`] days or when nothing was counted.
    #[must_use]
    pub fn of_days(counts: &[f64]) -> Option<Self> {
        if counts.len() < Self::DAYS {
            return None;
        }
        let n = f64::from(u32::try_from(counts.len()).unwrap_or(u32::MAX));
        let mean = counts.iter().sum::<f64>() / n;
        if mean <= 0.0 {
            return None;
        }
        let middle = (n - 1.0) / 2.0;
        let days =
            || (0u32..).map(|day| f64::from(day) - middle).zip(counts.iter().map(|count| count - mean));
        let square: f64 = days().map(|(day, _)| day * day).sum();
        let slope = days().map(|(day, count)| day * count).sum::<f64>() / square;
        let residual: f64 = days().map(|(day, count)| (count - slope * day).powi(2)).sum();
        let error = (residual / (n - 2.0) / square).sqrt();
        let t = T.get(counts.len() - Self::DAYS).copied().unwrap_or(1.96);
        let week = |per_day: f64| per_day * 7.0 / mean;
        Some(Self { per_week: week(slope), low: week(slope - t * error), high: week(slope + t * error) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rise_is_found_and_noise_is_not() {
        let rising = Trend::of_days(&[100.0, 110.0, 120.0, 130.0, 140.0]).unwrap();
        assert!((rising.per_week - 70.0 / 120.0).abs() < 1e-9 && rising.low > 0.0, "{rising:?}");
        let noise = Trend::of_days(&[100.0, 140.0, 90.0, 150.0, 95.0, 130.0]).unwrap();
        assert!(noise.low < 0.0 && noise.high > 0.0, "{noise:?}");
        assert_eq!(Trend::of_days(&[1.0, 2.0, 3.0, 4.0]), None);
        assert_eq!(Trend::of_days(&[0.0; 7]), None);
    }
}
