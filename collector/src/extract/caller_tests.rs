//! The classes of callers as tables of what a request carries. What each line stands for is in `docs/callers.md`.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use crate::extract::calls;
use crate::trace::Assembly;

#[path = "caller_outsiders_tests.rs"]
mod outsiders;

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36";
const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Safari/605.1.15";
const GOOGLE: &str = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/141.0.0.0 Safari/537.36";

/// The class of a request to `/api/x` with this user agent, these headers and this status.
fn class(own: bool, agent: &str, headers: &[(&str, &str)], status: i64) -> &'static str {
    class_on(Place::Api, own, agent, headers, status)
}

/// What a request asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A route handler.
    Api,
    /// A page.
    Page,
    /// A path without a route.
    Nowhere,
}

fn class_on(place: Place, own: bool, agent: &str, headers: &[(&str, &str)], status: i64) -> &'static str {
    class_of("GET", place, own, agent, headers, status)
}

fn class_of(
    method: &str,
    place: Place,
    own: bool,
    agent: &str,
    headers: &[(&str, &str)],
    status: i64,
) -> &'static str {
    let mut attributes = vec![text("http.request.method", method), text("url.path", "/api/x")];
    if place != Place::Nowhere {
        attributes.push(text("http.route", "/api/x"));
        let kind = if place == Place::Api { "app_route" } else { "app_page" };
        attributes.push(text("pointsman.route.kind", kind));
    }
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
    let name = if own { "@pointsman/nextjs" } else { "@opentelemetry/instrumentation-http" };
    classes(name, vec![span(1, 0, 2, attributes)])[0]
}

fn text(key: &str, text: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) }),
        ..Default::default()
    }
}

/// A span of 100 ns that begins 10 ns after the one before it; `parent` 0 is none.
fn span(id: u8, parent: u8, kind: i32, attributes: Vec<KeyValue>) -> Span {
    let start = 1_800_000_000_000_000_000 + u64::from(id) * 10;
    Span {
        trace_id: vec![1; 16],
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        kind,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 100,
        attributes,
        ..Default::default()
    }
}

/// The classes of the requests among these spans, by start.
fn classes(scope: &str, spans: Vec<Span>) -> Vec<&'static str> {
    let scope = Some(InstrumentationScope { name: scope.to_owned(), ..Default::default() });
    let scope_spans = vec![ScopeSpans { scope, spans, ..Default::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
    let otlp = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    let mut assembly = Assembly::new(10);
    assembly.add(&otlp).unwrap();
    let traces = assembly.finish();
    calls(&traces[0]).calls.iter().map(|call| call.caller.as_str()).collect()
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
        (SAFARI, &[("origin", "null"), shop], 200, "cross_origin"),
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

const ANDROID_WEBVIEW: &str = "Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.122 Mobile Safari/537.36";
const IOS_WEBVIEW: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
const IOS_SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
const SHOP: (&str, &str) = ("x-forwarded-host", "shop.example");

#[test]
fn a_webview_is_told_by_the_page_it_is_on() {
    for agent in [ANDROID_WEBVIEW, IOS_WEBVIEW] {
        for (headers, expected) in [
            (&[("sec-fetch-site", "same-origin"), SHOP][..], "own_ui"),
            (&[("referer", "/cart"), SHOP], "own_ui"),
            (&[("rsc", "1"), SHOP], "own_ui"),
            (&[("origin", "https://shop.example"), SHOP], "own_ui"),
            (&[("origin", "capacitor://localhost"), SHOP], "cross_origin"),
            (&[("origin", "ionic://localhost"), ("host", "localhost")], "cross_origin"),
            (&[("origin", "file://"), SHOP], "cross_origin"),
            (&[("origin", "null"), ("sec-fetch-site", "cross-site"), SHOP], "cross_origin"),
            (&[("origin", "https://localhost"), ("sec-fetch-site", "cross-site"), SHOP], "cross_origin"),
            // The name alone: an app that took it over for its own HTTP client.
            (&[SHOP], "external"),
            (&[("@pointsman.request.credentials", "bearer"), SHOP], "external"),
        ] {
            assert_eq!(class(true, agent, headers, 200), expected, "{agent} {headers:?}");
        }
        assert_eq!(class(true, agent, &[SHOP], 404), "external", "an app asks for what is gone");
        assert_eq!(class_on(Place::Nowhere, true, agent, &[SHOP], 404), "bot");
        // Old WebViews open a page without a word on where they come from.
        assert_eq!(class_on(Place::Page, true, agent, &[SHOP], 200), "unknown");
        assert_eq!(class(false, agent, &[], 200), "unknown");
    }
    assert_eq!(class(true, IOS_SAFARI, &[SHOP], 200), "unknown");
}

#[test]
fn crawlers_monitors_and_tools_are_bots() {
    for agent in [
        // AI
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)",
        "CCBot/2.0 (https://commoncrawl.org/faq/)",
        "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot) Chrome/119.0.6045.214 Safari/537.36",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; OAI-SearchBot/1.0; +https://openai.com/searchbot",
        // Previews
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Twitterbot/1.0",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "WhatsApp/2.23.20.0",
        "TelegramBot (like TwitterBot)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        // Search and SEO
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
        // Feeds
        "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers)",
        "Feedbin feed-id:2005098 - 2 subscribers",
        "Mozilla/5.0 (compatible; Miniflux/2.0.51; +https://miniflux.app)",
        // Probes, monitors, schedulers
        "kube-probe/1.29",
        "ELB-HealthChecker/2.0",
        "GoogleHC/1.0",
        "Amazon-Route53-Health-Check-Service (ref 6d1a0a3f-4a07-4b2e-9d02-8f3f2d4b3d1e; report http://amzn.to/1vsZADi)",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "Uptime-Kuma/1.23.16",
        "Mozilla/5.0 (compatible; Better Uptime Bot) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/89 Safari/537.36",
        "Better Stack Better Uptime Bot Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/43.0.2357.81 Safari/537.36 StatusCake",
        "Site24x7",
        "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
        "Datadog/Synthetics",
        "Checkly/1.0 (https://www.checklyhq.com)",
        "updown.io daemon 2.11",
        "Blackbox Exporter/0.25.0",
        "Consul Health Check",
        "check_http/v2.4.0 (monitoring-plugins 2.4.0)",
        "Zabbix",
        "HetrixTools Uptime Monitoring Bot. https://hetrix.tools/uptime-monitoring-bot.html",
        "vercel-cron/1.0",
        "Google-Cloud-Scheduler",
        // Scanners
        "Mozilla/5.0 zgrab/0.x",
        "Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:Port Check)",
        "sqlmap/1.8.2#stable (https://sqlmap.org)",
        "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)",
        "Nuclei - Open-source project (github.com/projectdiscovery/nuclei)",
        // Tests and load
        "Playwright/1.44.1 (x64; ubuntu 22.04) node/20.11",
        "k6/0.49.0 (https://k6.io/)",
        "Artillery (https://artillery.io)",
        "autocannon/7.15.0",
        "ApacheBench/2.3",
        "Mozilla/5.0 (pc-x86_64-linux-gnu) Siege/4.1.6",
        "oha/1.4.5",
    ] {
        for headers in [&[SHOP][..], &[("sec-fetch-site", "none"), SHOP]] {
            assert_eq!(class(true, agent, headers, 200), "bot", "{agent}");
        }
        assert_eq!(class(false, agent, &[], 200), "bot", "{agent}");
    }
}

#[test]
fn apps_and_libraries_are_external_where_something_was_found() {
    for agent in [
        "okhttp/4.12.0",
        "MyShop/42 CFNetwork/1490.0.4 Darwin/23.2.0",
        "MyShop/3.1 (com.example.shop; build:42; iOS 17.4.1) Alamofire/5.9.0",
        "Dart/3.2 (dart:io)",
        "Expo/1017756 CFNetwork/1490.0.4 Darwin/23.2.0",
        "ktor-client",
        "Ktor client",
        // A name that the list would take for a crawler's, on somebody's phone.
        "Readable/2.1 CFNetwork/1490.0.4 Darwin/23.2.0",
        "axios/1.7.2",
        "got (https://github.com/sindresorhus/got)",
        "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
        "undici",
        "node",
        "Bun/1.1.8",
        "python-requests/2.32.3",
        "Python/3.12 aiohttp/3.9.5",
        "python-httpx/0.27.0",
        "Go-http-client/2.0",
        "Java/21.0.2",
        "Java-http-client/21.0.2",
        "Apache-HttpClient/4.5.14 (Java/17.0.10)",
        "curl/8.5.0",
        "Wget/1.21.4",
        "PostmanRuntime/7.39.0",
        "insomnia/9.2.0",
        "GuzzleHttp/7",
        "MyService/1.0",
        // Whoever sends these waits for the answer, whatever the list of crawlers says.
        "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "GitHub-Hookshot/044aadd",
        "Svix-Webhooks/1.24 (sender-9YMgn; +https://www.svix.com/http-sender/)",
        "Shopify-Captain-Hook",
        "TwilioProxy/1.1",
        "PayPal/AUHR-214.0-51787073 PayPal IPN ( https://www.paypal.com/ipn )",
        "Zapier",
        "Make/production",
        "SendGrid Event API",
        "Upstash-QStash",
        "WordPress/6.5; https://example.com",
    ] {
        for (status, expected) in [(200, "external"), (302, "external"), (404, "external"), (405, "external")]
        {
            assert_eq!(class(true, agent, &[SHOP], status), expected, "{agent} {status}");
            assert_eq!(class(false, agent, &[], status), expected, "{agent} {status}");
        }
        for status in [404, 405] {
            assert_eq!(class_on(Place::Nowhere, true, agent, &[SHOP], status), "bot", "{agent} {status}");
        }
        // A client with credentials that asks for what was taken away is no scanner.
        let bearer = [("@pointsman.request.credentials", "bearer"), SHOP];
        assert_eq!(class_on(Place::Nowhere, true, agent, &bearer, 404), "external", "{agent}");
    }
}

#[test]
fn a_signature_wins_over_a_name() {
    for (agent, header) in [
        ("Slackbot 1.0 (+https://api.slack.com/robots)", "x-slack-signature"),
        ("Stripe/1.0 (+https://stripe.com/docs/webhooks)", "stripe-signature"),
        ("GitHub-Hookshot/044aadd", "x-hub-signature-256"),
        ("Svix-Webhooks/1.24", "svix-signature"),
        ("node", "x-vercel-signature"),
        (CHROME, "stripe-signature"),
    ] {
        let signature = format!("signature:{header}");
        let headers = [("@pointsman.request.credentials", &*signature), ("host", "localhost:3000")];
        assert_eq!(class(true, agent, &headers, 200), "external", "{agent}");
    }
    assert_eq!(class(true, "Slackbot 1.0 (+https://api.slack.com/robots)", &[SHOP], 200), "bot");
    // A page of the app may sign too; a scheme of `authorization` that nobody knows reads as a signature.
    let own =
        [("@pointsman.request.credentials", "signature:authorization"), ("sec-fetch-site", "same-origin")];
    assert_eq!(class(true, CHROME, &own, 200), "own_ui");
}

#[test]
fn a_driven_browser_on_the_page_of_the_app_is_its_ui() {
    const PLAYWRIGHT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Playwright/1.40.0";
    for agent in [CHROME, PLAYWRIGHT] {
        for (headers, expected) in [
            (&[("sec-fetch-site", "same-origin"), SHOP][..], "own_ui"),
            (&[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), SHOP], "own_ui"),
            // Over plain HTTP no browser sends `sec-fetch`.
            (&[("referer", "/cart"), SHOP], "own_ui"),
            (&[("origin", "https://shop.example"), SHOP], "own_ui"),
            (&[SHOP], "bot"),
        ] {
            assert_eq!(class(true, agent, headers, 200), expected, "{agent} {headers:?}");
        }
    }
    // A crawler that runs the scripts of a page calls what the page calls.
    assert_eq!(class(true, GOOGLE, &[("sec-fetch-site", "same-origin"), SHOP], 200), "own_ui");
}

#[test]
fn a_token_proves_nothing_by_itself() {
    for credentials in ["bearer", "api-key", "basic", "cookie"] {
        let headers = [("@pointsman.request.credentials", credentials), SHOP];
        assert_eq!(class(true, SAFARI, &headers, 200), "unknown", "{credentials}");
    }
    // But no crawler has one: a bot that nobody knows is somebody's integration.
    for (credentials, expected) in [("bearer", "external"), ("api-key", "external"), ("cookie", "bot")] {
        let headers = [("@pointsman.request.credentials", credentials), SHOP];
        assert_eq!(class(true, "AcmeOrderBot/2.1", &headers, 200), expected, "{credentials}");
        assert_eq!(class(true, "kube-probe/1.29", &headers, 200), "bot", "{credentials}");
    }
    // A phone of the brand Cubot is none.
    let cubot = "Mozilla/5.0 (Linux; Android 9; CUBOT_POWER) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36";
    assert_eq!(class(true, cubot, &[("sec-fetch-site", "none"), SHOP], 200), "own_ui");
}

#[test]
fn a_cdn_that_hides_the_user_agent_hides_the_caller() {
    let cdn = "Amazon CloudFront";
    assert_eq!(class(true, cdn, &[SHOP], 200), "unknown");
    assert_eq!(class(true, cdn, &[("origin", "https://shop.example"), SHOP], 200), "own_ui");
    assert_eq!(class(true, cdn, &[("sec-fetch-site", "cross-site"), SHOP], 200), "cross_origin");
}

#[test]
fn a_server_that_fetches_from_itself_is_the_server() {
    let mode = ("sec-fetch-mode", "cors");
    for agent in ["node", "undici", "Next.js Middleware", "Bun/1.1.8", "Deno/1.43.6"] {
        for host in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000"] {
            assert_eq!(class(true, agent, &[mode, ("host", host)], 200), "server", "{agent} {host}");
        }
        assert_eq!(class(true, agent, &[mode, ("host", "shop.example")], 200), "external", "{agent}");
    }
    // Below a page of the same service in the trace, whatever headers were copied; 1: page, 2: its fetch.
    let request = |path: &str| {
        vec![
            text("http.method", "GET"),
            text("http.target", path),
            text("http.route", path),
            text("http.user_agent", CHROME),
            text("http.request.header.sec-fetch-site", "same-origin"),
        ]
    };
    let fetch = vec![text("http.method", "GET"), text("http.url", "http://localhost:3000/api/x")];
    let spans = vec![span(1, 0, 2, request("/cart")), span(2, 1, 3, fetch), span(3, 2, 2, request("/api/x"))];
    assert_eq!(classes("next.js", spans), ["own_ui", "server"]);
}

#[test]
fn the_table_for_users_is_the_one_that_decides() {
    let text = include_str!("../../../docs/callers.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")).map(|line| line.split(" | "));
    let rows: Vec<_> = rows
        .filter_map(|mut cells| {
            let number: usize = cells.next()?.trim().parse().ok()?;
            Some((number, cells.next()?.trim().to_owned(), cells.next()?.trim().trim_matches('`').to_owned()))
        })
        .collect();
    let lines = super::LINES.iter().zip(1..);
    let lines =
        lines.map(|(line, number)| (number, line.evidence.to_owned(), line.class.as_str().to_owned()));
    assert_eq!(rows, lines.collect::<Vec<_>>());
}
