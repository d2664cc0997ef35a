//! Vercel's Trace Drains: OTLP over HTTP whose body is signed. What is asked of a signature is what is asked of a token.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use hmac::{Hmac, KeyInit, Mac};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use pointsman_collector::receive::access::{Access, Signatures, Tokens};
use pointsman_collector::receive::{grpc, http};
use prost::Message;
use serde_json::json;
use sha1::Sha1;
use tonic::Code;

use crate::certificates::write;
use crate::spans::{NOW, one};
use crate::world::World;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NEWER: &str = "fedcba9876543210fedcba9876543210";
const TOKEN: &str = "a-token-of-another-sender";
const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

struct Drain {
    world: World,
    access: Access,
    http: String,
}

impl Drain {
    async fn new(tokens: Option<&str>) -> Self {
        let world = World::new().await;
        let file = write(world.folder.path().join("secrets"), &format!("shop {SECRET}\n"));
        let access = Access {
            tokens: Tokens::load(None, tokens.map(|text| ("TOKENS", text))).unwrap().map(Arc::new),
            signatures: Some(Arc::new(Signatures::load(file).unwrap())),
            ..Access::default()
        };
        let http =
            world.http_with(http::Settings { access: access.clone(), ..http::Settings::default() }).await;
        Self { world, access, http }
    }

    async fn post(&self, media_type: &str, headers: &[(&str, &str)], body: Vec<u8>) -> u16 {
        let mut request = crate::http_client().post(format!("{}/v1/traces", self.http));
        request = request.header("content-type", media_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).send().await.unwrap().status().as_u16()
    }

    async fn signed(&self, media_type: &str, secret: &str, body: Vec<u8>) -> u16 {
        let signature = sign(secret, &body);
        self.post(media_type, &[("x-vercel-signature", &signature)], body).await
    }
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As the reference of Trace Drains shows a span, `kind` in small letters, with what `@pointsman/nextjs` says of a request.
fn as_documented(padding: usize) -> Vec<u8> {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let span = json!({
        "traceId": "7bba9f33312b3dbb8b2c2c62bb7abe2d",
        "spanId": "086e83747d0e381e",
        "name": "GET /api/users",
        "kind": "server",
        "startTimeUnixNano": NOW.to_string(),
        "endTimeUnixNano": (NOW + 150_000_000).to_string(),
        "attributes": [
            text("http.request.method", "GET"),
            text("url.path", "/api/users"),
            text("http.route", "/api/users"),
            text("pointsman.route.kind", "app_route"),
            text("unknown", &"x".repeat(padding)),
            {"key": "http.response.status_code", "value": {"intValue": "200"}},
        ],
    });
    let request = json!({"resourceSpans": [{
        "resource": {"attributes": [
            text("service.name", "vercel-function"),
            text("vercel.projectId", "Qmc52npNy86S8VV4Mt8a8dP1LEkRNbgosW3pBCQytkcgf2"),
            text("vercel.deploymentId", "dpl_2YZzo1cJAjijSf1hwDFK5ayu2Pid"),
        ]},
        "scopeSpans": [{"scope": {"name": "@pointsman/nextjs"}, "spans": [span]}],
    }]});
    serde_json::to_vec(&request).unwrap()
}

#[tokio::test]
async fn a_signed_request_is_stored_in_either_format() {
    let drain = Drain::new(None).await;
    assert_eq!(drain.signed(JSON, SECRET, as_documented(0)).await, 200);
    let calls = drain.world.calls().await;
    assert_eq!(calls.len(), 1, "the word `server` is a kind");
    assert_eq!(calls[0].status, Some(200));
    assert_eq!(drain.signed(PROTOBUF, SECRET, one(1).encode_to_vec()).await, 200);
    assert_eq!(drain.signed(JSON, SECRET, as_documented(300 << 10)).await, 200, "hashed elsewhere");
    assert_eq!(drain.world.metric("sender_requests_total", "shop"), 3.0);
    assert_eq!(drain.world.calls().await.len(), 2);
}

#[tokio::test]
async fn what_is_signed_is_the_body_as_it_was_sent() {
    let drain = Drain::new(None).await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&as_documented(0)).unwrap();
    let body = encoder.finish().unwrap();
    let signature = sign(SECRET, &body);
    let headers = [("x-vercel-signature", signature.as_str()), ("content-encoding", "gzip")];
    assert_eq!(drain.post(JSON, &headers, body.clone()).await, 200);
    let signature = sign(SECRET, &as_documented(0));
    let headers = [("x-vercel-signature", signature.as_str()), ("content-encoding", "gzip")];
    assert_eq!(drain.post(JSON, &headers, body).await, 401);
}

#[tokio::test]
async fn a_body_that_was_changed_or_not_signed_is_not_stored() {
    let drain = Drain::new(None).await;
    let body = as_documented(0);
    let mut changed = body.clone();
    let last = changed.len() - 1;
    changed[last] = b' ';
    let signature = sign(SECRET, &body);
    for (what, headers, body) in [
        ("changed", vec![("x-vercel-signature", signature.as_str())], changed),
        ("another's secret", vec![("x-vercel-signature", &*sign(NEWER, &body))], body.clone()),
        (
            "not one digest",
            vec![("x-vercel-signature", "sha1"), ("x-vercel-signature", &signature)],
            body.clone(),
        ),
    ] {
        assert_eq!(drain.post(JSON, &headers, body).await, 401, "{what}");
    }
    assert_eq!(drain.world.metric("requests_unauthorized_total", "wrong_signature"), 3.0);
    assert_eq!(drain.post(JSON, &[], body.clone()).await, 401, "no signature");
    let token = format!("Bearer {TOKEN}");
    assert_eq!(drain.post(JSON, &[("authorization", &token)], body).await, 401, "no tokens are known");
    assert_eq!(drain.world.metric("requests_unauthorized_total", "missing"), 2.0);
    assert_eq!(drain.world.blocks().await, 0);
}

#[tokio::test]
async fn tokens_and_signatures_are_known_side_by_side() {
    let drain = Drain::new(Some(&format!("other {TOKEN}"))).await;
    let token = format!("Bearer {TOKEN}");
    assert_eq!(drain.post(JSON, &[("authorization", &token)], as_documented(0)).await, 200);
    assert_eq!(drain.signed(JSON, SECRET, as_documented(0)).await, 200);
    let wrong = [("authorization", token.as_str()), ("x-vercel-signature", &*"0".repeat(40))];
    assert_eq!(
        drain.post(JSON, &wrong, as_documented(0)).await,
        401,
        "a wrong proof is not made good by another"
    );
}

#[tokio::test]
async fn without_secrets_the_header_means_nothing() {
    let world = World::new().await;
    let drain = Drain { http: world.http().await, access: Access::default(), world };
    let headers = [("x-vercel-signature", "anything")];
    assert_eq!(drain.post(JSON, &headers, as_documented(0)).await, 200);
    assert!(!drain.access.knows_its_senders());
}

#[tokio::test]
async fn grpc_is_not_left_open_when_only_signatures_are_known() {
    let drain = Drain::new(None).await;
    assert!(drain.access.knows_its_senders());
    let settings = grpc::Settings { access: drain.access.clone(), ..grpc::Settings::default() };
    let mut client = TraceServiceClient::connect(drain.world.grpc_with(settings).await).await.unwrap();
    let refused = client.export(one(1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_secret_is_changed_while_a_drain_sends() {
    let drain = Drain::new(None).await;
    write(drain.world.folder.path().join("secrets"), &format!("shop {SECRET}\nshop {NEWER}\n"));
    assert_eq!(drain.signed(JSON, NEWER, as_documented(0)).await, 401, "not read yet");
    drain.access.reload().unwrap();
    for secret in [SECRET, NEWER] {
        assert_eq!(drain.signed(JSON, secret, as_documented(0)).await, 200);
    }
    write(drain.world.folder.path().join("secrets"), "shop short");
    assert!(drain.access.reload().unwrap_err()[0].to_string().contains("fewer than 16"));
    assert_eq!(drain.signed(JSON, NEWER, as_documented(0)).await, 200, "what was read before stays in force");
}
