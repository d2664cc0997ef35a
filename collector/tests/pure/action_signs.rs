//! What an action's request and answer say about it beyond its status.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use pointsman_store::{Action, Call, HandlerKind, Sign};

use crate::made::{CLIENT, SERVER, call, number, request, sent, span, text};
use crate::support::extract;

/// An id of Next.js 15 and later; the first byte tells what it names.
const ACTION: &str = "4043d6f3c1a6d5a7f4c2a9e1b0c3d2e1f0a9b8c7d6";

fn header(name: &str, value: &str) -> KeyValue {
    let values = vec![AnyValue { value: Some(Value::StringValue(value.to_owned())) }];
    let value = Some(AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) });
    KeyValue { key: format!("http.{name}"), value, ..Default::default() }
}

fn action(id: &str, status: i64, more: Vec<KeyValue>) -> Call {
    let asked = [text("next.action.id", id), header("request.header.next-action", id)];
    call(Vec::new(), vec![request("POST", "app_page", status, asked.into_iter().chain(more).collect())])
}

#[test]
fn only_what_drops_the_prefetches_says_so() {
    for (value, rerendered, drops) in [
        ("1", true, true),
        ("2", true, false),
        ("0", false, false),
        ("[[],0,0]", false, false),
        ("[[],0,1]", true, true),
        ("[[\"/cart\"],0,0]", true, true),
    ] {
        let call = action(ACTION, 200, vec![header("response.header.x-action-revalidated", value)]);
        assert_eq!(call.has(Sign::Rerendered), rerendered, "{value}");
        assert_eq!(call.has(Sign::DropsPrefetches), drops, "{value}");
    }
    assert!(!action(ACTION, 200, Vec::new()).has(Sign::DropsPrefetches));
}

#[test]
fn the_header_alone_is_no_page_that_came_along() {
    let revalidated = || header("response.header.x-action-revalidated", "1");
    for (bytes, rerendered) in [(63, false), (1_000, false), (4_000, true)] {
        let sized = vec![revalidated(), number("http.response.body.size", bytes)];
        let call = action(ACTION, 200, sized);
        assert_eq!(call.has(Sign::Rerendered), rerendered, "{bytes}");
        assert!(call.has(Sign::DropsPrefetches), "the client obeys the header, whatever comes with it");
    }
    // What counts is what the page is, not what compression makes of it.
    let compressed = vec![
        revalidated(),
        number("http.response.body.size", 700),
        number("pointsman.response.uncompressed_size", 2_900),
    ];
    assert!(action(ACTION, 200, compressed).has(Sign::Rerendered));
}

#[test]
fn the_first_bit_of_an_id_tells_a_cached_function() {
    let cached = format!("c0{}", &ACTION[2..]);
    assert!(action(&cached, 200, Vec::new()).has(Sign::CachedFunction));
    assert!(!action(ACTION, 200, Vec::new()).has(Sign::CachedFunction));
    // Ids of Next.js 14 are bare hashes.
    assert!(!action(&cached[..40], 200, Vec::new()).has(Sign::CachedFunction));
}

#[test]
fn a_redirect_that_the_action_did_not_name_came_from_the_proxy() {
    let named = vec![header("response.header.x-action-redirect", "/thanks;push")];
    let own = action(ACTION, 303, named);
    assert!(own.has(Sign::Redirected) && !own.has(Sign::RedirectedByProxy));
    let turned_away = action(ACTION, 307, vec![header("response.header.location", "/login")]);
    assert!(turned_away.has(Sign::RedirectedByProxy) && !turned_away.has(Sign::Redirected));
    // A form without JavaScript is redirected by Location in any case.
    let form = vec![text("next.action.id", ACTION), text("pointsman.action.via", "form")];
    let form = call(Vec::new(), vec![request("POST", "app_page", 303, form)]);
    assert!(form.has(Sign::Redirected) && !form.has(Sign::RedirectedByProxy));
}

#[test]
fn an_action_that_the_proxy_turned_away_is_known_although_no_route_was_looked_up() {
    let attributes = vec![
        text("http.request.method", "POST"),
        text("url.path", "/cart"),
        number("http.response.status_code", 307),
        header("request.header.next-action", ACTION),
        text("next.action.id", ACTION),
        text("code.function.name", "addItem"),
        text("code.file.path", "app/actions.ts"),
    ];
    let call = call(Vec::new(), vec![span(1, 0, SERVER, (0, 1_000), attributes)]);
    assert_eq!(call.handler.kind, HandlerKind::ServerAction);
    assert_eq!(call.handler.route, "/cart");
    let export = Action::Export { file: "app/actions.ts".into(), name: "addItem".into() };
    assert_eq!(call.handler.action, Some(export));
    assert!(call.has(Sign::RedirectedByProxy));
}

#[test]
fn a_name_without_a_file_counts_where_the_package_says_it() {
    let attributes = || vec![text("next.action.id", ACTION), text("code.function.name", "addItem")];
    let export = Action::Export { file: String::new(), name: "addItem".into() };
    let own = call(Vec::new(), vec![request("POST", "app_page", 200, attributes())]);
    assert_eq!(own.handler.action, Some(export));
    let of_another = request("POST", "app_page", 200, attributes());
    let mut other = sent(Vec::new(), vec![of_another]);
    other.resource_spans[0].scope_spans[0].scope.as_mut().unwrap().name = "next.js".to_owned();
    let calls = extract([other]).calls;
    assert_eq!(calls[0].handler.action, Some(Action::Id(ACTION.into())));
}

#[test]
fn an_action_that_was_passed_on_is_one_call_and_says_so() {
    let asked = || vec![text("next.action.id", ACTION), header("request.header.next-action", ACTION)];
    let again = vec![
        text("http.request.method", "POST"),
        text("url.path", "/x"),
        header("request.header.x-action-forwarded", "1"),
    ];
    let spans = vec![
        request("POST", "app_page", 200, asked()),
        span(2, 1, CLIENT, (100, 900), vec![text("http.request.method", "POST")]),
        span(3, 2, SERVER, (200, 800), again),
    ];
    let passed_on = call(Vec::new(), spans);
    assert!(passed_on.has(Sign::Forwarded));
    assert!(!passed_on.has(Sign::Writes), "Next.js' own POST to the other worker changes nothing");
    // In traces of real apps the other end goes on from the request itself.
    let again = || {
        vec![
            text("http.request.method", "POST"),
            text("url.path", "/x"),
            header("request.header.x-action-forwarded", "1"),
        ]
    };
    let fetch = |url| {
        let about =
            [text("next.span_type", "AppRender.fetch"), text("http.method", "POST"), text("http.url", url)];
        let spans = vec![
            request("POST", "app_page", 200, asked()),
            span(2, 1, CLIENT, (100, 900), about.into()),
            span(3, 1, SERVER, (200, 800), again()),
        ];
        call(Vec::new(), spans)
    };
    assert!(!fetch("http://127.0.0.1:3000/y").has(Sign::Writes));
    assert!(fetch("https://api.example.com/orders").has(Sign::Writes), "what the action does itself counts");
    assert!(!call(Vec::new(), vec![request("POST", "app_page", 200, asked())]).has(Sign::Forwarded));
}

#[test]
fn a_page_of_the_pages_router_says_so() {
    let of = |kind| call(Vec::new(), vec![request("GET", kind, 200, Vec::new())]);
    assert!(of("pages").has(Sign::PagesRouter) && !of("pages").has(Sign::AppRouter));
    assert!(of("app_page").has(Sign::AppRouter) && !of("app_page").has(Sign::PagesRouter));
}

#[test]
fn a_document_that_the_app_routers_client_asked_for_as_rsc_stays_the_pages_routers() {
    let asked = vec![header("request.header.rsc", "1"), header("request.header.next-router-prefetch", "1")];
    let rendered = vec![text("next.span_type", "Render.renderDocument"), text("next.route", "/x")];
    let spans = vec![request("GET", "pages", 200, asked), span(2, 1, 1, (100, 900), rendered)];
    let mut unnamed = spans.clone();
    unnamed[0].attributes.retain(|attribute| attribute.key != "pointsman.route.kind");
    for spans in [spans, unnamed] {
        let call = call(Vec::new(), spans);
        assert!(call.has(Sign::PagesRouter) && !call.has(Sign::AppRouter));
    }
}
