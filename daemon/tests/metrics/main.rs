//! `/metrics` as Prometheus sees it: well formed by promtool's judgement, and scraped by a real Prometheus, in which every query of
//! the dashboards and of the rules finds something.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

#[path = "../support/mod.rs"]
mod support;

mod dashboards;
mod documented;
mod scraped;

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use support::{Daemon, otlp, recent, wait_for};

/// Someone who wants advice from minutes of traffic.
const RECKLESS: &str = "[serve]\nadvice_interval_s = 1\n[retention]\ninterval_s = 1\n[advice]\nmin_calls_for_move = 1\nmin_days_for_move = 1\n\
                        min_interactions_per_day = 0\nmin_calls_without_outsiders = 1\nmin_callers_known = 0.01\n\
                        min_gain_ms = 0\nmin_gain_requests = 0\n";

/// A daemon that was fed with the recording of the storefront as if it had just happened.
struct World {
    daemon: Daemon,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("pointsman.toml");
        std::fs::write(&config, RECKLESS).unwrap();
        let daemon = Daemon::start(&folder.path().join("calls.db"), &["--config", config.to_str().unwrap()]);
        for line in recent::storefront_lines() {
            let sent = daemon.send(&serde_json::from_str(&line).unwrap());
            assert_eq!(sent.status, 200, "{}", sent.body);
        }
        feed_faults(&daemon);
        wait_for("the recording to be in the report", || {
            let text = daemon.get("/metrics").body;
            let all = ["pointsman_recommendation_confidence{", "outcome=\"unknown_action\""];
            all.iter().all(|part| text.contains(part)).then_some(())
        });
        Self { daemon, _folder: folder }
    }
}

/// What a healthy app does not send: a span that cannot be kept, and a call of an action that the app does not know.
fn feed_faults(daemon: &Daemon) {
    let mut nameless = otlp::route_call(1, "/api/x");
    nameless["traceId"] = json!("");
    let _ = daemon.send(&otlp::request(&[nameless]));
    let mut stale = otlp::action_call(2, "app/actions.ts", "gone");
    // The manifest of the running build does not name it.
    let of_manifest = |attribute: &Value| attribute["key"].as_str().unwrap().starts_with("code.");
    stale["attributes"].as_array_mut().unwrap().retain(|attribute| !of_manifest(attribute));
    let not_found = json!({ "key": "http.response.header.x-nextjs-action-not-found",
        "value": { "arrayValue": { "values": [{ "stringValue": "1" }] } } });
    stale["attributes"].as_array_mut().unwrap().push(not_found);
    assert_eq!(daemon.send(&otlp::request(&[stale])).status, 200);
}

/// Debian's package `prometheus` has both; `.ci/run` installs it.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "{program} is not installed");
    if !found {
        println!("skipped: {program} is not installed (Debian: apt-get install prometheus)");
    }
    found
}

#[test]
fn promtool_finds_no_fault_in_the_metrics_of_an_app() {
    use std::io::Write;
    if !has("promtool") {
        return;
    }
    let world = World::new();
    let text = world.daemon.get("/metrics").body;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim().is_empty(), "{said}\n{text}");
    for part in [
        "pointsman_handler_calls_total{service=\"storefront\"",
        "caller=\"own_ui\",outcome=\"success\"",
        "pointsman_handler_duration_seconds_bucket{",
        "outcome=\"unknown_action\"",
        "pointsman_recommendation_promised_round_trips_per_day{",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

/// The rules do on made-up series what they promise.
#[test]
fn the_rules_keep_their_promises() {
    if !has("promtool") {
        return;
    }
    let tests = support::workspace().join("dashboards/pointsman.rules.test.yml");
    let output = Command::new("promtool").args(["test", "rules"]).arg(tests).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// All queries of a dashboard by their panel's title.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap();
    let of_panel = |panel: &Value| -> Vec<(String, String)> {
        let targets = panel["targets"].as_array().into_iter().flatten();
        let title = panel["title"].as_str().unwrap();
        targets.map(|target| (title.to_owned(), target["expr"].as_str().unwrap().to_owned())).collect()
    };
    panels.iter().flat_map(of_panel).collect()
}

fn dashboard(name: &str) -> Value {
    let path = support::workspace().join("dashboards").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

const DASHBOARDS: [&str; 2] = ["pointsman-operator.json", "pointsman-app.json"];
