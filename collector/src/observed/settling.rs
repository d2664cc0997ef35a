//! Traces of which more may come, with what is to be counted of them.

use std::collections::{HashMap, VecDeque};

use pointsman_store::TraceId;

use super::{Named, Seen};

/// A trace is counted so long after its first Call was stored, ns: OpenTelemetry exports in batches every 5 s.
const GRACE_NS: u64 = 10_000_000_000;
/// Traces and Calls that are held; beyond either the oldest traces are counted early. A trace may have thousands of Calls.
const MOST_TRACES: usize = 16_384;
const MOST_CALLS: usize = 32_768;

type Calls = Vec<(Named, Seen)>;

#[derive(Debug, Default)]
pub(super) struct Settling {
    calls: HashMap<TraceId, Calls>,
    /// In the order in which they came, each with the time when it is counted.
    due: VecDeque<(u64, TraceId)>,
    /// Calls of all of them.
    held: usize,
}

impl Settling {
    pub(super) fn holds(&self, trace: TraceId) -> bool {
        self.calls.contains_key(&trace)
    }

    /// What is known of a trace by now, in place of what was known.
    pub(super) fn put(&mut self, trace: TraceId, calls: Calls, now_ns: u64) {
        self.held += calls.len();
        if let Some(known) = self.calls.insert(trace, calls) {
            self.held -= known.len();
        } else {
            self.due.push_back((now_ns.saturating_add(GRACE_NS), trace));
        }
    }

    /// The Calls of the next trace that is to be counted; nothing while none is.
    pub(super) fn next(&mut self, now_ns: u64) -> Option<Calls> {
        let (due_ns, trace) = *self.due.front()?;
        let is_full = self.due.len() > MOST_TRACES || self.held > MOST_CALLS;
        if due_ns > now_ns && !is_full {
            return None;
        }
        self.due.pop_front();
        let calls = self.calls.remove(&trace)?;
        self.held -= calls.len();
        Some(calls)
    }
}
