//! Who means harm during the long test, each at a moderate rate and again and again: the mix is what is under test, not the
//! machine. None of them may cost the good sender anything.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::attacks::{Attack, in_json, in_protobuf};
use super::support::{Daemon, http, otlp, send};

/// Bodies of the hostile kinds, bytes.
const BODY: usize = 256 << 10;

/// Does something again and again until the end.
pub(crate) fn again(stop: &AtomicBool, every: Duration, mut work: impl FnMut(u64)) {
    for round in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        work(round);
        sleep(every);
    }
}

pub(crate) fn now_ns() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

/// One hostile body after the other, refused or taken.
pub(crate) fn hostile_bodies(daemon: &Daemon, stop: &AtomicBool) {
    let mut attacks = in_protobuf(BODY, now_ns(), 3);
    attacks.extend(in_json(BODY));
    // A gigabyte in a few KiB is in there as well.
    let count = attacks.len() as u64;
    again(stop, Duration::from_secs(2), |round| {
        if let Some(attack) = attacks.get(usize::try_from(round % count).unwrap()) {
            post(daemon.otlp, attack);
        }
    });
}

fn post(to: SocketAddr, attack: &Attack) {
    let media_type = if attack.json { "application/json" } else { "application/x-protobuf" };
    let coding = attack.coding.map(|coding| format!("content-encoding: {coding}\r\n")).unwrap_or_default();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {media_type}\r\n{coding}content-length: {}\r\n\r\n",
        attack.body.len()
    );
    let Ok(mut connection) = TcpStream::connect(to) else { return };
    let _ = connection.set_read_timeout(Some(Duration::from_secs(30)));
    let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(&attack.body));
    let _ = std::io::copy(&mut connection, &mut std::io::sink());
}

/// Connections that say nothing, half a head, half a body, or ask and do not read; they go after some seconds.
pub(crate) fn strangers(daemon: &Daemon, stop: &AtomicBool) {
    let half_a_head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\n";
    let announced =
        format!("{half_a_head}content-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n", 16 << 20);
    let half_a_body = format!("{announced}half");
    let asks =
        "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".repeat(8);
    again(stop, Duration::from_secs(1), |_| {
        let mut held = Vec::new();
        for to in [daemon.otlp, daemon.grpc, daemon.pages] {
            for text in ["", half_a_head, &announced, &half_a_body, "PRI * HTTP/2.0\r\n", &asks] {
                for _ in 0..10 {
                    let Ok(mut connection) = TcpStream::connect(to) else { continue };
                    let _ = connection.write_all(text.as_bytes());
                    held.push(connection);
                }
            }
        }
        sleep(Duration::from_secs(5));
    });
}

/// Visitors: one with a constant `traceparent`, made-up paths and ids of actions, texts of 4 kB, a client with many calls; and
/// senders with ever new services and environments.
pub(crate) fn visitors(daemon: &Daemon, stop: &AtomicBool, numbers: &AtomicU64) {
    again(stop, Duration::from_millis(500), |round| {
        let number = || u128::from(numbers.fetch_add(1, Ordering::Relaxed)) | 1 << 90;
        let growing = with(otlp::route_call(1 << 91, "/api/grows"), &format!("{round:016x}"), &[]);
        let long = format!("/api/{}{round}", "x".repeat(4_000));
        let client = [("pointsman.client.key", "00000000000000aa")];
        let mut spans = vec![
            growing,
            otlp::route_call(number(), &format!("/made/up/{round}")),
            with(otlp::route_call(number(), &long), "00000000000000a1", &client),
            otlp::action_call(number(), "app/actions.ts", &format!("made{}", round % 3_000)),
        ];
        spans.extend(
            (0..20).map(|_| with(otlp::route_call(number(), "/api/poll"), "00000000000000a1", &client)),
        );
        let _ = send(daemon.otlp, &otlp::request(&spans));
        let one = [otlp::route_call(number(), "/api/other")];
        let mut of_service = otlp::request_of(&format!("service-{}", round % 400), "16.4.6", &one);
        let attributes = &mut of_service["resourceSpans"][0]["resource"]["attributes"];
        if let Value::Array(attributes) = attributes {
            attributes.push(
                json!({"key": "deployment.environment.name", "value": {"stringValue": format!("e{round}")}}),
            );
        }
        let _ = send(daemon.otlp, &of_service);
    });
}

fn with(mut span: Value, id: &str, attributes: &[(&str, &str)]) -> Value {
    span["spanId"] = id.into();
    if let Value::Array(known) = &mut span["attributes"] {
        known.extend(
            attributes.iter().map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})),
        );
    }
    span
}

/// Reads pages, as people and scrapers do; how long the slowest took.
pub(crate) fn readers(daemon: &Daemon, stop: &AtomicBool, slowest_ms: &AtomicU64) {
    const PATHS: [&str; 5] = ["/", "/healthz", "/telemetry", "/metrics", "/api/v1/handlers"];
    again(stop, Duration::from_millis(500), |round| {
        let path = PATHS.get(usize::try_from(round).unwrap() % PATHS.len()).unwrap();
        let begin = std::time::Instant::now();
        // While strangers fill the port a reader may be told to come again.
        if http(daemon.pages, "GET", path, "").is_ok() {
            let took = u64::try_from(begin.elapsed().as_millis()).unwrap();
            slowest_ms.fetch_max(took, Ordering::Relaxed);
        }
    });
}
