//! OTLP over gRPC as the specification describes it, with tonic's own client.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use pointsman_collector::receive::grpc::Settings;
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic_types::StatusExt;

use crate::spans::{one, request, route_call, text};
use crate::world::World;

async fn client(world: &World) -> TraceServiceClient<Channel> {
    client_of(world, Settings::default()).await
}

async fn client_of(world: &World, settings: Settings) -> TraceServiceClient<Channel> {
    TraceServiceClient::connect(world.grpc_with(settings).await).await.unwrap()
}

#[tokio::test]
async fn spans_are_stored_plain_and_compressed() {
    let world = World::new().await;
    let mut plain = client(&world).await;
    let answer = plain.export(one(1)).await.unwrap().into_inner();
    assert_eq!(answer.partial_success, None);
    for (trace, coding) in [(2, CompressionEncoding::Gzip), (3, CompressionEncoding::Zstd)] {
        plain.clone().send_compressed(coding).export(one(trace)).await.unwrap();
    }
    let empty = plain.export(ExportTraceServiceRequest::default()).await.unwrap().into_inner();
    assert_eq!(empty.partial_success, None);
    assert_eq!(world.calls().await.len(), 3);
}

#[tokio::test]
async fn refused_spans_are_a_partial_success() {
    let world = World::new().await;
    let mut bad = route_call(1, 2);
    bad.span_id.clear();
    let answer = client(&world).await.export(request(vec![route_call(1, 1), bad])).await.unwrap();
    let partial = answer.into_inner().partial_success.unwrap();
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (1, "spans refused: bad_span_id 1"));
}

#[tokio::test]
async fn what_is_too_large_must_not_be_sent_again() {
    let world = World::new().await;
    let mut client = client_of(&world, Settings { max_message_bytes: 10_000, ..Settings::default() }).await;
    let mut span = route_call(1, 1);
    span.attributes = (0..200).map(|n| text(&format!("attribute.{n}"), &"x".repeat(100))).collect();
    for mut client in [client.clone(), client.clone().send_compressed(CompressionEncoding::Gzip)] {
        let status = client.export(request(vec![span.clone()])).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        assert!(status.get_details_retry_info().is_none());
    }
    client.export(one(1)).await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_no_protobuf_is_bad_data() {
    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};
    use tower::{Service, ServiceExt};
    let world = World::new().await;
    let url = world.grpc_with(Settings::default()).await;
    let mut channel = Channel::from_shared(url.clone()).unwrap().connect().await.unwrap();
    let message = Bytes::from_static(b"\0\0\0\0\x05hello");
    let body = tonic::body::Body::new(Full::new(message).map_err(|never| match never {}));
    let path = format!("{url}/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    let request =
        http::Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
    let response = channel.ready().await.unwrap().call(request.body(body).unwrap()).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "3");
}

#[tokio::test]
async fn a_full_queue_is_unavailable_with_retry_info() {
    let world = World::with(|settings| settings.queue_bytes = 1).await;
    let mut client = client(&world).await;
    let lock = world.lock().await;
    let first = tokio::spawn({
        let mut client = client.clone();
        async move { client.export(one(1)).await }
    });
    while world.metric("queue_bytes", "") == 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let status = client.export(one(2)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let retry = status.get_details_retry_info().unwrap();
    assert_eq!(retry.retry_delay, Some(Duration::from_secs(1)));
    drop(lock);
    assert!(first.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_message_without_room_is_refused_while_it_arrives() {
    let world = World::with(|settings| settings.queue_bytes = 40_000).await;
    let mut client = client(&world).await;
    let lock = world.lock().await;
    let large = |trace| {
        let mut span = route_call(trace, 1);
        span.attributes = (0..55).map(|n| text(&format!("attribute.{n}"), &"x".repeat(100))).collect();
        request(vec![span])
    };
    let waiting: Vec<_> = (1..=5)
        .map(|trace| {
            let (mut client, request) = (client.clone(), large(trace));
            tokio::spawn(async move { client.export(request).await })
        })
        .collect();
    while world.metric("spans_received_total", "") < 5.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let status = client.export(large(6)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert!(status.get_details_retry_info().is_some());
    assert_eq!(world.metric("requests_total", "busy"), 1.0);
    assert_eq!(world.metric("spans_received_total", ""), 5.0, "it was not decoded");
    drop(lock);
    for one in waiting {
        assert!(one.await.unwrap().is_ok());
    }
    assert_eq!(world.metric("queue_bytes", ""), 0.0);
}

#[tokio::test]
async fn metrics_and_logs_are_accepted_and_ignored() {
    let world = World::new().await;
    let url = world.grpc_with(Settings::default()).await;
    let mut metrics = MetricsServiceClient::connect(url.clone()).await.unwrap();
    metrics.export(ExportMetricsServiceRequest::default()).await.unwrap();
    let mut logs = LogsServiceClient::connect(url).await.unwrap();
    logs.export(ExportLogsServiceRequest::default()).await.unwrap();
    assert_eq!(world.metric("ignored_requests_total", "metrics"), 1.0);
    assert_eq!(world.metric("ignored_requests_total", "logs"), 1.0);
}

#[tokio::test]
async fn the_health_service_answers() {
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
    let world = World::new().await;
    let url = world.grpc_with(Settings::default()).await;
    let mut health = HealthClient::new(Channel::from_shared(url).unwrap().connect().await.unwrap());
    let ask = HealthCheckRequest { service: "opentelemetry.proto.collector.trace.v1.TraceService".into() };
    assert_eq!(health.check(ask).await.unwrap().into_inner().status(), ServingStatus::Serving);
}
