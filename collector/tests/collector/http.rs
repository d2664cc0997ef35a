//! OTLP over HTTP as the specification describes it, row by row, with a real client.

use std::io::Write;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use pointsman_collector::receive::http::Settings;
use pointsman_store::ArrivalKind;
use prost::Message;
use reqwest::{Method, StatusCode};
use tonic_types::Status;

use crate::spans::{NOW, one, request, route_call};
use crate::world::{PATIENCE, World, recorded};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

struct Answer {
    status: u16,
    media_type: String,
    retry_after: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The `google.rpc.Status` in the body, in either encoding.
    fn problem(&self) -> (i64, String) {
        if self.media_type == JSON {
            let status: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
            (status["code"].as_i64().unwrap(), status["message"].as_str().unwrap().to_owned())
        } else {
            let status = tonic_types::pb::Status::decode(self.body.as_slice()).unwrap();
            (status.code.into(), status.message)
        }
    }
}

async fn post(url: &str, media_type: &str, coding: Option<&str>, body: Vec<u8>) -> Answer {
    send(Method::POST, &format!("{url}/v1/traces"), Some(media_type), coding, body).await
}

async fn send(
    method: Method,
    url: &str,
    media_type: Option<&str>,
    coding: Option<&str>,
    body: Vec<u8>,
) -> Answer {
    let mut request = crate::http_client().request(method, url).timeout(PATIENCE).body(body);
    if let Some(media_type) = media_type {
        request = request.header("content-type", media_type);
    }
    if let Some(coding) = coding {
        request = request.header("content-encoding", coding);
    }
    let response = request.send().await.unwrap();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    Answer {
        status: response.status().as_u16(),
        media_type: header("content-type").unwrap_or_default(),
        retry_after: header("retry-after"),
        body: response.bytes().await.unwrap().to_vec(),
    }
}

fn json_of(name: &str) -> Vec<u8> {
    let recorded = recorded(name);
    recorded.split(|byte| *byte == b'\n').next().unwrap().to_vec()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn both_encodings_are_stored_and_answered_in_kind() {
    let world = World::new().await;
    let url = world.http().await;
    let protobuf = post(&url, PROTOBUF, None, one(1).encode_to_vec()).await;
    assert_eq!((protobuf.status, protobuf.media_type.as_str()), (200, PROTOBUF));
    assert_eq!(
        ExportTraceServiceResponse::decode(protobuf.body.as_slice()).unwrap(),
        ExportTraceServiceResponse { partial_success: None }
    );
    let json = post(&url, JSON, None, json_of("next-16.4")).await;
    assert_eq!((json.status, json.media_type.as_str(), json.text()), (200, JSON, "{}"));
    assert_eq!(world.blocks().await, 2);
}

#[tokio::test]
async fn parameters_of_the_media_type_change_nothing() {
    let world = World::new().await;
    let url = world.http().await;
    for media_type in
        ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/json ;x"]
    {
        assert_eq!(post(&url, media_type, None, b"{}".to_vec()).await.status, 200, "{media_type}");
    }
    assert_eq!(post(&url, "application/x-protobuf; v=1", None, Vec::new()).await.status, 200);
}

#[tokio::test]
async fn an_empty_request_is_a_success_and_stores_nothing() {
    let world = World::new().await;
    let url = world.http().await;
    assert_eq!(post(&url, JSON, None, b"{}".to_vec()).await.text(), "{}");
    assert_eq!(post(&url, PROTOBUF, None, Vec::new()).await.status, 200);
    assert_eq!(world.blocks().await, 0);
}

#[tokio::test]
async fn every_compression_is_inflated() {
    let world = World::new().await;
    let url = world.http().await;
    for (trace, coding) in (1..).zip(["gzip", "zstd", "deflate", "GZIP"]) {
        let otlp = one(trace).encode_to_vec();
        let body = match coding {
            "zstd" => zstd::encode_all(otlp.as_slice(), 3).unwrap(),
            "deflate" => deflate(&otlp),
            _ => gzip(&otlp),
        };
        assert_eq!(post(&url, PROTOBUF, Some(coding), body).await.status, 200, "{coding}");
    }
    assert_eq!(world.calls().await.len(), 4);
}

#[tokio::test]
async fn what_cannot_be_inflated_or_decoded_is_bad_data() {
    let world = World::new().await;
    let url = world.http().await;
    let truncated = gzip(&one(1).encode_to_vec());
    let truncated = truncated[..truncated.len() / 2].to_vec();
    for (media_type, coding, body) in [
        (PROTOBUF, Some("gzip"), b"this is no gzip".to_vec()),
        (JSON, Some("gzip"), truncated),
        (JSON, Some("zstd"), b"this is no zstd".to_vec()),
        (PROTOBUF, None, b"this is no protobuf".to_vec()),
        (JSON, None, b"{\"resourceSpans\": 7}".to_vec()),
        (JSON, None, b"{\"resourceSpans\": [".to_vec()),
    ] {
        let answer = post(&url, media_type, coding, body).await;
        assert_eq!((answer.status, answer.problem().0), (400, 3), "{:?}", answer.problem());
        assert_eq!(answer.media_type, media_type);
    }
    assert_eq!(world.metric("requests_total", "bad_data"), 6.0);
    assert_eq!(world.blocks().await, 0);
}

#[tokio::test]
async fn bad_data_says_so_in_the_details() {
    let world = World::new().await;
    let url = world.http().await;
    let answer = post(&url, PROTOBUF, None, b"this is no protobuf".to_vec()).await;
    let status = Status::decode(answer.body.as_slice()).unwrap();
    assert!(status.details[0].type_url.ends_with("google.rpc.BadRequest"), "{status:?}");
    let answer = post(&url, JSON, None, b"{".to_vec()).await;
    assert!(answer.text().contains("type.googleapis.com/google.rpc.BadRequest"), "{}", answer.text());
}

#[tokio::test]
async fn a_body_or_a_bomb_beyond_the_limit_is_too_large() {
    let world = World::new().await;
    let settings = Settings { max_body_bytes: 10_000, max_inflated_bytes: 50_000, ..Settings::default() };
    let url = world.http_with(settings).await;
    let bomb = gzip(&vec![b' '; 5_000_000]);
    assert!(bomb.len() < 50_000 && bomb.len() > 1_000);
    for (coding, body) in
        [(None, vec![b' '; 10_001]), (Some("zstd"), zstd::encode_all(&vec![b' '; 5_000_000][..], 1).unwrap())]
    {
        let answer = post(&url, JSON, coding, body).await;
        assert_eq!((answer.status, answer.problem().0), (413, 8));
        assert_eq!(answer.retry_after, None, "it stays too large");
    }
    assert_eq!(world.metric("requests_total", "too_large"), 2.0);
}

#[tokio::test]
async fn a_wrong_type_coding_method_or_path_is_told_as_such() {
    let world = World::new().await;
    let url = world.http().await;
    let traces = format!("{url}/v1/traces");
    assert_eq!(send(Method::POST, &traces, Some("text/plain"), None, b"x".to_vec()).await.status, 415);
    assert_eq!(send(Method::POST, &traces, None, None, b"x".to_vec()).await.status, 415);
    assert_eq!(post(&url, JSON, Some("br"), b"{}".to_vec()).await.status, 415);
    let wrong_method = send(Method::GET, &traces, None, None, Vec::new()).await;
    assert_eq!((wrong_method.status, wrong_method.problem().0), (405, 12));
    let wrong_path = send(Method::POST, &format!("{url}/v1/spans"), Some(PROTOBUF), None, Vec::new()).await;
    assert_eq!((wrong_path.status, wrong_path.media_type.as_str()), (404, PROTOBUF));
    assert!(wrong_path.problem().1.contains("/v1/traces"), "{:?}", wrong_path.problem());
}

#[tokio::test]
async fn refused_spans_are_counted_and_the_others_kept() {
    let world = World::new().await;
    let url = world.http().await;
    let mut short = route_call(1, 2);
    short.trace_id.truncate(15);
    let mut long = route_call(1, 3);
    long.span_id.push(1);
    let mut future = route_call(1, 4);
    future.start_time_unix_nano = NOW + 25 * 3_600_000_000_000;
    future.end_time_unix_nano = 0;
    let mut backwards = route_call(1, 5);
    backwards.end_time_unix_nano = 1;
    let mixed = request(vec![route_call(1, 1), short, long, future, backwards]);
    let answer = post(&url, PROTOBUF, None, mixed.encode_to_vec()).await;
    let partial =
        ExportTraceServiceResponse::decode(answer.body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((answer.status, partial.rejected_spans), (200, 4));
    assert_eq!(
        partial.error_message,
        "spans refused: bad_trace_id 1, bad_span_id 1, end_before_start 1, future_start 1"
    );
    assert_eq!(world.calls().await.len(), 1);

    let json =
        br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"ab","spanId":"cd","name":"x"}]}]}]}"#;
    let answer = post(&url, JSON, None, json.to_vec()).await;
    assert_eq!(
        answer.text(),
        r#"{"partialSuccess":{"errorMessage":"spans refused: bad_trace_id 1","rejectedSpans":"1"}}"#
    );
    assert_eq!(world.metric("spans_refused_total", "bad_trace_id"), 2.0);
}

#[tokio::test]
async fn metrics_and_logs_are_accepted_and_counted_as_ignored() {
    let world = World::new().await;
    let url = world.http().await;
    for signal in ["metrics", "logs"] {
        let answer =
            send(Method::POST, &format!("{url}/v1/{signal}"), Some(JSON), None, b"{}".to_vec()).await;
        assert_eq!((answer.status, answer.text()), (200, "{}"));
        assert_eq!(world.metric("ignored_requests_total", signal), 1.0);
    }
}

#[tokio::test]
async fn a_full_queue_asks_the_sender_to_come_again() {
    let world = World::with(|settings| settings.queue_bytes = 1).await;
    let url = world.http().await;
    let lock = world.lock().await;
    let first = tokio::spawn({
        let url = url.clone();
        async move { post(&url, PROTOBUF, None, one(1).encode_to_vec()).await.status }
    });
    while world.metric("queue_bytes", "") == 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = post(&url, PROTOBUF, None, one(2).encode_to_vec()).await;
    assert_eq!((second.status, second.retry_after.as_deref()), (429, Some("1")));
    let status = Status::decode(second.body.as_slice()).unwrap();
    assert_eq!(status.code, 8, "RESOURCE_EXHAUSTED");
    assert!(status.details[0].type_url.ends_with("google.rpc.RetryInfo"), "{status:?}");
    drop(lock);
    assert_eq!(first.await.unwrap(), 200);
    assert_eq!(world.calls().await.len(), 1);
    assert_eq!(world.metric("requests_total", "busy"), 1.0);
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::new().await;
    let url = world.http().await;
    let mut socket = tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    let ask = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let bad = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{";
    for (request, status) in [(&ask[..], "200"), (&bad[..], "400"), (&ask[..], "200")] {
        socket.write_all(request).await.unwrap();
        let mut answer = vec![0; 4096];
        let read = tokio::time::timeout(PATIENCE, socket.read(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::new().await;
    let settings = Settings { read_timeout: Duration::from_millis(100), ..Settings::default() };
    let url = world.http_with(settings).await;
    let mut socket = tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    let ask = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    socket.write_all(ask).await.unwrap();
    let mut answer = String::new();
    let mut bytes = vec![0; 4096];
    let read = tokio::time::timeout(PATIENCE, socket.read(&mut bytes)).await.unwrap().unwrap();
    answer.push_str(&String::from_utf8_lossy(&bytes[..read]));
    // Of the codes that say so only these are sent again (OTLP specification): 429, 502, 503, 504.
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
    assert_eq!(world.metric("requests_total", "timeout"), 1.0);
    assert_eq!(world.metric("queue_bytes", ""), 0.0);
}

#[tokio::test]
async fn a_request_of_a_real_sender_gives_its_calls() {
    let world = World::new().await;
    let url = world.http().await;
    for line in recorded("next-16.4").split(|byte| *byte == b'\n') {
        if !line.is_empty() {
            assert_eq!(post(&url, JSON, Some("gzip"), gzip(line)).await.status, StatusCode::OK);
        }
    }
    assert!(world.calls().await.len() > 100);
}

#[tokio::test]
async fn what_is_cut_is_a_warning() {
    let world = World::new().await;
    let url = world.http().await;
    let mut long = route_call(1, 1);
    long.name = "x".repeat(10_000);
    let answer = post(&url, PROTOBUF, None, request(vec![long]).encode_to_vec()).await;
    let partial =
        ExportTraceServiceResponse::decode(answer.body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((answer.status, partial.rejected_spans), (200, 0));
    assert_eq!(partial.error_message, "parts of spans cut: value_too_long 1");
    assert_eq!(world.metric("requests_total", "accepted"), 1.0);
}

#[tokio::test]
async fn a_request_without_spans_is_told_what_it_held() {
    let world = World::new().await;
    let url = world.http().await;
    let old = br#"{"resourceSpans":[{"instrumentationLibrarySpans":[{"spans":[{}]}]}]}"#;
    let answer = post(&url, JSON, None, old.to_vec()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("found instead: instrumentationLibrarySpans"), "{}", answer.text());
    assert!(answer.text().contains(r#""rejectedSpans":"0""#), "{}", answer.text());
    let answer = post(&url, JSON, None, br#"{"one":"two"}"#.to_vec()).await;
    assert!(answer.text().contains("found instead: one"), "{}", answer.text());
    assert_eq!(post(&url, JSON, None, b"{}".to_vec()).await.text(), "{}");
    assert_eq!(world.metric("requests_total", "empty"), 3.0);
    post(&url, PROTOBUF, None, one(1).encode_to_vec()).await;
    post(&url, JSON, None, b"{".to_vec()).await;
    // They are in the file by the end at the latest, where `doctor` reads them.
    let World { store, pipeline, folder: _folder, .. } = world;
    pipeline.stop(PATIENCE).await.unwrap();
    let arrivals = store.arrivals().await.unwrap();
    let of = |kind| arrivals.of(kind);
    assert_eq!(
        (of(ArrivalKind::WithSpans), of(ArrivalKind::WithoutSpans), of(ArrivalKind::NotUnderstood)),
        (1, 3, 1)
    );
}

/// A string that JavaScript has cut within a surrogate pair, and a byte of Latin-1.
#[tokio::test]
async fn text_that_is_no_unicode_costs_nothing() {
    let world = World::new().await;
    let url = world.http().await;
    let spans = |text: &[u8]| {
        let span = |id: u8| {
            let mut span = format!(
                r#"{{"traceId":"{id:032x}","spanId":"{id:016x}","name":"GET /","kind":2,"startTimeUnixNano":"{NOW}",
                "endTimeUnixNano":"{}","attributes":[{{"key":"user_agent.original","value":{{"stringValue":""#,
                NOW + 1
            )
            .into_bytes();
            span.extend_from_slice(if id == 3 { text } else { b"x" });
            span.extend_from_slice(br#""}}]}"#);
            span
        };
        let spans: Vec<_> = (1..=10).map(span).collect();
        [br#"{"resourceSpans":[{"scopeSpans":[{"spans":["#, spans.join(&b","[..]).as_slice(), b"]}]}]}"]
            .concat()
    };
    for (count, text) in (1..).zip([&b"cut \\ud83d"[..], b"caf\xe9"]) {
        let answer = post(&url, JSON, None, spans(text)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("parts of spans cut: invalid_utf8 1"), "{}", answer.text());
        assert_eq!(world.metric("spans_stored_total", ""), f64::from(count) * 10.0);
        assert_eq!(world.metric("span_parts_cut_total", "invalid_utf8"), f64::from(count));
    }
    let marked = [&b"\xef\xbb\xbf"[..], &spans(b"y")].concat();
    assert_eq!(post(&url, JSON, None, marked).await.text(), "{}", "a byte order mark says nothing");
}

/// As Grafana Tempo answers: another name at the top, and ids in base64.
#[tokio::test]
async fn a_trace_of_tempo_is_stored() {
    let world = World::new().await;
    let url = world.http().await;
    let trace = format!(
        r#"{{"batches":[{{"scopeSpans":[{{"spans":[{{"traceId":"AAAAAAAAAAAAAAAAAAAABw==","spanId":"AAAAAAAAAAc=",
        "name":"GET /","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"{NOW}","endTimeUnixNano":"{}"}}]}}]}}]}}"#,
        NOW + 1
    );
    assert_eq!(post(&url, JSON, None, trace.into_bytes()).await.text(), "{}");
    assert_eq!(world.metric("spans_stored_total", ""), 1.0);
}
