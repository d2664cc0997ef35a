//! Requests as nobody sends them: what holds of every one that can be encoded, and of what is left when bytes of it
//! are wrong.

use std::collections::HashSet;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use pointsman_collector::admit::{Admitted, Limits, Secret, admit};
use pointsman_collector::extract;
use pointsman_collector::trace::Assembly;
use pointsman_collector::wire::json_to_protobuf;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use prost::Message;

use crate::support::{decoded, spans_mut};

const NOW: u64 = 1_795_400_000_000_000_000;

/// Small, so that small requests reach them.
fn limits() -> Limits {
    Limits {
        max_attributes: 8,
        max_events: 2,
        max_links: 2,
        max_text_bytes: 64,
        max_list: 4,
        max_depth: 2,
        ..Limits::default()
    }
}

fn pass(otlp: &[u8]) -> Admitted {
    admit(otlp, NOW, &limits(), &Secret::new("s")).unwrap()
}

/// Names that the door or extraction look at, and others.
fn key() -> impl Strategy<Value = String> {
    let known = select(vec![
        "client.address",
        "network.peer.address",
        "http.request.header.x-forwarded-for",
        "http.request.header.cookie",
        "http.request.header.authorization",
        "http.request.header.stripe-signature",
        "http.request.header.x_api_key",
        "http.request.header.next-action",
        "http.request.header.x-ratelimit-left",
        "http.response.header.set-cookie",
        "http.response.header.location",
        "http.response.header.link",
        "http.target",
        "http.route",
        "http.request.method",
        "http.response.status_code",
        "url.full",
        "url.path",
        "url.query",
        "user_agent.original",
        "db.statement",
        "db.query.text",
        "server.address",
        "exception.message",
        "pointsman.client.key",
        "pointsman.request.credentials",
        "pointsman.route.kind",
        "pointsman.action.via",
        "next.span_type",
        "next.route",
        "service.name",
        "process.command_args",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => text()]
}

fn text() -> impl Strategy<Value = String> {
    let known = select(vec![
        "",
        "/a?code=1&state=2#f",
        "https://user:secret@host.example/a;b?c",
        "10.0.0.1",
        "10.0.0.1?://",
        "[::1]:80, 10.0.0.1",
        "SELECT * FROM orders WHERE mail = 'a@b'",
        "SELECT",
        "with a as (select 1) update b set c = 1",
        "Bearer abc",
        "GET /a?b GET /c",
        "app_route",
        "AppRouteRouteHandlers.runHandler",
        "BaseServer.handleRequest",
        "POST",
        "inline; filename=x",
    ]);
    let long = (0..200_usize).prop_map(|length| "ä?".repeat(length));
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>(), 1 => long]
}

fn value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        4 => text().prop_map(Value::StringValue),
        1 => any::<bool>().prop_map(Value::BoolValue),
        1 => any::<i64>().prop_map(Value::IntValue),
        // With few digits: a JSON reader may be off by the last bit of others.
        1 => any::<i32>().prop_map(|eighths| Value::DoubleValue(f64::from(eighths) / 8.0)),
        1 => vec(any::<u8>(), 0..100).prop_map(Value::BytesValue),
    ];
    let leaf = option::weighted(0.9, leaf).prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 24, 6, |inner| {
        let list = vec(inner.clone(), 0..6).prop_map(|values| Value::ArrayValue(ArrayValue { values }));
        let map = vec((key(), inner), 0..6).prop_map(|entries| {
            let values = entries.into_iter().map(|(key, value)| attribute(key, Some(value))).collect();
            Value::KvlistValue(KeyValueList { values })
        });
        prop_oneof![list, map].prop_map(|value| AnyValue { value: Some(value) })
    })
}

fn attribute(key: String, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key, value, ..KeyValue::default() }
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec((key(), option::weighted(0.95, value())).prop_map(|(key, value)| attribute(key, value)), 0..12)
}

/// Mostly one of a few, so that spans are parents of each other and come twice.
fn id(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => (1..6_u8).prop_map(move |byte| vec![byte; length]),
        1 => vec(any::<u8>(), 0..20),
        1 => Just(vec![0; length]),
    ]
}

fn time() -> impl Strategy<Value = u64> {
    const YEAR: u64 = 365 * 86_400 * 1_000_000_000;
    prop_oneof![
        8 => NOW - 1_000..NOW + 1_000,
        1 => select(vec![0, 1, YEAR, NOW + YEAR, 130 * YEAR, u64::MAX]),
        1 => any::<u64>(),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    (time(), text(), attributes(), any::<u32>()).prop_map(|(at, name, attributes, dropped)| Event {
        time_unix_nano: at,
        name,
        attributes,
        dropped_attributes_count: dropped,
    })
}

fn link() -> impl Strategy<Value = Link> {
    (id(16), id(8), text(), attributes(), any::<u32>()).prop_map(
        |(trace_id, span_id, state, attributes, flags)| Link {
            trace_id,
            span_id,
            trace_state: state,
            attributes,
            flags,
            ..Link::default()
        },
    )
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (id(16), id(8), option::of(id(8)), text());
    let times = (time(), prop_oneof![4 => time(), 1 => Just(0)]);
    let parts = (attributes(), vec(event(), 0..4), vec(link(), 0..4));
    let status = option::of((text(), -1..4).prop_map(|(message, code)| Status { message, code }));
    let rest = (text(), -1..7, status, any::<[u32; 4]>());
    (ids, times, parts, rest).prop_map(|(ids, times, parts, (name, kind, status, numbers))| Span {
        trace_id: ids.0,
        span_id: ids.1,
        parent_span_id: ids.2.unwrap_or_default(),
        trace_state: ids.3,
        name,
        kind,
        start_time_unix_nano: times.0,
        end_time_unix_nano: times.1,
        attributes: parts.0,
        events: parts.1,
        links: parts.2,
        status,
        flags: numbers[0],
        dropped_attributes_count: numbers[1],
        dropped_events_count: numbers[2],
        dropped_links_count: numbers[3],
    })
}

fn request() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope = option::of((text(), text(), attributes()).prop_map(|(name, version, attributes)| {
        InstrumentationScope { name, version, attributes, ..InstrumentationScope::default() }
    }));
    let scope_spans = (scope, vec(span(), 0..5), text()).prop_map(|(scope, spans, schema_url)| ScopeSpans {
        scope,
        spans,
        schema_url,
    });
    let resource =
        option::of(attributes().prop_map(|attributes| Resource { attributes, ..Resource::default() }));
    let resource_spans = (resource, vec(scope_spans, 0..3), text())
        .prop_map(|(resource, scope_spans, url)| ResourceSpans { resource, scope_spans, schema_url: url });
    vec(resource_spans, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

/// The longest text anywhere in a request.
fn longest_text(request: &ExportTraceServiceRequest) -> usize {
    fn of_value(value: &AnyValue) -> usize {
        match &value.value {
            Some(Value::StringValue(text)) => text.len(),
            Some(Value::BytesValue(bytes)) => bytes.len(),
            Some(Value::ArrayValue(list)) => list.values.iter().map(of_value).max().unwrap_or(0),
            Some(Value::KvlistValue(map)) => of_attributes(&map.values),
            _ => 0,
        }
    }
    fn of_attributes(attributes: &[KeyValue]) -> usize {
        let of = |attribute: &KeyValue| attribute.key.len().max(attribute.value.as_ref().map_or(0, of_value));
        attributes.iter().map(of).max().unwrap_or(0)
    }
    let mut lengths = Vec::new();
    for resource in &request.resource_spans {
        lengths.push(resource.schema_url.len());
        lengths.extend(resource.resource.iter().map(|resource| of_attributes(&resource.attributes)));
        for scope in &resource.scope_spans {
            lengths.push(scope.schema_url.len());
            lengths.extend(
                scope.scope.iter().flat_map(|scope| {
                    [scope.name.len(), scope.version.len(), of_attributes(&scope.attributes)]
                }),
            );
            for span in &scope.spans {
                lengths.extend([span.name.len(), span.trace_state.len(), of_attributes(&span.attributes)]);
                let events = span.events.iter();
                lengths.extend(events.map(|event| event.name.len().max(of_attributes(&event.attributes))));
                let links = span.links.iter();
                lengths.extend(links.map(|link| link.trace_state.len().max(of_attributes(&link.attributes))));
            }
        }
    }
    lengths.into_iter().max().unwrap_or(0)
}

/// Puts together and extracts what passed; every Call is one of a span that has ended.
fn extracted(passed: &Admitted) -> Result<(), TestCaseError> {
    let mut request = decoded(&passed.otlp);
    let ended: HashSet<_> = spans_mut(std::slice::from_mut(&mut request))
        .filter(|span| span.end_time_unix_nano != 0)
        .map(|span| (span.trace_id.clone(), span.span_id.clone()))
        .collect();
    let mut assembly = Assembly::new(4);
    assembly.add(&passed.otlp).unwrap();
    for trace in assembly.finish() {
        prop_assert_eq!(trace.parents_first().len(), trace.nodes.len());
        prop_assert!(trace.nodes.len() <= 4);
        for call in extract::calls(&trace).calls {
            prop_assert!(ended.contains(&(call.trace.0.to_vec(), call.span.0.to_vec())), "{call:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_passes_is_bounded_complete_and_stays(mut request in request()) {
        let otlp = request.encode_to_vec();
        let sent = spans_mut(std::slice::from_mut(&mut request)).count() as u64;
        let passed = pass(&otlp);
        prop_assert_eq!(u64::from(passed.spans) + passed.refused.spans(), sent);
        let mut kept = decoded(&passed.otlp);
        prop_assert_eq!(spans_mut(std::slice::from_mut(&mut kept)).count(), passed.spans as usize);
        prop_assert!(longest_text(&kept) <= limits().max_text_bytes, "{kept:?}");
        for span in spans_mut(std::slice::from_mut(&mut kept)) {
            prop_assert!(span.attributes.len() <= 8 && span.events.len() <= 2 && span.links.len() <= 2, "{span:?}");
        }
        // Bytes that are no UTF-8 grow threefold; what is left in place of what went is a few short attributes.
        prop_assert!(passed.otlp.len() <= 3 * otlp.len() + 512 * passed.spans as usize);
        let traces: HashSet<_> = spans_mut(std::slice::from_mut(&mut kept)).map(|it| it.trace_id.clone()).collect();
        prop_assert_eq!(passed.traces.len(), traces.len());
        let again = pass(&passed.otlp);
        prop_assert!(again.refused.is_empty(), "{:?}", again.refused);
        prop_assert_eq!(decoded(&again.otlp), decoded(&passed.otlp));
        prop_assert_eq!(&again.otlp, &passed.otlp);
        extracted(&passed)?;
    }

    #[test]
    fn json_says_the_same_as_protobuf(request in request()) {
        let from_protobuf = pass(&request.encode_to_vec());
        let json = serde_json::to_vec(&request).unwrap();
        let from_json = pass(&json_to_protobuf(&json).unwrap());
        prop_assert_eq!(decoded(&from_json.otlp), decoded(&from_protobuf.otlp));
        prop_assert_eq!(from_json.refused, from_protobuf.refused);
        prop_assert_eq!(from_json.traces, from_protobuf.traces);
    }

    #[test]
    fn wrong_bytes_do_no_harm(request in request(), wrong in vec((any::<Index>(), any::<u8>()), 1..8)) {
        let mut otlp = request.encode_to_vec();
        let mut json = serde_json::to_vec(&request).unwrap();
        for (at, byte) in wrong {
            if !otlp.is_empty() {
                *at.get_mut(&mut otlp) = byte;
            }
            *at.get_mut(&mut json) = byte;
        }
        for otlp in [otlp, json_to_protobuf(&json).unwrap_or_default()] {
            let Ok(passed) = admit(&otlp, NOW, &limits(), &Secret::new("s")) else { continue };
            prop_assert!(longest_text(&decoded(&passed.otlp)) <= limits().max_text_bytes);
            prop_assert_eq!(&pass(&passed.otlp).otlp, &passed.otlp);
            extracted(&passed)?;
        }
    }
}
