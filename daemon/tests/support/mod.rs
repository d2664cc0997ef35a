//! The real binary under test: running a command, running the daemon, speaking HTTP to it, looking into its
//! file. What is sent as telemetry is `otlp`'s business; what is expected is each test's.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]

pub(crate) mod otlp;
pub(crate) mod recent;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A busy machine may be slow; whoever waits longer than this waits for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// The daemon promises to end within 25 s of a signal; the rest is the machine's.
pub(crate) const END_WITHIN: Duration = Duration::from_secs(40);

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The binary with nothing of this machine's environment that could change what it says.
pub(crate) fn command(db: &Path) -> Command {
    // The long tests look at the binary that users run, without building the tests a second time.
    let other = std::env::var_os("POINTSMAN_TEST_BINARY");
    let mut command = Command::new(other.as_deref().unwrap_or(OsStr::new(env!("CARGO_BIN_EXE_pointsman"))));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("POINTSMAN_") || name == "RUST_LOG") {
            command.env_remove(name);
        }
    }
    command.env("NO_COLOR", "1").arg("--db").arg(db).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn pointsman<A: AsRef<OsStr>>(db: &Path, arguments: impl IntoIterator<Item = A>) -> Run {
    let output = command(db).args(arguments).output().unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The report as JSON; further arguments choose what it looks at.
pub(crate) fn report(db: &Path, arguments: &[&str]) -> Value {
    let run = pointsman(db, ["report", "--format", "json"].iter().chain(arguments));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    serde_json::from_str(&run.out).unwrap()
}

/// The handlers of a report of one service.
pub(crate) fn handlers(report: &Value) -> &[Value] {
    report["handlers"].as_array().unwrap_or_else(|| panic!("no handlers in {report}"))
}

/// A recording of `fixtures/`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    workspace().join(format!("fixtures/{name}.jsonl.zst"))
}

/// The recording's lines, inflated.
pub(crate) fn recorded(name: &str) -> Vec<String> {
    let lines = zstd::decode_all(std::fs::File::open(fixture(name)).unwrap()).unwrap();
    String::from_utf8(lines).unwrap().lines().map(str::to_owned).collect()
}

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Asks again until there is an answer.
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begin.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A running daemon on ports of the system's choice. Dropping it is `kill -9`.
pub(crate) struct Daemon {
    child: Child,
    log: Arc<Mutex<String>>,
    pub(crate) grpc: SocketAddr,
    /// OTLP over HTTP.
    pub(crate) otlp: SocketAddr,
    pub(crate) pages: SocketAddr,
}

impl Daemon {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(db: &Path, arguments: &[&str]) -> Self {
        Self::start_in(db, arguments, &[])
    }

    /// The same with variables in its environment.
    pub(crate) fn start_in(db: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_until(db, arguments, environment, ": ready ")
    }

    /// The same; it is waited for until a line of the log holds this.
    pub(crate) fn start_until(
        db: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        mark: &str,
    ) -> Self {
        const ANY: &str = "127.0.0.1:0";
        let mut command = command(db);
        command.envs(environment.iter().copied());
        command.args(["serve", "--otlp-grpc", ANY, "--otlp-http", ANY, "--listen", ANY]).args(arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        wait_for("the daemon to be ready", || {
            let log = log.lock().unwrap();
            assert!(child.try_wait().unwrap().is_none(), "the daemon ended: {log}");
            log.lines().any(|line| line.contains(mark)).then_some(())
        });
        let after = |mark: &str| {
            let log = log.lock().unwrap();
            let rest = log.split_once(mark).unwrap_or_else(|| panic!("no `{mark}` in {log}")).1;
            rest.split(['/', '\n', ' ']).next().unwrap().parse().unwrap()
        };
        let (grpc, otlp) = (after("OTLP over gRPC address="), after("OTLP over HTTP address="));
        let pages = after("pages and metrics at http://");
        Self { child, log, grpc, otlp, pages }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        http(self.pages, "GET", path, "").unwrap()
    }

    /// Sends traces; an error or another status than 200 means that they may not be kept.
    pub(crate) fn send(&self, traces: &Value) -> Reply {
        send(self.otlp, traces).unwrap()
    }

    /// The most memory that it has held at any time, KiB, without the pages of the program itself, which nobody can fill: a
    /// build for tests has tens of MiB of them.
    pub(crate) fn peak_kib(&self) -> u64 {
        self.status_kib("VmHWM:").saturating_sub(self.status_kib("RssFile:"))
    }

    /// What it holds now, KiB, without the pages of the program.
    pub(crate) fn held_kib(&self) -> u64 {
        self.status_kib("RssAnon:")
    }

    fn status_kib(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_end_matches("kB").trim().parse().unwrap()
    }

    /// Descriptors that it has open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Sum of a metric over all its labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let metrics = self.get("/metrics").body;
        let values = metrics.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            (rest.starts_with([' ', '{'])).then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
        });
        values.sum()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Sends it a signal, as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &process]).status().unwrap().success());
    }

    /// Waits until a line of the log holds this, and returns the line.
    pub(crate) fn wait_for_log(&self, text: &str) -> String {
        wait_for(text, || self.log().lines().find(|line| line.contains(text)).map(str::to_owned))
    }

    /// The signal that service managers end a daemon with; waits for the end.
    pub(crate) fn terminate(mut self) -> (ExitStatus, Duration) {
        let begin = Instant::now();
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let status = wait_for("the daemon to end", || self.child.try_wait().unwrap());
        (status, begin.elapsed())
    }

    /// The same; what it has logged until its end.
    pub(crate) fn terminate_and_log(self) -> String {
        let log = Arc::clone(&self.log);
        assert_eq!(self.terminate().0.code(), Some(0));
        // The thread that reads the log holds it too, until the log ends.
        wait_for("the end of the log", || (Arc::strong_count(&log) == 1).then_some(()));
        log.lock().unwrap().clone()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.end_at_once();
    }

    /// `kill -9`, of a daemon that something else still holds.
    pub(crate) fn end_at_once(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    /// Reads a whole answer.
    pub(crate) fn read(answer: &str) -> std::io::Result<Self> {
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(breaks_off)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(breaks_off)?;
        let reply = Self { status, head: head.to_owned(), body: body.to_owned() };
        assert_ne!(reply.header("transfer-encoding"), Some("chunked"), "this client knows no chunks");
        match reply.header("content-length").map(str::parse::<usize>) {
            Some(Ok(length)) if length != reply.body.len() && status != 304 => Err(breaks_off()),
            _ => Ok(reply),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Posts traces as OTLP/HTTP JSON.
pub(crate) fn send(to: SocketAddr, traces: &Value) -> std::io::Result<Reply> {
    http(to, "POST", "/v1/traces", &traces.to_string())
}

/// One request on a connection of its own.
pub(crate) fn http(to: SocketAddr, method: &str, path: &str, body: &str) -> std::io::Result<Reply> {
    http_with(to, method, path, &[], body)
}

/// The same with further headers.
pub(crate) fn http_with(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Reply> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let mut connection = TcpStream::connect_timeout(&to, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         {headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer).map_err(|_| breaks_off())?;
    Reply::read(&answer)
}

fn breaks_off() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the answer breaks off")
}

/// Does something to the file that no command does.
pub(crate) fn sql(db: &Path, statement: &'static str) {
    with_database(db, async |pool| {
        sqlx::query(statement).execute(pool).await.unwrap();
    });
}

/// The trace of every stored Call, in hex, one entry a Call.
pub(crate) fn traces_of_calls(db: &Path) -> Vec<String> {
    with_database(db, async |pool| {
        sqlx::query_scalar("SELECT lower(hex(trace)) FROM calls").fetch_all(pool).await.unwrap()
    })
}

/// The payload of every block, in the order of their commits.
pub(crate) fn blocks(db: &Path) -> Vec<Vec<u8>> {
    with_database(db, async |pool| {
        sqlx::query_scalar("SELECT payload FROM blocks ORDER BY id").fetch_all(pool).await.unwrap()
    })
}

/// Does something while nobody else can write to the file.
pub(crate) fn while_locked(db: &Path, work: impl FnOnce()) {
    with_database(db, async |pool| {
        let mut connection = pool.acquire().await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.unwrap();
        work();
        sqlx::query("ROLLBACK").execute(&mut *connection).await.unwrap();
    });
}

fn with_database<T>(db: &Path, work: impl AsyncFnOnce(&sqlx::SqlitePool) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = format!("sqlite://{}?mode=rwc", db.display());
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        let result = work(&pool).await;
        pool.close().await;
        result
    })
}
