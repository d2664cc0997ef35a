//! Real senders on the real daemon: SDKs of several languages deliver, each as its documentation shows it, and the
//! tests look at what arrived. They want packages that cargo does not install and are therefore ignored by default:
//! `make test-senders` runs those of Node.js, `make test-full` all. docs/senders.md tells users what they show.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod delivery;
mod outage;
mod program;
mod stored;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use std::path::PathBuf;

use program::{Program, Protocol, Sender};
use support::{Daemon, workspace};
use wire::Wire;

/// The attributes and span names that the senders make up are kept, or there would be nothing to compare.
const KEPT: [(&str, &str); 2] = [
    ("POINTSMAN_OTLP__KEEP_ATTRIBUTES", r#"["value.*", "link.*"]"#),
    ("POINTSMAN_OTLP__KEEP_SPAN_NAMES", r#"["senders"]"#),
];

/// A daemon, and a wire that leads to one of its two OTLP ports.
struct World {
    folder: tempfile::TempDir,
    protocol: Protocol,
    daemon: Daemon,
    wire: Wire,
}

impl World {
    fn new(protocol: Protocol) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Daemon::start_in(&folder.path().join("calls.db"), &[], &KEPT);
        let wire = Wire::to(protocol.port(&daemon));
        Self { folder, protocol, daemon, wire }
    }

    fn db(&self) -> PathBuf {
        self.folder.path().join("calls.db")
    }

    fn sender(&self, program: Program, environment: &[(&str, &str)]) -> Sender {
        Sender::start(program, self.protocol, self.wire.address(), environment)
    }

    /// `kill -9` and a new daemon on the same file, to which the wire then leads.
    fn restart(&mut self, meanwhile: impl FnOnce()) {
        self.wire.cut();
        self.daemon.end_at_once();
        meanwhile();
        self.daemon = Daemon::start_in(&self.db(), &[], &KEPT);
        self.wire.lead_to(self.protocol.port(&self.daemon));
    }

    /// Ends the daemon in good order, so that all Calls are stored; its file stays as long as what this returns.
    fn end(mut self) -> tempfile::TempDir {
        self.wire.cut();
        let (status, _) = self.daemon.terminate();
        assert_eq!(status.code(), Some(0));
        self.folder
    }

    /// The value of a metric, all its series together whose labels hold this text.
    fn metric(&self, name: &str, label: &str) -> u64 {
        let metrics = self.daemon.get("/metrics").body;
        let series = metrics.lines().filter(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with([' ', '{']) && rest.contains(label))
        });
        series.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}

/// The table for users names what is tested. The only test here that wants nothing installed.
#[test]
fn the_documented_versions_are_the_tested_ones() {
    let read = |path: &str| std::fs::read_to_string(workspace().join(path)).unwrap();
    let own = |path: &str| read(&format!("daemon/tests/senders/{path}"));
    let table = read("docs/senders.md");
    let documented = |name: &str, version: &str| {
        let mut rows =
            table.lines().filter(|row| row.starts_with("| ") && row.contains(&format!("`{name}`")));
        rows.any(|row| row.contains(&format!("| {version} |")))
    };

    let node: serde_json::Value = serde_json::from_str(&own("node/package.json")).unwrap();
    for name in ["@vercel/otel", "@opentelemetry/sdk-node"] {
        let version = node["dependencies"][name].as_str().unwrap();
        assert!(documented(name, version), "{name} {version}");
    }
    for line in own("python/requirements.in").lines().filter(|line| !line.starts_with('#')) {
        let (name, version) = line.split_once("==").unwrap();
        assert!(documented(name, version), "{line}");
    }
    let rust: toml::Table = toml::from_str(&own("rust/Cargo.lock")).unwrap();
    let packages = rust["package"].as_array().unwrap();
    let otlp =
        packages.iter().find(|package| package["name"].as_str() == Some("opentelemetry-otlp")).unwrap();
    assert!(documented("opentelemetry-otlp", otlp["version"].as_str().unwrap()), "{otlp}");
}
