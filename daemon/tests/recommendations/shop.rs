//! A shop as its OTLP tells it: every day from 8 to 20 o'clock visitors load a product's page and put something into the
//! cart. How the cart works is each day's own.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::pointsman;

/// 2026-01-05, a Monday, 00:00 UTC, ms since the epoch.
const BEGIN_MS: u64 = 1_767_571_200_000;
const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u64 = 3_600_000;

/// How something gets into the cart.
#[derive(Clone, Copy)]
pub(crate) enum Cart {
    /// `POST /api/cart`, 40 ms, and the page refreshes after it.
    Route,
    /// The action `addItem`: so many ms, and whether the page still refreshes.
    Action(u64, bool),
}

/// A moment of a day of the shop, as flags write it.
pub(crate) fn moment(day: u64, time: &str) -> String {
    format!("2026-01-{:02}T{time}:00Z", 5 + day)
}

/// Replays these days into a database.
pub(crate) fn open(db: &Path, days: std::ops::Range<u64>, cart: Cart) {
    let file = db.with_extension(format!("{}.jsonl", days.start));
    let lines: Vec<String> = days.map(|day| requests(day, cart).to_string()).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let run = pointsman(db, [Path::new("replay"), &file]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}

/// A day's requests as the package exports them.
fn requests(day: u64, cart: Cart) -> Value {
    let mut spans = Vec::new();
    for visit in 0..60 {
        let start = BEGIN_MS + day * DAY_MS + 8 * HOUR_MS + visit * 12 * 60_000;
        let mut browser = Browser { client: day * 1_000 + visit + 1, spans: &mut spans };
        browser.page(start, false);
        let click = start + 20_000;
        match cart {
            Cart::Route => {
                browser.route(click);
                browser.page(click + 60, true);
            }
            Cart::Action(ms, refreshes) => {
                browser.action(click, ms);
                if refreshes {
                    browser.page(click + ms + 20, true);
                }
            }
        }
    }
    let resource = [
        text("service.name", "shop"),
        text("deployment.environment.name", "production"),
        text("pointsman.next.version", "16.4.6"),
        text("pointsman.instance.id", "one"),
    ];
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": { "name": "@pointsman/nextjs" }, "spans": spans }],
    }] })
}

/// One visitor's requests.
struct Browser<'a> {
    client: u64,
    spans: &'a mut Vec<Value>,
}

impl Browser<'_> {
    fn page(&mut self, at_ms: u64, is_refresh: bool) {
        let mut attributes = of_request("GET", "/product/1", "/product/[id]", "app_page");
        if is_refresh {
            attributes.extend([header("rsc", "1"), header("sec-fetch-dest", "empty")]);
            attributes.extend([header("sec-fetch-mode", "cors"), header("referer", "/product/1")]);
        } else {
            attributes.extend([header("sec-fetch-dest", "document"), header("sec-fetch-mode", "navigate")]);
            attributes.push(header("accept", "text/html"));
        }
        self.span(at_ms, 50, attributes);
    }

    fn route(&mut self, at_ms: u64) {
        let mut attributes = of_request("POST", "/api/cart", "/api/cart", "app_route");
        attributes.extend(by_fetch());
        self.span(at_ms, 40, attributes);
    }

    fn action(&mut self, at_ms: u64, ms: u64) {
        let mut attributes = of_request("POST", "/product/1", "/product/[id]", "app_page");
        attributes.extend(by_fetch());
        attributes.extend([
            text("pointsman.action.via", "header"),
            text("next.action.id", "400123456789abcdef0123456789abcdef01234567"),
            text("code.file.path", "app/actions.ts"),
            text("code.function.name", "addItem"),
        ]);
        self.span(at_ms, ms, attributes);
    }

    fn span(&mut self, at_ms: u64, ms: u64, mut attributes: Vec<Value>) {
        attributes.push(text("pointsman.client.key", &format!("{:016x}", self.client)));
        let number = u128::from(at_ms) * 1_000 + self.spans.len() as u128;
        self.spans.push(json!({
            "traceId": format!("{:032x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
            "spanId": format!("{:016x}", self.spans.len() + 1),
            "name": "request",
            "kind": 2,
            "startTimeUnixNano": (at_ms * 1_000_000).to_string(),
            "endTimeUnixNano": ((at_ms + ms) * 1_000_000).to_string(),
            "attributes": attributes,
        }));
    }
}

fn of_request(method: &str, path: &str, route: &str, kind: &str) -> Vec<Value> {
    vec![
        text("http.request.method", method),
        text("url.path", path),
        text("http.route", route),
        text("pointsman.route.kind", kind),
        text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36"),
        list("pointsman.request.credentials", "cookie"),
        header("host", "shop.example"),
        header("sec-fetch-site", "same-origin"),
        json!({ "key": "http.response.status_code", "value": { "intValue": "200" } }),
        json!({ "key": "http.request.body.size", "value": { "intValue": "100" } }),
        header_of_response("content-type", "text/html"),
    ]
}

fn by_fetch() -> Vec<Value> {
    [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"), ("referer", "/product/1")]
        .map(|(name, value)| header(name, value))
        .into()
}

fn header(name: &str, value: &str) -> Value {
    list(&format!("http.request.header.{name}"), value)
}

fn header_of_response(name: &str, value: &str) -> Value {
    list(&format!("http.response.header.{name}"), value)
}

fn list(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "arrayValue": { "values": [{ "stringValue": value }] } } })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}
