//! What the npm package says of a request beyond the semantic conventions, as it stands in its Call.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use pointsman_store::{Call, ClientKey, Form, Sign};

use crate::made::{CLIENT, SERVER, call, flag, number, request, sent, span, text};

fn told(attributes: Vec<KeyValue>) -> Call {
    call(Vec::new(), vec![request("POST", "app_route", 200, attributes)])
}

#[test]
fn what_the_package_counts_is_read_and_nothing_told_is_unknown() {
    let call = told(vec![
        number("pointsman.response.first_byte_ns", 5),
        number("pointsman.response.body_ns", 0),
        number("pointsman.response.writes", 3),
        text("pointsman.client.network_key", "00000000000000ff"),
        number("pointsman.use_cache.hits", 2),
        number("pointsman.use_cache.misses", 0),
        number("pointsman.use_cache.fills", i64::MAX),
    ]);
    assert_eq!((call.first_byte_ns, call.body_ns, call.writes), (Some(5), Some(0), Some(3)));
    assert_eq!(call.network, Some(ClientKey(255)));
    let cache = (call.use_cache_hits, call.use_cache_misses, call.use_cache_fills);
    assert_eq!(cache, (Some(2), Some(0), Some(u32::MAX)));

    let call = told(Vec::new());
    assert_eq!((call.first_byte_ns, call.body_ns, call.writes, call.network), (None, None, None, None));
    let cache = (call.use_cache_hits, call.use_cache_misses, call.use_cache_fills);
    assert_eq!(cache, (None, None, None));
}

/// What the package says of a request without credentials: an empty list, which is not the same as nothing.
fn no_credentials() -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::ArrayValue(ArrayValue::default())) });
    KeyValue { key: "pointsman.request.credentials".to_owned(), value, ..KeyValue::default() }
}

#[test]
fn each_thing_told_of_a_caller_is_a_sign_of_its_own() {
    let header = |name: &str, value| text(&format!("http.request.header.{name}"), value);
    for (attribute, sign) in [
        (text("pointsman.request.credentials", "session"), Sign::SessionCookie),
        (text("pointsman.request.credentials", "session"), Sign::Cookie),
        (flag("pointsman.response.sets_session_cookie", true), Sign::SetsSessionCookie),
        (flag("pointsman.response.sets_session_cookie", false), Sign::SessionsTold),
        (flag("pointsman.response.sets_session_cookie", false), Sign::SetsSessionTold),
        (text("pointsman.client.key_basis", "session"), Sign::KeyOfSession),
        (text("pointsman.client.key_basis", "session"), Sign::SessionCookie),
        (text("pointsman.client.key_basis", "address"), Sign::KeyOfAddress),
        (text("pointsman.client.key_basis", "address"), Sign::SessionsTold),
        (flag("pointsman.client.forwarded", true), Sign::ForwardedUntrusted),
        (flag("pointsman.remote.unsampled", true), Sign::RemoteUnsampled),
        (header("sec-purpose", "prefetch;prerender"), Sign::Speculative),
        (header("purpose", "prefetch"), Sign::Speculative),
        (header("sec-purpose", "prefetch"), Sign::Prefetched),
        (header("next-router-prefetch", "1"), Sign::Prefetched),
        (header("next-router-segment-prefetch", "/_tree"), Sign::Prefetched),
        (text("pointsman.request.credentials", "cookie"), Sign::CredentialsTold),
        (no_credentials(), Sign::CredentialsTold),
        (header("host", "shop.example"), Sign::HostTold),
        (header("origin", "null"), Sign::NullOrigin),
        (header("service-worker", "script"), Sign::Worker),
        (header("sec-fetch-dest", "serviceworker"), Sign::Worker),
        (header("referer", "/sw.js"), Sign::Worker),
    ] {
        assert!(told(vec![attribute.clone()]).has(sign), "{sign:?} by {attribute:?}");
        assert!(!told(Vec::new()).has(sign), "{sign:?} of nothing");
    }
    let plain = told(vec![text("pointsman.request.credentials", "cookie")]);
    assert!(!plain.has(Sign::SessionCookie) && !plain.has(Sign::SessionsTold));
}

#[test]
fn a_script_is_no_page() {
    for (referer, page) in
        [("/sw.js", None), ("/workers/sync.mjs", None), ("/node.js/intro", Some("/node.js/intro"))]
    {
        let call = told(vec![text("http.request.header.referer", referer)]);
        assert_eq!(call.page.as_deref(), page, "{referer}");
    }
}

#[test]
fn what_was_asked_for_is_a_form_of_its_own() {
    let header = |name: &str, value| text(&format!("http.request.header.{name}"), value);
    let html = || text("http.response.header.content-type", "text/html; charset=utf-8");
    for (method, attributes, expected) in [
        ("GET", vec![header("sec-fetch-dest", "document"), html()], Form::Document),
        ("GET", vec![header("sec-fetch-dest", "iframe"), html()], Form::Document),
        ("GET", vec![html()], Form::Document),
        ("GET", vec![], Form::Document),
        // A proxy sent the request for an icon on to a page; a script fetched a page.
        ("GET", vec![header("sec-fetch-dest", "image"), html()], Form::Plain),
        ("GET", vec![header("sec-fetch-dest", "empty"), html()], Form::Plain),
        ("GET", vec![text("http.response.header.content-type", "application/json")], Form::Plain),
        (
            "GET",
            vec![header("sec-purpose", "prefetch"), header("sec-fetch-dest", "document")],
            Form::Speculation,
        ),
        ("GET", vec![header("sec-purpose", "prefetch;prerender"), html()], Form::Speculation),
        ("GET", vec![header("rsc", "1"), header("sec-fetch-dest", "empty")], Form::Rsc),
        ("GET", vec![header("rsc", "1"), header("next-router-prefetch", "1")], Form::Prefetch),
        // Next.js' client asks so whether it is online again.
        ("HEAD", vec![header("rsc", "1")], Form::Probe),
        ("HEAD", vec![html()], Form::Probe),
    ] {
        let call = call(Vec::new(), vec![request(method, "app_page", 200, attributes.clone())]);
        assert_eq!(call.form, expected, "{method} {attributes:?}");
    }
    let probe = call(Vec::new(), vec![request("HEAD", "app_route", 200, Vec::new())]);
    assert_eq!((probe.form, &*probe.handler.method), (Form::Probe, "GET"));
}

#[test]
fn the_fetch_of_a_redirects_target_is_nobodys_work() {
    let action = |status, answer: Option<(&str, &str)>| {
        let mut attributes = vec![
            text("next.action.id", "40ed6c88892d01d47e16d50e7b342a9c1aa9c1744e"),
            text("http.request.header.next-action", "40ed6c88892d01d47e16d50e7b342a9c1aa9c1744e"),
            text("http.request.header.host", "shop.example"),
        ];
        attributes.extend(answer.map(|(name, value)| text(&format!("http.response.header.{name}"), value)));
        request("POST", "app_page", status, attributes)
    };
    let fetch = |url: &str| {
        let told = vec![
            text("next.span_type", "AppRender.fetch"),
            text("http.method", "GET"),
            text("http.url", url),
        ];
        span(2, 1, CLIENT, (100, 900), told)
    };
    let redirect = Some(("x-action-redirect", "/orders;push"));
    for (status, answer, url, is_work) in [
        (200, redirect, "http://localhost:3000/orders", false),
        (200, redirect, "https://shop.example/orders?_rsc=1", false),
        (303, Some(("location", "/orders")), "http://127.0.0.1:3000/orders", false),
        // The app's own code reads.
        (200, redirect, "https://api.example/orders", true),
        (200, redirect, "http://localhost:3000/api/stock", true),
        (200, None, "http://localhost:3000/orders", true),
    ] {
        let call = call(Vec::new(), vec![action(status, answer), fetch(url)]);
        assert_eq!((call.has(Sign::Reads), call.outgoing_ns.is_some()), (is_work, is_work), "{status} {url}");
    }
    // The same by the request that it reached.
    let reached = vec![
        text("http.method", "GET"),
        text("http.target", "/orders"),
        text("http.request.header.rsc", "1"),
    ];
    let mut reached = span(3, 2, SERVER, (200, 800), reached);
    reached.attributes.push(text("http.route", "/orders"));
    let spans = vec![action(200, None), fetch("http://10.0.0.7:3000/orders"), reached];
    let otlp = sent(Vec::new(), spans);
    let calls = crate::support::extract([otlp]).calls;
    assert!(!calls[0].has(Sign::Reads), "{calls:?}");
    assert_eq!(calls[1].form, Form::Internal);
}

#[test]
fn data_that_the_pages_router_asks_for_is_a_navigation_of_its_page() {
    for (path, purpose, page, form) in [
        ("/_next/data/AbC123/shop/1.json", None, "/shop/1", Form::Rsc),
        ("/_next/data/AbC123/index.json", None, "/", Form::Rsc),
        ("/docs/_next/data/AbC123/guide.json", None, "/docs/guide", Form::Rsc),
        ("/_next/data/AbC123/shop/1.json", Some("prefetch"), "/shop/1", Form::Prefetch),
    ] {
        let mut asked = request("GET", "pages", 200, Vec::new());
        asked.attributes.retain(|attribute| attribute.key != "url.path");
        asked.attributes.push(text("url.path", path));
        asked.attributes.extend(purpose.map(|value| text("http.request.header.purpose", value)));
        let call = call(Vec::new(), vec![asked]);
        assert_eq!((call.path.as_deref(), call.form), (Some(page), form), "{path}");
        assert!(call.has(Sign::PagesRouter), "{path}");
    }
}
