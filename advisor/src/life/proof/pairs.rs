//! Like with like: each hour after a move beside the hours before it that have the same weekday and hour of the day, or,
//! where there is none yet, the same hour of another day. Hours are those of UTC.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::slices::{Sides, Slice};

/// By what hours were paired.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pairing {
    /// Every hour with hours of the same weekday.
    #[default]
    WeekdayAndHour,
    /// No hour: a week is not there yet.
    HourOfDay,
    /// Some so, some so.
    Mixed,
}

/// An hour after the move, and the hours before it that it is compared with, at least one.
pub(super) struct Pair<'a> {
    pub(super) hour: u32,
    pub(super) after: &'a Slice,
    pub(super) before: Vec<&'a Slice>,
}

/// All hours after the move that have a like before it.
pub(super) fn pair(sides: &Sides) -> (Vec<Pair<'_>>, Pairing) {
    /// Hours in a week.
    const WEEK: u32 = 7 * 24;
    let by = |every: u32| {
        let mut slots: BTreeMap<u32, Vec<&Slice>> = BTreeMap::new();
        for (hour, slice) in sides.before.iter().filter(|(_, slice)| slice.interactions > 0.0) {
            slots.entry(hour % every).or_default().push(slice);
        }
        slots
    };
    let (by_weekday, by_hour) = (by(WEEK), by(24));
    let (mut pairs, mut same_weekday) = (Vec::new(), 0);
    for (hour, after) in sides.after.iter().filter(|(_, slice)| slice.interactions > 0.0) {
        let weekday = by_weekday.get(&(hour % WEEK));
        same_weekday += usize::from(weekday.is_some());
        if let Some(before) = weekday.or_else(|| by_hour.get(&(hour % 24))) {
            pairs.push(Pair { hour: *hour, after, before: before.clone() });
        }
    }
    let pairing = match same_weekday {
        0 => Pairing::HourOfDay,
        all if all == pairs.len() => Pairing::WeekdayAndHour,
        _ => Pairing::Mixed,
    };
    (pairs, pairing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_paired_with_their_likes() {
        let slice = Slice { interactions: 1.0, ..Slice::default() };
        let side = |hours: &[u32]| hours.iter().map(|hour| (*hour, slice.clone())).collect();
        let monday_at_9 = 168 * 10 + 9;
        for (before, after, pairs, pairing) in [
            (vec![monday_at_9, monday_at_9 + 24], vec![monday_at_9 + 168], vec![1], Pairing::WeekdayAndHour),
            (vec![monday_at_9, monday_at_9 + 24], vec![monday_at_9 + 48], vec![2], Pairing::HourOfDay),
            (
                vec![monday_at_9, monday_at_9 + 1],
                vec![monday_at_9 + 168, monday_at_9 + 25],
                vec![1, 1],
                Pairing::Mixed,
            ),
            (vec![monday_at_9], vec![monday_at_9 + 2], vec![], Pairing::HourOfDay),
        ] {
            let sides = Sides { before: side(&before), after: side(&after) };
            let (found, by) = pair(&sides);
            let likes: Vec<usize> = found.iter().map(|pair| pair.before.len()).collect();
            assert_eq!((likes, by), (pairs, pairing), "{before:?} {after:?}");
        }
    }
}
