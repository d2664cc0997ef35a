//! The spans of time that a judgement looks at. All of them end together, and each is a merge of hourly Rollups; where
//! Rollups come from is not known here.

use std::collections::HashMap;
use std::sync::Arc;

use pointsman_store::{Fingerprint, Hour};

use crate::evidence::{Rollup, RollupError};

/// Merged Rollups by Handler. Spans share what is the same in them.
pub type ByHandler = HashMap<Fingerprint, Arc<Rollup>>;

/// Hours of the shortest span: what the newest day alone says.
const RECENT_HOURS: u32 = 24;
/// Hours of the longer span that a verdict is compared with.
const FORTNIGHT_HOURS: u32 = 14 * 24;
/// Blockers look at this many hours before the end, at least (35 days).
const RETAINED_HOURS: u32 = 35 * 24;

/// The spans of time of one judgement, merged.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    /// First hour of the window.
    pub from: Hour,
    /// First hour after all of them.
    pub to: Hour,
    /// The last 24 hours.
    pub recent: ByHandler,
    /// The window itself: what counts and shares are about.
    pub window: ByHandler,
    /// The last 14 days.
    pub fortnight: ByHandler,
    /// All that is looked at: 35 days, or the window where that is longer.
    pub retained: ByHandler,
}

/// Hourly Rollups while they come, in any order.
#[derive(Debug)]
pub struct Gathering {
    from: Hour,
    to: Hour,
    /// The lengths of the spans, shortest first, each with what lies in it and in no shorter one.
    slices: Vec<(u32, HashMap<Fingerprint, Rollup>)>,
    /// Whose Rollup came last: they come handler by handler as a rule, and what is complete takes less.
    last: Option<Fingerprint>,
}

impl Gathering {
    /// Begins with a window of so many hours that ends before the hour `to`.
    #[must_use]
    pub fn new(to: Hour, window_hours: u32) -> Self {
        let from = Hour(to.0.saturating_sub(window_hours));
        let retained = window_hours.max(RETAINED_HOURS);
        let mut lengths = [RECENT_HOURS, window_hours, FORTNIGHT_HOURS, retained];
        lengths.sort_unstable();
        Self { from, to, slices: lengths.map(|length| (length, HashMap::new())).into(), last: None }
    }

    /// The first hour that is looked at.
    #[must_use]
    pub fn oldest(&self) -> Hour {
        let longest = self.slices.iter().map(|(length, _)| *length).max().unwrap_or_default();
        Hour(self.to.0.saturating_sub(longest))
    }

    /// Takes the Rollup of one Handler and hour; what lies outside all spans is left.
    ///
    /// # Errors
    /// When the payload is damaged or of another version.
    pub fn add(&mut self, handler: Fingerprint, hour: Hour, payload: &[u8]) -> Result<(), RollupError> {
        if hour >= self.to {
            return Ok(());
        }
        if let Some(last) = self.last.replace(handler).filter(|last| *last != handler) {
            self.settle(last);
        }
        let age = self.to.0 - hour.0;
        match self.slices.iter_mut().find(|(length, _)| age <= *length) {
            Some((_, slice)) => slice.entry(handler).or_default().merge_encoded(payload),
            None => Ok(()),
        }
    }

    fn settle(&mut self, handler: Fingerprint) {
        self.slices.iter_mut().filter_map(|(_, slice)| slice.get_mut(&handler)).for_each(Rollup::settle);
    }

    /// Merges the slices to the spans that they are parts of.
    ///
    /// # Errors
    /// Never for Rollups that [`Gathering::add`] has taken.
    pub fn finish(mut self) -> Result<Windows, RollupError> {
        if let Some(last) = self.last {
            self.settle(last);
        }
        let window_hours = self.to.0 - self.from.0;
        let mut windows = Windows { from: self.from, to: self.to, ..Windows::default() };
        let mut so_far = ByHandler::new();
        for (length, slice) in self.slices {
            for (handler, rollup) in slice {
                match so_far.entry(handler) {
                    std::collections::hash_map::Entry::Vacant(empty) => {
                        empty.insert(Arc::new(rollup));
                    }
                    std::collections::hash_map::Entry::Occupied(mut merged) => {
                        let merged = Arc::make_mut(merged.get_mut());
                        merged.merge(&rollup)?;
                        merged.settle();
                    }
                }
            }
            if length == RECENT_HOURS {
                windows.recent.clone_from(&so_far);
            }
            if length == window_hours {
                windows.window.clone_from(&so_far);
            }
            if length == FORTNIGHT_HOURS {
                windows.fortnight.clone_from(&so_far);
            }
        }
        windows.retained = so_far;
        Ok(windows)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Which of the spans hold the Rollup of an hour that began so long before the end.
    fn held(age: u32, window_hours: u32) -> [bool; 4] {
        let to = Hour(500_000);
        let mut gathering = Gathering::new(to, window_hours);
        gathering.add(Fingerprint(1), Hour(to.0 - age), &Rollup::default().encode()).unwrap();
        let windows = gathering.finish().unwrap();
        [windows.recent, windows.window, windows.fortnight, windows.retained].map(|span| !span.is_empty())
    }

    #[test]
    fn each_span_holds_the_hours_within_it_and_no_other() {
        assert_eq!(held(1, 168), [true, true, true, true]);
        assert_eq!(held(24, 168), [true, true, true, true]);
        assert_eq!(held(25, 168), [false, true, true, true]);
        assert_eq!(held(169, 168), [false, false, true, true]);
        assert_eq!(held(337, 168), [false, false, false, true]);
        assert_eq!(held(841, 168), [false, false, false, false]);
        assert_eq!(held(0, 168), [false, false, false, false]);
        assert_eq!(held(13, 12), [true, false, true, true]);
        assert_eq!(held(841, 1_000), [false, true, false, true]);
    }
}
