//! What the daemon has: the spans in its blocks, decoded by the protobuf library and not by the daemon's own code.

use std::collections::BTreeSet;
use std::path::Path;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::program::{Program, SpanKey};
use super::support::{blocks, traces_of_calls};

/// Every stored span, repeated ones too.
pub(crate) fn spans(db: &Path) -> Vec<Span> {
    let decode = |block: Vec<u8>| {
        let bytes = zstd::decode_all(block.as_slice()).unwrap();
        ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap()
    };
    let resources = blocks(db).into_iter().flat_map(|block| decode(block).resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn keys(spans: &[Span]) -> BTreeSet<SpanKey> {
    spans.iter().map(|span| (hex(&span.trace_id), hex(&span.span_id))).collect()
}

pub(crate) fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    attribute.value.as_ref()?.value.as_ref()
}

/// Each of these traces has one Call, if its language can be that of a Next.js app. The daemon must have ended.
pub(crate) fn assert_calls(db: &Path, program: Program, sent: &[SpanKey]) {
    let traces: BTreeSet<&str> =
        sent.iter().filter(|_| program.is_javascript()).map(|(trace, _)| trace.as_str()).collect();
    let mut found = traces_of_calls(db);
    found.sort_unstable();
    assert!(found.iter().eq(&traces), "{} calls of {} traces", found.len(), traces.len());
}
