//! Runs: looks at fixed moments, one a day, which are remembered. Whoever comes first makes a run that is missing; a second
//! one finds it made. When they are due is decided here, what they do in the advisor.

use pointsman_store::Hour;

/// After its boundary a run waits for so long, ns: spans of the last requests are still under way, and what clients did
/// across the edge of the hour is counted with five minutes beyond it.
const SETTLES_NS: u64 = Hour::OVERLAP_NS;
/// So many missing runs are made at most, the latest: earlier ones look at what is no longer retained.
const MOST: u32 = 35;
const DAY_HOURS: u32 = 24;

/// The boundaries of the runs that are missing at a moment, oldest first; without any before it is only the latest.
pub(super) fn missing(last_run_ns: Option<u64>, moment_ns: u64, run_hour: u32) -> Vec<Hour> {
    let hour = Hour::of(moment_ns.saturating_sub(SETTLES_NS)).0;
    let Some(latest) = hour.checked_sub((hour + DAY_HOURS - run_hour) % DAY_HOURS) else {
        return Vec::new();
    };
    let most = if last_run_ns.is_some() { MOST } else { 1 };
    let boundaries = (0..most).rev().filter_map(|days| latest.checked_sub(days * DAY_HOURS)).map(Hour);
    boundaries.filter(|boundary| last_run_ns.is_none_or(|last| boundary.start_ns() > last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = Hour::NANOS / 60;

    /// A moment of a day, ns.
    fn at(day: u32, hour: u32, minute: u64) -> u64 {
        Hour((20_000 + day) * DAY_HOURS + hour).start_ns() + minute * MINUTE
    }

    #[test]
    fn every_boundary_since_the_last_run_is_missing() {
        let boundary = |day: u32| Hour::of(at(day, 6, 0));
        for (last, moment, expected) in [
            (None, at(5, 6, 5), vec![boundary(5)]),
            (None, at(5, 6, 4), vec![boundary(4)]),
            (None, at(5, 5, 59), vec![boundary(4)]),
            (Some(at(5, 6, 0)), at(5, 23, 0), vec![]),
            (Some(at(5, 6, 0)), at(6, 6, 4), vec![]),
            (Some(at(5, 6, 0)), at(6, 6, 5), vec![boundary(6)]),
            (Some(at(5, 7, 30)), at(8, 7, 0), vec![boundary(6), boundary(7), boundary(8)]),
            (Some(at(5, 5, 30)), at(5, 7, 0), vec![boundary(5)]),
            (Some(at(5, 6, 0)), at(3, 7, 0), vec![]),
        ] {
            assert_eq!(missing(last, moment, 6), expected, "{last:?} {moment}");
        }
        let after_long = missing(Some(at(5, 6, 0)), at(305, 7, 0), 6);
        assert_eq!((after_long.len(), after_long.last()), (35, Some(&boundary(305))));
        assert_eq!(missing(None, at(5, 0, 10), 0), [Hour::of(at(5, 0, 0))]);
        assert_eq!(missing(None, at(5, 23, 4), 23), [Hour::of(at(4, 23, 0))]);
    }
}
