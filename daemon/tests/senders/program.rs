//! The senders as processes: which there are, how they are started, told to send, and ended. What they send stands in
//! their own languages beside this file.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::support::{Daemon, PATIENCE, wait_for, workspace};

/// What all of them call their service.
const SERVICE: &str = "senders";

/// Of each trace that they send: the request, below it `render` and `fetch`, below that `query`.
pub(crate) const SPANS_PER_TRACE: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Program {
    NodeSdk,
    Vercel,
    Python,
    Rust,
}

/// The protocols of OTLP, under the names that `OTEL_EXPORTER_OTLP_PROTOCOL` has for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protocol {
    Grpc,
    HttpProtobuf,
    HttpJson,
}

impl Protocol {
    pub(crate) fn port(self, daemon: &Daemon) -> SocketAddr {
        if self == Self::Grpc { daemon.grpc } else { daemon.otlp }
    }

    /// The word in the daemon's metrics.
    pub(crate) fn transport(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http_protobuf",
            Self::HttpJson => "http_json",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
        }
    }
}

impl Program {
    /// Numbers of JavaScript are exact up to 2^53 only.
    pub(crate) fn is_javascript(self) -> bool {
        matches!(self, Self::NodeSdk | Self::Vercel)
    }

    pub(crate) fn sends_all_signals(self) -> bool {
        self != Self::Vercel
    }

    fn command(self) -> Command {
        let own = workspace().join("daemon/tests/senders");
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("senders");
        let node = |script: &str| {
            installed(&own.join("node/node_modules"), "test-senders");
            with_script(PathBuf::from("node"), &own.join("node").join(script))
        };
        match self {
            Self::NodeSdk => node("nodesdk.mjs"),
            Self::Vercel => node("vercel.mjs"),
            Self::Python => {
                let python = built.join("python/bin/python");
                with_script(installed(&python, "test-senders-full"), &own.join("python/sender.py"))
            }
            Self::Rust => Command::new(installed(&built.join("rust/debug/sender"), "test-senders-full")),
        }
    }
}

fn installed(path: &Path, target: &str) -> PathBuf {
    assert!(path.exists(), "{} is missing: run these tests with `make {target}`", path.display());
    path.to_owned()
}

fn with_script(program: PathBuf, script: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(script);
    command
}

/// Trace id and span id, in hex.
pub(crate) type SpanKey = (String, String);

/// SDKs that are told to say much say it there, too.
fn is_id(text: &str, bytes: usize) -> bool {
    text.len() == 2 * bytes && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A running sender.
pub(crate) struct Sender {
    child: Child,
    orders: Option<ChildStdin>,
    said: Receiver<String>,
    troubles: Troubles,
    sent: Vec<SpanKey>,
}

/// What a sender's SDK complains about.
struct Troubles {
    text: Arc<Mutex<String>>,
    reading: Option<JoinHandle<()>>,
}

impl Troubles {
    fn read(errors: ChildStderr) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&text);
        let reading = std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                let mut text = kept.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self { text, reading: Some(reading) }
    }

    /// All of it, once the sender has ended.
    fn whole(&mut self) -> String {
        if let Some(reading) = self.reading.take() {
            reading.join().unwrap();
        }
        self.text.lock().unwrap().clone()
    }
}

impl Sender {
    /// Starts it with nothing of this machine's environment that could change what it does.
    pub(crate) fn start(
        program: Program,
        protocol: Protocol,
        to: SocketAddr,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = program.command();
        for (name, _) in std::env::vars_os() {
            let lower = name.to_string_lossy().to_lowercase();
            if lower.starts_with("otel_") || lower.ends_with("_proxy") {
                command.env_remove(&name);
            }
        }
        command
            .env("OTEL_SERVICE_NAME", SERVICE)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{to}"))
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.variable())
            .env("OTEL_LOG_LEVEL", "warn")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if program == Program::NodeSdk {
            command.envs([("OTEL_METRICS_EXPORTER", "otlp"), ("OTEL_LOGS_EXPORTER", "otlp")]);
        }
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (lines, said) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).take_while(|line| lines.send(line.clone()).is_ok()).count()
        });
        let troubles = Troubles::read(child.stderr.take().unwrap());
        Self { orders: child.stdin.take(), child, said, troubles, sent: Vec::new() }
    }

    /// Tells it to send so many traces, and does not wait for that.
    pub(crate) fn order(&mut self, traces: usize) {
        writeln!(self.orders.as_mut().unwrap(), "{traces}").unwrap();
    }

    /// Waits until it says that what was ordered is flushed.
    pub(crate) fn wait_until_flushed(&mut self) {
        loop {
            let line = match self.said.recv_timeout(PATIENCE) {
                Ok(line) if line == "flushed" => return,
                Ok(line) => line,
                Err(error) => panic!("the sender does not flush ({error}): {}", self.end_at_once()),
            };
            let ids = line.split_once(' ').filter(|(trace, span)| is_id(trace, 16) && is_id(span, 8));
            self.sent.extend(ids.map(|(trace, span)| (trace.to_owned(), span.to_owned())));
        }
    }

    pub(crate) fn send(&mut self, traces: usize) {
        self.order(traces);
        self.wait_until_flushed();
    }

    /// The spans that it says it made.
    pub(crate) fn sent(&self) -> &[SpanKey] {
        &self.sent
    }

    /// What its SDK complained about so far.
    pub(crate) fn troubles(&self) -> String {
        self.troubles.text.lock().unwrap().clone()
    }

    /// Lets it end by itself; what it sent, and what its SDK complained about.
    pub(crate) fn end(mut self) -> (Vec<SpanKey>, String) {
        drop(self.orders.take());
        let status = wait_for("the sender to end", || self.child.try_wait().unwrap());
        let troubles = self.troubles.whole();
        assert_eq!(status.code(), Some(0), "{troubles}");
        (std::mem::take(&mut self.sent), troubles)
    }

    fn end_at_once(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.troubles.whole()
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.end_at_once();
    }
}
