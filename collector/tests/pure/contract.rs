//! What the npm package says of a request beyond the semantic conventions, as it stands in its Call.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use pointsman_store::{Call, ClientKey, Sign};

use crate::made::{call, flag, number, request, text};

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

#[test]
fn each_thing_told_of_a_caller_is_a_sign_of_its_own() {
    let header = |name: &str, value| text(&format!("http.request.header.{name}"), value);
    for (attribute, sign) in [
        (text("pointsman.request.credentials", "session"), Sign::SessionCookie),
        (text("pointsman.request.credentials", "session"), Sign::Cookie),
        (flag("pointsman.response.sets_session_cookie", true), Sign::SetsSessionCookie),
        (flag("pointsman.response.sets_session_cookie", false), Sign::SessionsTold),
        (text("pointsman.client.key_basis", "session"), Sign::KeyOfSession),
        (text("pointsman.client.key_basis", "address"), Sign::KeyOfAddress),
        (text("pointsman.client.key_basis", "address"), Sign::SessionsTold),
        (flag("pointsman.client.forwarded", true), Sign::ForwardedUntrusted),
        (flag("pointsman.remote.unsampled", true), Sign::RemoteUnsampled),
        (header("sec-purpose", "prefetch;prerender"), Sign::Speculative),
        (header("purpose", "prefetch"), Sign::Speculative),
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
