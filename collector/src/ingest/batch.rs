//! One batch of extraction, from blocks to Calls: pure, without a database and without a clock.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use pointsman_store::{AppFact, Call, SpanId, TraceCalls, TraceId};

use foldhash::fast::RandomState;

use crate::extract;
use crate::trace::{Assembly, Trace, traces_of_spans};

/// What a group takes at most while its spans are put together, bytes, roughly. More than an ordinary batch has, of which ten spans
/// make one Call; a sender may pack many traces of one span each into the same bytes.
const GROUP_BYTES: usize = 8 << 20;

/// What a span takes when it is taken out of its bytes, roughly.
const SPAN_BYTES: usize = 512;

/// What the Calls of a trace take, roughly, twice: those of the group before are being stored.
const TRACE_BYTES: usize = 2_048;

/// What a thread of its own is worth, bytes of new blocks: every thread goes through all of them and picks its traces.
const SHARE_BYTES: usize = 512 << 10;

/// Calls of a trace that are all written again when more of it comes: since they were written, the Handlers that they count under
/// may have become known.
const WRITTEN_WHOLE: usize = 64;

/// Everything that is known of a group of the traces of some new blocks; blocks are OTLP protobuf.
#[derive(Debug)]
pub(super) struct Batch {
    /// Which of the traces it is about.
    pub(super) group: Group,
    /// Earlier blocks, in order, that hold spans of `late` traces among others.
    pub(super) earlier: Vec<Bytes>,
    /// Traces of the new blocks of which earlier blocks hold spans.
    pub(super) late: HashSet<TraceId>,
    /// The new blocks, in order.
    pub(super) fresh: Vec<Bytes>,
    /// Spans per trace; more are left out.
    pub(super) max_trace_spans: usize,
}

/// What new blocks hold, as far as they can be read.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) spans: usize,
    pub(super) traces: BTreeSet<TraceId>,
}

/// A part of the traces of some blocks, of about [`GROUP_BYTES`]. Nobody outside can tell which trace falls into
/// which part, so that nobody can put all of them into one.
#[derive(Clone, Debug)]
pub(super) struct Group {
    number: usize,
    of: usize,
    hash: RandomState,
}

/// What a batch turned out to hold.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The Calls of each of its traces, and those that were found before.
    pub(super) calls: Vec<TraceCalls>,
    pub(super) facts: Facts,
    /// Traces that could not be understood; they have no Calls.
    pub(super) failed: u64,
    /// Blocks that are no OTLP.
    pub(super) unreadable: u64,
    /// Spans that were one too many for their trace.
    pub(super) left_out: u64,
    /// Facts that were one too many for their trace.
    pub(super) facts_left_out: u64,
    /// Texts of Calls that were too long.
    pub(super) texts_cut: u64,
}

/// What was known of a trace before.
#[derive(Default)]
struct Before {
    calls: Vec<Call>,
    left_out: usize,
}

impl Batch {
    /// Finds the Calls on up to so many threads: no trace knows of another, so that they can be shared out.
    pub(super) fn extract(&self, threads: usize) -> Outcome {
        let shares = self.group.shares(self.worth_threads().clamp(1, threads.max(1)));
        let (own, others) = shares.split_last().unwrap_or((&self.group, &[]));
        let found = std::thread::scope(|scope| {
            let others = others.iter().map(|share| scope.spawn(|| self.extract_share(share)));
            let others: Vec<_> = others.collect();
            let own = self.extract_share(own);
            let join = |other: std::thread::ScopedJoinHandle<'_, Outcome>| {
                other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            others.into_iter().map(join).chain([own]).reduce(Outcome::and).unwrap_or_default()
        });
        found.in_order()
    }

    /// How many threads the new blocks are worth.
    fn worth_threads(&self) -> usize {
        self.fresh.iter().map(Bytes::len).sum::<usize>() / SHARE_BYTES
    }

    /// Puts the spans of a share of the traces together and finds the Calls. Where a span came twice the earlier one counts.
    fn extract_share(&self, share: &Group) -> Outcome {
        let mut outcome = Outcome::default();
        let mut before = self.calls_before(share, &mut outcome);
        let mut assembly = Assembly::new(self.max_trace_spans);
        for otlp in &self.earlier {
            // Counted when the earlier Calls were found.
            let _ = assembly.add_if(otlp, |trace| self.late.contains(&trace) && share.holds(trace));
        }
        for otlp in &self.fresh {
            let added = assembly.add_if(otlp, |trace| share.holds(trace));
            outcome.unreadable += u64::from(added.is_err() && share.is_last());
        }
        for trace in assembly.finish() {
            let before = before.remove(&trace.id).unwrap_or_default();
            outcome.left_out += trace.left_out.saturating_sub(before.left_out) as u64;
            let calls = outcome.calls_of(&trace);
            outcome.calls.push(differing(trace.id, before.calls, calls));
        }
        outcome
    }

    /// The Calls that the earlier spans alone gave: those are stored, and go.
    fn calls_before(&self, share: &Group, outcome: &mut Outcome) -> HashMap<TraceId, Before> {
        let mut assembly = Assembly::new(self.max_trace_spans);
        for otlp in &self.earlier {
            let added = assembly.add_if(otlp, |trace| self.late.contains(&trace) && share.holds(trace));
            outcome.unreadable += u64::from(added.is_err() && share.is_last());
        }
        let mut found = Outcome::default();
        let mut before =
            |trace: &Trace<'_>| Before { calls: found.calls_of(trace), left_out: trace.left_out };
        assembly.finish().iter().map(|trace| (trace.id, before(trace))).collect()
    }
}

/// What has changed of a trace, and what has not.
fn differing(trace: TraceId, before: Vec<Call>, calls: Vec<Call>) -> TraceCalls {
    if before.is_empty() || calls.len() <= WRITTEN_WHOLE {
        return TraceCalls { trace, before, calls, unchanged: Vec::new() };
    }
    let mut known: HashMap<SpanId, Call> = before.into_iter().map(|call| (call.span, call)).collect();
    let (unchanged, calls): (Vec<Call>, Vec<Call>) =
        calls.into_iter().partition(|call| known.get(&call.span).is_some_and(|known| known == call));
    for call in &unchanged {
        known.remove(&call.span);
    }
    TraceCalls { trace, before: known.into_values().collect(), calls, unchanged }
}

impl Contents {
    pub(super) fn of<'b>(blocks: impl Iterator<Item = &'b Bytes>) -> Self {
        let (mut spans, mut traces) = (0, BTreeSet::new());
        let mut last = None;
        for trace in blocks.flat_map(|otlp| traces_of_spans(otlp)) {
            spans += 1;
            // Spans of a trace mostly stand together.
            if last.replace(trace) != Some(trace) {
                traces.insert(trace);
            }
        }
        Self { spans, traces }
    }
}

impl Group {
    /// The parts of the traces of blocks: one, unless a sender packs very many spans or traces into few bytes.
    pub(super) fn all(spans: usize, traces: usize) -> Vec<Self> {
        let bytes = spans.saturating_mul(SPAN_BYTES).saturating_add(traces.saturating_mul(TRACE_BYTES));
        let of = bytes.div_ceil(GROUP_BYTES).max(1);
        let hash = RandomState::default();
        (0..of).map(|number| Self { number, of, hash: hash.clone() }).collect()
    }

    /// The same traces in so many parts, of which the last one is the last of all if this one is.
    fn shares(&self, shares: usize) -> Vec<Self> {
        let share = |share| Self {
            number: self.number + self.of * share,
            of: self.of * shares,
            hash: self.hash.clone(),
        };
        (0..shares).map(share).collect()
    }

    pub(super) fn holds(&self, trace: TraceId) -> bool {
        self.of == 1 || self.hash.hash_one(trace) % self.of as u64 == self.number as u64
    }

    /// Whether all are extracted when this one is.
    pub(super) fn is_last(&self) -> bool {
        self.number + 1 == self.of
    }
}

impl Outcome {
    /// What this one and another share of the traces hold.
    fn and(mut self, other: Self) -> Self {
        self.calls.extend(other.calls);
        self.facts.widen(other.facts.into_rows());
        self.failed += other.failed;
        self.unreadable += other.unreadable;
        self.left_out += other.left_out;
        self.facts_left_out += other.facts_left_out;
        self.texts_cut += other.texts_cut;
        self
    }

    /// Traces by their first Call: which share a trace fell into is chance, and the first Handlers find room.
    fn in_order(mut self) -> Self {
        let first = |trace: &TraceCalls| trace.calls.iter().map(|call| call.start_ns).min();
        self.calls.sort_by_cached_key(|trace| (first(trace), trace.trace));
        self
    }

    fn calls_of(&mut self, trace: &Trace<'_>) -> Vec<Call> {
        // Whoever sends spans must not be able to stop extraction for all: a fault in reading one trace is
        // counted and costs that trace only.
        let found = catch_unwind(AssertUnwindSafe(|| extract::calls(trace)));
        if let Ok(found) = found {
            self.facts.widen(found.facts);
            self.facts_left_out += found.facts_left_out as u64;
            self.texts_cut += found.texts_cut as u64;
            found.calls
        } else {
            self.failed += 1;
            tracing::error!(trace = %trace.id, spans = trace.nodes.len(), "the calls of a trace cannot be found");
            Vec::new()
        }
    }
}

/// Facts about the app, each once however many traces tell it: a batch writes a handful of rows for them.
#[derive(Debug, Default)]
pub(super) struct Facts(HashMap<FactKey, (u64, u64)>);

/// Service, environment, build, name and value.
type FactKey = (String, Option<String>, Option<String>, String, String);

impl Facts {
    /// Adds facts to those that are there.
    pub(super) fn widen(&mut self, facts: Vec<AppFact>) {
        for AppFact { service, environment, build, name, value, first_seen_ns, last_seen_ns } in facts {
            let key = (service, environment, build, name, value);
            let seen = self.0.entry(key).or_insert((first_seen_ns, last_seen_ns));
            *seen = (seen.0.min(first_seen_ns), seen.1.max(last_seen_ns));
        }
    }

    /// All of them, in no order.
    pub(super) fn into_rows(self) -> Vec<AppFact> {
        self.0.into_iter().map(|(key, seen)| row(key, seen)).collect()
    }

    /// The same, to keep them.
    pub(super) fn rows(&self) -> Vec<AppFact> {
        self.0.iter().map(|(key, seen)| row(key.clone(), *seen)).collect()
    }
}

fn row(
    (service, environment, build, name, value): FactKey,
    (first_seen_ns, last_seen_ns): (u64, u64),
) -> AppFact {
    AppFact { service, environment, build, name, value, first_seen_ns, last_seen_ns }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::file::requests;

    /// The storefront's recording, as blocks.
    fn recorded() -> Vec<Bytes> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/storefront.jsonl.zst");
        let text = zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap();
        let blocks = requests("storefront", &text).map(|request| request.unwrap().into_owned().into());
        blocks.collect()
    }

    fn batches(fresh: &[Bytes]) -> Vec<Batch> {
        let group = |group| Batch {
            group,
            earlier: Vec::new(),
            late: HashSet::new(),
            fresh: fresh.to_vec(),
            max_trace_spans: 1_000,
        };
        let Contents { spans, traces } = Contents::of(fresh.iter());
        Group::all(spans, traces.len()).into_iter().map(group).collect()
    }

    #[test]
    fn several_threads_find_what_one_finds() {
        let mut fresh = recorded();
        fresh.push(Bytes::from_static(b"\x0a\xff\xff"));
        for batch in batches(&fresh) {
            assert!(batch.worth_threads() >= 4, "the recording is too small to be shared out");
            let (one, four) = (batch.extract(1), batch.extract(4));
            assert_eq!(one.calls, four.calls);
            assert_eq!(one.unreadable, four.unreadable);
            let sorted = |facts: Facts| {
                let mut rows: Vec<_> = facts.0.into_iter().collect();
                rows.sort();
                rows
            };
            assert_eq!(sorted(one.facts), sorted(four.facts));
        }
    }

    #[test]
    fn an_ordinary_batch_is_one_group_and_one_of_tiny_traces_is_several() {
        let ordinary = Contents::of(recorded().iter());
        assert!(ordinary.spans > 5 * ordinary.traces.len());
        assert_eq!(Group::all(8_000, 800).len(), 1);
        assert_eq!(Group::all(8_000, 8_000).len(), 3);
    }

    #[test]
    fn every_trace_is_in_exactly_one_share_and_the_last_group_has_the_last_one() {
        let hash = RandomState::default();
        let groups = (0..3).map(|number| Group { number, of: 3, hash: hash.clone() });
        let shares: Vec<Group> = groups.flat_map(|group| group.shares(4)).collect();
        for number in 0..500_u128 {
            let trace = TraceId(number.to_be_bytes());
            assert_eq!(shares.iter().filter(|share| share.holds(trace)).count(), 1);
        }
        let last: Vec<usize> =
            (0..).zip(&shares).filter(|(_, share)| share.is_last()).map(|(at, _)| at).collect();
        assert_eq!(last, [11]);
    }
}
