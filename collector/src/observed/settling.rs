//! Traces of which more may come, with what is to be counted of them.

use std::collections::{HashMap, VecDeque};

use pointsman_store::TraceId;

use super::{Named, Seen};

/// A trace is counted so long after its first Call was stored, ns: OpenTelemetry exports in batches every 5 s.
const GRACE_NS: u64 = 10_000_000_000;
/// Traces that are held; of more than that the oldest are counted early.
const MOST_TRACES: usize = 16_384;

type Calls = Vec<(Named, Seen)>;

#[derive(Debug, Default)]
pub(super) struct Settling {
    calls: HashMap<TraceId, Calls>,
    /// In the order in which they came, each with the time when it is counted.
    due: VecDeque<(u64, TraceId)>,
}

impl Settling {
    pub(super) fn holds(&self, trace: TraceId) -> bool {
        self.calls.contains_key(&trace)
    }

    /// What is known of a trace by now, in place of what was known.
    pub(super) fn put(&mut self, trace: TraceId, calls: Calls, now_ns: u64) {
        if self.calls.insert(trace, calls).is_none() {
            self.due.push_back((now_ns.saturating_add(GRACE_NS), trace));
        }
    }

    /// The Calls of the next trace that is to be counted; nothing while none is.
    pub(super) fn next(&mut self, now_ns: u64) -> Option<Calls> {
        let (due_ns, trace) = *self.due.front()?;
        if due_ns > now_ns && self.due.len() <= MOST_TRACES {
            return None;
        }
        self.due.pop_front();
        self.calls.remove(&trace)
    }
}
