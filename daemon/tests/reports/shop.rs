//! A shop that is being visited up to two hours ago: people load a product's page, put something into the cart by a route,
//! and the page refreshes. It has been doing so for days, so that a move is advised by default.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::command;

pub(crate) const MINUTE_MS: u64 = 60_000;
pub(crate) const HOUR_MS: u64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;
pub(crate) const SERVICE: &str = "shop";
/// Visits a day.
const VISITS: u64 = 60;

pub(crate) fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Days of visits, the last of which ends two hours ago; from which day on another build runs, if one does.
pub(crate) fn open(db: &Path, cart: &str, days: u64, deployed: Option<u64>) {
    let mut replay =
        command(db).args(["replay", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = replay.stdin.take().unwrap();
    let end_ms = now_ms() - 2 * HOUR_MS;
    for day in 0..days {
        let begin_ms = end_ms - (days - day) * DAY_MS;
        let build = if deployed.is_some_and(|from| day >= from) { "second" } else { "first" };
        writeln!(input, "{}", requests(begin_ms, day, cart, build)).unwrap();
    }
    drop(input);
    assert!(replay.wait().unwrap().success());
}

/// A day's requests as the package exports them, evenly over the day.
fn requests(begin_ms: u64, day: u64, cart: &str, build: &str) -> Value {
    let mut spans = Vec::new();
    for visit in 0..VISITS {
        let at_ms = begin_ms + visit * (DAY_MS / VISITS);
        let client = day * 1_000 + visit + 1;
        let document =
            [("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate"), ("accept", "text/html")];
        let fetch = [("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors"), ("referer", "/product/1")];
        let page = ["GET", "/product/1", "/product/[id]", "app_page"];
        spans.push(span(at_ms, 50, client, page, &document));
        spans.push(span(at_ms + 20_000, 40, client, ["POST", "/api/cart", cart, "app_route"], &fetch));
        spans.push(span(at_ms + 20_060, 50, client, page, &[&fetch[..], &[("rsc", "1")]].concat()));
    }
    let resource = [
        text("service.name", SERVICE),
        text("deployment.environment.name", "production"),
        text("pointsman.next.version", "16.4.6"),
        text("pointsman.next.build_id", build),
        text("pointsman.instance.id", "one"),
    ];
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": { "name": "@pointsman/nextjs" }, "spans": spans }],
    }] })
}

fn span(
    at_ms: u64,
    ms: u64,
    client: u64,
    [method, path, route, kind]: [&str; 4],
    headers: &[(&str, &str)],
) -> Value {
    let list = |key: String, value: &str| json!({ "key": key, "value": { "arrayValue": { "values": [{ "stringValue": value }] } } });
    let mut attributes = vec![
        text("http.request.method", method),
        text("url.path", path),
        text("http.route", route),
        text("pointsman.route.kind", kind),
        text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36"),
        text("pointsman.client.key", &format!("{client:016x}")),
        list("pointsman.request.credentials".to_owned(), "cookie"),
        list("http.request.header.host".to_owned(), "shop.example"),
        list("http.request.header.sec-fetch-site".to_owned(), "same-origin"),
        list("http.response.header.content-type".to_owned(), "text/html"),
        json!({ "key": "http.response.status_code", "value": { "intValue": "200" } }),
        json!({ "key": "http.request.body.size", "value": { "intValue": "100" } }),
    ];
    attributes.extend(headers.iter().map(|(name, value)| list(format!("http.request.header.{name}"), value)));
    let number = u128::from(at_ms) * 1_000 + u128::from(ms);
    json!({
        "traceId": format!("{:032x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        "spanId": format!("{:016x}", at_ms * 1_000 + ms),
        "name": "request",
        "kind": 2,
        "startTimeUnixNano": (at_ms * 1_000_000).to_string(),
        "endTimeUnixNano": ((at_ms + ms) * 1_000_000).to_string(),
        "attributes": attributes,
    })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}
