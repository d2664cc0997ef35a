//! Builds OTLP/JSON the way the npm package sends it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// The service of everything that is built here.
pub(crate) const SERVICE: &str = "shop";

/// A run of a route handler that ends now.
pub(crate) fn route_call(trace: u128, route: &str) -> Value {
    let attributes = [
        ("http.request.method", "GET"),
        ("url.path", route),
        ("http.route", route),
        ("pointsman.route.kind", "app_route"),
    ];
    server_span(trace, "GET", &attributes)
}

/// A run of a server action that ends now.
pub(crate) fn action_call(trace: u128, file: &str, name: &str) -> Value {
    let attributes = [
        ("http.request.method", "POST"),
        ("url.path", "/acts"),
        ("http.route", "/acts"),
        ("pointsman.route.kind", "app_page"),
        ("pointsman.action.via", "header"),
        ("next.action.id", "400123456789abcdef0123456789abcdef01234567"),
        ("code.file.path", file),
        ("code.function.name", name),
    ];
    server_span(trace, "POST", &attributes)
}

fn server_span(trace: u128, method: &str, attributes: &[(&str, &str)]) -> Value {
    const LASTS_NS: u64 = 5_000_000;
    let end = now_ns();
    let text = attributes.iter().map(|(key, value)| attribute(key, value));
    let status = json!({ "key": "http.response.status_code", "value": { "intValue": "200" } });
    json!({
        "traceId": format!("{trace:032x}"),
        "spanId": "00000000000000a1",
        "name": method,
        "kind": 2,
        "startTimeUnixNano": (end - LASTS_NS).to_string(),
        "endTimeUnixNano": end.to_string(),
        "attributes": text.chain([status]).collect::<Vec<_>>(),
    })
}

/// An export request of the package with these spans.
pub(crate) fn request(spans: &[Value]) -> Value {
    request_of(SERVICE, "16.4.6", spans)
}

/// The same of any service and version of Next.js.
pub(crate) fn request_of(service: &str, next_version: &str, spans: &[Value]) -> Value {
    let resource = [attribute("service.name", service), attribute("pointsman.next.version", next_version)];
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": { "name": "@pointsman/nextjs" }, "spans": spans }],
    }] })
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn now_ns() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}
