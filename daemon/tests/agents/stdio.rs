//! One agent on standard input and output.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::support::command;

/// A server that an agent has started; it ends with it.
pub(super) struct Agent {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    next: u64,
}

impl Agent {
    /// Starts `pointsman mcp` and introduces itself.
    pub(super) fn start(db: &Path, arguments: &[&str]) -> Self {
        let mut command = command(db);
        command.arg("mcp").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut agent = Self { child, to, from, next: 0 };
        let client = json!({ "name": "test", "version": "1" });
        let begun = agent.ask(
            "initialize",
            &json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client }),
        );
        assert_eq!(begun["result"]["protocolVersion"], "2025-11-25", "{begun}");
        agent.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        agent
    }

    /// The answer to a request.
    pub(super) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        self.say(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{method}: {line:?}"));
        assert_eq!(answer["id"], self.next, "{answer}");
        answer
    }

    /// What a tool answers.
    pub(super) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }));
        assert!(answer["result"].is_object(), "{tool}: {answer}");
        answer["result"].clone()
    }

    fn say(&mut self, message: &Value) {
        let to = self.to.as_mut().unwrap();
        writeln!(to, "{message}").unwrap();
        to.flush().unwrap();
    }

    /// Ends as agents do, by closing its side; returns the code.
    pub(super) fn close(mut self) -> Option<i32> {
        drop(self.to.take());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Markdown of an answer.
pub(super) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}

#[test]
fn an_agent_that_closes_its_side_ends_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("calls.db");
    let file = folder.path().join("none.jsonl");
    std::fs::write(&file, "").unwrap();
    super::support::pointsman(&db, [Path::new("replay"), &file]);
    let mut agent = Agent::start(&db, &[]);
    let nothing = agent.call("list_changes", &json!({}));
    assert_eq!(nothing["isError"], true, "{nothing}");
    assert!(text(&nothing).contains("No calls have arrived"), "{nothing}");
    let missing = agent.call("what_is_missing", &json!({}));
    assert!(text(&missing).contains("pointsman init"), "{missing}");
    let unknown = agent.ask("tools/call", &json!({ "name": "rm", "arguments": {} }));
    assert!(unknown["error"]["message"].as_str().unwrap().contains("list_changes"), "{unknown}");
    let wrong = agent.call("get_plan", &json!({ "chnage": "x" }));
    assert!(text(&wrong).contains("chnage") && wrong["isError"] == true, "{wrong}");
    assert_eq!(agent.close(), Some(0));
}
