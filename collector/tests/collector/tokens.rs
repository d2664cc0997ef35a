//! Senders that are known by their tokens, over both protocols: who is let in, what the others are told, and that a
//! token can be changed while senders send.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use pointsman_collector::receive::access::{Access, Tokens};
use pointsman_collector::receive::{grpc, http};
use prost::Message;
use reqwest::Response;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::certificates::{answer, write};
use crate::spans::one;
use crate::world::{PATIENCE, World};

const OLD: &str = "an-old-token-0123456789";
const NEW: &str = "a-new-token-9876543210";

struct Guarded {
    world: World,
    access: Access,
    http: String,
    grpc: String,
}

impl Guarded {
    /// Both receivers, with the tokens of this text.
    async fn new(text: &str) -> Self {
        let world = World::new().await;
        let file = write(world.folder.path().join("tokens"), text);
        let tokens = Tokens::load(Some(file), None).unwrap().map(Arc::new);
        let access = Access { tokens, ..Access::default() };
        let http =
            world.http_with(http::Settings { access: access.clone(), ..http::Settings::default() }).await;
        let grpc =
            world.grpc_with(grpc::Settings { access: access.clone(), ..grpc::Settings::default() }).await;
        Self { world, access, http, grpc }
    }

    fn change(&self, text: &str) {
        write(self.world.folder.path().join("tokens"), text);
    }

    async fn post(&self, signal: &str, media_type: &str, token: Option<&str>) -> Response {
        let client = crate::http_client();
        let mut request =
            client.post(format!("{}/v1/{signal}", self.http)).header("content-type", media_type);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    }

    async fn posted(&self, token: Option<&str>) -> u16 {
        self.post("traces", "application/x-protobuf", token).await.status().as_u16()
    }

    async fn exported(&self, token: Option<&str>) -> Code {
        let mut client = TraceServiceClient::connect(self.grpc.clone()).await.unwrap();
        client.export(with(token, one(1))).await.map_or_else(|status| status.code(), |_| Code::Ok)
    }
}

fn with<T>(token: Option<&str>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    request
}

#[tokio::test]
async fn only_a_known_token_gets_in() {
    let guarded = Guarded::new(&format!("shop {OLD}\n")).await;
    for (token, status, code) in [
        (Some(OLD), 200, Code::Ok),
        (Some(NEW), 401, Code::Unauthenticated),
        (Some("x"), 401, Code::Unauthenticated),
        (None, 401, Code::Unauthenticated),
    ] {
        assert_eq!((guarded.posted(token).await, guarded.exported(token).await), (status, code), "{token:?}");
    }
    let world = &guarded.world;
    assert_eq!(world.metric("requests_unauthorized_total", "wrong"), 4.0);
    assert_eq!(world.metric("requests_unauthorized_total", "missing"), 2.0);
    assert_eq!(world.metric("sender_requests_total", "shop"), 2.0);
    assert_eq!(world.calls().await.len(), 1);
}

#[tokio::test]
async fn a_refusal_is_a_status_in_the_encoding_of_the_request() {
    let guarded = Guarded::new(&format!("shop {OLD}")).await;
    let refusal = guarded.post("traces", "application/x-protobuf", None).await;
    assert_eq!(refusal.headers()["www-authenticate"], "Bearer");
    assert_eq!(refusal.headers()["content-type"], "application/x-protobuf");
    let status = tonic_types::pb::Status::decode(refusal.bytes().await.unwrap()).unwrap();
    assert_eq!(status.code, 16);
    assert_eq!(status.message, "a token is needed here; send it as `authorization: Bearer TOKEN`");
    let refusal = guarded.post("traces", "application/json", Some(NEW)).await.text().await.unwrap();
    let status: serde_json::Value = serde_json::from_str(&refusal).unwrap();
    assert_eq!(status["code"], 16);
    assert!(!refusal.contains(NEW), "{refusal}");
}

#[tokio::test]
async fn metrics_and_logs_need_a_token_and_health_does_not() {
    let guarded = Guarded::new(&format!("shop {OLD}")).await;
    for signal in ["metrics", "logs"] {
        for (token, status) in [(None, 401), (Some(OLD), 200)] {
            assert_eq!(guarded.post(signal, "application/json", token).await.status(), status, "{signal}");
        }
    }
    let mut logs = LogsServiceClient::connect(guarded.grpc.clone()).await.unwrap();
    let mut metrics = MetricsServiceClient::connect(guarded.grpc.clone()).await.unwrap();
    let refused = logs.export(ExportLogsServiceRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    let refused = metrics.export(ExportMetricsServiceRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    logs.export(with(Some(OLD), ExportLogsServiceRequest::default())).await.unwrap();
    metrics.export(with(Some(OLD), ExportMetricsServiceRequest::default())).await.unwrap();

    let channel = Channel::from_shared(guarded.grpc.clone()).unwrap().connect().await.unwrap();
    let mut health = HealthClient::new(channel);
    let service = "opentelemetry.proto.collector.trace.v1.TraceService".to_owned();
    let serving = health.check(HealthCheckRequest { service }).await.unwrap().into_inner();
    assert_eq!(serving.status, 1);
}

#[tokio::test]
async fn a_token_is_changed_while_senders_send() {
    let guarded = Guarded::new(&format!("shop {OLD}")).await;
    guarded.change(&format!("shop {OLD}\nshop {NEW}"));
    assert_eq!(guarded.posted(Some(NEW)).await, 401, "not read yet");
    guarded.access.reload().unwrap();
    for token in [OLD, NEW] {
        assert_eq!((guarded.posted(Some(token)).await, guarded.exported(Some(token)).await), (200, Code::Ok));
    }
    guarded.change("shop short");
    let errors = guarded.access.reload().unwrap_err();
    assert!(errors[0].to_string().contains("line 1: the token has fewer than 16"), "{errors:?}");
    assert_eq!(guarded.posted(Some(NEW)).await, 200, "what was read before stays in force");
    guarded.change(&format!("shop {NEW}"));
    guarded.access.reload().unwrap();
    assert_eq!(
        (guarded.posted(Some(OLD)).await, guarded.exported(Some(OLD)).await),
        (401, Code::Unauthenticated)
    );
    assert_eq!((guarded.posted(Some(NEW)).await, guarded.exported(Some(NEW)).await), (200, Code::Ok));
}

#[tokio::test]
async fn the_body_of_an_unknown_sender_is_not_waited_for() {
    let guarded = Guarded::new(&format!("shop {OLD}")).await;
    let address = guarded.http.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                content-length: 1000000\r\nexpect: 100-continue\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let answer = answer(&mut socket).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");

    // Over HTTP/2, with a body that never comes.
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let body = StreamBody::new(tokio_stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let request = ::http::Request::post(format!("{}/v1/traces", guarded.http));
    let request = request.header("content-type", "application/json").body(body).unwrap();
    let answer = tokio::time::timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(guarded.world.metric("requests_total", ""), 0.0);
}
