//! Spans made by hand, and what is found in them: for what no recording holds.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use pointsman_collector::extract::Extraction;
use pointsman_store::Call;

use crate::support::extract;

/// When the spans begin, ns since the epoch.
pub(crate) const NOON: u64 = 1_800_000_000_000_000_000;

pub(crate) const INTERNAL: i32 = 1;
pub(crate) const SERVER: i32 = 2;
pub(crate) const CLIENT: i32 = 3;

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    value_of(key, Value::StringValue(value.to_owned()))
}

pub(crate) fn number(key: &str, value: i64) -> KeyValue {
    value_of(key, Value::IntValue(value))
}

pub(crate) fn flag(key: &str, value: bool) -> KeyValue {
    value_of(key, Value::BoolValue(value))
}

pub(crate) fn list(key: &str, values: &[&str]) -> KeyValue {
    let value = |text: &&str| AnyValue { value: Some(Value::StringValue((*text).to_owned())) };
    value_of(key, Value::ArrayValue(ArrayValue { values: values.iter().map(value).collect() }))
}

fn value_of(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

/// A span of the one trace there is, from and to so many ns after [`NOON`]; `parent` 0 is none.
pub(crate) fn span(id: u8, parent: u8, kind: i32, (from, to): (u64, u64), attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        kind,
        start_time_unix_nano: NOON + from,
        end_time_unix_nano: NOON + to,
        attributes,
        ..Default::default()
    }
}

/// An own span with this method, route and status.
pub(crate) fn request(method: &str, kind: &str, status: i64, more: Vec<KeyValue>) -> Span {
    let mut attributes = vec![
        text("http.request.method", method),
        text("url.path", "/x"),
        text("http.route", "/x"),
        text("pointsman.route.kind", kind),
        number("http.response.status_code", status),
    ];
    attributes.extend(more);
    span(1, 0, SERVER, (0, 1_000), attributes)
}

/// One request of the exporter, from an app with this resource.
pub(crate) fn sent(resource: Vec<KeyValue>, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope = Some(InstrumentationScope { name: "@pointsman/nextjs".to_owned(), ..Default::default() });
    let resource = Some(Resource { attributes: resource, ..Default::default() });
    let scope_spans = vec![ScopeSpans { scope, spans, ..Default::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource, scope_spans, ..Default::default() }],
    }
}

pub(crate) fn found(resource: Vec<KeyValue>, spans: Vec<Span>) -> Extraction {
    extract([sent(resource, spans)])
}

/// The one Call that these spans are.
pub(crate) fn call(resource: Vec<KeyValue>, spans: Vec<Span>) -> Call {
    let calls = found(resource, spans).calls;
    assert_eq!(calls.len(), 1);
    calls.into_iter().next().unwrap()
}
