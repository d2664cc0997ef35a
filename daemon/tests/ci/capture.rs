//! `capture` records what comes while a command runs, says what it did not record, and passes signals and exit codes on. The
//! command is a shell that waits; the test itself sends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::otlp::{request, route_call};
use crate::support::{Run, command, pointsman, send, wait_for};

/// Waits for a file and ends with a code of its own; a signal ends it with another one.
const WAITING: &str = "trap 'exit 9' TERM; echo \"$OTEL_EXPORTER_OTLP_ENDPOINT\" > endpoint.new; mv endpoint.new endpoint; \
                       while [ ! -e done ]; do sleep 0.05; done; exit 7";

/// A running `capture`.
pub(crate) struct Capture {
    folder: tempfile::TempDir,
    child: Child,
    pub(crate) endpoint: SocketAddr,
}

impl Capture {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut capture = command(&folder.path().join("unused.db"));
        capture.arg("capture").args(arguments).args(["--", "/bin/sh", "-c", WAITING]);
        // What the caller has set for another backend must not win.
        capture.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/v1/traces");
        capture.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = capture.spawn().unwrap();
        let endpoint = wait_for("the command to start", || {
            let text = std::fs::read_to_string(folder.path().join("endpoint")).ok()?;
            text.trim().strip_prefix("http://")?.parse().ok()
        });
        Self { folder, child, endpoint }
    }

    /// Lets the command end.
    pub(crate) fn let_end(&self) {
        std::fs::write(self.folder.path().join("done"), "").unwrap();
    }

    pub(crate) fn ended(mut self) -> (Run, tempfile::TempDir) {
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let code = self.child.wait().unwrap().code();
        (Run { code, out: String::new(), err }, self.folder)
    }

    fn signal(&self, name: &str) {
        let status = std::process::Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }
}

pub(crate) fn recording(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("traces.jsonl")
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_was_acknowledged_is_recorded_as_made_by_tests_and_the_exit_code_is_passed_on() {
    let capture = Capture::start(&[]);
    let mut acknowledged = 0;
    for trace in 1..=3 {
        assert_eq!(send(capture.endpoint, &request(&[route_call(trace, "/api/stock")])).unwrap().status, 200);
        acknowledged += 1;
    }
    capture.let_end();
    // What comes late is taken until nothing has come for a while; then nobody listens any more.
    let late = std::thread::spawn({
        let endpoint = capture.endpoint;
        move || {
            let mut taken = 0;
            for trace in 100..110 {
                match send(endpoint, &request(&[route_call(trace, "/api/late")])) {
                    Ok(reply) if reply.status == 200 => taken += 1,
                    _ => break,
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            taken
        }
    });
    let (run, folder) = capture.ended();
    acknowledged += late.join().unwrap();
    assert_eq!(run.code, Some(7), "{}", run.err);
    let lines = lines(&recording(&folder));
    assert_eq!(lines.len(), acknowledged, "{}", run.err);
    for line in &lines {
        let attributes = line["resourceSpans"][0]["resource"]["attributes"].as_array().unwrap();
        let environment = attributes.iter().find(|one| one["key"] == "deployment.environment.name").unwrap();
        assert_eq!(environment["value"]["stringValue"], "pointsman-tests");
    }
    let said = format!("traces.jsonl: {acknowledged} spans in {acknowledged} requests");
    assert!(run.err.contains(&said) && run.err.contains("shape, not traffic"), "{}", run.err);
}

#[test]
fn an_earlier_recording_is_replaced_when_the_command_has_ended() {
    let capture = Capture::start(&["--wait", "0"]);
    let place = recording(&capture.folder);
    std::fs::write(&place, "of an earlier run\n").unwrap();
    assert_eq!(send(capture.endpoint, &request(&[route_call(1, "/api/stock")])).unwrap().status, 200);
    assert_eq!(std::fs::read_to_string(&place).unwrap(), "of an earlier run\n");
    capture.let_end();
    let (run, folder) = capture.ended();
    assert_eq!(run.code, Some(7), "{}", run.err);
    assert_eq!(lines(&recording(&folder)).len(), 1);
}

#[test]
fn a_full_file_turns_senders_away_and_says_so() {
    let capture = Capture::start(&["--max-size", "1"]);
    let calls: Vec<Value> = (1..=400).map(|trace| route_call(trace, "/api/stock")).collect();
    let body = request(&calls);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..20 {
        match send(capture.endpoint, &body).unwrap().status {
            200 => taken += 1,
            503 => refused += 1,
            other => panic!("{other}"),
        }
    }
    capture.let_end();
    let (run, folder) = capture.ended();
    assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
    assert_eq!(lines(&recording(&folder)).len(), taken);
    assert!(std::fs::metadata(recording(&folder)).unwrap().len() <= 1 << 20);
    let said = format!("because the file has reached --max-size: {refused} request");
    assert!(run.err.contains(&said), "{}", run.err);
}

#[test]
fn what_is_no_trace_is_refused_and_counted() {
    let capture = Capture::start(&["--wait", "0"]);
    let mut connection = TcpStream::connect(capture.endpoint).unwrap();
    let body = "{\"resourceSpans\": 7}";
    write!(
        connection,
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    capture.let_end();
    let (run, _) = capture.ended();
    assert_eq!(run.code, Some(7));
    assert!(run.err.contains("not understood: 1 request"), "{}", run.err);
    assert!(run.err.contains("no traces came"), "{}", run.err);
}

#[test]
fn a_signal_reaches_the_command_and_its_answer_is_passed_on() {
    let capture = Capture::start(&[]);
    assert_eq!(send(capture.endpoint, &request(&[route_call(1, "/api/stock")])).unwrap().status, 200);
    capture.signal("TERM");
    let (run, folder) = capture.ended();
    assert_eq!(run.code, Some(9), "{}", run.err);
    assert_eq!(lines(&recording(&folder)).len(), 1);
}

#[test]
fn a_command_that_cannot_be_started_is_named_and_gets_the_code_that_shells_give() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("unused.db");
    let out = folder.path().join("traces.jsonl");
    std::fs::write(&out, "of an earlier run\n").unwrap();
    let capture = |program: &str| {
        pointsman(
            &db,
            ["capture".as_ref(), "--out".as_ref(), out.as_os_str(), "--".as_ref(), program.as_ref()],
        )
    };
    let missing = capture("/no/such/program");
    assert_eq!(missing.code, Some(127), "{}", missing.err);
    assert!(missing.err.contains("cannot start /no/such/program"), "{}", missing.err);
    let folder_is_no_program = capture("/");
    assert_eq!(folder_is_no_program.code, Some(126), "{}", folder_is_no_program.err);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "of an earlier run\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing unfinished is left");
    let nowhere = pointsman(&db, ["capture", "--out", "/no/such/folder/traces.jsonl", "--", "/bin/true"]);
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.err.contains("--out names another file"), "{}", nowhere.err);
}
