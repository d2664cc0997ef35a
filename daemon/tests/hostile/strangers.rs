//! Strangers who send nothing, half of something, or take no answer: each costs a connection at most, and nobody else notices.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::support::{Daemon, Reply, command, http, http_with, otlp, pointsman, send, wait_for};

/// What anyone else may wait while strangers are there: on a busy machine, but not as long as a timeout.
const SOON: Duration = Duration::from_secs(5);

fn connect(to: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(to).unwrap();
    connection.set_read_timeout(Some(SOON)).unwrap();
    connection
}

fn saying(to: SocketAddr, text: &str) -> TcpStream {
    let mut connection = connect(to);
    // One that is closed early is as good.
    let _ = connection.write_all(text.as_bytes());
    connection
}

/// Does something that must not take long.
fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let done = work();
    assert!(begin.elapsed() < SOON, "{what} took {:?}", begin.elapsed());
    done
}

fn announced(bytes: usize) -> String {
    format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: {bytes}\r\n\r\n"
    )
}

fn metric(daemon: &Daemon, line: &str) -> f64 {
    let metrics = daemon.get("/metrics").body;
    let found = metrics.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    found.map_or(0.0, |value| value.parse().unwrap())
}

#[test]
fn bodies_that_are_announced_and_never_come_stop_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(&folder.path().join("calls.db"), &[]);
    let silent: Vec<_> = [16 << 20, 16 << 20, 20 << 20, 4 << 20, 43_000]
        .into_iter()
        .map(|bytes| saying(daemon.otlp, &announced(bytes)))
        .collect();
    wait_for("them to be there", || {
        (metric(&daemon, "pointsman_connections{protocol=\"http\"}") >= 5.0).then_some(())
    });
    for trace in 1..=50 {
        let call = otlp::request(&[otlp::route_call(trace, "/api/products")]);
        let reply = soon("a good sender", || daemon.send(&call));
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    assert!(metric(&daemon, "pointsman_queue_bytes") < 100_000.0);
    drop(silent);
}

#[test]
fn silent_connections_keep_nobody_out_and_cost_little() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(&folder.path().join("calls.db"), &[]);
    wait_for("the first report", || (daemon.get("/readyz").status == 200).then_some(()));
    let before = daemon.peak_kib();
    for (port, protocol, limit) in [(daemon.pages, "pages", 100.0), (daemon.otlp, "http", 400.0)] {
        let silent: Vec<_> = (0..450).map(|_| connect(port)).collect();
        let open = format!("pointsman_connections{{protocol=\"{protocol}\"}}");
        wait_for("as many as may be", || (metric(&daemon, &open) >= limit - 1.0).then_some(()));
        assert!(metric(&daemon, &open) <= limit, "no more than that");
        assert_eq!(soon("a page", || daemon.get("/healthz")).status, 200);
        assert_eq!(soon("another page", || daemon.get("/")).status, 200);
        let call = otlp::request(&[otlp::route_call(1, "/api/products")]);
        assert_eq!(soon("a new sender", || daemon.send(&call)).status, 200);
        let evicted = format!("pointsman_connections_evicted_total{{protocol=\"{protocol}\"}}");
        assert!(metric(&daemon, &evicted) >= 50.0, "{}", daemon.get("/metrics").body);
        drop(silent);
    }
    let grown = daemon.peak_kib().saturating_sub(before);
    println!("850 silent connections: {grown} KiB");
    assert!(grown < 24 << 10, "{grown} KiB for connections that have said nothing");
}

#[test]
fn half_open_requests_do_not_hold_the_stop() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("calls.db");
    let daemon = Daemon::start(&db, &[]);
    let half_a_head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\n";
    let mut held = Vec::new();
    for port in [daemon.otlp, daemon.grpc, daemon.pages] {
        for text in
            ["", half_a_head, &announced(100_000), &(announced(100_000) + "half"), "PRI * HTTP/2.0\r\n"]
        {
            held.extend((0..4).map(|_| saying(port, text)));
        }
    }
    let call = otlp::request(&[otlp::route_call(1, "/api/products")]);
    assert_eq!(daemon.send(&call).status, 200);
    let begin = Instant::now();
    let log = daemon.terminate_and_log();
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}\n{log}", begin.elapsed());
    for stage in ["stopped: receivers, pages and reports", "stopped: commit and extraction"] {
        assert!(log.contains(stage), "no `{stage}` in\n{log}");
    }
    drop(held);
}

#[test]
fn readers_that_take_no_answer_hold_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(&folder.path().join("calls.db"), &[]);
    for begin in (0..400).step_by(50) {
        let spans: Vec<_> =
            (begin..begin + 50).map(|at| otlp::route_call(at + 1, &format!("/api/r{at}/x"))).collect();
        assert_eq!(daemon.send(&otlp::request(&spans)).status, 200);
    }
    let before = daemon.peak_kib();
    let ask = "GET /api/v1/handlers HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    let more = "GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    let held: Vec<_> = (0..80).map(|_| saying(daemon.pages, &[ask, more].concat().repeat(8))).collect();
    for trace in 1_000..1_020 {
        assert_eq!(soon("health", || daemon.get("/healthz")).status, 200);
        let call = otlp::request(&[otlp::route_call(trace, "/api/products")]);
        assert_eq!(soon("a sender", || daemon.send(&call)).status, 200);
    }
    assert_eq!(soon("a page", || daemon.get("/api/v1/handlers")).status, 200);
    let grown = daemon.peak_kib().saturating_sub(before);
    println!("80 readers that take nothing: {grown} KiB");
    assert!(grown < 64 << 10, "{grown} KiB");
    let (status, took) = daemon.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
    drop(held);
}

#[test]
fn answers_are_compressed_when_asked_and_told_by_their_tags() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(&folder.path().join("calls.db"), &[]);
    let compressed = |path: &str| {
        let mut connection = connect(daemon.pages);
        let ask = format!(
            "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(ask.as_bytes()).unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
        assert!(head.contains("content-encoding: gzip") && head.contains("vary: accept-encoding"), "{head}");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&answer[end + 4..]).read_to_string(&mut text).unwrap();
        (answer.len() - end, text)
    };
    let (packed, metrics) = compressed("/metrics");
    assert!(metrics.contains("pointsman_spans_stored_total") && packed * 3 < metrics.len(), "{packed}");
    let (_, description) = compressed("/api/v1/openapi.json");
    let plain = daemon.get("/api/v1/openapi.json");
    assert_eq!(description, plain.body);
    let known = [("if-none-match", plain.header("etag").unwrap())];
    let again = http_with(daemon.pages, "GET", "/api/v1/openapi.json", &known, "").unwrap();
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[test]
fn what_is_no_trace_is_told_to_its_sender_and_by_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("calls.db");
    let daemon = Daemon::start(&db, &[]);
    let old = serde_json::json!({"resourceSpans": [{"instrumentationLibrarySpans": [{"spans": [{}]}]}]});
    for body in [old, serde_json::json!({"one": "two"})] {
        let Reply { status, body, .. } = send(daemon.otlp, &body).unwrap();
        assert!(status == 200 && body.contains("found instead"), "{status} {body}");
    }
    assert_eq!(http(daemon.otlp, "POST", "/v1/traces", "{").unwrap().status, 400);
    assert!(metric(&daemon, "pointsman_requests_total{outcome=\"empty\",transport=\"http_json\"}") > 1.0);
    daemon.terminate();
    let told = pointsman(&db, ["doctor"]).out;
    assert!(
        told.contains("3 trace requests arrived, none with spans (1 could not be read as OTLP)"),
        "{told}"
    );
}

#[test]
fn a_sender_without_a_token_is_the_reason_that_doctor_and_the_page_name() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("calls.db");
    let daemon =
        Daemon::start_in(&db, &[], &[("POINTSMAN_OTLP_TOKENS", "shop 5f0c9a1be86d4a0bb1c2e7d09a3f46d1")]);
    let nothing = daemon.get("/telemetry").body;
    assert!(nothing.contains("Nothing has arrived") && nothing.contains("wrong folder"), "{nothing}");
    assert_eq!(send(daemon.otlp, &serde_json::json!({"resourceSpans": []})).unwrap().status, 401);
    let mut doctor = command(&db);
    doctor.env("POINTSMAN_SERVE__LISTEN", daemon.pages.to_string()).arg("doctor");
    let told = String::from_utf8(doctor.output().unwrap().stdout).unwrap();
    for told in [told, daemon.get("/telemetry").body] {
        assert!(told.contains("1 OTLP request was refused") && told.contains("Bearer%20TOKEN"), "{told}");
        assert!(!told.contains("Nothing has arrived"), "{told}");
    }
}
