//! What may be stored is a list. Every other name, wherever it stands, is left out with its value: names of OpenTelemetry's
//! registry, names of an app's own, shapes that disguise what is personal.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use pointsman_collector::admit::{Limits, Secret, admit};
use prost::Message;

const NOW: u64 = 1_795_400_000_000_000_000;

/// Every attribute of the semantic conventions; made from their registry (see the file's first line).
const REGISTRY: &str = include_str!("semantic-conventions.txt");

/// Names that apps and libraries use beside them.
const OF_APPS: &str = "order.iban myapp.phone userId email customer.email query params body payload input cookies token \
    password secret apiKey http.query http.request.headers.cookie http.request.header.Cookie http.request.body \
    rpc.request.metadata.authorization rpc.grpc.request.metadata.cookie gen_ai.input.messages gen_ai.prompt ai.prompt \
    ai.response.text trpc.input baggage.user.email sentry.user.id db.params db.row prisma.params mongodb.query \
    db.redis.args messaging.message.body geo.postal_code tls.client.subject graphql.field.args faas.trigger.payload \
    aws.s3.key next.fetch.url otel.status_description exception.cause log.body peer.ipv4 http.client.ip";

fn text(value: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) })
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: text(value), ..KeyValue::default() }
}

fn span(attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: vec![1; 8],
        kind: 2,
        start_time_unix_nano: NOW,
        end_time_unix_nano: NOW + 1,
        attributes,
        ..Span::default()
    }
}

fn request(scope: &str, span: Span) -> ExportTraceServiceRequest {
    let scope = Some(InstrumentationScope { name: scope.to_owned(), ..InstrumentationScope::default() });
    let scope_spans = vec![ScopeSpans { scope, spans: vec![span], ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }],
    }
}

/// Everything that is stored of a request, as text.
fn stored(request: &ExportTraceServiceRequest, limits: &Limits) -> String {
    let otlp = admit(&request.encode_to_vec(), NOW, limits, &Secret::new("s")).unwrap().otlp;
    String::from_utf8_lossy(&otlp).into_owned()
}

fn stored_span(scope: &str, span: Span) -> String {
    stored(&request(scope, span), &Limits::default())
}

/// Each name is tried alone with a value that can be found again.
fn kept(names: &BTreeSet<&str>) -> Vec<String> {
    let kept = names.iter().filter(|name| {
        let stored = stored_span("next.js", span(vec![attribute(name, "canary value")]));
        stored.contains("canary value")
    });
    kept.map(|name| (*name).to_owned()).collect()
}

#[test]
fn of_all_names_only_those_are_stored_that_the_product_reads() {
    let registry = REGISTRY.lines().filter(|line| !line.starts_with('#'));
    let names: BTreeSet<&str> = registry.chain(OF_APPS.split_whitespace()).collect();
    assert!(names.len() > 900, "{}", names.len());
    let kept = kept(&names);
    let documented = include_str!("../../../docs/security.md");
    let unknown: Vec<_> = kept.iter().filter(|name| !documented.contains(&format!("`{name}`"))).collect();
    assert!(unknown.is_empty(), "kept, and not listed in docs/security.md: {unknown:?}");
    assert!(kept.len() < 60, "{kept:?}");
    for name in OF_APPS.split_whitespace() {
        assert!(!kept.iter().any(|kept| kept == name), "{name}");
    }
}

#[test]
fn what_is_personal_is_found_in_no_shape() {
    let bytes = |value: &str| AnyValue { value: Some(Value::BytesValue(value.into())) };
    let map = |key: &str, value: &str| {
        let values = vec![attribute(key, value)];
        AnyValue { value: Some(Value::KvlistValue(KeyValueList { values })) }
    };
    let of = |key: &str, value: AnyValue| KeyValue {
        key: key.to_owned(),
        value: Some(value),
        ..KeyValue::default()
    };
    for attribute in [
        attribute("url.path", "/u/CANARY@example.com"),
        attribute("url.path", "/reset/CANARYx9Kd72LmPq04ZtRw8Yb3Qn5"),
        attribute("http.target", "/reset/CANARY7d84f3f04a554c2e9d53?x=1"),
        attribute("url.full", "https://CANARY:pw@h/p?x=1"),
        attribute("url.full", "https://h/p#CANARY"),
        attribute("http.request.header.referer", "https://mail.example/inbox/CANARY?x=1"),
        attribute("http.request.header.referer", "https://CANARY:x@h/p"),
        attribute("http.request.header.host", "CANARY@h"),
        attribute("http.request.header.etag", "CANARY"),
        attribute("http.response.header.etag", "CANARY"),
        attribute("http.response.header.link", "</a?email=CANARY>; rel=preload"),
        attribute("http.response.header.content-disposition", "attachment; filename=\"CANARY.pdf\""),
        attribute("db.statement", "SELECT * FROM u WHERE e='CANARY'"),
        attribute("db.query.summary", "SELECT CANARY"),
        attribute("code.file.path", "/home/CANARY/app/actions.ts"),
        attribute("service.name", "CANARY@example.com"),
        attribute("http.route", "/u/CANARY@example.com"),
        attribute("next.span_name", "GET /a?e=CANARY"),
        attribute("next.span_name", "mail to CANARY@example.com"),
        attribute("CANARY@example.com", "1"),
        of("http.url", bytes("https://h/p?CANARY")),
        of("db.statement", bytes("SELECT CANARY")),
        of("db.statement", map("x", "SELECT CANARY")),
        of("service.name", map("CANARY", "x")),
        of("http.request.headers", map("cookie", "CANARY")),
    ] {
        let stored = stored_span("next.js", span(vec![attribute.clone()]));
        assert!(!stored.contains("CANARY"), "{attribute:?}: {stored}");
    }
}

#[test]
fn names_events_links_and_states_are_no_way_around_the_list() {
    let named = |name: &str| Span { name: name.to_owned(), ..span(vec![]) };
    let event = |name: &str, attributes| {
        let event = Event { name: name.to_owned(), attributes, ..Event::default() };
        Span { events: vec![event], ..span(vec![]) }
    };
    let link = |state: &str, attributes| {
        let link = Link {
            trace_id: vec![2; 16],
            span_id: vec![2; 8],
            trace_state: state.to_owned(),
            attributes,
            ..Link::default()
        };
        Span { links: vec![link], ..span(vec![]) }
    };
    for (scope, span) in [
        ("my-app", named("mail sent to CANARY")),
        ("my-app", named("CANARY")),
        ("my-app", named("GET CANARY")),
        ("my-app", named("SELECT * FROM u WHERE e='CANARY'")),
        ("next.js", named("GET /u/CANARY@example.com")),
        ("next.js", named("GET https://CANARY:pw@h/p")),
        ("next.js", named("GET /a#CANARY")),
        ("next.js", named("GET\t/p?CANARY")),
        ("next.js", event("mail sent to CANARY", vec![])),
        ("next.js", event("exception", vec![attribute("exception.message", "CANARY")])),
        ("next.js", event("exception", vec![attribute("log.message", "CANARY")])),
        ("next.js", link("v=CANARY", vec![])),
        ("next.js", link("", vec![attribute("email", "CANARY")])),
        ("next.js", Span { trace_state: "vendor=CANARY".to_owned(), ..span(vec![]) }),
        ("next.js", Span { trace_state: "ot=th:8;x:CANARY".to_owned(), ..span(vec![]) }),
        ("next.js", Span { status: Some(Status { message: "CANARY".to_owned(), code: 2 }), ..span(vec![]) }),
        ("scope CANARY", span(vec![])),
        ("CANARY@example.com", span(vec![])),
    ] {
        let stored = stored_span(scope, span.clone());
        assert!(!stored.contains("CANARY"), "{scope}, {span:?}: {stored}");
    }
    let mut whole = request("next.js", span(vec![]));
    let resource =
        ["host.name", "user.name", "process.owner", "process.command_args", "os.user", "process.title"];
    let part = &mut whole.resource_spans[0];
    part.resource = Some(Resource {
        attributes: resource.map(|name| attribute(name, "CANARY")).to_vec(),
        ..Resource::default()
    });
    part.schema_url = "https://h/?CANARY".to_owned();
    part.scope_spans[0].schema_url = "https://opentelemetry.io/schemas/1.0.0?CANARY".to_owned();
    let stored = stored(&whole, &Limits::default());
    assert!(!stored.contains("CANARY"), "{stored}");
}

#[test]
fn what_is_read_stays() {
    let thrown = Event {
        name: "exception".to_owned(),
        attributes: vec![attribute("exception.type", "TypeError")],
        ..Event::default()
    };
    let state = "ot=th:8;rv:0f".to_owned();
    let whole = Span {
        name: "GET /product/[id]".to_owned(),
        events: vec![thrown],
        trace_state: state,
        ..span(vec![])
    };
    let stored = stored_span("next.js", whole);
    for kept in ["GET /product/[id]", "TypeError", "ot=th:8;rv:0f", "next.js"] {
        assert!(stored.contains(kept), "{kept}: {stored}");
    }
}

#[test]
fn a_user_may_keep_more_but_no_credentials() {
    let keep_attributes = ["myapp.*", "http.request.header.*"].map(str::to_owned).to_vec();
    let limits = Limits { keep_attributes, keep_span_names: vec!["my-app".to_owned()], ..Limits::default() };
    let attributes = [
        "myapp.plan",
        "http.request.header.x-tenant",
        "http.request.header.authorization",
        "http.request.header.cookie",
        "other.plan",
    ];
    let attributes = attributes.map(|name| attribute(name, &format!("value of {name}"))).to_vec();
    let stored =
        stored(&request("my-app", Span { name: "send a letter".to_owned(), ..span(attributes) }), &limits);
    for (value, stays) in [
        ("value of myapp.plan", true),
        ("value of http.request.header.x-tenant", true),
        ("send a letter", true),
        ("value of http.request.header.authorization", false),
        ("value of http.request.header.cookie", false),
        ("value of other.plan", false),
    ] {
        assert_eq!(stored.contains(value), stays, "{value}: {stored}");
    }
}

/// What extraction reads must have passed the door: a name that is missing on the list would be unknown for ever.
#[test]
fn every_name_that_extraction_reads_passes() {
    let mut read = BTreeSet::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/extract");
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let Ok(source) = std::fs::read_to_string(&file) else { continue };
        for quoted in source.split('"').skip(1).step_by(2) {
            let has_area = ["pointsman.", "http.", "next.", "db.", "url.", "code.", "server.", "service."]
                .iter()
                .any(|area| quoted.starts_with(area));
            let is_name = quoted
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte));
            // A scope and a span.
            let is_other = ["next.js", "pointsman.build"].contains(&quoted);
            if has_area && is_name && !quoted.ends_with('.') && !is_other {
                read.insert(quoted.to_owned());
            }
        }
    }
    assert!(read.len() > 40, "{read:?}");
    let word = |name: &str| stored_span("next.js", span(vec![attribute(name, "GET")]));
    let lost: Vec<_> = read.iter().filter(|name| !word(name).contains(name.as_str())).collect();
    assert!(lost.is_empty(), "extraction reads what the door leaves out: {lost:?}");
}
