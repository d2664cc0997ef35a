//! The JSON encoding of OTLP, with its traps: ids in hex of either case, 64-bit numbers as strings or
//! numbers, nulls for lists and strings, empty values, unknown and snake_case keys ignored.
//! Values are in `json_value`. Ids of a wrong length pass: [`crate::admit`] refuses them span by span.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde::{Deserialize, Deserializer};

use super::DecodeError;
use super::json_value::{JsonKeyValue, Scalar, id, integer, list, nanos, nullable};

/// Reads a request in the JSON encoding.
///
/// # Errors
/// When the bytes are not JSON, or not of this shape.
pub fn decode_json(bytes: &[u8]) -> Result<ExportTraceServiceRequest, DecodeError> {
    // Derived readers take a list for an object's fields in order; OTLP knows no such form.
    if bytes.trim_ascii_start().starts_with(b"[") {
        let reason = "expected an object with resourceSpans, found a list".to_owned();
        return Err(DecodeError::Json { line: 1, column: 1, reason });
    }
    match serde_json::from_slice::<JsonRequest>(bytes) {
        Ok(json) => {
            let resource_spans = json.resource_spans.into_iter().map(ResourceSpans::from).collect();
            Ok(ExportTraceServiceRequest { resource_spans })
        }
        Err(error) => {
            Err(DecodeError::Json { line: error.line(), column: error.column(), reason: reason(&error) })
        }
    }
}

/// `serde_json` writes the place into its text; the error has it in fields of its own.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonRequest {
    #[serde(default, deserialize_with = "list")]
    resource_spans: Vec<JsonResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonResourceSpans {
    #[serde(default)]
    resource: Option<JsonResource>,
    #[serde(default, deserialize_with = "list")]
    scope_spans: Vec<JsonScopeSpans>,
    #[serde(default, deserialize_with = "nullable")]
    schema_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonResource {
    #[serde(default, deserialize_with = "list")]
    attributes: Vec<JsonKeyValue>,
    #[serde(default, deserialize_with = "integer")]
    dropped_attributes_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonScopeSpans {
    #[serde(default)]
    scope: Option<JsonScope>,
    #[serde(default, deserialize_with = "list")]
    spans: Vec<JsonSpan>,
    #[serde(default, deserialize_with = "nullable")]
    schema_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonScope {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    version: String,
    #[serde(default, deserialize_with = "list")]
    attributes: Vec<JsonKeyValue>,
    #[serde(default, deserialize_with = "integer")]
    dropped_attributes_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan {
    #[serde(default, deserialize_with = "id")]
    trace_id: Vec<u8>,
    #[serde(default, deserialize_with = "id")]
    span_id: Vec<u8>,
    #[serde(default, deserialize_with = "nullable")]
    trace_state: String,
    #[serde(default, deserialize_with = "id")]
    parent_span_id: Vec<u8>,
    #[serde(default, deserialize_with = "integer")]
    flags: u32,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "span_kind")]
    kind: i32,
    #[serde(default, deserialize_with = "nanos")]
    start_time_unix_nano: u64,
    #[serde(default, deserialize_with = "nanos")]
    end_time_unix_nano: u64,
    #[serde(default, deserialize_with = "list")]
    attributes: Vec<JsonKeyValue>,
    #[serde(default, deserialize_with = "integer")]
    dropped_attributes_count: u32,
    #[serde(default, deserialize_with = "list")]
    events: Vec<JsonEvent>,
    #[serde(default, deserialize_with = "integer")]
    dropped_events_count: u32,
    #[serde(default, deserialize_with = "list")]
    links: Vec<JsonLink>,
    #[serde(default, deserialize_with = "integer")]
    dropped_links_count: u32,
    #[serde(default)]
    status: Option<JsonStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonEvent {
    #[serde(default, deserialize_with = "nanos")]
    time_unix_nano: u64,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "list")]
    attributes: Vec<JsonKeyValue>,
    #[serde(default, deserialize_with = "integer")]
    dropped_attributes_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonLink {
    #[serde(default, deserialize_with = "id")]
    trace_id: Vec<u8>,
    #[serde(default, deserialize_with = "id")]
    span_id: Vec<u8>,
    #[serde(default, deserialize_with = "nullable")]
    trace_state: String,
    #[serde(default, deserialize_with = "list")]
    attributes: Vec<JsonKeyValue>,
    #[serde(default, deserialize_with = "integer")]
    dropped_attributes_count: u32,
    #[serde(default, deserialize_with = "integer")]
    flags: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonStatus {
    #[serde(default, deserialize_with = "nullable")]
    message: String,
    #[serde(default, deserialize_with = "status_code")]
    code: i32,
}

/// Enums are integers in OTLP/JSON; some senders write the words of the general mapping, which do no harm.
fn span_kind<'de, D: Deserializer<'de>>(input: D) -> Result<i32, D::Error> {
    let word = |text: &str| SpanKind::from_str_name(text).map(|kind| kind as i32);
    enumeration(input, word)
}

fn status_code<'de, D: Deserializer<'de>>(input: D) -> Result<i32, D::Error> {
    let word = |text: &str| StatusCode::from_str_name(text).map(|code| code as i32);
    enumeration(input, word)
}

fn enumeration<'de, D: Deserializer<'de>>(
    input: D,
    word: impl Fn(&str) -> Option<i32>,
) -> Result<i32, D::Error> {
    Ok(match Scalar::deserialize(input)? {
        Scalar::Unsigned(number) => i32::try_from(number).unwrap_or(0),
        Scalar::Text(text) => word(&text).unwrap_or(0),
        _ => 0,
    })
}

fn attributes(json: Vec<JsonKeyValue>) -> Vec<KeyValue> {
    json.into_iter().map(KeyValue::from).collect()
}

impl From<JsonResourceSpans> for ResourceSpans {
    fn from(json: JsonResourceSpans) -> Self {
        Self {
            resource: json.resource.map(|resource| Resource {
                attributes: attributes(resource.attributes),
                dropped_attributes_count: resource.dropped_attributes_count,
                entity_refs: Vec::new(),
            }),
            scope_spans: json.scope_spans.into_iter().map(ScopeSpans::from).collect(),
            schema_url: json.schema_url,
        }
    }
}

impl From<JsonScopeSpans> for ScopeSpans {
    fn from(json: JsonScopeSpans) -> Self {
        Self {
            scope: json.scope.map(|scope| InstrumentationScope {
                name: scope.name,
                version: scope.version,
                attributes: attributes(scope.attributes),
                dropped_attributes_count: scope.dropped_attributes_count,
            }),
            spans: json.spans.into_iter().map(Span::from).collect(),
            schema_url: json.schema_url,
        }
    }
}

impl From<JsonSpan> for Span {
    fn from(json: JsonSpan) -> Self {
        Self {
            trace_id: json.trace_id,
            span_id: json.span_id,
            trace_state: json.trace_state,
            parent_span_id: json.parent_span_id,
            flags: json.flags,
            name: json.name,
            kind: json.kind,
            start_time_unix_nano: json.start_time_unix_nano,
            end_time_unix_nano: json.end_time_unix_nano,
            attributes: attributes(json.attributes),
            dropped_attributes_count: json.dropped_attributes_count,
            events: json.events.into_iter().map(Event::from).collect(),
            dropped_events_count: json.dropped_events_count,
            links: json.links.into_iter().map(Link::from).collect(),
            dropped_links_count: json.dropped_links_count,
            status: json.status.map(|status| Status { message: status.message, code: status.code }),
        }
    }
}

impl From<JsonEvent> for Event {
    fn from(json: JsonEvent) -> Self {
        Self {
            time_unix_nano: json.time_unix_nano,
            name: json.name,
            attributes: attributes(json.attributes),
            dropped_attributes_count: json.dropped_attributes_count,
        }
    }
}

impl From<JsonLink> for Link {
    fn from(json: JsonLink) -> Self {
        Self {
            trace_id: json.trace_id,
            span_id: json.span_id,
            trace_state: json.trace_state,
            attributes: attributes(json.attributes),
            dropped_attributes_count: json.dropped_attributes_count,
            flags: json.flags,
        }
    }
}
