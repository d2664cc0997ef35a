//! A real OpenTelemetry Collector with the configuration that is shipped, between senders, a backend and the daemon. It is
//! long to build, so that `make test-collector` asks for it; the configuration's own references are checked always.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{self, Daemon};
use crate::{at, in_repository, output_of, texts, yaml};

const CONFIG: &str = "deploy/otel-collector/config.yaml";
const TOKEN: &str = "5f0c9a1be86d4a0bb1c2e7d09a3f46d1";
const SECRET: &str = "the same on both sides";

#[test]
fn every_component_is_defined_and_used() {
    let config = yaml(CONFIG);
    let pipelines = at(&config, "service.pipelines").as_object().unwrap();
    for kind in ["receivers", "processors", "exporters"] {
        let defined = at(&config, kind).as_object().unwrap();
        let mut used: Vec<&str> = pipelines.values().flat_map(|pipeline| texts(at(pipeline, kind))).collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(defined.keys().collect::<Vec<_>>(), used, "{kind}");
    }
    let extensions = at(&config, "extensions").as_object().unwrap();
    for extension in texts(at(&config, "service.extensions")) {
        assert!(extensions.contains_key(extension), "{extension}");
    }
    for exporter in at(&config, "exporters").as_object().unwrap().values() {
        assert!(extensions.contains_key(at(exporter, "sending_queue.storage").as_str().unwrap()));
    }
    // Nothing may sample on the way to the daemon.
    assert_eq!(texts(at(&config, "service.pipelines.traces/pointsman.processors")), ["memory_limiter"]);
}

/// A process that dies with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address that nothing listens on now.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn listens(at: SocketAddr) {
    support::wait_for("a listener", || TcpStream::connect(at).ok().map(drop));
}

/// A daemon that is found under the same address after a restart, and knows its senders.
fn daemon(db: &Path, grpc: SocketAddr) -> Running {
    let mut command = support::command(db);
    command.args(["serve", "--otlp-http", "off", "--listen", "off", "--otlp-grpc", &grpc.to_string()]);
    command.env("POINTSMAN_OTLP_TOKENS", format!("collector {TOKEN}")).env("POINTSMAN_HASH_SECRET", SECRET);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    listens(grpc);
    Running(child)
}

/// Posts a line of a recording; the status. The Collector answers in a form that this client need not read.
fn post(to: SocketAddr, body: &str) -> String {
    let mut connection = TcpStream::connect(to).unwrap();
    connection.set_read_timeout(Some(support::PATIENCE)).unwrap();
    write!(
        connection,
        "POST /v1/traces HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: \
         {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// What the report says of each handler that depends on what arrived, not on when it is looked at.
fn judged(db: &Path) -> Vec<Value> {
    let report = support::report(db, &["--until", "last"]);
    let of = |handler: &Value| {
        let keys = [
            "id",
            "kind",
            "route",
            "method",
            "action",
            "calls",
            "callers",
            "verdict",
            "blockers",
            "improvements",
        ];
        keys.map(|key| handler[key].clone()).into()
    };
    support::handlers(&report).iter().map(of).collect()
}

#[test]
#[ignore = "needs a Collector, named by OTELCOL: make test-collector"]
fn through_a_real_collector_and_an_outage_everything_arrives_once() {
    let collector = PathBuf::from(std::env::var_os("OTELCOL").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (direct, through) = (folder.path().join("direct.db"), folder.path().join("through.db"));
    let mut replay = support::command(&direct);
    output_of(replay.env("POINTSMAN_HASH_SECRET", SECRET).arg("replay").arg(support::fixture("storefront")));

    let [grpc, from_apps, from_apps_grpc, health] = std::array::from_fn(|_| free());
    let backend = Daemon::start(&folder.path().join("backend.db"), &[]);
    let first = daemon(&through, grpc);
    let mut command = Command::new(collector);
    command.arg("--config").arg(in_repository(CONFIG)).envs([
        ("BACKEND_ENDPOINT", format!("http://{}", backend.otlp)),
        ("POINTSMAN_ENDPOINT", grpc.to_string()),
        ("POINTSMAN_TOKEN", TOKEN.to_owned()),
        ("GRPC_LISTEN", from_apps_grpc.to_string()),
        ("HTTP_LISTEN", from_apps.to_string()),
        ("HEALTH_LISTEN", health.to_string()),
    ]);
    command.env("QUEUE_FOLDER", folder.path().join("queue")).stdout(Stdio::null()).stderr(Stdio::null());
    let _collector = Running(command.spawn().unwrap());
    listens(from_apps);

    let lines = support::recorded("storefront");
    let (before, during) = lines.split_at(lines.len() / 2);
    for line in before {
        assert_eq!(post(from_apps, line), "200");
    }
    support::wait_for("spans of the first half", || (!support::blocks(&through).is_empty()).then_some(()));
    drop(first);
    for line in during {
        assert_eq!(post(from_apps, line), "200");
    }
    let second = daemon(&through, grpc);
    let expected = support::traces_of_calls(&direct).len();
    for (what, db) in [("the daemon", &through), ("the backend", &folder.path().join("backend.db"))] {
        support::wait_for(what, || (support::traces_of_calls(db).len() >= expected).then_some(()));
    }
    drop(second);
    assert_eq!(support::traces_of_calls(&through).len(), expected);
    assert_eq!(judged(&through), judged(&direct));
    eprintln!(
        "{} requests in {} blocks, {expected} calls, an outage between",
        lines.len(),
        support::blocks(&through).len()
    );
}
