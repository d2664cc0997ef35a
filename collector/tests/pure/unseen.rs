//! What is seen in requests that no recording holds: files that the server fetches from itself, and browsers' names without what such
//! a browser sends.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use pointsman_store::{HandlerKind, Sign};

use crate::made::{CLIENT, SERVER, call, found, list, number, request, span, text};

/// How many requests to its own app's code a page is seen to make, by what the request below it says of itself.
fn self_fetches(below: Vec<KeyValue>) -> u32 {
    let asked = vec![text("http.request.method", "GET"), text("http.url", "http://localhost:3000/y")];
    let mut answered = vec![text("http.request.method", "GET"), number("http.response.status_code", 200)];
    answered.extend(below);
    let spans = vec![
        request("GET", "app_page", 200, Vec::new()),
        span(2, 1, CLIENT, (100, 900), asked),
        span(3, 2, SERVER, (200, 800), answered),
    ];
    let calls = found(Vec::new(), spans).calls;
    calls.iter().filter(|call| call.handler.kind == HandlerKind::Page).map(|call| call.self_fetches).sum()
}

#[test]
fn a_file_of_public_is_no_code_that_could_be_called_instead() {
    let route = vec![
        text("url.path", "/api/prices"),
        text("http.route", "/api/prices"),
        text("pointsman.route.kind", "app_route"),
    ];
    assert_eq!(self_fetches(route), 1);
    for path in ["/fonts/Inter.ttf", "/data/themes.json", "/nowhere"] {
        assert_eq!(self_fetches(vec![text("url.path", path)]), 0, "{path}");
    }
    assert_eq!(self_fetches(vec![text("url.path", "/_next/static/media/Inter.woff2")]), 0);
}

#[test]
fn a_browser_that_does_not_say_from_which_site_it_comes_is_not_like_itself() {
    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
    const OLD: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.77 Safari/537.36";
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
    const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Safari/605.1.15";
    const WEBVIEW: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36";
    let unlike = |method: &str, agent: &str, headers: &[(&str, &str)]| {
        let mut more = vec![text("user_agent.original", agent)];
        let host = [("host", "shop.example")];
        let all = host.iter().chain(headers);
        more.extend(all.map(|(name, value)| list(&format!("http.request.header.{name}"), &[value])));
        call(Vec::new(), vec![request(method, "app_route", 200, more)]).has(Sign::UnlikeItsBrowser)
    };
    let own = ("origin", "https://shop.example");
    for (method, agent, headers, expected) in [
        ("POST", CHROME, &[own][..], true),
        ("DELETE", FIREFOX, &[own], true),
        ("POST", CHROME, &[own, ("sec-fetch-site", "same-origin")], false),
        // Browsers that never said so, apps that may change it, and plain HTTP, where none says so.
        ("POST", OLD, &[own], false),
        ("POST", SAFARI, &[own], false),
        ("POST", WEBVIEW, &[own], false),
        ("POST", CHROME, &[("origin", "http://shop.example")], false),
        // Another site's page is told by its origin, a GET has none.
        ("POST", CHROME, &[("origin", "https://else.example")], false),
        ("GET", CHROME, &[own], false),
    ] {
        assert_eq!(unlike(method, agent, headers), expected, "{method} {agent} {headers:?}");
    }
}
