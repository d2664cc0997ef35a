//! Several collectors on one PostgreSQL database: they give the report that one SQLite file gives, whoever of them dies, and however
//! often the database does. `CLUSTER_ROUNDS` raises the rounds, `CLUSTER_SEED` repeats the moments.
#![cfg(feature = "postgres")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod behind_one_address;
mod load;
mod pooled;
mod proxy;
#[path = "../../../store/tests/support/server.rs"]
mod server;
mod standby;
#[path = "../support/mod.rs"]
mod support;
mod trouble;

use std::path::{Path, PathBuf};

use pointsman_store::{BlockId, Call, Location, Store};
use serde_json::{Value, json};

use support::{Daemon, pointsman, recorded, report, wait_for};

/// All collectors need the same, and so does the file that they are compared with.
const SECRET: (&str, &str) = ("POINTSMAN_HASH_SECRET", "the same secret everywhere");

/// A collector that looks for work often.
fn collector(address: &str) -> Daemon {
    Daemon::start_in(Path::new(address), &[], &[SECRET])
}

/// The spans of a request in two requests, of which each has every second one: traces are split.
fn halves(request: &Value) -> [Value; 2] {
    [0, 1].map(|half| {
        let mut request = request.clone();
        let mut number = 0;
        for resource in request["resourceSpans"].as_array_mut().unwrap() {
            for scope in resource["scopeSpans"].as_array_mut().unwrap() {
                let spans = scope["spans"].as_array_mut().unwrap();
                spans.retain(|_| {
                    number += 1;
                    number % 2 == half
                });
            }
        }
        request
    })
}

/// What a database holds, in an order that does not depend on it: all Calls, and the spans that are in blocks.
fn content(at: Location) -> (Vec<Call>, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(at).await.unwrap();
        let mut calls = Vec::new();
        for service in store.services().await.unwrap() {
            calls.extend(store.calls(&service, 0, u64::MAX >> 1).await.unwrap());
        }
        calls.sort_by_key(|call| (call.trace, call.span, call.handler.fingerprint()));
        let (mut spans, mut last) = (Vec::new(), BlockId(0));
        loop {
            let blocks = store.blocks_after(last, 100, 8 << 20).await.unwrap();
            let Some((newest, _)) = blocks.last() else { break };
            last = *newest;
            spans.extend(blocks.iter().flat_map(|(_, otlp)| spans_in(otlp)));
        }
        spans.sort_unstable();
        spans.dedup();
        store.close().await;
        (calls, spans)
    })
}

fn spans_in(otlp: &[u8]) -> Vec<String> {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;
    let request = ExportTraceServiceRequest::decode(otlp).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans);
    spans.map(|span| format!("{:02x?}{:02x?}", span.trace_id, span.span_id)).collect()
}

/// Waits until all that was committed by whomever is extracted.
fn settled(address: &str) {
    use sqlx::Connection;
    let (base, schema) = address.split_once("?schema=").unwrap();
    let sql = format!(
        "SELECT count(*) FROM {schema}.collectors LEFT JOIN {schema}.extraction ON collector = id \
         WHERE newest > coalesce(number, 0)"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    wait_for("everything to be extracted", || {
        let waiting = runtime.block_on(async {
            let mut connection = sqlx::PgConnection::connect(base).await.ok()?;
            let sql = sqlx::AssertSqlSafe(sql.clone());
            sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut connection).await.ok()
        });
        (waiting == Some(0)).then_some(())
    });
}

/// What differs from one database to the next: when blocks came.
fn comparable(mut report: Value) -> Value {
    for one in report.as_array_mut().into_iter().flatten() {
        one["generated_at"] = json!(null);
    }
    report["generated_at"] = json!(null);
    report
}

/// The same requests in one file.
fn in_one_file(folder: &Path, requests: &[Value]) -> PathBuf {
    let (lines, db) = (folder.join("all.jsonl"), folder.join("one.db"));
    let text: String = requests.iter().map(|request| format!("{request}\n")).collect();
    std::fs::write(&lines, text).unwrap();
    let run = support::command(&db).env(SECRET.0, SECRET.1).arg("replay").arg(&lines).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    db
}

/// What is at the address is what one file holds that was fed with the same: the spans, the Calls, the report.
fn assert_as_in_one_file(address: &str, requests: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    let db = in_one_file(folder.path(), requests);
    let (server_calls, server_spans) = content(server_location(address));
    let (file_calls, file_spans) = content(Location::from(&db));
    println!("{} requests, {} spans, {} calls", requests.len(), file_spans.len(), file_calls.len());
    assert!(file_calls.len() > 500, "{} calls: too few to show anything", file_calls.len());
    assert_eq!(server_spans, file_spans);
    assert_same(&server_calls, &file_calls);
    let look = ["--until", "last"];
    assert_eq!(comparable(report(Path::new(address), &look)), comparable(report(&db, &look)));
}

#[test]
fn three_collectors_on_one_server_give_the_report_of_one_file() {
    let Some(address) = server::address() else { return };
    let requests: Vec<Value> = recorded("storefront")
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .flat_map(|request| halves(&request))
        .collect();
    let collectors = [collector(&address), collector(&address), collector(&address)];
    for (number, request) in requests.iter().enumerate() {
        assert_eq!(collectors[number % 3].send(request).status, 200);
    }
    settled(&address);
    assert_as_in_one_file(&address, &requests);
    // Each of them shows it.
    for one in &collectors {
        wait_for("the pages to have a report", || (one.get("/readyz").status == 200).then_some(()));
        assert!(one.get("/").body.contains("storefront"), "{}", one.get("/").body);
    }
    // Who runs commands on it sees the same, and a file's commands say what to do.
    let run = pointsman(Path::new(&address), ["doctor"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let refused = pointsman(Path::new(&address), ["backup", "copy.db"]);
    assert!(refused.code == Some(1) && refused.err.contains("pg_dump"), "{}", refused.err);
    for one in collectors {
        assert_eq!(one.terminate().0.code(), Some(0));
    }
}

/// From a file to a server and back: everything is there each time, and the report the same.
#[test]
fn a_copy_holds_everything_on_both_ways_and_goes_on_where_it_broke_off() {
    let Some(address) = server::address() else { return };
    let folder = tempfile::tempdir().unwrap();
    let requests: Vec<Value> =
        recorded("storefront").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let db = in_one_file(folder.path(), &requests);
    let look = ["--until", "last"];
    let before = comparable(report(&db, &look));
    let back = folder.path().join("back.db");
    let copy = |from: &Path, to: &Path| {
        let arguments = [Path::new("copy"), Path::new("--from"), from, Path::new("--to"), to];
        pointsman(Path::new("unused.db"), arguments)
    };
    let there = copy(&db, Path::new(&address));
    assert_eq!(there.code, Some(0), "{}", there.err);
    // Once more finds everything copied.
    assert_eq!(copy(&db, Path::new(&address)).out, there.out);
    let again = copy(Path::new(&address), &back);
    assert_eq!(again.code, Some(0), "{}", again.err);
    let counts = |out: &str| out.split("\n\n").next().unwrap().to_owned();
    assert_eq!(counts(&again.out), counts(&there.out));
    let content_of_file = content(Location::from(&db));
    for copied in [server_location(&address), Location::from(&back)] {
        let (calls, spans) = content(copied);
        assert_same(&calls, &content_of_file.0);
        assert_eq!(spans, content_of_file.1);
    }
    for copied in [Path::new(&address), &back] {
        assert_eq!(comparable(report(copied, &look)), before);
        let run = pointsman(copied, ["trace", &hex(content_of_file.0[0].trace)]);
        assert_eq!(run.code, Some(0), "{}", run.err);
    }
    // Neither over what is there, nor into what holds something else.
    let refused = copy(Path::new(&address), &back);
    assert!(refused.code == Some(1) && refused.err.contains("exists already"), "{}", refused.err);
    let other = server::address().unwrap();
    let daemon = collector(&other);
    assert_eq!(daemon.send(&requests[0]).status, 200);
    settled(&other);
    let refused = copy(&db, Path::new(&other));
    assert!(refused.code == Some(1) && refused.err.contains("a daemon works on"), "{}", refused.err);
    drop(daemon);
    wait_for("the lease to run out", || {
        let refused = copy(&db, Path::new(&other));
        assert_eq!(refused.code, Some(1), "{}", refused.out);
        refused.err.contains("holds data already").then_some(())
    });
}

fn hex(trace: pointsman_store::TraceId) -> String {
    trace.to_string()
}

fn server_location(address: &str) -> Location {
    std::ffi::OsString::from(address).into()
}

/// Tells the first that differs; all of them would be megabytes.
fn assert_same(ours: &[Call], theirs: &[Call]) {
    for (one, other) in ours.iter().zip(theirs) {
        assert_eq!(one, other);
    }
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn the_password_is_nowhere_to_be_seen() {
    let Some(address) = server::address() else { return };
    const PASSWORD: &str = "hunter2-is-the-password";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    let with = address.replacen("pointsman@", &format!("pointsman:{PASSWORD}@"), 1);
    assert_ne!(with, address, "the test needs an address without a password");
    let file = file.display().to_string();
    let daemon = Daemon::start_in(
        Path::new(&with),
        &["--log-level", "trace"],
        &[("POINTSMAN_STORE__PASSWORD_FILE", &file)],
    );
    assert_eq!(daemon.send(&support::otlp::request(&[support::otlp::route_call(1, "/api/a")])).status, 200);
    wait_for("the call", || (daemon.metric("pointsman_calls_extracted_total") > 0.0).then_some(()));
    for path in ["/", "/metrics", "/telemetry", "/readyz", "/healthz"] {
        assert!(!daemon.get(path).body.contains(PASSWORD), "{path}");
    }
    let log = daemon.terminate_and_log();
    assert!(log.contains("postgres://pointsman@127.0.0.1") && !log.contains(PASSWORD), "{log}");
    // Neither where it is wrong, nor where the address is.
    for wrong in [
        format!("{with}&colour=red"),
        with.replace("/postgres?", "/nowhere?"),
        with.replace("127.0.0.1:", "127.0.0.1:x"),
    ] {
        for command in ["report", "check-config"] {
            let run = support::command(Path::new(&wrong)).arg(command).output().unwrap();
            let said = [run.stdout, run.stderr].concat();
            let said = String::from_utf8(said).unwrap();
            assert!(!said.contains(PASSWORD), "{said}");
            assert!(command == "check-config" || !run.status.success(), "{said}");
        }
    }
}
