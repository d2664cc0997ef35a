//! The classes of callers as a table of what a request carries. What each line stands for is in `caller`.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use crate::extract::calls;
use crate::trace::Assembly;

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36";
const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Safari/605.1.15";
const GOOGLE: &str = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/141.0.0.0 Safari/537.36";

/// The class of a request to `/api/x` with this user agent, these headers and this status.
fn class(own: bool, agent: &str, headers: &[(&str, &str)], status: i64) -> &'static str {
    let text = |key: &str, text: &str| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) }),
        ..Default::default()
    };
    let mut attributes = vec![
        text("http.request.method", "GET"),
        text("url.path", "/api/x"),
        text("http.route", "/api/x"),
        text("pointsman.route.kind", "app_route"),
    ];
    if !agent.is_empty() {
        attributes.push(text("user_agent.original", agent));
    }
    for (name, value) in headers {
        let header = name.strip_prefix('@').map(str::to_owned);
        attributes.push(text(&header.unwrap_or_else(|| format!("http.request.header.{name}")), value));
    }
    attributes.push(KeyValue {
        key: "http.response.status_code".to_owned(),
        value: Some(AnyValue { value: Some(Value::IntValue(status)) }),
        ..Default::default()
    });
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![1; 8],
        kind: 2,
        start_time_unix_nano: 1_800_000_000_000_000_000,
        end_time_unix_nano: 1_800_000_000_000_000_001,
        attributes,
        ..Default::default()
    };
    let name = if own { "@pointsman/nextjs" } else { "@opentelemetry/instrumentation-http" };
    let scope = Some(InstrumentationScope { name: name.to_owned(), ..Default::default() });
    let scope_spans = vec![ScopeSpans { scope, spans: vec![span], ..Default::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
    let otlp = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    let mut assembly = Assembly::new(10);
    assembly.add(&otlp).unwrap();
    let traces = assembly.finish();
    let extraction = calls(&traces[0]);
    extraction.calls[0].caller.as_str()
}

#[test]
fn the_evidence_decides_the_class() {
    let shop = ("x-forwarded-host", "shop.example");
    for (agent, headers, status, expected) in [
        (CHROME, &[("sec-fetch-site", "same-origin")][..], 200, "own_ui"),
        (CHROME, &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], 200, "own_ui"),
        (CHROME, &[("sec-fetch-site", "same-site")], 200, "cross_origin"),
        (CHROME, &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 302, "cross_origin"),
        // A proxy rewrote the host: what the browser says stands.
        (
            CHROME,
            &[("sec-fetch-site", "same-origin"), ("origin", "https://shop.example"), ("host", "app:3000")],
            200,
            "own_ui",
        ),
        (SAFARI, &[("origin", "https://shop.example"), ("host", "app:3000"), shop], 200, "own_ui"),
        (SAFARI, &[("origin", "https://other.example"), shop], 200, "cross_origin"),
        (SAFARI, &[("origin", "https://shop.example:443"), shop], 200, "own_ui"),
        (SAFARI, &[("origin", "null"), shop], 200, "unknown"),
        (SAFARI, &[("referer", "/cart"), shop], 200, "own_ui"),
        (SAFARI, &[("referer", "https://shop.example/cart"), shop], 200, "own_ui"),
        (SAFARI, &[("referer", "https://other.example/"), shop], 200, "cross_origin"),
        (SAFARI, &[("rsc", "1"), shop], 200, "own_ui"),
        (SAFARI, &[shop], 200, "unknown"),
        (SAFARI, &[shop], 404, "bot"),
        ("okhttp/4.12.0", &[shop], 200, "external"),
        ("curl/8.5.0", &[("origin", "https://shop.example"), shop], 200, "external"),
        ("python-requests/2.32", &[shop], 404, "external"),
        ("Dart/3.2 (dart:io)", &[shop], 200, "external"),
        ("MyShop/3 CFNetwork/1490.0.4 Darwin/23.2.0", &[shop], 200, "external"),
        ("Stripe/1.0 (+https://stripe.com/docs/webhooks)", &[shop], 200, "external"),
        (CHROME, &[("@pointsman.request.credentials", "signature:stripe-signature"), shop], 200, "external"),
        ("", &[shop], 200, "external"),
        ("node", &[("sec-fetch-mode", "cors"), ("host", "localhost:3000")], 200, "server"),
        ("node", &[("sec-fetch-mode", "cors"), ("host", "127.0.0.1:3000")], 200, "server"),
        ("undici", &[("sec-fetch-mode", "cors"), ("host", "[::1]:3000")], 200, "server"),
        ("node", &[("sec-fetch-mode", "cors"), shop], 200, "external"),
        (GOOGLE, &[shop], 200, "bot"),
        (GOOGLE, &[("sec-fetch-site", "none")], 200, "bot"),
        ("kube-probe/1.29", &[shop], 200, "bot"),
        ("ELB-HealthChecker/2.0", &[shop], 200, "bot"),
        ("GoogleHC/1.0", &[shop], 200, "bot"),
        ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", &[shop], 200, "bot"),
        ("vercel-cron/1.0", &[shop], 200, "bot"),
        ("Mozilla/5.0 zgrab/0.x", &[shop], 404, "bot"),
    ] {
        assert_eq!(class(true, agent, headers, status), expected, "{agent} {headers:?} {status}");
    }
}

#[test]
fn without_captured_headers_a_browser_is_unknown() {
    for (agent, expected) in
        [(CHROME, "unknown"), ("", "unknown"), ("okhttp/4.12.0", "external"), ("kube-probe/1.29", "bot")]
    {
        assert_eq!(class(false, agent, &[], 404), expected, "{agent}");
    }
}
