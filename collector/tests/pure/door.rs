//! What passes the door, what does not, and what no longer holds anything personal once it has passed.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use pointsman_collector::admit::{Admitted, Limits, Reason, Refusals, Secret, admit};
use pointsman_collector::wire::{file, json_to_protobuf};
use proptest::prelude::*;
use prost::Message;

use crate::support::{OWN, PLAIN, decoded, extract, own_calls, requests, row, spans_mut};

const NOW: u64 = 1_795_400_000_000_000_000;

fn pass(requests: &mut [ExportTraceServiceRequest]) -> Vec<Refusals> {
    let pass = |request: &mut ExportTraceServiceRequest| {
        let Admitted { otlp, spans, refused, .. } = passed(&request.encode_to_vec(), "a secret");
        *request = decoded(&otlp);
        assert_eq!(spans_mut(std::slice::from_mut(request)).count(), spans as usize);
        refused
    };
    requests.iter_mut().map(pass).collect()
}

fn passed(otlp: &[u8], secret: &str) -> Admitted {
    admit(otlp, NOW, &limits(), &Secret::new(secret)).unwrap()
}

/// Names that nobody reads, for tests of limits.
fn limits() -> Limits {
    let keep_attributes = ["extra*", "\u{fffd}"].map(str::to_owned).to_vec();
    Limits { keep_attributes, ..Limits::default() }
}

fn span() -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: vec![1; 8],
        name: "GET /".to_owned(),
        kind: 2,
        start_time_unix_nano: NOW,
        end_time_unix_nano: NOW + 1,
        ..Default::default()
    }
}

fn one(span: Span) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..Default::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..Default::default() }] }
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..Default::default() }
}

fn redacted(attributes: Vec<KeyValue>) -> Vec<(String, String)> {
    let mut requests = [one(Span { attributes, ..span() })];
    pass(&mut requests);
    let spans: Vec<_> = spans_mut(&mut requests).collect();
    let texts = spans[0].attributes.iter().map(|attribute| {
        let mut texts = Vec::new();
        strings(attribute.value.as_ref().unwrap(), &mut texts);
        (attribute.key.clone(), texts.join(","))
    });
    texts.collect()
}

fn strings(value: &AnyValue, all: &mut Vec<String>) {
    match &value.value {
        Some(Value::StringValue(text)) => all.push(text.clone()),
        Some(Value::ArrayValue(ArrayValue { values })) => values.iter().for_each(|value| strings(value, all)),
        Some(Value::BoolValue(flag)) => all.push(flag.to_string()),
        _ => {}
    }
}

#[test]
fn what_cannot_be_is_refused() {
    for (spoiled, reason) in [
        (Span { trace_id: vec![1; 15], ..span() }, Reason::TraceId),
        (Span { trace_id: vec![0; 16], ..span() }, Reason::TraceId),
        (Span { span_id: vec![], ..span() }, Reason::SpanId),
        (Span { span_id: vec![0; 8], ..span() }, Reason::SpanId),
        (Span { end_time_unix_nano: NOW - 1, ..span() }, Reason::EndBeforeStart),
        (Span { start_time_unix_nano: 1_795_400, ..span() }, Reason::Past),
        (
            Span { start_time_unix_nano: NOW + 90_000_000_000_000, end_time_unix_nano: 0, ..span() },
            Reason::Future,
        ),
    ] {
        let mut requests = [one(spoiled)];
        let refusals = pass(&mut requests);
        assert_eq!((refusals[0].spans(), refusals[0].count(reason)), (1, 1), "{reason:?}");
        assert!(requests[0].resource_spans.is_empty(), "{reason:?}");
    }
    let mut open = [one(Span { end_time_unix_nano: 0, ..span() })];
    assert!(pass(&mut open)[0].is_empty());
    assert_eq!(spans_mut(&mut open).count(), 1);
}

#[test]
fn what_is_too_much_is_cut_and_counted() {
    let attributes =
        (0..300).map(|at| text(&format!("extra{at}"), "x")).chain([text("extra", "x")]).collect();
    let long = Span { attributes: vec![text("extra", &"ü".repeat(4_000))], ..span() };
    let thrown = Event { name: "exception".to_owned(), ..Event::default() };
    let events = Span { events: vec![thrown; 200], ..span() };
    let mut requests = [one(Span { attributes, ..span() }), one(long), one(events)];
    let refusals = pass(&mut requests);
    assert_eq!(refusals[0].count(Reason::Attributes), 45);
    assert_eq!(refusals[1].count(Reason::Values), 1);
    assert_eq!(refusals[2].count(Reason::Events), 72);
    assert!(refusals.iter().all(|refusals| refusals.spans() == 0));
}

#[test]
fn reasons_have_a_word_each() {
    let mut words: Vec<_> = Reason::ALL.into_iter().map(Reason::as_str).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Reason::ALL.len());
}

#[test]
fn nothing_personal_stays() {
    for (before, after) in [
        (("http.target", "/a?b=c"), vec![("http.target", "/a")]),
        (("http.url", "https://me:pw@host/a?b=c#d"), vec![("http.url", "https://host/a")]),
        (("url.query", "b=c"), vec![]),
        (("extra", "https://host/a?b=c"), vec![("extra", "https://host/a")]),
        (("anything", "harmless"), vec![]),
        (("extra", "10.1.2.3"), vec![]),
        (("server.address", "10.1.2.3"), vec![("server.address", "10.1.2.3")]),
        (
            ("next.span_name", "fetch GET http://h/a?b=c now"),
            vec![("next.span_name", "fetch GET http://h/a now")],
        ),
        (
            ("http.request.header.referer", "https://h/a?b=c"),
            vec![("http.request.header.referer", "https://h")],
        ),
        (("http.response.header.location", "/a?t=1"), vec![("http.response.header.location", "/a")]),
        (
            ("http.response.header.x-action-redirect", "/p?q=1;push"),
            vec![("http.response.header.x-action-redirect", "/p")],
        ),
        (("http.request.header.cookie", "s=1"), vec![("pointsman.request.credentials", "cookie")]),
        (
            ("http.request.header.authorization", "Bearer x"),
            vec![("pointsman.request.credentials", "bearer")],
        ),
        (("http.request.header.authorization", "Basic x"), vec![("pointsman.request.credentials", "basic")]),
        (("http.request.header.x-api-key", "x"), vec![("pointsman.request.credentials", "api-key")]),
        (
            ("http.request.header.stripe-signature", "x"),
            vec![("pointsman.request.credentials", "signature:stripe-signature")],
        ),
        (("http.response.header.set-cookie", "s=1"), vec![("pointsman.response.sets_cookie", "true")]),
        (("http.request.header.x-user-mail", "a@b"), vec![]),
        (("http.request.header.if-none-match", "\"v1\""), vec![("http.request.header.if-none-match", "1")]),
        (("db.statement", "SELECT * FROM u WHERE m = 'a@b'"), vec![("db.statement", "SELECT")]),
        (("db.query.text", "/* who */ -- x\nupdate u set x=1"), vec![("db.query.text", "update")]),
        (("db.query.text", "WITH a AS (SELECT 1) INSERT INTO b"), vec![("db.query.text", "INSERT")]),
        (("db.statement", "{\"find\":\"users\"}"), vec![("db.statement", "find")]),
        (("process.command_args", "--token x"), vec![]),
        (("enduser.id", "a@b"), vec![]),
    ] {
        let expected: Vec<_> =
            after.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        assert_eq!(redacted(vec![text(before.0, before.1)]), expected, "{before:?}");
    }
    let names = redacted(vec![text("url.query", "state=a&code=b&x=c")]);
    assert_eq!(names, [("pointsman.request.query_names".to_owned(), "code,state".to_owned())]);
    let thrown = Event {
        name: "exception".to_owned(),
        attributes: vec![
            text("exception.type", "E"),
            text("exception.message", "m"),
            text("exception.stacktrace", "s"),
        ],
        ..Default::default()
    };
    let mut requests = [one(Span { events: vec![thrown], ..span() })];
    pass(&mut requests);
    let spans: Vec<_> = spans_mut(&mut requests).collect();
    assert_eq!(spans[0].events[0].attributes, [text("exception.type", "E")]);
}

#[test]
fn each_limit_has_its_reason() {
    let limits = Limits::default();
    let list = |elements| Some(Value::ArrayValue(ArrayValue { values: vec![AnyValue::default(); elements] }));
    let value = |key: &str, value| KeyValue { value: Some(AnyValue { value }), ..text(key, "") };
    let mut deep = list(0);
    for _ in 0..60 {
        deep = Some(Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: deep }] }));
    }
    let with = |attribute| Span { attributes: vec![attribute], ..span() };
    for (spoiled, reason, count) in [
        (Span { links: vec![link(16); limits.max_links + 3], ..span() }, Reason::Links, 3),
        (Span { links: vec![link(15), link(16), link(0)], ..span() }, Reason::Links, 2),
        (with(value("extra", list(limits.max_list + 5))), Reason::Values, 5),
        (with(value("extra", deep)), Reason::Values, 1),
        (with(text(&"k".repeat(4 << 20), "")), Reason::Values, 1),
        (Span { name: format!("GET /{}", "n".repeat(5_000)), ..span() }, Reason::Values, 1),
    ] {
        let mut requests = [one(spoiled)];
        let refusals = pass(&mut requests);
        assert_eq!((refusals[0].count(reason), refusals[0].spans()), (count, 0), "{reason:?}");
    }
}

fn link(trace_id: usize) -> Link {
    Link { trace_id: vec![1; trace_id], span_id: vec![1; 8], ..Link::default() }
}

/// Wherever a text may stand.
#[test]
fn texts_that_are_no_utf8_are_put_right_and_counted() {
    const WRONG: &str = "~";
    let attributes = || vec![text(WRONG, WRONG)];
    let event = Event { name: WRONG.to_owned(), attributes: attributes(), ..Event::default() };
    let link = Link { trace_state: WRONG.to_owned(), attributes: attributes(), ..link(16) };
    let mut request = one(Span {
        name: WRONG.to_owned(),
        trace_state: WRONG.to_owned(),
        attributes: attributes(),
        events: vec![event],
        links: vec![link],
        ..span()
    });
    let resource = &mut request.resource_spans[0];
    resource.schema_url = WRONG.to_owned();
    resource.resource = Some(Resource { attributes: attributes(), ..Resource::default() });
    let scope = &mut resource.scope_spans[0];
    scope.schema_url = WRONG.to_owned();
    scope.scope = Some(InstrumentationScope {
        name: WRONG.to_owned(),
        version: WRONG.to_owned(),
        attributes: attributes(),
        ..InstrumentationScope::default()
    });
    let mut otlp = request.encode_to_vec();
    let mut wrong = 0;
    for byte in otlp.iter_mut().filter(|byte| **byte == WRONG.as_bytes()[0]) {
        *byte = 0xff;
        wrong += 1;
    }
    let passed = passed(&otlp, "s");
    // The event and the link's state, four texts, are left out unread.
    assert_eq!((wrong, passed.refused.count(Reason::Utf8)), (18, 14));
    let kept = decoded(&passed.otlp);
    let span = &kept.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!((span.name.as_str(), span.attributes[0].key.as_str()), ("", "\u{fffd}"));
}

#[test]
fn what_is_left_on_a_span_counts_to_its_attributes() {
    let mut attributes: Vec<_> = (0..255).map(|at| text(&format!("extra{at}"), "x")).collect();
    attributes.push(text("http.target", "/a?code=1"));
    let once = passed(&one(Span { attributes, ..span() }).encode_to_vec(), "s");
    assert_eq!(once.refused.count(Reason::Attributes), 1);
    let twice = passed(&once.otlp, "s");
    assert!(twice.refused.is_empty());
    assert_eq!(twice.otlp, once.otlp);
}

#[test]
fn several_resources_share_one_limit() {
    let resource = |from: usize| Resource {
        attributes: (from..from + 200).map(|at| text(&format!("extra{at}"), "x")).collect(),
        ..Resource::default()
    };
    let part =
        |resource| ResourceSpans { resource: Some(resource), ..ResourceSpans::default() }.encode_to_vec();
    let spans = one(span()).resource_spans[0].encode_to_vec();
    // Messages behind each other are one message in protobuf.
    let whole = [part(resource(0)), part(resource(200)), spans].concat();
    let request = ResourceSpans::decode(whole.as_slice()).unwrap();
    assert_eq!(request.resource.unwrap().attributes.len(), 400);
    let mut otlp = vec![0x0a];
    prost::encoding::encode_varint(whole.len() as u64, &mut otlp);
    otlp.extend(whole);
    let passed = passed(&otlp, "s");
    assert_eq!(passed.refused.count(Reason::Attributes), 144);
    let kept = decoded(&passed.otlp);
    assert_eq!(kept.resource_spans[0].resource.as_ref().unwrap().attributes.len(), 256);
}

#[test]
fn an_address_in_disguise_goes_and_a_keyword_stays() {
    assert_eq!(redacted(vec![text("extra", "10.0.0.1?://")]), []);
    let named = |statement: &str| {
        let attributes = vec![text("db.statement", statement)];
        let mut requests = [one(Span { name: "SELECT shop".to_owned(), attributes, ..span() })];
        pass(&mut requests);
        spans_mut(&mut requests).next().unwrap().name.clone()
    };
    // The scope is not known: of its names nothing stays but the operation.
    assert_eq!(named("SELECT"), "SELECT");
    assert_eq!(named("SELECT shop"), "SELECT");
}

#[test]
fn an_address_becomes_a_key_of_client_agent_and_day() {
    let key = |attributes: Vec<KeyValue>, start: u64, secret: &str| {
        let span = Span { attributes, start_time_unix_nano: start, end_time_unix_nano: 0, ..span() };
        let mut requests = [decoded(&passed(&one(span).encode_to_vec(), secret).otlp)];
        let spans: Vec<_> = spans_mut(&mut requests).collect();
        let keys = spans[0].attributes.iter().filter(|attribute| attribute.key == "pointsman.client.key");
        let mut texts = Vec::new();
        keys.for_each(|key| strings(key.value.as_ref().unwrap(), &mut texts));
        texts.pop()
    };
    let agent = || text("user_agent.original", "Mozilla/5.0");
    let base = key(vec![text("client.address", "10.0.0.1"), agent()], NOW, "s").unwrap();
    assert_eq!(base.len(), 16);
    let same = [
        vec![text("http.client_ip", "::ffff:10.0.0.1"), agent()],
        vec![
            text("net.peer.ip", "10.9.9.9"),
            text("http.request.header.x-forwarded-for", "10.0.0.1, 10.9.9.9"),
            agent(),
        ],
        vec![text("network.peer.address", "10.0.0.1:4711"), text("http.user_agent", "Mozilla/5.0")],
    ];
    for attributes in same {
        assert_eq!(key(attributes, NOW, "s").as_deref(), Some(&*base));
    }
    let client = || vec![text("client.address", "10.0.0.1"), agent()];
    assert_ne!(key(client(), NOW - 86_400_000_000_000, "s").unwrap(), base);
    assert_ne!(key(client(), NOW, "t").unwrap(), base);
    assert_ne!(key(vec![text("client.address", "10.0.0.1")], NOW, "s").unwrap(), base);
    let known = vec![text("pointsman.client.key", "00000000000000ff"), text("client.address", "10.0.0.1")];
    assert_eq!(key(known, NOW, "s").as_deref(), Some("00000000000000ff"));
}

#[test]
fn recordings_hold_no_query_and_no_address_once_they_passed() {
    for name in OWN.into_iter().map(|(name, _)| name).chain(PLAIN) {
        let mut requests = requests(name);
        assert!(pass(&mut requests).iter().all(Refusals::is_empty), "{name}");
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        let mut texts = Vec::new();
        for resource in resources {
            let own = resource.resource.iter().flat_map(|resource| &resource.attributes);
            let spans = || resource.scope_spans.iter().flat_map(|scope| &scope.spans);
            texts.extend(spans().map(|span| span.name.clone()));
            let events = spans().flat_map(|span| &span.events).flat_map(|event| &event.attributes);
            let all = own.chain(spans().flat_map(|span| &span.attributes)).chain(events);
            all.filter_map(|attribute| attribute.value.as_ref()).for_each(|value| strings(value, &mut texts));
        }
        for text in texts {
            assert!(!text.contains('?'), "{name}: {text}");
            assert!(
                text.parse::<std::net::IpAddr>().is_err() && !text.contains("127.0.0.1"),
                "{name}: {text}"
            );
            assert!(!text.contains("boom"), "{name}: {text}");
        }
    }
}

#[test]
fn the_door_takes_nothing_that_the_calls_need() {
    for (name, _) in OWN {
        let mut requests = requests(name);
        pass(&mut requests);
        let passed = extract(requests).calls;
        let passed: Vec<_> = passed.iter().filter(|call| call.has(pointsman_store::Sign::OwnSpan)).collect();
        let before = own_calls(name);
        assert_eq!(passed.len(), before.len(), "{name}");
        for (after, before) in passed.iter().zip(&before) {
            assert_eq!(
                (row(after), after.caller, &after.page),
                (row(before), before.caller, &before.page),
                "{name}"
            );
        }
    }
}

#[test]
fn passing_twice_changes_nothing() {
    for name in OWN.into_iter().map(|(name, _)| name).chain(PLAIN) {
        let mut once = requests(name);
        pass(&mut once);
        let mut twice = once.clone();
        assert!(pass(&mut twice).iter().all(Refusals::is_empty), "{name}");
        assert_eq!(once, twice, "{name}");
    }
}

proptest! {
    #[test]
    fn decoders_survive_anything(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = json_to_protobuf(&bytes);
        let _ = admit(&bytes, NOW, &Limits::default(), &Secret::new("s"));
        for request in file::requests("any", &bytes).flatten() {
            let _ = admit(&request, NOW, &Limits::default(), &Secret::new("s"));
        }
    }

    #[test]
    fn decoders_survive_broken_requests(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut json = include_bytes!("broken.json").to_vec();
        *at.get_mut(&mut json) = byte;
        let wire = json_to_protobuf(&json).unwrap_or_default();
        let mut broken = wire.clone();
        if !broken.is_empty() {
            *at.get_mut(&mut broken) = byte;
        }
        for request in [wire, broken] {
            let Ok(once) = admit(&request, NOW, &Limits::default(), &Secret::new("s")) else { continue };
            let twice = passed(&once.otlp, "s");
            prop_assert!(twice.refused.is_empty());
            prop_assert_eq!(&twice.otlp, &once.otlp);
            let _ = extract([decoded(&once.otlp)]);
        }
    }
}
