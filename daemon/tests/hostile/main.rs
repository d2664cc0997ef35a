//! The real daemon under senders that mean it harm, all at once: it refuses or bounds what they send, counts it,
//! stays within its memory, and serves a good sender beside them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod attacks;
mod strangers;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use attacks::{Attack, GRPC_BYTES, HTTP_BYTES};
use support::{Daemon, PATIENCE, otlp, traces_of_calls, wait_for};

/// What the daemon may hold at most, without the pages of its program, KiB: what is promised. It ends at about 109 MiB.
const MOST_KIB: u64 = 128 << 10;
/// What the good sender sends meanwhile.
const GOOD_CALLS: u128 = 20;

#[test]
fn hostile_senders_cost_only_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("hostile.db");
    let daemon = Daemon::start(&db, &[]);
    let now_ns = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    let http = [attacks::in_protobuf(HTTP_BYTES, now_ns, 1), attacks::in_json(HTTP_BYTES)];
    let grpc = attacks::in_protobuf(GRPC_BYTES, now_ns, 2);
    let answers = Mutex::new(BTreeMap::<String, u32>::new());
    let note = |attack: &Attack, answer: String| {
        *answers.lock().unwrap().entry(format!("{}: {answer}", attack.name)).or_default() += 1;
    };
    let stalled: Vec<_> = (0..8).map(|_| half_a_request(daemon.otlp)).collect();
    thread::scope(|scope| {
        for attacks in &http {
            scope.spawn(|| attacks.iter().for_each(|attack| note(attack, over_http(daemon.otlp, attack))));
        }
        scope.spawn(|| grpc.iter().for_each(|attack| note(attack, over_grpc(daemon.grpc, attack))));
        scope.spawn(|| {
            for trace in 1..=GOOD_CALLS {
                let call = otlp::request(&[otlp::route_call(trace, "/api/products")]);
                wait_for("the good sender to be served", || (daemon.send(&call).status == 200).then_some(()));
            }
        });
    });
    drop(stalled);
    let good =
        || traces_of_calls(&db).iter().filter(|id| id.starts_with("000000000000000000000000000000")).count();
    wait_for("the calls of the good sender", || (good() as u128 == GOOD_CALLS).then_some(()));
    assert_counted(&daemon);
    let peak = daemon.peak_kib();
    println!("{:#?}\nat most {peak} KiB", answers.into_inner().unwrap());
    assert!(peak < MOST_KIB, "it held {peak} KiB");
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
}

/// Each kind of harm has its word; extraction may lag.
fn assert_counted(daemon: &Daemon) {
    for (name, label) in [
        ("spans_refused_total", "reason=\"bad_trace_id\""),
        ("spans_refused_total", "reason=\"absurd_start\""),
        ("spans_refused_total", "reason=\"future_start\""),
        ("spans_refused_total", "reason=\"end_before_start\""),
        ("span_parts_cut_total", "reason=\"too_many_attributes\""),
        ("span_parts_cut_total", "reason=\"too_many_events\""),
        ("span_parts_cut_total", "reason=\"too_many_links\""),
        ("span_parts_cut_total", "reason=\"value_too_long\""),
        ("span_parts_cut_total", "reason=\"invalid_utf8\""),
        ("extraction_spans_left_out_total", ""),
        ("requests_total", "outcome=\"too_large\",transport=\"grpc\""),
        ("requests_total", "outcome=\"too_large\",transport=\"http_protobuf\""),
        ("requests_total", "outcome=\"bad_data\",transport=\"http_json\""),
    ] {
        let name = format!("pointsman_{name}");
        wait_for(&format!("{name} {label}"), || {
            let metrics = daemon.get("/metrics").body;
            let mut lines = metrics.lines().filter(|line| line.starts_with(&name) && line.contains(label));
            lines.any(|line| !line.ends_with(" 0")).then_some(())
        });
    }
}

/// Sends an attack and again while there is no room; the answer's status.
fn over_http(to: SocketAddr, attack: &Attack) -> String {
    let media_type = if attack.json { "application/json" } else { "application/x-protobuf" };
    let coding = attack.coding.map(|coding| format!("content-encoding: {coding}\r\n")).unwrap_or_default();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {media_type}\r\n{coding}\
         content-length: {}\r\n\r\n",
        attack.body.len()
    );
    wait_for(attack.name, || {
        let mut connection = TcpStream::connect(to).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        // One that is refused early may be closed while its body is on its way.
        let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(&attack.body));
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1)?.to_owned();
        assert!(["200", "400", "413", "429", "503"].contains(&&*status), "{}: {answer}", attack.name);
        // Whoever is told to come again comes for ever.
        assert!(attack.name != "a gigabyte" || status == "413", "a bomb was told {status}");
        (status != "429" && status != "503").then_some(status)
    })
}

/// The same over gRPC; the answer's code.
fn over_grpc(to: SocketAddr, attack: &Attack) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    wait_for(attack.name, || {
        let code = runtime.block_on(export(to, attack)).ok()?;
        assert!(["0", "3", "8", "14"].contains(&&*code), "{}: {code}", attack.name);
        (code != "14").then_some(code)
    })
}

async fn export(to: SocketAddr, attack: &Attack) -> Result<String, h2::Error> {
    let socket = tokio::net::TcpStream::connect(to).await.unwrap();
    let (sender, connection) = h2::client::handshake(socket).await?;
    tokio::spawn(async { connection.await.ok() });
    let uri = format!("http://{to}/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    let mut request =
        http::Request::post(uri).header("content-type", "application/grpc").header("te", "trailers");
    if let Some(coding) = attack.coding {
        request = request.header("grpc-encoding", coding);
    }
    let (answer, mut body) = sender.ready().await?.send_request(request.body(()).unwrap(), false)?;
    let mut frame = vec![u8::from(attack.coding.is_some())];
    frame.extend_from_slice(&(attack.body.len() as u32).to_be_bytes());
    frame.extend_from_slice(&attack.body);
    body.send_data(frame.into(), true)?;
    let (head, mut body) = answer.await?.into_parts();
    while let Some(data) = body.data().await {
        body.flow_control().release_capacity(data?.len())?;
    }
    let trailers = body.trailers().await?.unwrap_or(head.headers);
    Ok(trailers["grpc-status"].to_str().unwrap().to_owned())
}

/// A connection that has sent half of what it announced, and sends no more.
fn half_a_request(to: SocketAddr) -> TcpStream {
    let mut connection = TcpStream::connect(to).unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n";
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(&[b' '; 50_000]).unwrap();
    connection
}
