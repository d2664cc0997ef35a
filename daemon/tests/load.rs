//! The load of the benches is what it says it is: else their figures mean nothing. Nothing is measured here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

#[path = "../benches/load/mod.rs"]
mod load;
mod support;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;

use load::recorded::{self, RECORDINGS, Recording};
use load::stream::Stream;
use load::{BATCH_SPANS, Encoding};
use support::{pointsman, traces_of_calls};

/// Enough for every kind of trace.
const BATCHES: usize = 10;
/// 2026-11-01T00:00:00Z.
const NOW_NS: u64 = 1_793_491_200_000_000_000;

/// What one sender sends: batches, and the rest of the trace that the last batch cut.
fn sent(recordings: &Arc<Vec<Recording>>, sender: usize, encoding: Encoding) -> (Vec<Vec<u8>>, u64) {
    let mut stream = Stream::new(Arc::clone(recordings), sender, encoding, 1);
    let mut batches: Vec<_> = (0..BATCHES)
        .map(|_| {
            let mut batch = Vec::new();
            stream.batch(BATCH_SPANS, NOW_NS, &mut batch);
            batch
        })
        .collect();
    let mut rest = Vec::new();
    if stream.rest(&mut rest) > 0 {
        batches.push(rest);
    }
    (batches, stream.traces)
}

fn spans(request: ExportTraceServiceRequest) -> Vec<Span> {
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

fn decoded(batches: &[Vec<u8>]) -> Vec<ExportTraceServiceRequest> {
    batches.iter().map(|batch| ExportTraceServiceRequest::decode(batch.as_slice()).unwrap()).collect()
}

#[test]
fn both_encodings_say_the_same() {
    let recordings = Arc::new(recorded::load().unwrap());
    for (sender, name) in RECORDINGS.into_iter().enumerate() {
        let (protobuf, _) = sent(&recordings, sender, Encoding::Protobuf);
        let (json, _) = sent(&recordings, sender, Encoding::Json);
        let json: Vec<ExportTraceServiceRequest> =
            json.iter().map(|batch| serde_json::from_slice(batch).unwrap()).collect();
        assert!(decoded(&protobuf) == json, "{name}");
    }
}

#[test]
fn batches_are_full_and_traces_whole_with_ids_of_their_own() {
    let recordings = Arc::new(recorded::load().unwrap());
    let (mut span_ids, mut trace_ids) = (HashSet::new(), HashSet::new());
    for sender in 0..RECORDINGS.len() {
        let (batches, traces) = sent(&recordings, sender, Encoding::Protobuf);
        let batches: Vec<_> = decoded(&batches).into_iter().map(spans).collect();
        assert!(batches.iter().take(BATCHES).all(|spans| spans.len() == BATCH_SPANS));
        let mut by_trace = BTreeMap::<_, Vec<Span>>::new();
        for span in batches.into_iter().flatten() {
            assert!(
                span.start_time_unix_nano <= span.end_time_unix_nano && span.end_time_unix_nano <= NOW_NS
            );
            assert!(span_ids.insert(span.span_id.clone()), "a span id came twice");
            by_trace.entry(span.trace_id.clone()).or_default().push(span);
        }
        assert_eq!(by_trace.len() as u64, traces);
        for (id, spans) in by_trace {
            assert!(trace_ids.insert(id), "a trace id came twice");
            assert!(recorded::SPANS.contains(&spans.len()), "{} spans", spans.len());
            assert_parents_are_there(&spans);
        }
    }
}

/// Of every span but the request's own, which a browser may have sent a parent for.
fn assert_parents_are_there(spans: &[Span]) {
    let ids: HashSet<_> = spans.iter().map(|span| &span.span_id).collect();
    let roots: Vec<_> = spans.iter().filter(|span| !ids.contains(&span.parent_span_id)).collect();
    assert_eq!(roots.len(), 1, "{roots:?}");
    assert_eq!(roots[0].kind, i32::from(SpanKind::Server));
}

#[test]
fn each_trace_is_one_call() {
    let recordings = Arc::new(recorded::load().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("load.db");
    let mut expected = BTreeSet::new();
    for sender in 0..RECORDINGS.len() {
        let (protobuf, _) = sent(&recordings, sender, Encoding::Protobuf);
        let traces = decoded(&protobuf).into_iter().flat_map(spans).map(|span| span.trace_id);
        expected.extend(traces.map(|id| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>()));
        let (json, _) = sent(&recordings, sender, Encoding::Json);
        let file = folder.path().join(format!("{sender}.jsonl"));
        std::fs::write(&file, json.join(&b'\n')).unwrap();
        let run = pointsman(&db, ["replay".as_ref(), file.as_os_str()]);
        assert_eq!(run.code, Some(0), "{}", run.err);
    }
    let mut found = traces_of_calls(&db);
    found.sort_unstable();
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
}
