//! The observed app in numbers that only grow: what its handlers answered since this process began, for whoever scrapes.
//! Calls come here as they are stored; what they mean is the advisor's business, how they are exposed the daemon's.
//!
//! A bounded number of Handlers have numbers of their own, the others share one row. Each row only ever grows: a Handler that
//! overtakes another gets a new row that starts at nothing, and the other's row ends. Prometheus reads both as they are meant.
//!
//! A trace comes in parts: its Calls change until the last has come, and what was counted cannot be taken back. So they are
//! counted when the trace has been quiet for a while.

mod row;
mod settling;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use pointsman_store::{Call, Fingerprint, Form, Handler, SpanId, TraceCalls};

use row::Seen;
use settling::Settling;

pub use row::{DURATION_BOUNDS, Histogram, Outcome, Row, SIZE_BOUNDS};

/// Handlers without a row whose Calls are counted, so that they may get one. Further ones are only in the shared row.
const MOST_WAITING: usize = 4_096;
/// Identities remembered, so that no fingerprint is made for each Call: an action has one for each page that calls it.
const MOST_IDENTITIES: usize = 8_192;
/// A Handler takes a row from another when it was called so many times as often.
const OVERTAKES: u64 = 2;

/// What the handlers of the observed apps answered. Cheap to clone; all clones are the same numbers.
#[derive(Clone, Debug)]
pub struct Observed(Arc<Mutex<Table>>);

/// The rows at one moment.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Handlers with numbers of their own, and these numbers; in the order of their fingerprints.
    pub own: Vec<(Fingerprint, Arc<Handler>, Row)>,
    /// All others together.
    pub other: Row,
}

/// A Handler with its fingerprint, once for all its Calls.
type Named = (Fingerprint, Arc<Handler>);

#[derive(Debug)]
struct Table {
    most_handlers: usize,
    identities: HashMap<Handler, Named>,
    settling: Settling,
    own: HashMap<Fingerprint, (Arc<Handler>, Row)>,
    waiting: HashMap<Fingerprint, u64>,
    other: Row,
}

impl Observed {
    /// Nothing yet; at most so many Handlers get numbers of their own.
    #[must_use]
    pub fn new(most_handlers: usize) -> Self {
        Self(Arc::new(Mutex::new(Table {
            most_handlers,
            identities: HashMap::new(),
            settling: Settling::default(),
            own: HashMap::new(),
            waiting: HashMap::new(),
            other: Row::default(),
        })))
    }

    /// Takes the Calls of traces that were stored at this time. They are counted once their trace is quiet; of a trace that was
    /// counted already only those that are new.
    pub fn count(&self, traces: &[TraceCalls], now_ns: u64) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for trace in traces {
            let is_new = trace.before.is_empty() && trace.unchanged.is_empty();
            if is_new || table.settling.holds(trace.trace) {
                let all = trace.calls.iter().chain(&trace.unchanged);
                let calls = all.filter_map(|call| table.seen(call)).collect();
                table.settling.put(trace.trace, calls, now_ns);
            } else {
                let new: Vec<_> = new_calls(trace).filter_map(|call| table.seen(call)).collect();
                new.iter().for_each(|(named, seen)| table.count(named, seen));
            }
        }
        table.settle(now_ns);
    }

    /// The numbers as they are at this time.
    #[must_use]
    pub fn rows(&self, now_ns: u64) -> Rows {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.settle(now_ns);
        let own = table.own.iter().map(|(id, (handler, row))| (*id, Arc::clone(handler), row.clone()));
        let mut rows = Rows { own: own.collect(), other: table.other.clone() };
        drop(table);
        rows.own.sort_unstable_by_key(|(id, _, _)| *id);
        rows
    }
}

/// The Calls by which a trace has grown. A Call may have got another span when its own span came late: as many new ones stand
/// for earlier ones as there are earlier ones that are gone.
fn new_calls(trace: &TraceCalls) -> impl Iterator<Item = &Call> {
    let spans = |calls: &[Call]| calls.iter().map(|call| call.span).collect::<HashSet<SpanId>>();
    let (before, now) = (spans(&trace.before), spans(&trace.calls));
    let gone = before.difference(&now).count();
    trace.calls.iter().filter(move |call| !before.contains(&call.span)).skip(gone)
}

impl Table {
    fn settle(&mut self, now_ns: u64) {
        while let Some(calls) = self.settling.next(now_ns) {
            calls.iter().for_each(|(named, seen)| self.count(named, seen));
        }
    }

    fn count(&mut self, (id, handler): &Named, seen: &Seen) {
        if let Some((_, row)) = self.own.get_mut(id) {
            return row.count(seen);
        }
        if self.own.len() < self.most_handlers || self.overtakes(*id) {
            let (_, row) = self.own.entry(*id).or_insert_with(|| (Arc::clone(handler), Row::default()));
            return row.count(seen);
        }
        self.other.count(seen);
    }

    /// What is counted of a Call; nothing of a preflight, which is evidence and not a call.
    fn seen(&mut self, call: &Call) -> Option<(Named, Seen)> {
        (call.form != Form::Preflight).then(|| (self.named(&call.handler), Seen::of(call)))
    }

    fn named(&mut self, handler: &Arc<Handler>) -> Named {
        if let Some(named) = self.identities.get(handler.as_ref()) {
            return named.clone();
        }
        if self.identities.len() >= MOST_IDENTITIES {
            self.identities.clear();
        }
        let named = (handler.fingerprint(), Arc::clone(handler));
        self.identities.insert(handler.as_ref().clone(), named.clone());
        named
    }

    /// Whether a Handler takes the row of the one that was called least; that row ends then. It is looked at when the number of
    /// its Calls has doubled, not with each of them.
    fn overtakes(&mut self, id: Fingerprint) -> bool {
        if !self.waiting.contains_key(&id) && self.waiting.len() >= MOST_WAITING {
            return false;
        }
        let calls = self.waiting.entry(id).or_default();
        *calls += 1;
        let calls = *calls;
        if !calls.is_power_of_two() {
            return false;
        }
        let least = self.own.iter().map(|(id, (_, row))| (row.calls(), *id)).min();
        let Some((fewest, least)) = least.filter(|(fewest, _)| calls > fewest.saturating_mul(OVERTAKES))
        else {
            return false;
        };
        self.own.remove(&least);
        self.waiting.remove(&id);
        self.waiting.insert(least, fewest);
        true
    }
}

#[cfg(test)]
#[path = "observed/tests.rs"]
mod tests;
