//! A real Prometheus scrapes a real daemon; each query must find something there.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::support::{PATIENCE, Reply, otlp, wait_for, workspace};
use super::{DASHBOARDS, World, dashboard, has, queries};

/// Panels on which nothing is the healthy state, and why.
const MAY_BE_EMPTY: [(&str, &str); 2] = [
    ("Reports delivered", "no receiver of reports is configured"),
    ("Requests without a valid token", "no tokens are configured"),
];

struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    fn start(folder: &Path, scrapes: SocketAddr) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let rules = workspace().join("dashboards/pointsman.rules.yml");
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\nrule_files: [{rules:?}]\n\
             scrape_configs:\n- job_name: pointsman\n  static_configs: [{{targets: ['{scrapes}']}}]\n"
        );
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, config).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let prometheus = Self { child, address };
        wait_for("Prometheus to be ready", || {
            fetch(address, "/-/ready").is_ok_and(|reply| reply.status == 200).then_some(())
        });
        prometheus
    }

    /// What a query finds now.
    fn ask(&self, query: &str) -> Vec<Value> {
        let query: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let reply = fetch(self.address, &format!("/api/v1/query?query={query}")).unwrap();
        let answer = reply.json();
        assert_eq!(answer["status"], "success", "{answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }
}

/// One request as HTTP/1.0, whose answers come in one piece.
fn fetch(from: SocketAddr, path: &str) -> std::io::Result<Reply> {
    let mut connection = TcpStream::connect_timeout(&from, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    write!(connection, "GET {path} HTTP/1.0\r\nhost: {from}\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Reply::read(&answer)
}

/// A query of a dashboard as Grafana sends it with all variables at All.
fn as_sent(expression: &str) -> String {
    let all = ["$instance", "$service", "$environment", "$handler"];
    let sent = expression.replace("$__rate_interval", "1m").replace("$__range", "1h");
    all.iter().fold(sent, |sent, variable| sent.replace(variable, ".*"))
}

/// The condition of an alert without its thresholds: `a > 3 unless b >= 2` finds what `a or b` finds.
fn without_thresholds(expression: &str) -> String {
    let mut words = expression.split_whitespace();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        match word {
            ">" | "<" | ">=" | "<=" | "==" => {
                words.next();
            }
            "unless" => kept.push("or"),
            word => kept.push(word),
        }
    }
    kept.join(" ")
}

/// The expressions of the rule file by the names of their rules.
fn rules() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(workspace().join("dashboards/pointsman.rules.yml")).unwrap();
    let rules = text.split("      - ").skip(1);
    let rules = rules.filter_map(|rule| {
        let (name, rest) = rule.split_once('\n')?;
        let name = name.split_once(": ")?.1;
        let expression = rest.split_once("expr: ")?.1;
        let ends = ["\n        for:", "\n        labels:", "\n\n"];
        let end = ends.iter().filter_map(|end| expression.find(end)).min().unwrap_or(expression.len());
        Some((name.to_owned(), expression[..end].replace(">-", "").trim().to_owned()))
    });
    rules.collect()
}

/// Sends a text that is too long, and a method that its route does not answer.
fn meet_limits(world: &World) {
    let long = otlp::route_call(901, &"/long".repeat(1_000));
    let mut refused = otlp::route_call(902, "/api/refused");
    let status = refused["attributes"].as_array_mut().unwrap().last_mut().unwrap();
    status["value"] = serde_json::json!({ "intValue": "405" });
    assert_eq!(world.daemon.send(&otlp::request(&[long, refused])).status, 200);
}

#[test]
fn every_query_of_dashboards_and_rules_finds_something_in_a_real_prometheus() {
    if !has("prometheus") {
        return;
    }
    let world = World::new();
    meet_limits(&world);
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::start(folder.path(), world.daemon.pages);
    wait_for("three scrapes", || {
        let found = prometheus.ask("count_over_time(pointsman_advisor_runs_total[1m]) >= 3");
        (!found.is_empty()).then_some(())
    });
    std::thread::sleep(Duration::from_secs(2));
    let mut empty = Vec::new();
    let panels = DASHBOARDS.iter().flat_map(|name| queries(&dashboard(name)));
    let panels = panels.filter(|(title, _)| !MAY_BE_EMPTY.iter().any(|(panel, _)| panel == title));
    let panels = panels.map(|(title, expression)| (title, as_sent(&expression)));
    let rules = rules();
    assert_eq!(rules.len(), 13, "{rules:#?}");
    let rules = rules.into_iter().map(|(name, expression)| (name, without_thresholds(&expression)));
    for (name, query) in panels.chain(rules) {
        if prometheus.ask(&query).is_empty() {
            empty.push(format!("{name}: {query}"));
        }
    }
    assert!(empty.is_empty(), "queries that find nothing:\n{}", empty.join("\n"));
    let reply = fetch(prometheus.address, "/api/v1/rules").unwrap().json();
    let loaded = reply["data"]["groups"][0]["rules"].as_array().unwrap();
    assert!(loaded.iter().all(|rule| rule["health"] != "err"), "{reply:#}");
}
