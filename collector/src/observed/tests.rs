//! Rows only grow, a late span counts nothing twice, and the most called handlers have the rows.

use std::sync::Arc;

use pointsman_store::{Call, Caller, Form, HandlerKind, Sign, Signs, TraceId};

use super::*;

const LATER: u64 = 60_000_000_000;

fn call(route: &str, span: u8) -> Call {
    let handler = Handler {
        service: "shop".into(),
        environment: None,
        kind: HandlerKind::RouteHandler,
        route: route.into(),
        method: "GET".into(),
        action: None,
        operation: None,
    };
    Call {
        duration_ns: 30_000_000,
        method: "GET".into(),
        status: Some(200),
        caller: Caller::OwnUi,
        response_bytes: Some(1_024),
        ..Call::bare(Arc::new(handler), TraceId([7; 16]), SpanId([span; 8]), 1)
    }
}

fn trace(before: Vec<Call>, calls: Vec<Call>) -> TraceCalls {
    TraceCalls { trace: TraceId([7; 16]), before, calls, unchanged: Vec::new() }
}

/// Counts, and lets the traces become quiet.
fn counted(observed: &Observed, traces: &[TraceCalls]) {
    observed.count(traces, 0);
    let _ = observed.rows(LATER);
}

fn calls_of(rows: &Rows, route: &str) -> Option<u64> {
    rows.own.iter().find(|(_, handler, _)| handler.route == route).map(|(_, _, row)| row.calls())
}

#[test]
fn a_call_is_counted_by_caller_outcome_duration_and_size() {
    let observed = Observed::new(10);
    let failed = Call { status: Some(503), duration_ns: 20_000_000_000, ..call("/a", 2) };
    let stale = Call { status: Some(404), signs: Signs::NONE | Sign::ActionNotFound, ..call("/a", 3) };
    let preflight = Call { form: Form::Preflight, ..call("/a", 4) };
    counted(&observed, &[trace(vec![], vec![call("/a", 1), failed, stale, preflight])]);
    let rows = observed.rows(LATER);
    let row = &rows.own[0].2;
    let seen: Vec<_> = row.by_caller().map(|(who, how, count)| (who.as_str(), how.as_str(), count)).collect();
    assert_eq!(
        seen,
        [("own_ui", "success", 1), ("own_ui", "server_error", 1), ("own_ui", "unknown_action", 1)]
    );
    // 30 ms twice is within 50 ms, 20 s is beyond the last bound.
    assert_eq!(row.duration.cumulative().collect::<Vec<_>>(), [0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2]);
    assert_eq!((row.duration.count(), row.request.count(), row.response.count()), (3, 0, 3));
    assert!((row.duration.sum() - 20.06).abs() < 1e-9 && (row.response.sum() - 3_072.0).abs() < 1e-9);
}

#[test]
fn a_late_span_counts_only_what_is_new() {
    let observed = Observed::new(10);
    let (one, two, other) = (call("/a", 1), call("/a", 2), call("/a", 3));
    counted(&observed, &[trace(vec![], vec![one.clone()])]);
    // Sent again, grown by one, and the same two under another span.
    counted(&observed, &[trace(vec![one.clone()], vec![one.clone()])]);
    counted(&observed, &[trace(vec![one.clone()], vec![one.clone(), two.clone()])]);
    counted(&observed, &[trace(vec![one.clone(), two], vec![one, other])]);
    assert_eq!(calls_of(&observed.rows(LATER), "/a"), Some(2));
}

#[test]
fn a_trace_that_comes_in_parts_is_counted_as_it_is_in_the_end() {
    let observed = Observed::new(10);
    let (early, whole) = (call("/page", 1), call("/api", 2));
    observed.count(&[trace(vec![], vec![early.clone()])], 0);
    assert_eq!(observed.rows(5_000_000_000).own.len(), 0);
    observed.count(&[trace(vec![early], vec![whole])], 5_000_000_000);
    let rows = observed.rows(LATER);
    assert_eq!((calls_of(&rows, "/page"), calls_of(&rows, "/api")), (None, Some(1)));
}

#[test]
fn the_most_called_handlers_have_rows_and_no_row_ever_shrinks() {
    let observed = Observed::new(1);
    counted(&observed, &[trace(vec![], vec![call("/rare", 1), call("/rare", 2)])]);
    let (mut last_other, mut overtaken) = (0, false);
    for span in 0..40 {
        counted(&observed, &[trace(vec![], vec![call("/busy", span)])]);
        let rows = observed.rows(LATER);
        assert_eq!(rows.own.len(), 1);
        assert!(rows.other.calls() >= last_other);
        last_other = rows.other.calls();
        overtaken |= calls_of(&rows, "/busy").is_some();
    }
    let rows = observed.rows(LATER);
    assert!(overtaken);
    // The 8th call was the first of twice two: seven before it stay where they were counted.
    assert_eq!((calls_of(&rows, "/busy"), rows.other.calls()), (Some(33), 7));
    // The one that was overtaken counts with the others.
    counted(&observed, &[trace(vec![], vec![call("/rare", 3)])]);
    assert_eq!(observed.rows(LATER).other.calls(), 8);
}

#[test]
fn without_rows_all_is_in_the_shared_one() {
    let observed = Observed::new(0);
    counted(&observed, &[trace(vec![], vec![call("/a", 1), call("/b", 2)])]);
    let rows = observed.rows(LATER);
    assert_eq!((rows.own.len(), rows.other.calls()), (0, 2));
}

#[test]
fn what_waits_is_bounded_by_calls_too() {
    let observed = Observed::new(10);
    let of = |trace: u8, calls: usize| TraceCalls {
        trace: TraceId([trace; 16]),
        before: vec![],
        unchanged: vec![],
        calls: vec![call("/a", 1); calls],
    };
    observed.count(&[of(1, 20_000)], 0);
    assert_eq!(calls_of(&observed.rows(0), "/a"), None);
    observed.count(&[of(2, 20_000)], 0);
    assert_eq!(calls_of(&observed.rows(0), "/a"), Some(20_000));
    assert_eq!(calls_of(&observed.rows(LATER), "/a"), Some(40_000));
}
