//! How the log is written.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use super::Folder;
use super::support::{Daemon, command};

#[test]
fn a_file_gets_no_colours() {
    let folder = Folder::new();
    // Empty is as if it were not set.
    let daemon = Daemon::start_in(&folder.db(), &["--log-level", "debug"], &[("NO_COLOR", "")]);
    let log = daemon.terminate_and_log();
    assert!(log.contains("INFO") && !log.contains('\u{1b}'), "{log}");
}

#[test]
fn as_json_every_line_is_an_object_with_its_fields() {
    let folder = Folder::new();
    let config = folder.write("pointsman.toml", "[logs]\nformat = \"json\"\n");
    let mut command = command(&folder.db());
    command.args([
        "--config",
        &config,
        "serve",
        "--otlp-grpc",
        "off",
        "--otlp-http",
        "off",
        "--listen",
        "127.0.0.1:0",
    ]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = lines.by_ref().find_map(|line| {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        (line["message"] == "ready").then_some(line)
    });
    let ready = ready.unwrap();
    assert_eq!((ready["level"].as_str(), ready["db"].as_str()), (Some("INFO"), folder.db().to_str()));
    assert!(ready["timestamp"].as_str().unwrap().ends_with('Z'));
    let kill = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(kill.success());
    for line in lines {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert!(line["message"].is_string(), "{line}");
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn no_secret_is_ever_logged() {
    let folder = Folder::new();
    let secret = folder.write("secret", "the-secret-of-client-keys\n");
    let tokens = folder.write("tokens", "shop token-of-a-sender-1\n");
    let environment = [
        ("POINTSMAN_HASH_SECRET_FILE", secret.as_str()),
        ("POINTSMAN_OTLP_TOKENS_FILE", &tokens),
        ("POINTSMAN_PAGES_TOKENS", "ops token-of-a-reader-1"),
        ("RUST_LOG", "trace"),
    ];
    let daemon = Daemon::start_in(&folder.db(), &[], &environment);
    for token in ["token-of-a-sender-1", "token-of-a-reader-1", "a-guessed-token-xyz"] {
        let bearer = format!("Bearer {token}");
        for address in [daemon.otlp, daemon.pages] {
            let headers = [("authorization", bearer.as_str())];
            super::support::http_with(address, "POST", "/v1/traces", &headers, "{}").unwrap();
        }
    }
    daemon.signal("HUP");
    daemon.wait_for_log("the configuration was reloaded");
    let log = daemon.terminate_and_log();
    assert!(log.contains("DEBUG") || log.contains("TRACE"), "the log is as long as it can be");
    for hidden in
        ["the-secret-of-client-keys", "token-of-a-sender-1", "token-of-a-reader-1", "a-guessed-token-xyz"]
    {
        let line = log.lines().find(|line| line.contains(hidden));
        assert!(line.is_none(), "{line:?}");
    }
}
