//! Reading the recordings, and tables of Calls to compare with what is expected of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use pointsman_collector::extract::{self, Extraction};
use pointsman_collector::trace::{Assembly, MAX_SPANS};
use pointsman_collector::wire::file;
use pointsman_store::{Action, Call, Form, HandlerKind, Sign};
use prost::Message;

/// Recordings that carry own spans, with how many requests they hold.
pub(crate) const OWN: [(&str, usize); 4] =
    [("next-14.2", 109), ("next-15.5", 113), ("next-16.4-nodesdk", 132), ("next-16.4", 133)];

/// Recordings of Next.js's own spans only.
pub(crate) const PLAIN: [&str; 4] =
    ["next-14.2-plain", "next-15.5-plain", "next-16.4-nodesdk-plain", "next-16.4-plain"];

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn expected(name: &str) -> String {
    std::fs::read_to_string(fixtures().join(format!("expected/{name}.txt"))).unwrap()
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let packed = std::fs::read(fixtures().join(format!("{name}.jsonl.zst"))).unwrap();
    zstd::decode_all(packed.as_slice()).unwrap()
}

pub(crate) fn requests(name: &str) -> Vec<ExportTraceServiceRequest> {
    file::requests(name, &bytes(name)).map(|request| decoded(&request.unwrap())).collect()
}

/// A request in OTLP protobuf, as the types that the specification generates.
pub(crate) fn decoded(otlp: &[u8]) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest::decode(otlp).unwrap()
}

pub(crate) fn extract(requests: impl IntoIterator<Item = ExportTraceServiceRequest>) -> Extraction {
    let requests: Vec<_> = requests.into_iter().map(|request| request.encode_to_vec()).collect();
    let mut assembly = Assembly::new(MAX_SPANS);
    requests.iter().for_each(|request| assembly.add(request).unwrap());
    let mut all = Extraction::default();
    for trace in assembly.finish() {
        let found = extract::calls(&trace);
        all.calls.extend(found.calls);
        all.facts.extend(found.facts);
        all.facts_left_out += found.facts_left_out;
    }
    all
}

pub(crate) fn calls(name: &str) -> Vec<Call> {
    extract(requests(name)).calls
}

/// The Calls of own spans. While an app boots its first request may be seen by Next.js only.
pub(crate) fn own_calls(name: &str) -> Vec<Call> {
    calls(name).into_iter().filter(|call| call.has(Sign::OwnSpan)).collect()
}

/// The rows that are expected, without heading and total.
pub(crate) fn expected_rows(name: &str) -> Vec<String> {
    let text = expected(name);
    let rows = text.lines().skip(1).filter(|line| !line.starts_with("total"));
    let mut rows: Vec<_> = rows.map(str::to_owned).collect();
    rows.sort();
    rows
}

/// Every span of the requests.
pub(crate) fn spans_mut(requests: &mut [ExportTraceServiceRequest]) -> impl Iterator<Item = &mut Span> {
    let resources = requests.iter_mut().flat_map(|request| &mut request.resource_spans);
    resources.flat_map(|resource| &mut resource.scope_spans).flat_map(|scope| &mut scope.spans)
}

/// The table of `fixtures/expected`: rows sorted, so that only what is counted matters.
pub(crate) fn table(calls: &[Call]) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(row(call)).or_insert(0) += 1;
    }
    counts.into_iter().map(|(row, count)| format!("{row} | {count}")).collect()
}

pub(crate) fn row(call: &Call) -> String {
    let handler = &call.handler;
    let route = match handler.kind {
        HandlerKind::Unmatched => call.path.as_deref().unwrap_or("?"),
        _ => &handler.route,
    };
    let what = match (&handler.action, call.form) {
        (Some(Action::Export { name, .. }), _) => name.clone(),
        (Some(Action::Id(id)), _) => format!("(name unknown) {}", &id[..10]),
        (Some(Action::Unnamed), _) => "unnamed".to_owned(),
        (Some(Action::NotFound), _) => "unknown or malformed id".to_owned(),
        (None, Form::Rsc) => "RSC".to_owned(),
        (None, Form::Prefetch) => "RSC prefetch".to_owned(),
        (None, Form::RscOrPrefetch) => "RSC or prefetch".to_owned(),
        (None, Form::Internal) => "internal".to_owned(),
        _ => String::new(),
    };
    format!("{} | {route} | {} | {what}", handler.kind, call.method)
}
