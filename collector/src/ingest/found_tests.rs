//! What is stored is the same, whether each batch is stored by itself or several together.

use std::collections::BTreeMap;
use std::sync::Arc;

use pointsman_store::{Handler, HandlerKind, SpanId};
use proptest::prelude::*;

use super::*;

/// What a trace turns out to be as more of it comes: its Calls by span, each in some version; and whether those that are as they were
/// are written again.
type Steps = Vec<(BTreeMap<u8, u8>, bool)>;

fn steps() -> impl Strategy<Value = Steps> {
    prop::collection::vec((prop::collection::btree_map(0..6_u8, 0..3_u8, 0..6), any::<bool>()), 1..6)
}

/// A version differs in the Handler, or in when it began: both are part of the key under which it is stored.
fn call(trace: u8, (span, version): (u8, u8)) -> Call {
    let handler = Handler {
        service: "shop".to_owned(),
        environment: None,
        kind: HandlerKind::RouteHandler,
        route: format!("/{}", version % 2),
        method: "GET".to_owned(),
        action: None,
        operation: None,
    };
    Call::bare(Arc::new(handler), TraceId([trace; 16]), SpanId([span; 8]), 100 + u64::from(version / 2))
}

/// What extraction gives in each step.
fn given(trace: u8, steps: &Steps) -> Vec<TraceCalls> {
    let mut known = BTreeMap::new();
    let step = |(now, whole): &(BTreeMap<u8, u8>, bool)| {
        let before = std::mem::replace(&mut known, now.clone());
        let is_as_it_was = |(span, version): &(u8, u8)| !whole && before.get(span) == Some(version);
        let now = now.iter().map(|(span, version)| (*span, *version));
        let (unchanged, calls): (Vec<_>, Vec<_>) = now.partition(is_as_it_was);
        let gone = before.into_iter().filter(|call| !unchanged.contains(call));
        let calls_of = |calls: Vec<(u8, u8)>| calls.into_iter().map(|one| call(trace, one)).collect();
        TraceCalls {
            trace: TraceId([trace; 16]),
            before: calls_of(gone.collect()),
            calls: calls_of(calls),
            unchanged: calls_of(unchanged),
        }
    };
    steps.iter().map(step).collect()
}

/// The database: what is stored together is taken back first and added then.
#[derive(Default, PartialEq, Debug)]
struct Stored(BTreeMap<(String, u64, TraceId, SpanId), u64>);

impl Stored {
    fn take(&mut self, traces: &[TraceCalls]) {
        let key = |call: &Call| (call.handler.route.clone(), call.start_ns, call.trace, call.span);
        for call in traces.iter().flat_map(|trace| &trace.before) {
            self.0.remove(&key(call));
        }
        for call in traces.iter().flat_map(|trace| &trace.calls) {
            assert!(self.0.insert(key(call), call.duration_ns).is_none(), "it was there: {call:?}");
        }
    }
}

fn found(calls: Vec<TraceCalls>, last: i64) -> Found {
    Found::new(calls, Facts::default(), BlockId(last))
}

proptest! {
    #[test]
    fn together_they_give_what_they_give_one_after_the_other(one in steps(), other in steps(), from in 0_usize..5) {
        let (one, other) = (given(1, &one), given(2, &other));
        let batches: Vec<Vec<TraceCalls>> = (0..one.len().max(other.len()))
            .map(|at| one.get(at).into_iter().chain(other.get(at)).cloned().collect())
            .collect();
        let (apart, together) = batches.split_at(from.min(batches.len()));
        let (mut each, mut merged) = (Stored::default(), Stored::default());
        for batch in apart {
            each.take(batch);
            merged.take(batch);
        }
        together.iter().for_each(|batch| each.take(batch));
        let all = together.iter().map(|batch| found(batch.clone(), 1)).reduce(Found::and);
        let all = all.map(|all| all.calls).unwrap_or_default();
        merged.take(&all);
        prop_assert_eq!(&merged, &each);
        for trace in &all {
            let is_new = apart.iter().flatten().all(|earlier| earlier.trace != trace.trace);
            prop_assert!(!is_new || (trace.before.is_empty() && trace.unchanged.is_empty()), "{:?}", trace);
        }
    }
}

#[test]
fn many_calls_are_enough() {
    let calls = (0..=255_u8).map(|span| call(1, (span, 0))).collect::<Vec<_>>();
    let trace = |number: u8| TraceCalls {
        trace: TraceId([number; 16]),
        before: Vec::new(),
        calls: calls.clone(),
        unchanged: Vec::new(),
    };
    let of_seven = found((0..7).map(trace).collect(), 1);
    assert!(!of_seven.is_enough());
    let of_eight = of_seven.and(found(vec![trace(7)], 2));
    assert!(of_eight.is_enough());
    assert_eq!(of_eight.last, BlockId(2));
}
