//! When things happen: the rhythm of people, the clockwork of machines. Times are ms since the scenario began.

use crate::random::Random;

/// Milliseconds of a second.
pub(crate) const SECOND: f64 = 1_000.0;
/// Milliseconds of an hour.
pub(crate) const HOUR: f64 = 3_600.0 * SECOND;
/// Milliseconds of a day.
pub(crate) const DAY: f64 = 24.0 * HOUR;

/// Moments of a day at which visits begin: most around noon and in the evening, few at night, `weekend` of them on
/// Saturdays and Sundays. Day 0 is a Monday.
pub(crate) fn visits(day: u32, on_a_weekday: f64, weekend: f64, random: &mut Random) -> Vec<f64> {
    let wanted = if day % 7 >= 5 { on_a_weekday * weekend } else { on_a_weekday };
    let count = whole(wanted, random);
    sorted((0..count).map(|_| f64::from(day) * DAY + moment(random)).collect())
}

/// Moments of a day at which independent events come.
pub(crate) fn scattered(day: u32, per_day: f64, random: &mut Random) -> Vec<f64> {
    let count = whole(per_day, random);
    sorted((0..count).map(|_| f64::from(day) * DAY + random.unit() * DAY).collect())
}

/// Moments of a day that are so far apart, as a scheduler's are: within a hundredth.
pub(crate) fn regular(day: u32, every_ms: f64, random: &mut Random) -> Vec<f64> {
    let mut moments = Vec::new();
    let mut next = every_ms * random.unit();
    while next < DAY {
        moments.push(f64::from(day) * DAY + next);
        next += every_ms * (0.995 + 0.01 * random.unit());
    }
    moments
}

fn sorted(mut moments: Vec<f64>) -> Vec<f64> {
    moments.sort_by(f64::total_cmp);
    moments
}

/// A whole number whose mean is this one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are small, never negative"
)]
fn whole(mean: f64, random: &mut Random) -> u32 {
    mean.floor() as u32 + u32::from(random.chance(mean.fract()))
}

/// A moment of a day that people choose, ms since midnight; early enough for a visit to end on the same day.
fn moment(random: &mut Random) -> f64 {
    let around = |hour: f64, spread: f64, random: &mut Random| {
        // Twelve uniforms less six: near enough to a normal, and bounded.
        let normal: f64 = (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
        hour + spread * normal
    };
    let hour = match random.unit() {
        which if which < 0.6 => around(13.0, 2.5, random),
        which if which < 0.9 => around(20.0, 1.2, random),
        _ => 23.0 * random.unit(),
    };
    hour.clamp(0.1, 23.0) * HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_are_quiet_and_nights_are_quieter() {
        let mut random = Random::new(1);
        let monday = visits(0, 1_000.0, 0.4, &mut random);
        let saturday = visits(5, 1_000.0, 0.4, &mut random);
        assert_eq!((monday.len(), saturday.len()), (1_000, 400));
        let at_night = monday.iter().filter(|moment| **moment < 6.0 * HOUR).count();
        assert!(at_night < 60, "{at_night}");
        assert!(saturday.iter().all(|moment| (5.0 * DAY..6.0 * DAY).contains(moment)));
    }

    #[test]
    fn a_scheduler_is_regular() {
        let moments = regular(2, 600.0 * SECOND, &mut Random::new(2));
        assert!(moments.windows(2).all(|pair| (pair[1] - pair[0] - 600.0 * SECOND).abs() <= 6.0 * SECOND));
        assert!((140..146).contains(&moments.len()), "{}", moments.len());
    }
}
