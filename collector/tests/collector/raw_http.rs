//! OTLP over HTTP as bytes on a socket: what the specification asks of every answer, and what no client library
//! would send.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use pointsman_collector::admit::Reason;
use pointsman_collector::ingest::Settings;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::spans::{NOW, one};
use crate::world::{PATIENCE, World};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// An answer as it came.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The `google.rpc.Status` that every 4xx and 5xx has as its body, in the encoding of the answer.
    fn problem(&self) -> (i64, String) {
        if self.header("content-type") == Some(JSON) {
            let status: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
            (status["code"].as_i64().unwrap(), status["message"].as_str().unwrap().to_owned())
        } else {
            let status = tonic_types::pb::Status::decode(self.body.as_slice()).unwrap();
            (status.code.into(), status.message)
        }
    }
}

/// A connection to a fresh collector.
struct Wire {
    socket: TcpStream,
    read: Vec<u8>,
}

impl Wire {
    async fn to(url: &str) -> Self {
        let socket = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
        Self { socket, read: Vec::new() }
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next answer; those to HEAD have no body.
    async fn answer(&mut self, with_body: bool) -> Answer {
        let head_end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            self.more().await;
        };
        let head = String::from_utf8(self.read.drain(..head_end + 4).collect()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head, body: Vec::new() };
        let length: usize = answer.header("content-length").unwrap_or("0").parse().unwrap();
        if with_body {
            while self.read.len() < length {
                self.more().await;
            }
            answer.body = self.read.drain(..length).collect();
        }
        answer
    }

    async fn more(&mut self) {
        let mut bytes = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, self.socket.read(&mut bytes)).await.unwrap().unwrap();
        assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&self.read));
        self.read.extend_from_slice(&bytes[..read]);
    }
}

fn ask(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn post(media_type: &str, body: &[u8]) -> Vec<u8> {
    ask("POST", "/v1/traces", &format!("content-type: {media_type}\r\n"), body)
}

#[tokio::test]
async fn every_refusal_is_a_status_in_the_encoding_of_the_request() {
    let world = World::new().await;
    let mut wire = Wire::to(&world.http().await).await;
    for media_type in [PROTOBUF, JSON] {
        let typed = format!("content-type: {media_type}\r\n");
        let coded = format!("{typed}content-encoding: br\r\n");
        for (method, path, headers, body, status, code, says) in [
            ("POST", "/v1/traces", &typed, &b"\xff"[..], 400, 3, "not an OTLP trace request"),
            ("POST", "/nowhere", &typed, b"", 404, 12, "/v1/traces"),
            ("GET", "/v1/traces", &typed, b"", 405, 12, "POST"),
            ("PUT", "/v1/logs", &typed, b"", 405, 12, "POST"),
            ("OPTIONS", "/v1/traces", &typed, b"", 405, 12, "POST"),
            ("POST", "/v1/traces", &coded, b"", 415, 3, "gzip, zstd, deflate"),
        ] {
            wire.send(ask(method, path, headers, body)).await;
            let answer = wire.answer(true).await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (status, Some(media_type)),
                "{answer:?}"
            );
            let (found, message) = answer.problem();
            assert_eq!(found, code, "{message}");
            assert!(message.contains(says), "{message}");
            assert_eq!(answer.header("retry-after"), None, "{answer:?}");
            assert_eq!(answer.header("allow"), (status == 405).then_some("POST"), "{answer:?}");
        }
        let length = format!("content-length: {}\r\n", 21 << 20);
        wire.send(format!("POST /v1/traces HTTP/1.1\r\nhost: x\r\n{length}{typed}\r\n")).await;
        let answer = wire.answer(true).await;
        assert_eq!((answer.status, answer.problem().0), (413, 8), "{answer:?}");
        // What was announced is not read: the connection cannot go on.
        wire = Wire::to(&world.http().await).await;
    }
}

#[tokio::test]
async fn a_request_without_a_known_type_is_told_in_json() {
    let world = World::new().await;
    let mut wire = Wire::to(&world.http().await).await;
    for headers in
        ["", "content-type: text/plain\r\n", "content-type: \r\n", "content-type: application/json5\r\n"]
    {
        wire.send(ask("POST", "/v1/traces", headers, b"{}")).await;
        let answer = wire.answer(true).await;
        assert_eq!((answer.status, answer.header("content-type")), (415, Some(JSON)), "{answer:?}");
        let (code, message) = answer.problem();
        assert_eq!(code, 3);
        assert!(message.contains("application/x-protobuf or application/json"), "{message}");
    }
}

#[tokio::test]
async fn a_head_request_is_answered_without_a_body() {
    let world = World::new().await;
    let mut wire = Wire::to(&world.http().await).await;
    wire.send(ask("HEAD", "/v1/traces", "", b"")).await;
    assert_eq!(wire.answer(false).await.status, 405);
    wire.send(post(JSON, b"{}")).await;
    assert_eq!(wire.answer(true).await.status, 200);
}

#[tokio::test]
async fn profiles_are_accepted_and_counted_as_ignored() {
    let world = World::new().await;
    let mut wire = Wire::to(&world.http().await).await;
    wire.send(ask("POST", "/v1development/profiles", "content-type: application/json\r\n", b"{}")).await;
    let answer = wire.answer(true).await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"{}"[..]));
    assert_eq!(world.metric("ignored_requests_total", "profiles"), 1.0);
}

#[tokio::test]
async fn requests_may_follow_each_other_without_waiting() {
    let world = World::new().await;
    let mut wire = Wire::to(&world.http().await).await;
    let three = [1, 2, 3].map(|trace| post(PROTOBUF, &one(trace).encode_to_vec())).concat();
    wire.send(three).await;
    for _ in 0..3 {
        assert_eq!(wire.answer(true).await.status, 200);
    }
    assert_eq!(world.calls().await.len(), 3);
}

#[tokio::test]
async fn a_body_may_come_in_chunks() {
    let world = World::new().await;
    let mut wire = Wire::to(&world.http().await).await;
    let otlp = one(1).encode_to_vec();
    wire.send("POST /v1/traces HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n").await;
    wire.send(format!("content-type: {PROTOBUF}\r\n\r\n")).await;
    for chunk in otlp.chunks(50) {
        wire.send([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()).await;
    }
    wire.send("0\r\n\r\n").await;
    assert_eq!(wire.answer(true).await.status, 200);
    assert_eq!(world.calls().await.len(), 1);
}

#[tokio::test]
async fn a_sender_may_ask_before_it_sends_the_body() {
    let world = World::new().await;
    let mut wire = Wire::to(&world.http().await).await;
    let ask = post(JSON, b"{}");
    let (head, body) = ask.split_at(ask.len() - 2);
    let head =
        String::from_utf8(head.to_vec()).unwrap().replace("host: x", "host: x\r\nexpect: 100-continue");
    wire.send(head).await;
    assert_eq!(wire.answer(false).await.status, 100);
    wire.send(body).await;
    assert_eq!(wire.answer(true).await.status, 200);
}

#[tokio::test]
async fn old_senders_are_served_and_broken_ones_cost_only_themselves() {
    let world = World::new().await;
    let url = world.http().await;
    let old = "POST /v1/traces HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let hostless = old.replace("HTTP/1.0", "HTTP/1.1");
    for ask in [old, &hostless] {
        let mut wire = Wire::to(&url).await;
        wire.send(ask).await;
        assert_eq!(wire.answer(true).await.status, 200, "{ask}");
    }
    for broken in
        ["\x16\x03\x01 no HTTP\r\n\r\n", "POST /v1/traces\r\n\r\n", "POST /v1/traces HTTP/9.9\r\n\r\n"]
    {
        let mut wire = Wire::to(&url).await;
        wire.send(broken).await;
        assert_eq!(wire.answer(true).await.status, 400, "{broken}");
    }
    // One that goes away in the middle of its body.
    let mut wire = Wire::to(&url).await;
    wire.send(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    )
    .await;
    drop(wire);
    let mut wire = Wire::to(&url).await;
    wire.send(post(JSON, b"{}")).await;
    assert_eq!(wire.answer(true).await.status, 200);
}

/// What was announced reserves nothing: senders with a body are served beside any number of connections without one.
#[tokio::test]
async fn an_announced_body_reserves_nothing() {
    let world = World::new().await;
    let url = world.http().await;
    let announce = |bytes: usize| {
        format!(
            "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\ncontent-length: {bytes}\r\n\r\n"
        )
    };
    let mut silent = Vec::new();
    for bytes in [16 << 20, 20 << 20, 1 << 20, 43_000] {
        let mut wire = Wire::to(&url).await;
        wire.send(announce(bytes)).await;
        silent.push(wire);
    }
    while world.metric("connections", "http") < 4.0 || world.metric("queue_bytes", "") < 4_096.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(world.metric("queue_bytes", ""), 4_096.0, "the least of each");
    let mut wire = Wire::to(&url).await;
    for trace in 1..=20 {
        wire.send(post(PROTOBUF, &one(trace).encode_to_vec())).await;
        assert_eq!(wire.answer(true).await.status, 200);
    }
}

/// Bodies that stop half way hold what has come of them, until somebody needs it.
#[tokio::test]
async fn bodies_that_stop_half_way_make_room() {
    let world = World::with(|settings| settings.queue_bytes = 1 << 20).await;
    let url = world.http().await;
    let mut stalled = Vec::new();
    for _ in 0..25 {
        let mut wire = Wire::to(&url).await;
        wire.send(format!(
            "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\ncontent-length: 43000\r\n\r\n"
        ))
        .await;
        wire.send(vec![0; 42_000]).await;
        stalled.push(wire);
    }
    while world.metric("queue_bytes", "") < 1_000_000.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let mut wire = Wire::to(&url).await;
    let body = [one(1).encode_to_vec(), [0x12, 0].repeat(28_000)].concat();
    wire.send(post(PROTOBUF, &body)).await;
    assert_eq!(wire.answer(true).await.status, 200);
    assert!(world.metric("bodies_given_up_total", "") >= 1.0);
    let mut told = 0;
    for wire in &mut stalled {
        if let Ok(answer) = tokio::time::timeout(Duration::from_millis(20), wire.answer(true)).await {
            assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")), "{answer:?}");
            told += 1;
        }
    }
    assert!(told >= 1, "who was given up is told to come again");
}

/// Bombs are told that they are too large, however many come at once: whoever is told to come again comes for ever.
#[tokio::test]
async fn bombs_are_too_large_also_beside_each_other() {
    let world = World::new().await;
    let url = world.http().await;
    let bomb = zstd::encode_all(&vec![b' '; 64 << 20][..], 1).unwrap();
    let headers = format!("content-type: {JSON}\r\ncontent-encoding: zstd\r\n");
    let mut wires = Vec::new();
    for _ in 0..36 {
        let mut wire = Wire::to(&url).await;
        wire.send(ask("POST", "/v1/traces", &headers, &bomb)).await;
        wires.push(wire);
    }
    for mut wire in wires {
        let answer = wire.answer(true).await;
        assert_eq!((answer.status, answer.problem().0), (413, 8), "{answer:?}");
    }
    assert_eq!(world.metric("requests_total", "too_large"), 36.0);
    assert_eq!(world.metric("queue_bytes", ""), 0.0);
}

/// The Call's span, with one more thing in it.
fn json_span(more: &str) -> String {
    format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"0AF7651916CD43DD8448eb211c80319c",
        "spanId":"B7ad6b7169203331","name":"GET /","kind":2,"startTimeUnixNano":"{NOW}",
        "endTimeUnixNano":"{}"{more}}}]}}]}}]}}"#,
        NOW + 1_000_000
    )
}

/// Attributes of any name reach the disk.
fn keeping_all(settings: &mut Settings) {
    settings.limits.keep_attributes = vec!["*".to_owned()];
}

/// A JSON request that is answered with plain success, and what of it is on disk.
async fn stored(more: &str) -> ExportTraceServiceRequest {
    let world = World::with(keeping_all).await;
    let mut wire = Wire::to(&world.http().await).await;
    wire.send(post(JSON, json_span(more).as_bytes())).await;
    let answer = wire.answer(true).await;
    assert_eq!((answer.status, std::str::from_utf8(&answer.body).unwrap()), (200, "{}"), "{more}");
    let blocks = world.store.blocks_after(pointsman_store::BlockId(0), 10, usize::MAX).await.unwrap();
    ExportTraceServiceRequest::decode(blocks[0].1.as_slice()).unwrap()
}

#[tokio::test]
async fn json_of_any_spelling_is_stored() {
    for more in [
        r#","unknown":{"deep":[1,{}]},"trace_state":"x=1","parent_span_id":"0102030405060708""#,
        r#","attributes":null,"events":null,"links":null,"status":null,"traceState":null,"parentSpanId":"""#,
        r#","attributes":[],"events":[],"links":[],"status":{},"flags":257,"droppedAttributesCount":"3""#,
    ] {
        let request = stored(more).await;
        let span = &request.resource_spans[0].scope_spans[0].spans[0];
        assert_eq!(
            (span.trace_id[..2].to_vec(), span.span_id[..2].to_vec()),
            (vec![0x0a, 0xf7], vec![0xb7, 0xad])
        );
        assert_eq!((span.kind, span.start_time_unix_nano), (2, NOW));
        // snake_case keys are unknown ones.
        assert_eq!((span.trace_state.as_str(), span.parent_span_id.len()), ("", 0));
    }
}

/// Numbers that the SDK of JavaScript writes: JSON has no infinity, and its integers are doubles.
#[tokio::test]
async fn numbers_that_are_none_leave_an_attribute_without_value() {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    let request = stored(
        r#","attributes":[{"key":"huge","value":{"intValue":1.7976931348623157e+308}},
        {"key":"beyond","value":{"intValue":9223372036854775808}},{"key":"nan","value":{"doubleValue":null}},
        {"key":"words","value":{"doubleValue":"NaN"}},{"key":"minus","value":{"doubleValue":"-Infinity"}},
        {"key":"list","value":{"arrayValue":{}}},{"key":"map","value":{"kvlistValue":{}}},
        {"key":"least","value":{"intValue":"-9223372036854775808"}},{"key":"none","value":{}}]"#,
    )
    .await;
    let attributes = &request.resource_spans[0].scope_spans[0].spans[0].attributes;
    let value = |key: &str| {
        let attribute = attributes.iter().find(|attribute| attribute.key == key).unwrap();
        attribute.value.clone().and_then(|value| value.value)
    };
    for key in ["huge", "beyond", "nan", "none"] {
        assert_eq!(value(key), None, "{key}");
    }
    assert!(matches!(value("words"), Some(Value::DoubleValue(number)) if number.is_nan()));
    assert_eq!(value("minus"), Some(Value::DoubleValue(f64::NEG_INFINITY)));
    assert_eq!(value("least"), Some(Value::IntValue(i64::MIN)));
    assert!(matches!(value("list"), Some(Value::ArrayValue(list)) if list.values.is_empty()));
    assert!(attributes.iter().all(|attribute| attribute.key != "map"), "maps never stay");
}

#[tokio::test]
async fn json_nested_without_end_is_refused_and_told() {
    let world = World::with(keeping_all).await;
    let mut wire = Wire::to(&world.http().await).await;
    let deep = |levels: usize| {
        let open = r#"{"arrayValue":{"values":["#.repeat(levels);
        let value = format!("{open}{}", "]}}".repeat(levels));
        json_span(&format!(r#","attributes":[{{"key":"deep","value":{value}}}]"#))
    };
    for body in [deep(100_000), "[".repeat(10 << 20), format!("{{\"x\":{}", "[".repeat(10 << 20))] {
        wire.send(post(JSON, body.as_bytes())).await;
        let answer = wire.answer(true).await;
        assert_eq!((answer.status, answer.problem().0), (400, 3), "{answer:?}");
    }
    wire.send(post(JSON, deep(12).as_bytes())).await;
    let said = String::from_utf8(wire.answer(true).await.body).unwrap();
    assert!(said.contains("parts of spans cut: value_too_long 1"), "{said}");
    assert_eq!(world.metric("span_parts_cut_total", Reason::Values.as_str()), 1.0);
    assert_eq!(world.blocks().await, 1);
}
