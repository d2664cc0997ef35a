//! What extraction has found and the database does not have yet. Each transaction writes the page on which the Calls of a Handler end
//! anew: what several batches found is stored together while more waits to be extracted.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use pointsman_store::{AppFact, BlockId, Call, TraceCalls, TraceId};

use super::batch::Facts;

/// With so many Calls it is stored at once: two megabytes, and a few of each Handler of a usual app.
const ENOUGH_CALLS: usize = 2_048;

/// The Calls of blocks and the facts in them, up to the last block.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) calls: Vec<TraceCalls>,
    facts: Facts,
    pub(super) last: BlockId,
    /// Where in `calls` each trace is.
    places: HashMap<TraceId, usize, RandomState>,
}

impl Found {
    /// What one batch has given.
    pub(super) fn new(calls: Vec<TraceCalls>, facts: Facts, last: BlockId) -> Self {
        let places = calls.iter().enumerate().map(|(at, trace)| (trace.trace, at)).collect();
        Self { calls, facts, last, places }
    }

    /// With what the next batch has given.
    pub(super) fn and(mut self, later: Self) -> Self {
        for trace in later.calls {
            match self.places.get(&trace.trace).and_then(|at| self.calls.get_mut(*at)) {
                Some(earlier) => follow(earlier, trace),
                None => {
                    self.places.insert(trace.trace, self.calls.len());
                    self.calls.push(trace);
                }
            }
        }
        self.facts.widen(later.facts.into_rows());
        self.last = later.last;
        self
    }

    /// Whether it is stored although more could be added to it soon.
    pub(super) fn is_enough(&self) -> bool {
        self.calls.iter().map(|trace| trace.calls.len()).sum::<usize>() >= ENOUGH_CALLS
    }

    pub(super) fn facts(&self) -> Vec<AppFact> {
        self.facts.rows()
    }
}

/// What a trace gives after more of it has come, in place of what it gave before. Of Calls that are not stored yet there is nothing to
/// take back; those that are not its Calls any more never will be stored.
fn follow(earlier: &mut TraceCalls, later: TraceCalls) {
    let spans = |calls: &[Call]| calls.iter().map(|call| call.span).collect::<HashSet<_, RandomState>>();
    let (waiting, known, now) = (spans(&earlier.calls), spans(&later.before), spans(&later.calls));
    earlier.calls.retain(|call| !known.contains(&call.span) && !now.contains(&call.span));
    earlier.before.extend(later.before.into_iter().filter(|call| !waiting.contains(&call.span)));
    earlier.unchanged = later.unchanged.into_iter().filter(|call| !waiting.contains(&call.span)).collect();
    earlier.calls.extend(later.calls);
}

#[cfg(test)]
#[path = "found_tests.rs"]
mod tests;
