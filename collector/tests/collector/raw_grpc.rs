//! OTLP over gRPC from senders that no library would be: frames, encodings and lengths that are wrong.

use std::io::Write;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use pointsman_collector::receive::grpc::Settings;
use prost::Message;
use tonic::Code;
use tonic::transport::Channel;
use tower::{Service, ServiceExt};

use crate::spans::{one, request, route_call};
use crate::world::World;

const TRACES: &str = "opentelemetry.proto.collector.trace.v1.TraceService";

/// What a sender is told.
#[derive(Debug)]
struct Answer {
    code: Code,
    /// Shown when an assertion fails.
    #[expect(dead_code, reason = "printed")]
    message: String,
    details: Option<tonic_types::pb::Status>,
    headers: http::HeaderMap,
    body: Bytes,
}

impl Answer {
    fn has_detail(&self, name: &str) -> bool {
        let mut details = self.details.iter().flat_map(|status| &status.details);
        details.any(|detail| detail.type_url.ends_with(name))
    }
}

struct Sender {
    channel: Channel,
    url: String,
}

impl Sender {
    async fn of(world: &World, settings: Settings) -> Self {
        let url = world.grpc_with(settings).await;
        let channel = Channel::from_shared(url.clone()).unwrap().connect().await.unwrap();
        Self { channel, url }
    }

    /// Sends a body as it is to the trace service.
    async fn send(&mut self, coding: Option<&str>, body: Vec<u8>) -> Answer {
        self.call(&format!("{TRACES}/Export"), coding, full(body)).await
    }

    async fn call(&mut self, path: &str, coding: Option<&str>, body: tonic::body::Body) -> Answer {
        let mut request = http::Request::post(format!("{}/{path}", self.url))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if let Some(coding) = coding {
            request = request.header("grpc-encoding", coding);
        }
        let response = self.channel.ready().await.unwrap().call(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let collected = body.collect().await.unwrap();
        let status = collected.trailers().unwrap_or(&parts.headers);
        let status = tonic::Status::from_header_map(status).unwrap();
        let details = (!status.details().is_empty())
            .then(|| tonic_types::pb::Status::decode(status.details()).unwrap());
        let (code, message) = (status.code(), status.message().to_owned());
        Answer { code, message, details, headers: parts.headers, body: collected.to_bytes() }
    }
}

fn full(body: Vec<u8>) -> tonic::body::Body {
    tonic::body::Body::new(Full::new(Bytes::from(body)).map_err(|never| match never {}))
}

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], &length[..], message].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zstd frame of one byte that asks for a window of 128 MiB.
fn wide_window() -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(&[7; 1_000]).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_bomb_is_too_large_and_must_not_be_sent_again() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    // A gigabyte in both, written in pieces: the test must not need the memory either.
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut zst = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..1_024 {
        gz.write_all(&[0; 1 << 20]).unwrap();
        zst.write_all(&[0; 1 << 20]).unwrap();
    }
    for (coding, bomb) in [("gzip", gz.finish().unwrap()), ("zstd", zst.finish().unwrap())] {
        assert!(bomb.len() < 4 << 20);
        let answer = sender.send(Some(coding), framed(1, &bomb)).await;
        assert_eq!(answer.code, Code::ResourceExhausted, "{answer:?}");
        assert!(!answer.has_detail("RetryInfo"), "{answer:?}");
    }
    assert_eq!(world.metric("requests_total", "too_large"), 2.0);
    assert_eq!(sender.send(None, framed(0, &one(1).encode_to_vec())).await.code, Code::Ok);
}

#[tokio::test]
async fn a_length_is_not_believed() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    let whole = one(1).encode_to_vec();
    let announced = |length: u32| [&[0], &length.to_be_bytes()[..], &whole].concat();
    for (body, code) in [
        (announced(u32::MAX), Code::ResourceExhausted),
        (announced(whole.len() as u32 + 1), Code::InvalidArgument),
        (announced(whole.len() as u32 - 1), Code::InvalidArgument),
        (framed(0, &whole)[..3].to_vec(), Code::InvalidArgument),
        (Vec::new(), Code::InvalidArgument),
        ([framed(0, &whole), framed(0, &whole)].concat(), Code::InvalidArgument),
        (framed(7, &whole), Code::InvalidArgument),
    ] {
        let answer = sender.send(None, body).await;
        assert_eq!(answer.code, code, "{answer:?}");
        assert!(!answer.has_detail("RetryInfo"), "{answer:?}");
    }
    assert_eq!(world.blocks().await, 0);
    assert_eq!(world.metric("queue_bytes", ""), 0.0);
}

#[tokio::test]
async fn every_member_of_a_gzip_stream_is_read() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    let members = [gzip(&one(1).encode_to_vec()), gzip(&one(2).encode_to_vec())].concat();
    assert_eq!(sender.send(Some("gzip"), framed(1, &members)).await.code, Code::Ok);
    assert_eq!(world.calls().await.len(), 2);
}

#[tokio::test]
async fn an_unknown_encoding_is_unimplemented_and_told_what_is_known() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    let answer = sender.send(Some("br"), framed(1, b"x")).await;
    assert_eq!(answer.code, Code::Unimplemented, "{answer:?}");
    assert_eq!(answer.headers["grpc-accept-encoding"], "gzip,zstd,deflate,identity");
    assert_eq!(world.metric("requests_total", "unsupported"), 1.0);
}

#[tokio::test]
async fn what_cannot_be_inflated_or_decoded_is_an_invalid_argument() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    let truncated = gzip(&one(1).encode_to_vec());
    for (coding, flag, message) in [
        (None, 0, &b"this is no protobuf"[..]),
        (Some("gzip"), 1, b"this is no gzip"),
        (Some("gzip"), 1, &truncated[..20]),
        (Some("zstd"), 1, b"this is no zstd"),
        (Some("zstd"), 1, &wide_window()),
        (None, 1, &truncated),
    ] {
        let answer = sender.send(coding, framed(flag, message)).await;
        assert_eq!(answer.code, Code::InvalidArgument, "{answer:?}");
        assert!(answer.has_detail("BadRequest") && !answer.has_detail("RetryInfo"), "{answer:?}");
    }
    assert_eq!(world.metric("requests_total", "bad_data"), 6.0);
}

#[tokio::test]
async fn a_compressed_request_may_hold_a_plain_message() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    let answer = sender.send(Some("gzip"), framed(0, &one(1).encode_to_vec())).await;
    assert_eq!(answer.code, Code::Ok, "{answer:?}");
    let answer = sender.send(Some("identity"), framed(0, &one(2).encode_to_vec())).await;
    assert_eq!(answer.code, Code::Ok, "{answer:?}");
    assert_eq!(world.calls().await.len(), 2);
}

#[tokio::test]
async fn success_says_nothing_at_all() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    for message in [one(1).encode_to_vec(), Vec::new()] {
        let answer = sender.send(None, framed(0, &message)).await;
        assert_eq!((answer.code, &answer.body[..]), (Code::Ok, &[0; 5][..]));
        assert_eq!(answer.headers["content-type"], "application/grpc");
    }
    let mut bad = route_call(1, 1);
    bad.trace_id.clear();
    let answer = sender.send(None, framed(0, &request(vec![bad]).encode_to_vec())).await;
    let partial = ExportTraceServiceResponse::decode(&answer.body[5..]).unwrap().partial_success.unwrap();
    assert_eq!((answer.code, partial.rejected_spans), (Code::Ok, 1));
}

#[tokio::test]
async fn unknown_services_and_methods_are_unimplemented() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    for path in [
        format!("{TRACES}/Import"),
        format!("{TRACES}/"),
        "opentelemetry.proto.collector.trace.v2.TraceService/Export".to_owned(),
        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo".to_owned(),
    ] {
        let answer = sender.call(&path, None, full(framed(0, b""))).await;
        assert_eq!(answer.code, Code::Unimplemented, "{path}: {answer:?}");
    }
}

/// Two bytes on the wire become hundreds in memory when they are decoded: they are not.
#[tokio::test]
async fn other_signals_are_bounded_and_never_decoded() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings { max_message_bytes: 1 << 20, ..Settings::default() }).await;
    for (signal, service) in [
        ("metrics", "opentelemetry.proto.collector.metrics.v1.MetricsService"),
        ("logs", "opentelemetry.proto.collector.logs.v1.LogsService"),
        ("profiles", "opentelemetry.proto.collector.profiles.v1development.ProfilesService"),
    ] {
        let path = format!("{service}/Export");
        let empty_ones = [0x0a, 0x00].repeat(1 << 18);
        let answer = sender.call(&path, None, full(framed(0, &empty_ones))).await;
        assert_eq!((answer.code, &answer.body[..]), (Code::Ok, &[0; 5][..]), "{answer:?}");
        assert_eq!(world.metric("ignored_requests_total", signal), 1.0);
        for (coding, message) in [(None, vec![0; (1 << 20) + 1]), (Some("gzip"), gzip(&vec![0; 2 << 20]))] {
            let flag = u8::from(coding.is_some());
            let answer = sender.call(&path, coding, full(framed(flag, &message))).await;
            assert_eq!(answer.code, Code::ResourceExhausted, "{answer:?}");
            assert!(!answer.has_detail("RetryInfo"), "{answer:?}");
        }
        assert_eq!(world.metric("ignored_requests_total", signal), 1.0);
    }
}

#[tokio::test]
async fn a_message_that_never_ends_is_given_up() {
    let world = World::new().await;
    let settings = Settings { read_timeout: Duration::from_millis(100), ..Settings::default() };
    let mut sender = Sender::of(&world, settings).await;
    // The first part of a message, and then silence on an open stream.
    let (parts, body) = tokio::sync::mpsc::channel::<Bytes>(1);
    parts.send(Bytes::from_static(b"\0\0\0\x01\0half")).await.unwrap();
    let body = tonic::body::Body::new(Stalled(body));
    let answer = sender.call(&format!("{TRACES}/Export"), None, body).await;
    assert_eq!(answer.code, Code::DeadlineExceeded, "{answer:?}");
    assert_eq!(world.metric("queue_bytes", ""), 0.0);
    drop(parts);
}

/// A body of what a channel gives, for as long as it is open.
struct Stalled(tokio::sync::mpsc::Receiver<Bytes>);

impl http_body::Body for Stalled {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|part| part.map(|part| Ok(http_body::Frame::data(part))))
    }
}

#[tokio::test]
async fn a_million_attributes_are_cut_and_counted() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    let mut many = route_call(1, 1);
    let own = many.attributes.len();
    many.attributes.extend(std::iter::repeat_n(KeyValue::default(), 1_000_000));
    let message = request(vec![many]).encode_to_vec();
    assert!(message.len() < 4 << 20, "{}", message.len());
    let answer = sender.send(None, framed(0, &message)).await;
    let partial = ExportTraceServiceResponse::decode(&answer.body[5..]).unwrap().partial_success.unwrap();
    assert_eq!((answer.code, partial.rejected_spans), (Code::Ok, 0));
    assert!(partial.error_message.starts_with("parts of spans cut: too_many_attributes 99"), "{partial:?}");
    assert_eq!(world.metric("span_parts_cut_total", "too_many_attributes"), (1_000_000 + own - 256) as f64);
    assert_eq!(world.calls().await.len(), 1);
}

#[tokio::test]
async fn two_million_empty_spans_are_refused_one_by_one() {
    let world = World::new().await;
    let mut sender = Sender::of(&world, Settings::default()).await;
    // ScopeSpans.spans, two bytes each, within ResourceSpans within the request.
    let spans = [0x12, 0x00].repeat(2_000_000);
    let message = [0x12, 0x0a].into_iter().fold(spans, |within, tag| {
        let mut outer = BytesMut::new();
        prost::encoding::encode_varint(tag, &mut outer);
        prost::encoding::encode_varint(within.len() as u64, &mut outer);
        outer.extend_from_slice(&within);
        outer.to_vec()
    });
    let answer = sender.send(None, framed(0, &message)).await;
    let partial = ExportTraceServiceResponse::decode(&answer.body[5..]).unwrap().partial_success.unwrap();
    assert_eq!((answer.code, partial.rejected_spans), (Code::Ok, 2_000_000));
    assert_eq!(partial.error_message, "spans refused: bad_trace_id 2000000");
    assert_eq!(world.blocks().await, 0);
}
