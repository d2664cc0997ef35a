//! How many Calls were found in which trace, for whoever asks: a replay tells what its files held.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pointsman_store::{TraceCalls, TraceId};

/// Counts while someone listens; costs nothing otherwise.
#[derive(Clone, Default, Debug)]
pub(crate) struct Tally(Arc<Mutex<Option<HashMap<TraceId, usize>>>>);

impl Tally {
    /// Begins to count, from nothing.
    pub(crate) fn begin(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(HashMap::new());
    }

    /// Ends counting: the Calls of all traces extracted since it began, each trace as it was last.
    pub(crate) fn end(&self) -> u64 {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        counted.unwrap_or_default().into_values().sum::<usize>() as u64
    }

    /// Whether someone listens.
    pub(super) fn listens(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn count(&self, calls: &[TraceCalls]) {
        if let Some(counts) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            let all = |trace: &TraceCalls| trace.calls.len() + trace.unchanged.len();
            counts.extend(calls.iter().map(|trace| (trace.trace, all(trace))));
        }
    }
}
