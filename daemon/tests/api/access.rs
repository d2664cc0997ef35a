//! Who may see the pages: tokens as bearer and as password, what stays open, metrics on a listener of their own, and no token
//! in any log or answer.

use std::net::SocketAddr;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tempfile::TempDir;

use super::ask;
use super::support::{Daemon, pointsman, wait_for};

const TOKEN: &str = "a-token-of-readers-0123456789";
const SCRAPER: &str = "a-token-of-scrapers-0123456789";

struct World {
    folder: TempDir,
    db: PathBuf,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { db: folder.path().join("calls.db"), folder }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A daemon whose pages want a token.
    fn closed(&self, further: &str) -> Daemon {
        let readers = self.file("readers", &format!("ops {TOKEN}\n"));
        let scrapers = self.file("scrapers", &format!("prometheus {SCRAPER}\n"));
        let config = self.file(
            "pointsman.toml",
            &format!("[pages]\ntokens_file = {readers:?}\nmetrics_tokens_file = {scrapers:?}\n{further}"),
        );
        Daemon::start(&self.db, &["--config", &config])
    }
}

fn status(daemon: &Daemon, path: &str, authorization: Option<&str>) -> u16 {
    let headers: Vec<(&str, &str)> =
        authorization.map(|value| ("authorization", value)).into_iter().collect();
    ask(daemon.pages, "GET", path, &headers, "").status
}

#[test]
fn pages_that_others_reach_want_a_token_or_a_word() {
    let world = World::new();
    let serve = ["serve", "--otlp-grpc", "off", "--otlp-http", "off", "--listen", "0.0.0.0:0"];
    let refused = pointsman(&world.db, serve);
    assert_eq!(refused.code, Some(1));
    for remedy in ["--pages-tokens-file", "POINTSMAN_PAGES_TOKENS", "--allow-anonymous", "127.0.0.1"] {
        assert!(refused.err.contains(remedy), "{}", refused.err);
    }
    assert!(!world.db.exists(), "it was refused after the database was made");
    let short = world.file("short", "ops hunter2\n");
    let refused = pointsman(&world.db, serve.into_iter().chain(["--pages-tokens-file", &short]));
    assert!(
        refused.err.contains("fewer than 16 characters") && !refused.err.contains("hunter2"),
        "{}",
        refused.err
    );
}

#[test]
fn a_token_opens_pages_api_and_metrics_and_health_needs_none() {
    let world = World::new();
    let daemon = world.closed("");
    wait_for("the first report", || (daemon.get("/readyz").status == 200).then_some(()));
    assert_eq!(daemon.get("/healthz").status, 200);
    let bearer = format!("Bearer {TOKEN}");
    let password = format!("Basic {}", BASE64_STANDARD.encode(format!("me:{TOKEN}")));
    let scraper = format!("Bearer {SCRAPER}");
    for path in ["/", "/telemetry", "/api/v1/handlers", "/api/v1/openapi.json", "/metrics", "/nowhere"] {
        assert_eq!(status(&daemon, path, None), 401, "{path}");
        assert_eq!(status(&daemon, path, Some("Bearer a-token-that-was-guessed")), 401, "{path}");
        let found = if path == "/nowhere" { 404 } else { 200 };
        assert_eq!(status(&daemon, path, Some(&bearer)), found, "{path}");
        assert_eq!(status(&daemon, path, Some(&password)), found, "{path}");
        let scraped = if path == "/metrics" { 200 } else { 401 };
        assert_eq!(status(&daemon, path, Some(&scraper)), scraped, "{path}");
    }
    let asked = daemon.get("/");
    assert!(asked.header("www-authenticate").unwrap().starts_with("Basic realm=\"Pointsman\""), "{asked:?}");
    assert!(
        asked.body.contains("A token is needed") || asked.body.contains("a token is needed"),
        "{}",
        asked.body
    );
    let refused = daemon.get("/api/v1/handlers");
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let log = daemon.terminate_and_log();
    assert!(![TOKEN, SCRAPER, "was-guessed"].iter().any(|secret| log.contains(secret)), "{log}");
}

#[test]
fn metrics_may_have_a_listener_of_their_own() {
    let world = World::new();
    let daemon = world.closed("metrics_listen = \"127.0.0.1:0\"\n");
    let log = daemon.log();
    let address = log.split_once("metrics at http://").unwrap().1.split('/').next().unwrap();
    let own: SocketAddr = address.parse().unwrap();
    let scraped = ask(own, "GET", "/metrics", &[], "");
    assert_eq!(scraped.status, 200);
    assert!(scraped.body.contains("pointsman_spans_stored_total"), "{}", scraped.body);
    assert_eq!(ask(own, "GET", "/", &[], "").status, 404);
    assert_eq!(status(&daemon, "/metrics", None), 401);
}

#[test]
fn a_name_that_is_not_ours_is_not_served() {
    let world = World::new();
    let config = world.file("pointsman.toml", "[pages]\nhosts = [\"pointsman.example\"]\n");
    let daemon = Daemon::start(&world.db, &["--config", &config]);
    for (host, expected) in [("pointsman.example", 200), ("localhost:4400", 200), ("rebound.example", 421)] {
        let reply = super::ask_as(daemon.pages, host, "GET", "/", &[], "");
        assert_eq!(reply.status, expected, "{host}");
    }
}
