//! The JSON API of the real daemon, with the traffic of the example app: every answer is as its description says, reports as
//! their schema says, and decisions are taken, refused and shown.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod access;
mod described;
mod source;
#[path = "../support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use tempfile::TempDir;

use described::Description;
use support::{Daemon, Reply, recent, wait_for, workspace};

/// A daemon that has judged the example app.
struct Shop {
    daemon: Daemon,
    _folder: TempDir,
}

impl Shop {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("calls.db");
        recent::storefront(&db);
        let shop = std::fs::read_to_string(workspace().join("examples/storefront/pointsman.toml")).unwrap();
        let config = folder.path().join("pointsman.toml");
        std::fs::write(&config, shop + "[reports]\nschedule = \"* * * * *\"\n").unwrap();
        let daemon = Daemon::start(&db, &["--config", config.to_str().unwrap()]);
        wait_for("the first report", || (daemon.get("/readyz").status == 200).then_some(()));
        Self { daemon, _folder: folder }
    }

    /// The handlers whose verdict is this.
    fn judged(&self, verdict: &str) -> Vec<Value> {
        let all = self.daemon.get("/api/v1/handlers").json()["handlers"].as_array().unwrap().clone();
        all.into_iter().filter(|handler| handler["verdict"] == verdict).collect()
    }

    fn decide(&self, id: &str, decision: &Value) -> Reply {
        let origin = format!("http://{}", self.daemon.pages);
        let path = format!("/api/v1/recommendations/{id}/decisions");
        ask(self.daemon.pages, "POST", &path, &[("origin", &origin)], &decision.to_string())
    }
}

/// One request with headers of its own.
fn ask(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    ask_as(to, &to.to_string(), method, path, headers, body)
}

/// The same, for a host of that name.
fn ask_as(
    to: SocketAddr,
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let mut connection = TcpStream::connect(to).unwrap();
    let own: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n{own}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    Reply::read(&answer).unwrap()
}

#[test]
fn every_answer_is_as_its_description_says() {
    let shop = Shop::open();
    let description = Description::of(&shop.daemon);
    let moved = shop.judged("move_to_server_action").remove(0);
    let trace = moved["evidence"][0]["exemplars"][0].as_str().unwrap();
    let kept = wait_for("a kept report", || {
        let kept = shop.daemon.get("/api/v1/reports").json()["reports"][0].clone();
        kept.is_object().then_some(kept)
    });
    let at = kept["at"].as_str().unwrap();
    let of = "service=storefront&environment=production";
    let fill = |path: &str| match path {
        path if path.ends_with("/reports/changes") => format!("{path}?{of}&from={at}&to={at}"),
        path if path.contains("{at}") => format!("{}?{of}", path.replace("{at}", at)),
        path if path.contains("/traces/") => path.replace("{id}", trace),
        path if path.contains("/changes/") => path.replace("{id}", moved["change"].as_str().unwrap()),
        path if path.contains("/rules/") => path.replace("{id}", "mutate-then-refresh"),
        path => path.replace("{id}", moved["id"].as_str().unwrap()),
    };
    // So that there is one to give back.
    assert_eq!(source::upload(&shop, &source::linked()).status, 200);
    let read = description.paths("get");
    assert!(read.len() >= 11, "{read:?}");
    for path in read {
        let reply = shop.daemon.get(&fill(&path));
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some("application/json")),
            "{path}: {}",
            reply.body
        );
        description.check("get", &path, &reply);
    }
    for (path, status) in [
        ("/api/v1/handlers?service=storefront&environment=production", 200),
        ("/api/v1/handlers?colour=red", 400),
        ("/api/v1/handlers/0000000000000001", 404),
        ("/api/v1/rules/no-such-rule", 404),
        ("/api/v1/traces/xyz", 400),
        ("/api/v1/traces/00000000000000000000000000000001", 404),
        ("/api/v1/reports/2020-01-01T00:00:00Z?service=storefront", 404),
        ("/api/v1/reports/yesterday?service=storefront", 400),
        ("/api/v1/reports/2020-01-01T00:00:00Z", 400),
        ("/api/v1/nowhere", 404),
    ] {
        let reply = shop.daemon.get(path);
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
        if status >= 400 {
            assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{path}");
            description.check_problem(&reply);
        }
    }
}

#[test]
fn a_report_fits_its_schema_and_is_sent_once() {
    let shop = Shop::open();
    let schema = std::fs::read_to_string(workspace().join("docs/report.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let latest = shop.daemon.get("/api/v1/reports/latest");
    let faults: Vec<String> = schema.iter_errors(&latest.json()).map(|error| error.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new());
    let several = json!({ "schema": "pointsman.report/v1", "services": [latest.json(), latest.json()] });
    assert!(schema.is_valid(&several));
    let mut broken = latest.json();
    broken["handlers"][0]["verdict"] = json!("perhaps");
    assert!(!schema.is_valid(&broken));

    // The report is made anew every five seconds, so the tag may be of an earlier one.
    let again = wait_for("the same report twice", || {
        let tag = shop.daemon.get("/api/v1/reports/latest").header("etag").unwrap().to_owned();
        let asked = [("if-none-match", tag.as_str())];
        let again = ask(shop.daemon.pages, "GET", "/api/v1/reports/latest", &asked, "");
        (again.status == 304).then_some(again)
    });
    assert_eq!(again.body, "");
    let other = [("if-none-match", "\"another\"")];
    assert_eq!(ask(shop.daemon.pages, "GET", "/api/v1/reports/latest", &other, "").status, 200);
}

#[test]
fn decisions_are_taken_and_shown_or_refused_with_a_reason() {
    let shop = Shop::open();
    let description = Description::of(&shop.daemon);
    let moves = shop.judged("move_to_route_handler");
    let [first, second, ..] = moves.as_slice() else { panic!("{moves:?}") };
    let id = first["id"].as_str().unwrap();

    let refused = shop.decide(id, &json!({ "decision": "dismiss", "reason": "  " }));
    assert_eq!(refused.status, 409, "{}", refused.body);
    for senseless in [
        json!({ "decision": "dismiss" }),
        json!({ "decision": "forget" }),
        json!({ "decision": "accept", "force": true }),
        json!({ "decision": "snooze", "until": "tomorrow" }),
        json!({ "decision": "applied", "successor": "it" }),
    ] {
        let refused = shop.decide(id, &senseless);
        assert!(
            (400..=422).contains(&refused.status) && refused.status != 409,
            "{senseless}: {}",
            refused.status
        );
        description.check_problem(&refused);
    }
    let dismissed = shop.decide(id, &json!({ "decision": "dismiss", "reason": "the vendor needs it" }));
    assert_eq!(dismissed.status, 200, "{}", dismissed.body);
    description.check("post", "/api/v1/recommendations/{id}/decisions", &dismissed);
    assert_eq!(dismissed.json()["state"], "dismissed");
    // The answer came when it was to be seen.
    let shown = shop.daemon.get(&format!("/api/v1/handlers/{id}")).json();
    assert_eq!(shown["handler"]["state"], "dismissed");
    assert_eq!(shown["recommendations"][0]["reason"], "the vendor needs it");

    let snoozed =
        shop.decide(second["id"].as_str().unwrap(), &json!({ "decision": "snooze", "until": "2099-01-01" }));
    assert_eq!((snoozed.status, &snoozed.json()["until"]), (200, &json!("2099-01-01T00:00:00Z")));
    // Under the change's own id it is the same change: its state is that of all its handlers.
    let change = first["change"].as_str().unwrap();
    let path = format!("/api/v1/changes/{change}");
    let accepted = ask(
        shop.daemon.pages,
        "POST",
        &format!("{path}/decisions"),
        &[("origin", &format!("http://{}", shop.daemon.pages))],
        &json!({ "decision": "accept" }).to_string(),
    );
    assert_eq!((accepted.status, &accepted.json()["change"]), (200, &json!(change)), "{}", accepted.body);
    let shown = shop.daemon.get(&path).json();
    assert_eq!(shown["state"], "accepted");
    assert!(shown["handlers"].as_array().unwrap().contains(&json!(id)), "{shown}");
    assert_eq!(shop.daemon.get(&format!("/api/v1/handlers/{id}")).json()["handler"]["state"], "accepted");
    let keep = shop.judged("keep").remove(0);
    let nothing = shop.decide(keep["id"].as_str().unwrap(), &json!({ "decision": "accept" }));
    assert_eq!(nothing.status, 409, "{}", nothing.body);
    assert_eq!(shop.decide("0000000000000001", &json!({ "decision": "accept" })).status, 404);
}

#[test]
fn no_other_site_decides() {
    let shop = Shop::open();
    let moved = shop.judged("move_to_server_action").remove(0);
    let id = moved["id"].as_str().unwrap();
    let (to, accept) = (shop.daemon.pages, json!({ "decision": "accept" }).to_string());
    let path = format!("/api/v1/recommendations/{id}/decisions");
    let own = format!("http://{to}");
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
    ] {
        assert_eq!(ask(to, "POST", &path, headers, &accept).status, 403, "{headers:?}");
        let form = ask(to, "POST", &format!("/handlers/{id}/decision"), headers, "decision=accept");
        assert_eq!(form.status, 403, "{headers:?}");
    }
    assert_eq!(shop.daemon.get(&format!("/api/v1/handlers/{id}")).json()["handler"]["state"], "proposed");
}
