//! In whichever order and in how many pieces spans arrive, the Calls are the same.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use proptest::prelude::*;
use prost::Message;

use crate::support::{extract, requests};

/// One request per span.
fn single(requests: Vec<ExportTraceServiceRequest>) -> Vec<ExportTraceServiceRequest> {
    let mut all = Vec::new();
    for resource in requests.into_iter().flat_map(|request| request.resource_spans) {
        for scope in resource.scope_spans {
            for span in scope.spans {
                let scope_spans =
                    vec![ScopeSpans { spans: vec![span], scope: scope.scope.clone(), ..Default::default() }];
                let resource =
                    ResourceSpans { resource: resource.resource.clone(), scope_spans, ..Default::default() };
                all.push(ExportTraceServiceRequest { resource_spans: vec![resource] });
            }
        }
    }
    all
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..Default::default() }] }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn order_and_splitting_do_not_matter(name in prop::sample::select(vec!["next-14.2", "next-16.4", "next-15.5-plain"]), seed in any::<u64>()) {
        let whole = extract(requests(name));
        let mut parts = single(requests(name));
        // A permutation that the seed decides: sorted by a hash of position and seed.
        let mut keyed: Vec<_> = parts.drain(..).enumerate().collect();
        keyed.sort_by_key(|(at, _)| (*at as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29));
        let shuffled = extract(keyed.into_iter().map(|(_, part)| part));
        prop_assert_eq!(shuffled.calls, whole.calls);
        prop_assert_eq!(shuffled.facts, whole.facts);
    }
}

proptest! {
    /// Parents may be missing, circular or the span itself.
    #[test]
    fn any_tree_is_survived(parents in prop::collection::vec(0_u8..12, 0..12), kinds in prop::collection::vec(0..6, 12)) {
        let spans = parents.iter().zip(kinds).enumerate().map(|(at, (parent, kind))| Span {
            trace_id: vec![7; 16],
            span_id: vec![u8::try_from(at).unwrap() + 1; 8],
            parent_span_id: vec![*parent; 8],
            kind,
            start_time_unix_nano: 1_800_000_000_000_000_000,
            end_time_unix_nano: 1_800_000_000_000_000_001,
            ..Default::default()
        });
        let spans: Vec<_> = spans.collect();
        let count = spans.len();
        let otlp = request(spans).encode_to_vec();
        let mut assembly = pointsman_collector::trace::Assembly::new(100);
        assembly.add(&otlp).unwrap();
        for trace in assembly.finish() {
            prop_assert_eq!(trace.parents_first().len(), count);
            let _ = pointsman_collector::extract::calls(&trace);
        }
    }
}

#[test]
fn a_million_spans_are_bounded_and_counted() {
    let batch = |batch: u64| {
        let spans = (0..100_000_u64).map(|at| Span {
            trace_id: vec![7; 16],
            span_id: (batch * 100_000 + at + 1).to_be_bytes().to_vec(),
            parent_span_id: (batch * 100_000 + at).to_be_bytes().to_vec(),
            ..Default::default()
        });
        request(spans.collect()).encode_to_vec()
    };
    let batches: Vec<_> = (0..10).map(batch).collect();
    let mut assembly = pointsman_collector::trace::Assembly::new(1_000);
    batches.iter().for_each(|batch| assembly.add(batch).unwrap());
    let traces = assembly.finish();
    assert_eq!(traces.len(), 1);
    assert_eq!((traces[0].nodes.len(), traces[0].left_out), (1_000, 999_000));
    assert_eq!(traces[0].parents_first().len(), 1_000);
}

#[test]
fn of_a_span_sent_twice_the_one_with_an_end_stays() {
    let span = |name: &str, end| Span {
        trace_id: vec![7; 16],
        span_id: vec![1; 8],
        name: name.to_owned(),
        start_time_unix_nano: 5,
        end_time_unix_nano: end,
        ..Default::default()
    };
    for (spans, stays) in [
        (vec![span("first", 9), span("second", 9)], "first"),
        (vec![span("open", 0), span("closed", 9)], "closed"),
        (vec![span("closed", 9), span("open", 0)], "closed"),
    ] {
        let requests = spans.into_iter().map(|span| request(vec![span]).encode_to_vec());
        let requests: Vec<_> = requests.collect();
        let mut assembly = pointsman_collector::trace::Assembly::new(10);
        requests.iter().for_each(|request| assembly.add(request).unwrap());
        assert_eq!(assembly.finish()[0].nodes[0].name(), stays);
    }
}
