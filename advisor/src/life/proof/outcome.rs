//! What a comparison says: improved, worse or flat.

use super::{Compared, Outcome};

/// Failed calls have clearly become more when their share has grown by at least so much, and surely by some.
const MORE_ERRORS: f64 = 0.01;
/// Waiting that is no difference to a user, ms.
const UNNOTICED_MS: f64 = 1.0;

/// Which way a number went, as far as that is sure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Less,
    More,
    Unsure,
}

/// Decides, and says why in one sentence. Errors come first; where round trips and waiting disagree, waiting counts,
/// because it is what users notice.
pub(super) fn decide(
    round_trips: Option<Compared>,
    waiting_ms: Option<Compared>,
    errors: Option<Compared>,
) -> (Outcome, String) {
    let errors_up =
        errors.is_some_and(|errors| way(errors, 0.0) == Way::More && -errors.saved >= MORE_ERRORS);
    if let Some(errors) = errors.filter(|_| errors_up) {
        let (before, after) = (errors.before * 100.0, errors.after * 100.0);
        return (Outcome::Worse, format!("{after:.1} % of calls fail now, {before:.1} % did before"));
    }
    let trips = round_trips.map_or(Way::Unsure, |trips| way(trips, 0.0));
    let waiting = waiting_ms.map_or(Way::Unsure, |waiting| way(waiting, UNNOTICED_MS));
    let outcome = match (waiting, trips) {
        (Way::More, _) | (Way::Unsure, Way::More) => Outcome::Worse,
        (Way::Less, _) | (Way::Unsure, Way::Less) => Outcome::Improved,
        (Way::Unsure, Way::Unsure) => Outcome::Flat,
    };
    let sentences = [round_trips.map(told_trips), waiting_ms.map(told_waiting)];
    let sentences: Vec<String> = sentences.into_iter().flatten().collect();
    (outcome, sentences.join("; "))
}

/// A difference is sure when the whole interval lies on one side.
fn way(compared: Compared, least: f64) -> Way {
    match compared.interval {
        Some([low, _]) if low > least => Way::Less,
        Some([_, high]) if high < -least => Way::More,
        _ => Way::Unsure,
    }
}

fn told_trips(trips: Compared) -> String {
    format!("{:.2} round trips per interaction, was {:.2}", trips.after, trips.before)
}

fn told_waiting(waiting: Compared) -> String {
    format!("the median wait is {:.0} ms, was {:.0} ms", waiting.after, waiting.before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(before: f64, after: f64, interval: [f64; 2]) -> Option<Compared> {
        let saved = before - after;
        Some(Compared { before, after, saved, interval: Some(interval), promised: None })
    }

    #[test]
    fn errors_come_first_then_waiting_then_round_trips() {
        let (fewer, same) = (compared(1.9, 1.0, [0.8, 1.0]), compared(1.0, 1.0, [-0.1, 0.1]));
        let (faster, slower) =
            (compared(200.0, 100.0, [80.0, 120.0]), compared(100.0, 200.0, [-120.0, -80.0]));
        let (as_fast, hardly) = (compared(100.0, 101.0, [-9.0, 7.0]), compared(100.0, 99.5, [0.1, 0.9]));
        let (failing, a_few_more) =
            (compared(0.0, 0.05, [-0.07, -0.03]), compared(0.0, 0.005, [-0.008, -0.001]));
        for (trips, waiting, errors, expected) in [
            (fewer, faster, None, Outcome::Improved),
            (fewer, faster, failing, Outcome::Worse),
            (fewer, faster, a_few_more, Outcome::Improved),
            (fewer, as_fast, same, Outcome::Improved),
            (fewer, slower, None, Outcome::Worse),
            (same, hardly, None, Outcome::Flat),
            (same, as_fast, None, Outcome::Flat),
            (None, faster, None, Outcome::Improved),
            (None, None, None, Outcome::Flat),
            (compared(1.0, 1.9, [-1.0, -0.8]), None, None, Outcome::Worse),
        ] {
            assert_eq!(decide(trips, waiting, errors).0, expected, "{trips:?} {waiting:?} {errors:?}");
        }
        let without = Compared { interval: None, ..fewer.unwrap() };
        assert_eq!(decide(Some(without), None, None).0, Outcome::Flat);
    }
}
