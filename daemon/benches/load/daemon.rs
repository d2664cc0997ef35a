//! The daemon as a second process: starting it, what it costs the machine, what it says of itself, ending it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// The release daemon that cargo built for the bench.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_pointsman");
/// Longer than anything here takes; whoever waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(600);
/// Linux counts the CPU time of a process in hundredths of a second.
pub(crate) const TICKS_PER_SECOND: f64 = 100.0;

/// A running daemon on ports of the system's choice. Dropping it is `kill -9`.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) pages: SocketAddr,
    /// From the start of the process to its "ready".
    pub(crate) ready_after: Duration,
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// User and system time of all threads.
    pub(crate) cpu_seconds: f64,
    pub(crate) rss_bytes: u64,
    pub(crate) peak_rss_bytes: u64,
    /// What it had written to the disk.
    pub(crate) written_bytes: u64,
}

/// The binary with nothing of this machine's environment that could change what it does.
pub(crate) fn command(db: &Path) -> Command {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("POINTSMAN_") || name == "RUST_LOG") {
            command.env_remove(name);
        }
    }
    command.env("NO_COLOR", "1").arg("--db").arg(db).stdin(Stdio::null());
    command
}

impl Daemon {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(db: &Path) -> anyhow::Result<Self> {
        Self::start_with(db, &[])
    }

    /// The same with variables in its environment.
    pub(crate) fn start_with(db: &Path, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        const ANY: &str = "127.0.0.1:0";
        let begin = Instant::now();
        let mut command = command(db);
        command.envs(environment.iter().copied());
        command.args(["serve", "--otlp-grpc", ANY, "--otlp-http", ANY, "--listen", ANY]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().context(BINARY)?;
        let lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
        let (ready, started) = mpsc::channel();
        std::thread::spawn(move || read_log(lines, &ready, begin));
        let Ok((log, ready_after)) = started.recv_timeout(PATIENCE) else {
            child.kill().ok();
            bail!("the daemon ended before it was ready");
        };
        Ok(Self {
            child,
            grpc: address(&log, "OTLP over gRPC address=")?,
            http: address(&log, "OTLP over HTTP address=")?,
            pages: address(&log, "pages and metrics at http://")?,
            ready_after,
        })
    }

    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        usage(self.child.id())
    }

    pub(crate) fn metrics(&self) -> anyhow::Result<Metrics> {
        metrics(self.pages)
    }

    /// Waits until the Calls of everything that was acknowledged are stored.
    pub(crate) fn wait_until_extracted(&self) -> anyhow::Result<()> {
        let begin = Instant::now();
        while self.metrics()?.sum("pointsman_extraction_lag_blocks") > 0.0 {
            ensure!(begin.elapsed() < PATIENCE, "the daemon still extracts after {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Ends it as a service manager does, and waits for the end.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.terminate()
    }

    /// The same for who wants to put another in its place.
    pub(crate) fn terminate(&mut self) -> anyhow::Result<()> {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(killed.success(), "cannot signal the daemon");
        let status = self.child.wait()?;
        ensure!(status.success(), "the daemon ended with {status}");
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Hands over the log up to "ready" and reads on; warnings are shown, because they explain figures, and everything when
/// the daemon ends before.
fn read_log(
    lines: impl Iterator<Item = std::io::Result<String>>,
    ready: &mpsc::Sender<(String, Duration)>,
    begin: Instant,
) {
    let mut log = String::new();
    let mut is_ready = false;
    for line in lines.map_while(Result::ok) {
        if line.contains(" WARN ") || line.contains(" ERROR ") {
            eprintln!("    {line}");
        }
        log.push_str(&line);
        log.push('\n');
        if line.contains(": ready ") {
            // Nobody waits any more when this fails.
            ready.send((std::mem::take(&mut log), begin.elapsed())).ok();
            is_ready = true;
        }
    }
    if !is_ready {
        eprint!("{log}");
    }
}

fn address(log: &str, mark: &str) -> anyhow::Result<SocketAddr> {
    let (_, rest) = log.split_once(mark).with_context(|| format!("no `{mark}` in {log}"))?;
    let text = rest.split(['/', '\n', ' ']).next().unwrap_or_default();
    text.parse().with_context(|| format!("{mark}{text}"))
}

/// What a process has used, from Linux's `/proc`.
pub(crate) fn usage(pid: u32) -> anyhow::Result<Usage> {
    let read = |name: &str| {
        let path = format!("/proc/{pid}/{name}");
        std::fs::read_to_string(&path).context(path)
    };
    let (stat, status, io) = (read("stat")?, read("status")?, read("io")?);
    // The name of the command comes before, in brackets; user and system time are the 12th and 13th word after it.
    let words = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = words.skip(11).take(2).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    let field = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).context(name.to_owned())?;
        line.split_whitespace().next().unwrap_or_default().parse::<u64>().context(name.to_owned())
    };
    Ok(Usage {
        cpu_seconds: ticks as f64 / TICKS_PER_SECOND,
        rss_bytes: field(&status, "VmRSS:")? * 1_024,
        peak_rss_bytes: field(&status, "VmHWM:")? * 1_024,
        written_bytes: field(&io, "write_bytes:")?,
    })
}

/// What the daemon says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Metrics(String);

impl Metrics {
    /// All series of a metric added up; 0 when there is none.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        let values = self.0.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let (labels, value) = rest.rsplit_once(' ')?;
            (labels.is_empty() || labels.starts_with('{')).then(|| value.parse::<f64>().ok())?
        });
        values.sum()
    }
}

/// Reads the metrics on a connection of their own.
pub(crate) fn metrics(pages: SocketAddr) -> anyhow::Result<Metrics> {
    let mut connection = TcpStream::connect_timeout(&pages, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    write!(connection, "GET /metrics HTTP/1.1\r\nhost: {pages}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "metrics: {answer}");
    Ok(Metrics(answer))
}

/// Looks at the daemon every 200 ms while something runs.
#[derive(Debug)]
pub(crate) struct Watch {
    stop: mpsc::Sender<()>,
    watching: std::thread::JoinHandle<anyhow::Result<f64>>,
}

impl Watch {
    pub(crate) fn start(pages: SocketAddr) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let watching = std::thread::spawn(move || {
            let mut worst: f64 = 0.0;
            while stopped
                .recv_timeout(Duration::from_millis(200))
                .is_err_and(|error| error == mpsc::RecvTimeoutError::Timeout)
            {
                worst = worst.max(metrics(pages)?.sum("pointsman_extraction_lag_seconds"));
            }
            Ok(worst)
        });
        Self { stop, watching }
    }

    /// The longest lag of extraction that was seen, s.
    pub(crate) fn end(self) -> anyhow::Result<f64> {
        self.stop.send(()).ok();
        self.watching.join().map_err(|_| anyhow::anyhow!("the watch broke"))?
    }
}
