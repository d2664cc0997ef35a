//! Open traces: those that were extracted a moment ago and are kept in memory, because more spans of them are
//! likely. Their Calls are stored already, so one that leaves loses nothing: its blocks are on disk.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use pointsman_store::TraceId;

use crate::metrics::Metrics;
use crate::trace::Trace;

#[derive(Debug)]
pub(super) struct OpenTraces {
    traces: HashMap<TraceId, Open>,
    /// Traces by when they were last touched: the smallest turn leaves first.
    turns: BTreeMap<u64, TraceId>,
    next_turn: u64,
    bytes: usize,
    spans: usize,
    limit_bytes: usize,
    idle_ns: u64,
    metrics: Metrics,
}

#[derive(Debug)]
struct Open {
    trace: Trace,
    bytes: usize,
    turn: u64,
    touched_ns: u64,
}

impl OpenTraces {
    pub(super) fn new(limit_bytes: usize, idle: Duration, metrics: Metrics) -> Self {
        let idle_ns = u64::try_from(idle.as_nanos()).unwrap_or(u64::MAX);
        Self {
            traces: HashMap::new(),
            turns: BTreeMap::new(),
            next_turn: 0,
            bytes: 0,
            spans: 0,
            limit_bytes,
            idle_ns,
            metrics,
        }
    }

    pub(super) fn contains(&self, trace: TraceId) -> bool {
        self.traces.contains_key(&trace)
    }

    /// Takes a trace out, to put it back with more spans.
    pub(super) fn take(&mut self, trace: TraceId) -> Option<Trace> {
        let open = self.traces.remove(&trace)?;
        self.turns.remove(&open.turn);
        self.bytes -= open.bytes;
        self.spans -= open.trace.nodes.len();
        Some(open.trace)
    }

    /// Keeps a trace that is about `bytes` large, until it is idle or there is no room.
    pub(super) fn keep(&mut self, trace: Trace, bytes: usize, now_ns: u64) {
        self.take(trace.id);
        let turn = self.next_turn;
        self.next_turn += 1;
        self.bytes += bytes;
        self.spans += trace.nodes.len();
        self.turns.insert(turn, trace.id);
        self.traces.insert(trace.id, Open { trace, bytes, turn, touched_ns: now_ns });
    }

    /// Lets go what has been idle for too long or has no room.
    pub(super) fn close(&mut self, now_ns: u64) {
        let (mut idle, mut room) = (0, 0);
        while let Some((_, oldest)) = self.turns.first_key_value() {
            let oldest = *oldest;
            let touched = self.traces.get(&oldest).map_or(0, |open| open.touched_ns);
            if now_ns.saturating_sub(touched) >= self.idle_ns {
                idle += 1;
            } else if self.bytes > self.limit_bytes {
                room += 1;
            } else {
                break;
            }
            self.take(oldest);
        }
        self.metrics.traces_closed.with_label_values(&["idle"]).inc_by(idle);
        self.metrics.traces_closed.with_label_values(&["room"]).inc_by(room);
        self.metrics.open_traces.set(i64::try_from(self.traces.len()).unwrap_or(i64::MAX));
        self.metrics.open_spans.set(i64::try_from(self.spans).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(limit_bytes: usize) -> OpenTraces {
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        OpenTraces::new(limit_bytes, Duration::from_nanos(100), metrics)
    }

    fn trace(number: u8) -> Trace {
        Trace { id: TraceId([number; 16]), nodes: Vec::new(), left_out: 0 }
    }

    #[test]
    fn the_trace_touched_longest_ago_makes_room() {
        let mut open = open(25);
        for number in [1, 2, 1, 3] {
            open.keep(trace(number), 10, 0);
        }
        open.close(0);
        let left = [1, 2, 3].map(|number| open.contains(TraceId([number; 16])));
        assert_eq!(left, [true, false, true]);
        assert_eq!(open.metrics.traces_closed.with_label_values(&["room"]).get(), 1);
    }

    #[test]
    fn an_idle_trace_leaves() {
        let mut open = open(1_000);
        open.keep(trace(1), 10, 0);
        open.keep(trace(2), 10, 50);
        open.close(100);
        assert!(!open.contains(TraceId([1; 16])));
        assert!(open.contains(TraceId([2; 16])));
        assert_eq!(open.bytes, 10);
    }
}
