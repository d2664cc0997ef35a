//! Who is answered at `/mcp`: the same as on the pages, and nobody who comes from another site.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{Daemon, Reply};

const TOKEN: &str = "a-token-of-agents-0123456789";
const PROTOCOL: [(&str, &str); 3] = [
    ("content-type", "application/json"),
    ("accept", "application/json, text/event-stream"),
    ("mcp-protocol-version", "2025-11-25"),
];

struct World {
    folder: TempDir,
    db: PathBuf,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { db: folder.path().join("calls.db"), folder }
    }

    fn daemon(&self, config: &str) -> Daemon {
        let path = self.folder.path().join("pointsman.toml");
        std::fs::write(&path, config).unwrap();
        Daemon::start_in(&self.db, &["--config", path.to_str().unwrap()], &[])
    }

    fn closed(&self) -> Daemon {
        let tokens = self.folder.path().join("tokens");
        std::fs::write(&tokens, format!("agents {TOKEN}\n")).unwrap();
        self.daemon(&format!("[pages]\ntokens_file = {tokens:?}\n"))
    }
}

/// One request under the name of a host, with these headers only.
fn http_as(
    to: SocketAddr,
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let own: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{own}content-length: {length}\r\n\r\n"
    );
    let mut connection = TcpStream::connect(to).unwrap();
    connection.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    Reply::read(&answer).unwrap()
}

fn list() -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} }).to_string()
}

fn asked(daemon: &Daemon, host: &str, further: &[(&str, &str)], body: &str) -> Reply {
    let headers: Vec<(&str, &str)> = PROTOCOL.iter().chain(further).copied().collect();
    http_as(daemon.pages, host, "POST", "/mcp", &headers, body)
}

#[test]
fn without_a_token_there_is_no_answer_and_foreign_origins_are_refused() {
    let world = World::new();
    let daemon = world.closed();
    let own = daemon.pages.to_string();
    let bearer = format!("Bearer {TOKEN}");
    let same = format!("http://{own}");
    for (further, status) in [
        (&[][..], 401),
        (&[("authorization", "Bearer a-token-that-was-guessed")], 401),
        (&[("authorization", &bearer)], 200),
        (&[("authorization", &bearer), ("origin", &same)], 200),
        (&[("authorization", &bearer), ("origin", "https://evil.example")], 403),
        (&[("authorization", &bearer), ("origin", "null")], 403),
        (&[("authorization", &bearer), ("sec-fetch-site", "cross-site")], 403),
    ] {
        let reply = asked(&daemon, &own, further, &list());
        assert_eq!(reply.status, status, "{further:?}: {}", reply.body);
        assert_eq!(reply.body.contains("list_changes"), status == 200, "{further:?}");
        if status != 200 {
            assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{further:?}");
        }
    }
}

#[test]
fn without_tokens_own_names_are_answered_and_browsers_elsewhere_are_not() {
    let daemon = World::new().daemon("");
    let own = daemon.pages.to_string();
    for (host, further, status) in [
        (own.as_str(), &[][..], 200),
        ("localhost:4400", &[], 200),
        ("rebound.example:4400", &[], 421),
        (&own, &[("origin", "https://evil.example")], 403),
        ("rebound.example:4400", &[("origin", "http://rebound.example:4400")], 421),
    ] {
        assert_eq!(asked(&daemon, host, further, &list()).status, status, "{host} {further:?}");
    }
    let refused = asked(&daemon, &own, &[], &"x".repeat(70_000));
    assert_eq!(refused.status, 413, "{}", refused.body);
    for method in ["GET", "DELETE"] {
        let reply = http_as(daemon.pages, &own, method, "/mcp", &PROTOCOL, "");
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")), "{method}");
    }
    assert!((daemon.metric("pointsman_mcp_refused_total") - 3.0).abs() < 0.1);
    // No form of a browser sends JSON.
    let form = http_as(daemon.pages, &own, "POST", "/mcp", &[("content-type", "text/plain")], &list());
    assert!((400..500).contains(&form.status), "{}", form.status);
}

#[test]
fn decisions_are_off_and_all_of_it_can_be() {
    let world = World::new();
    let daemon = world.daemon("");
    let own = daemon.pages.to_string();
    let tools: Value = serde_json::from_str(&asked(&daemon, &own, &[], &list()).body).unwrap();
    assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 6, "{tools}");
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "decide", "arguments": { "change": "c0123456789", "decision": "accept" } } });
    let refused = asked(&daemon, &own, &[], &call.to_string());
    assert!(refused.body.contains("mcp.allow_decisions"), "{}", refused.body);
    drop(daemon);
    let off = world.daemon("[mcp]\nenabled = false\n");
    let reply = asked(&off, &off.pages.to_string(), &[], &list());
    assert_eq!((reply.status, reply.body.contains("mcp.enabled")), (404, true), "{}", reply.body);
}
