//! By which time retention counts age. A machine may start before its clock is set: by a clock that is a year ahead all data is
//! too old. So a jump is doubted until the clock has kept to it for a day. Pure: both clocks come as arguments.

use std::time::Duration;

use crate::clock::nanos;

/// How far the clock may be ahead of the newest data, or of where it was, without a doubt; and for how long a clock that is
/// further ahead is doubted. A judgement: clocks are set within minutes, and no limit of retention is counted in hours.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The clock of retention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct AgeClock {
    /// The last time that was believed, ns since the epoch, and the moment of it.
    believed_ns: u64,
    believed_at: Duration,
    /// Since when the clock has been too far ahead.
    doubted_since: Option<Duration>,
}

/// What time it is, as far as age is counted by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reading {
    /// ns since the epoch.
    pub(super) now_ns: u64,
    /// By how much the machine's clock is ahead of that, where it is not believed.
    pub(super) doubted_by: Option<Duration>,
}

impl AgeClock {
    /// Begins: `newest_ns` is the time of the newest data, `at` what a clock says that never jumps.
    pub(super) fn begin(newest_ns: Option<u64>, now_ns: u64, at: Duration) -> Self {
        Self { believed_ns: newest_ns.unwrap_or(now_ns), believed_at: at, doubted_since: None }
    }

    /// Reads it: `now_ns` is what the machine's clock says, `at` what the one says that never jumps.
    pub(super) fn read(&mut self, now_ns: u64, at: Duration) -> Reading {
        let expected_ns = self.believed_ns.saturating_add(nanos(at.saturating_sub(self.believed_at)));
        let ahead = Duration::from_nanos(now_ns.saturating_sub(expected_ns));
        if ahead <= DAY {
            *self = Self { believed_ns: now_ns, believed_at: at, doubted_since: None };
            return Reading { now_ns, doubted_by: None };
        }
        let since = *self.doubted_since.get_or_insert(at);
        if at.saturating_sub(since) >= DAY {
            *self = Self { believed_ns: now_ns, believed_at: at, doubted_since: None };
            return Reading { now_ns, doubted_by: None };
        }
        Reading { now_ns: expected_ns, doubted_by: Some(ahead) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const DAY_NS: u64 = 24 * 3_600 * 1_000_000_000;
    const NEWEST: u64 = 20_000 * DAY_NS;

    #[test]
    fn a_clock_far_ahead_of_the_data_is_doubted_for_a_day() {
        let mut clock = AgeClock::begin(Some(NEWEST), NEWEST + 500 * DAY_NS, Duration::ZERO);
        let first = clock.read(NEWEST + 500 * DAY_NS, Duration::ZERO);
        assert_eq!(first, Reading { now_ns: NEWEST, doubted_by: Some(DAY * 500) });
        let later = clock.read(NEWEST + 500 * DAY_NS + DAY_NS / 2, HOUR * 12);
        assert_eq!(later.now_ns, NEWEST + DAY_NS / 2);
        let kept_to = clock.read(NEWEST + 501 * DAY_NS, HOUR * 24);
        assert_eq!(kept_to, Reading { now_ns: NEWEST + 501 * DAY_NS, doubted_by: None });
        assert_eq!(clock.read(NEWEST + 501 * DAY_NS + 1, HOUR * 24).doubted_by, None);
    }

    #[test]
    fn a_clock_that_is_set_right_is_believed_at_once() {
        let mut clock = AgeClock::begin(Some(NEWEST), NEWEST + 500 * DAY_NS, Duration::ZERO);
        clock.read(NEWEST + 500 * DAY_NS, Duration::ZERO);
        let right = clock.read(NEWEST + DAY_NS / 4, HOUR);
        assert_eq!(right, Reading { now_ns: NEWEST + DAY_NS / 4, doubted_by: None });
        // The next jump is doubted from its own beginning.
        let again = clock.read(NEWEST + 90 * DAY_NS, HOUR * 25);
        assert!(again.doubted_by.is_some() && again.now_ns < NEWEST + 3 * DAY_NS);
    }

    #[test]
    fn a_clock_that_runs_as_it_should_and_one_that_is_behind_are_believed() {
        let mut clock = AgeClock::begin(Some(NEWEST), NEWEST, Duration::ZERO);
        for hours in 0..100 {
            let now_ns = NEWEST + u64::from(hours) * 3_600 * 1_000_000_000;
            assert_eq!(clock.read(now_ns, HOUR * hours), Reading { now_ns, doubted_by: None });
        }
        assert_eq!(clock.read(NEWEST, HOUR * 100).now_ns, NEWEST);
        let mut empty = AgeClock::begin(None, NEWEST, Duration::ZERO);
        assert_eq!(empty.read(NEWEST, Duration::ZERO).doubted_by, None);
    }
}
