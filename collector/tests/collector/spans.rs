//! Builds requests the way the npm package sends them.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

/// 2026-11-30T00:53:20Z: after the recordings, or their spans would lie in the future.
pub(crate) const NOW: u64 = 1_796_000_000_000_000_000;

const SERVER: i32 = 2;

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(Value::StringValue(value.into())) };
    KeyValue { key: key.into(), value: Some(value), ..KeyValue::default() }
}

pub(crate) fn int(key: &str, value: i64) -> KeyValue {
    let value = AnyValue { value: Some(Value::IntValue(value)) };
    KeyValue { key: key.into(), value: Some(value), ..KeyValue::default() }
}

/// One finished run of a route handler.
pub(crate) fn route_call(trace: u64, span: u64) -> Span {
    let mut trace_id = [0_u8; 16];
    trace_id[..8].copy_from_slice(&trace.to_be_bytes());
    Span {
        trace_id: trace_id.to_vec(),
        span_id: span.to_be_bytes().to_vec(),
        name: "GET /api/products".into(),
        kind: SERVER,
        start_time_unix_nano: NOW + span,
        end_time_unix_nano: NOW + span + 5_000_000,
        attributes: vec![
            text("http.request.method", "GET"),
            text("url.path", "/api/products"),
            text("http.route", "/api/products"),
            text("pointsman.route.kind", "app_route"),
            int("http.response.status_code", 200),
        ],
        ..Span::default()
    }
}

/// A span below another one.
pub(crate) fn child(trace: u64, span: u64, parent: u64) -> Span {
    Span {
        name: "fetch".into(),
        kind: 3,
        parent_span_id: parent.to_be_bytes().to_vec(),
        ..route_call(trace, span)
    }
}

pub(crate) fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope { name: "@pointsman/nextjs".into(), ..InstrumentationScope::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![text("service.name", "shop")],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}

/// A request with one Call in a trace of its own.
pub(crate) fn one(trace: u64) -> ExportTraceServiceRequest {
    request(vec![route_call(trace, 1)])
}

/// The same as it comes in.
pub(crate) fn body(trace: u64) -> Bytes {
    one(trace).encode_to_vec().into()
}
