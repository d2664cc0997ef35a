//! The real daemon: what it receives is on its pages, in its JSON and in its metrics; what came from outside stays
//! text everywhere; it ends when it is told to and goes on where it was.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use support::{Daemon, END_WITHIN, handlers, otlp, pointsman, report, wait_for};

struct World {
    folder: TempDir,
    db: PathBuf,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { db: folder.path().join("calls.db"), folder }
    }

    /// A daemon that makes its report anew every second.
    fn daemon(&self) -> Daemon {
        self.daemon_with_runs_every(1)
    }

    fn daemon_with_runs_every(&self, seconds: u32) -> Daemon {
        let config = self.folder.path().join("pointsman.toml");
        std::fs::write(&config, format!("[serve]\nadvice_interval_s = {seconds}\n")).unwrap();
        Daemon::start(&self.db, &["--config", config.to_str().unwrap()])
    }
}

fn calls(report: &Value) -> f64 {
    let handlers = report["handlers"].as_array();
    handlers.into_iter().flatten().map(|handler| handler["calls"].as_f64().unwrap()).sum()
}

/// The daemon's report, once it holds so many calls.
fn latest_with(daemon: &Daemon, wanted: u32) -> Value {
    wait_for("the calls to be reported", || {
        let report = daemon.get("/api/v1/reports/latest").json();
        (calls(&report) >= f64::from(wanted)).then_some(report)
    })
}

fn some_calls() -> Value {
    let routes = ["/api/products", "/api/products", "/api/cart", "/api/search"];
    let mut spans: Vec<Value> =
        (1..).zip(routes).map(|(trace, route)| otlp::route_call(trace, route)).collect();
    spans.push(otlp::action_call(90, "app/actions.ts", "addToCart"));
    otlp::request(&spans)
}

#[test]
fn the_first_calls_are_on_the_page_long_before_the_next_usual_run() {
    let world = World::new();
    let daemon = world.daemon_with_runs_every(3600);
    wait_for("the first report", || daemon.get("/").body.contains("No calls yet").then_some(()));
    assert_eq!(daemon.send(&some_calls()).status, 200);
    latest_with(&daemon, 5);
    assert!(!daemon.get("/").body.contains("No calls yet"));
}

#[test]
fn what_is_received_is_on_the_page_in_the_api_and_in_the_report() {
    let world = World::new();
    let daemon = world.daemon();
    let health = daemon.get("/healthz");
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    wait_for("the first report", || (daemon.get("/readyz").status == 200).then_some(()));
    assert!(daemon.get("/").body.contains("No calls yet"));

    let sent = daemon.send(&some_calls());
    assert_eq!((sent.status, sent.json()), (200, serde_json::json!({})));
    let latest = latest_with(&daemon, 5);
    assert_eq!(daemon.get("/api/v1/reports/latest").header("content-type"), Some("application/json"));

    // A second process reads the same file while the daemon has it.
    let printed = report(&world.db, &[]);
    assert_eq!(latest["handlers"], printed["handlers"]);
    assert_eq!(handlers(&printed).len(), 4);

    let page = daemon.get("/");
    assert_eq!(page.status, 200);
    for handler in handlers(&printed) {
        assert!(
            page.body.contains(&format!("href=\"/handlers/{}\"", handler["id"].as_str().unwrap())),
            "{handler}"
        );
    }
    for name in ["GET /api/products", "GET /api/cart", "GET /api/search", "addToCart (app/actions.ts)"] {
        assert!(page.body.contains(name), "{name}");
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let style =
        page.body.split("<link rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = daemon.get(style);
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert!(style.header("cache-control").unwrap().contains("immutable"));
    assert_eq!(daemon.get("/nowhere").status, 404);
}

#[test]
fn metrics_can_be_scraped_and_count_what_came() {
    let world = World::new();
    let daemon = world.daemon();
    assert_eq!(daemon.send(&some_calls()).status, 200);
    latest_with(&daemon, 5);
    let scraped = daemon.get("/metrics");
    assert_eq!(scraped.status, 200);
    assert!(scraped.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let mut samples = 0;
    for line in scraped.body.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let name = series.split('{').next().unwrap();
        assert!(name.starts_with("pointsman_"), "{line}");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{line}");
        assert!(!series.contains('{') || series.ends_with("\"}"), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(scraped.body.contains(&format!("# TYPE {} ", family(name))), "{line}");
        samples += 1;
    }
    assert!(samples > 20, "{}", scraped.body);
    for sample in [
        "pointsman_spans_stored_total 5",
        "pointsman_blocks_stored_total 1",
        "pointsman_calls_extracted_total 5",
        "pointsman_requests_total{outcome=\"accepted\",transport=\"http_json\"} 1",
    ] {
        assert!(scraped.body.lines().any(|line| line == sample), "{sample}\n{}", scraped.body);
    }
}

/// A histogram's samples have names of their own.
fn family(name: &str) -> &str {
    let ends = ["_bucket", "_sum", "_count"];
    ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// Text that does something else than being read.
const HOSTILE_ROUTE: &str = "/api/<script>alert(1)</script>|`\"'&\n- item";
const HOSTILE_ACTION: &str = "drop\u{1b}[31mred\u{202e}txt.exe\u{9b}2J";
const HOSTILE_FILE: &str = "app/\u{2066}evil\u{7}.ts";
const HOSTILE_SERVICE: &str = "shop\n\" 1\n\u{1b}]0;owned\u{7}\u{202e}<img src=x onerror=alert(1)>";
const HOSTILE_VERSION: &str = "16<b>\u{1b}[2J\u{202e}";

/// Nothing that a terminal or browser obeys, except line ends.
fn assert_readable(text: &str, what: &str) {
    let obeyed = |letter: char| {
        (letter.is_control() && letter != '\n')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    for line in text.lines() {
        assert!(!line.contains(obeyed), "{what}: {line:?}");
    }
}

#[test]
fn names_from_outside_stay_text_wherever_they_are_shown() {
    let world = World::new();
    let daemon = world.daemon();
    let endless = format!("/api/{}", "long".repeat(2_500));
    let spans = [
        otlp::route_call(1, HOSTILE_ROUTE),
        otlp::action_call(2, HOSTILE_FILE, HOSTILE_ACTION),
        otlp::route_call(3, &endless),
    ];
    assert_eq!(daemon.send(&otlp::request_of(HOSTILE_SERVICE, HOSTILE_VERSION, &spans)).status, 200);
    let latest = latest_with(&daemon, 3);

    // Machines get what was sent.
    assert_eq!(latest["service"], HOSTILE_SERVICE);
    let route = handlers(&latest).iter().find(|handler| handler["route"] == HOSTILE_ROUTE).unwrap();
    let action = handlers(&latest).iter().find(|handler| handler["kind"] == "server_action").unwrap();
    assert_eq!(route["kind"], "route_handler");
    assert_eq!((&action["action"], &action["file"]), (&HOSTILE_ACTION.into(), &HOSTILE_FILE.into()));

    let said = |arguments: &[&str]| {
        let run = pointsman(&world.db, arguments);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{arguments:?}");
        run.out
    };
    let (text, markdown) = (said(&["report", "--full"]), said(&["report", "--format", "markdown"]));
    assert!(text.contains("alert(1)") && text.contains("drop\\u{1b}[31mred\\u{202e}txt"), "{text}");
    assert!(markdown.contains("&lt;script&gt;") && !markdown.contains("<script"), "{markdown}");
    assert!(!markdown.contains("<img") && !markdown.contains("\n- item"), "{markdown}");
    let id = action["id"].as_str().unwrap();
    for (what, text) in [
        ("text", text),
        ("markdown", markdown),
        ("explain", said(&["explain", id])),
        ("screen", said(&["report"])),
        ("doctor", said(&["doctor"])),
        ("trace", said(&["trace", &format!("{:032x}", 2)])),
    ] {
        assert_readable(&text, what);
        assert!(!text.contains(&"long".repeat(200)), "{what}");
    }
    let route_page = format!("/handlers/{}", route["id"].as_str().unwrap());
    let action_page = format!("/handlers/{id}");
    let trace_page = format!("/traces/{:032x}", 1);
    for (what, page, name) in [
        ("html", said(&["report", "--format", "html"]), "alert(1)"),
        ("overview", daemon.get("/").body, "alert(1)"),
        ("route", daemon.get(&route_page).body, "alert(1)"),
        ("action", daemon.get(&action_page).body, "drop\\u{1b}[31mred\\u{202e}txt"),
        ("telemetry", daemon.get("/telemetry").body, "16&#60;b&#62;"),
        ("trace", daemon.get(&trace_page).body, "alert(1)"),
        ("problem", daemon.get("/%3Cscript%3Ealert(1)").body, "alert(1)"),
    ] {
        assert_readable(&page, what);
        assert!(!page.contains(&"long".repeat(200)), "{what}");
        assert!(page.contains(name), "{what}: {page}");
        for active in ["<script>", "<img", "<b>"] {
            assert!(!page.contains(active), "{what} has {active}");
        }
    }
    for arguments in [&["explain", ""][..], &["report", "--service", "nope"]] {
        assert_readable(&pointsman(&world.db, arguments).err, "error");
    }
    // A label may hold anything but a line end or an end of the text.
    let metrics = daemon.get("/metrics").body;
    assert!(
        metrics.lines().all(|line| line.starts_with("# ") || line.starts_with("pointsman_")),
        "{metrics}"
    );
    assert_readable(&daemon.log(), "log");
}

#[test]
fn it_ends_when_told_to_and_goes_on_where_it_was() {
    let world = World::new();
    let daemon = world.daemon();
    assert_eq!(daemon.send(&some_calls()).status, 200);
    let (status, took) = daemon.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(took < END_WITHIN, "{took:?}");
    assert!(!Path::new(&format!("{}-wal", world.db.display())).exists(), "the log was not written back");

    let daemon = world.daemon();
    latest_with(&daemon, 5);
    // The same calls once more, and a new one: only that counts.
    assert_eq!(daemon.send(&some_calls()).status, 200);
    assert_eq!(daemon.send(&otlp::request(&[otlp::route_call(77, "/api/new")])).status, 200);
    let latest = latest_with(&daemon, 6);
    assert!((calls(&latest) - 6.0).abs() < f64::EPSILON, "{latest:#}");
    assert_eq!(daemon.terminate().0.code(), Some(0));
}

#[test]
fn clients_that_hang_do_not_hold_its_end() {
    let world = World::new();
    let daemon = world.daemon();
    let hanging: Vec<TcpStream> = [daemon.otlp, daemon.pages]
        .into_iter()
        .map(|address| {
            let mut connection = TcpStream::connect(address).unwrap();
            connection
                .write_all(b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{")
                .unwrap();
            connection
        })
        .collect();
    assert_eq!(daemon.send(&some_calls()).status, 200);
    let (status, took) = daemon.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(took < END_WITHIN, "{took:?}");
    drop(hanging);
    assert!((calls(&report(&world.db, &[])) - 5.0).abs() < f64::EPSILON);
}
