//! Pages of other origins: what a browser asks before it sends, and what it may read of the answer.

use std::sync::Arc;

use pointsman_collector::receive::access::{Access, Origins, Tokens};
use pointsman_collector::receive::http::Settings;
use reqwest::{Method, Response};

use crate::world::World;

const SHOP: &str = "https://shop.example";

async fn serving(world: &World, origins: &[&str]) -> String {
    let origins = Origins::new(origins.iter().copied()).unwrap();
    world.http_with(Settings { origins, ..Settings::default() }).await
}

/// The question a browser asks before a page of this origin may send.
async fn question(url: &str, signal: &str, origin: &str, headers: &str) -> Response {
    let request = crate::http_client().request(Method::OPTIONS, format!("{url}/v1/{signal}"));
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    request.header("access-control-request-headers", headers).send().await.unwrap()
}

async fn post(url: &str, origin: &str, body: &'static str) -> Response {
    let request = crate::http_client().post(format!("{url}/v1/traces")).header("origin", origin);
    request.header("content-type", "application/json").body(body).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_send() {
    let world = World::new().await;
    let url = serving(&world, &[SHOP, "http://localhost:3000"]).await;
    for signal in ["traces", "metrics", "logs"] {
        let asked = "content-type,Authorization, traceparent, x-tenant, cookie, x-bad(name)";
        let answer = question(&url, signal, SHOP, asked).await;
        assert_eq!(answer.status(), 204, "{signal}");
        for (name, value) in [
            ("access-control-allow-origin", SHOP),
            ("access-control-allow-methods", "POST"),
            ("access-control-allow-headers", "content-type, authorization, traceparent, x-tenant"),
            ("access-control-max-age", "7200"),
            ("vary", "origin"),
        ] {
            assert_eq!(header(&answer, name), Some(value), "{signal}");
        }
    }
    for (body, status) in [("{}", 200), ("{{", 400)] {
        let answer = post(&url, "http://localhost:3000", body).await;
        assert_eq!(answer.status(), status);
        assert_eq!(header(&answer, "access-control-allow-origin"), Some("http://localhost:3000"));
        assert_eq!(header(&answer, "access-control-expose-headers"), Some("retry-after"));
        assert_eq!(header(&answer, "vary"), Some("origin"));
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_told_nothing() {
    let world = World::new().await;
    let url = serving(&world, &[SHOP]).await;
    for origin in ["https://shop.example.evil", "http://shop.example", "null"] {
        let refused = question(&url, "traces", origin, "content-type").await;
        assert_eq!(refused.status(), 405, "{origin}");
        let answer = post(&url, origin, "{}").await;
        for response in [&refused, &answer] {
            let names = response.headers().keys().map(|name| name.as_str());
            assert!(!names.into_iter().any(|name| name.starts_with("access-control")), "{response:?}");
        }
    }
    assert_eq!(question(&url, "other", SHOP, "content-type").await.status(), 404);
}

#[tokio::test]
async fn any_origin_may_send_when_that_is_wanted() {
    let world = World::new().await;
    let url = serving(&world, &["*"]).await;
    let answer = question(&url, "traces", SHOP, "content-type").await;
    assert_eq!((answer.status().as_u16(), header(&answer, "access-control-allow-origin")), (204, Some("*")));
}

#[tokio::test]
async fn without_origins_there_is_no_cors() {
    let world = World::new().await;
    let url = world.http().await;
    let refused = question(&url, "traces", SHOP, "content-type").await;
    assert_eq!((refused.status().as_u16(), header(&refused, "vary")), (405, None));
    assert_eq!(header(&refused, "allow"), Some("POST"));
    assert_eq!(header(&post(&url, SHOP, "{}").await, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_browser_asks_without_a_token_and_may_read_that_one_is_needed() {
    let world = World::new().await;
    let tokens = Tokens::load(None, Some(("TOKENS", "shop 0123456789abcdef"))).unwrap().map(Arc::new);
    let access = Access { tokens, ..Access::default() };
    let origins = Origins::new([SHOP]).unwrap();
    let url = world.http_with(Settings { access, origins, ..Settings::default() }).await;
    assert_eq!(question(&url, "traces", SHOP, "authorization").await.status(), 204);
    let refused = post(&url, SHOP, "{}").await;
    assert_eq!(
        (refused.status().as_u16(), header(&refused, "access-control-allow-origin")),
        (401, Some(SHOP))
    );
}
