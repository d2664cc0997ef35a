//! The same load into a daemon and into an OpenTelemetry Collector, in alternation: machines drift, and what is measured minutes
//! apart cannot be compared. The Collector keeps spans in two ways (`otelcol/*.yaml`): a file that it does not sync, which promises
//! less than the daemon does, and a synced queue, which promises as much. Neither redacts, finds Calls or can be asked.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::runtime::Runtime;

use crate::case;
use crate::load::daemon::usage;
use crate::load::drive::{Clock, Delivered, Plan, Until, drive};
use crate::load::recorded::Recording;
use crate::load::{Compression, Transport};
use crate::setting::Setting;

const PATIENCE: Duration = Duration::from_secs(60);
/// A process that used no CPU for so long has done what it was given.
const AT_REST: Duration = Duration::from_secs(2);
const TRANSPORTS: [Transport; 2] = [Transport::HttpProtobuf, Transport::Grpc];

/// Who takes the load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Receiver {
    Pointsman,
    File,
    Queue,
}

impl Receiver {
    const ALL: [Self; 3] = [Self::Pointsman, Self::File, Self::Queue];

    fn as_str(self) -> &'static str {
        match self {
            Self::Pointsman => "pointsman",
            Self::File => "otelcol, file, not synced",
            Self::Queue => "otelcol, synced queue",
        }
    }
}

/// What one of them did in one round.
struct Row {
    receiver: Receiver,
    transport: Transport,
    per_second: f64,
    per_cpu_second: f64,
    p99_ms: f64,
    peak_mib: f64,
}

impl Row {
    fn new(
        receiver: Receiver,
        transport: Transport,
        delivered: &Delivered,
        cpu_seconds: f64,
        peak_bytes: u64,
    ) -> Self {
        Self {
            receiver,
            transport,
            per_second: delivered.per_second(),
            per_cpu_second: delivered.spans as f64 / cpu_seconds,
            p99_ms: delivered.percentile(99).as_secs_f64() * 1e3,
            peak_mib: peak_bytes as f64 / f64::from(1 << 20),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { per_second, per_cpu_second, p99_ms, peak_mib, .. } = self;
        let (receiver, transport) = (self.receiver.as_str(), self.transport.as_str());
        write!(
            f,
            "{receiver:<26} {transport:<14} {per_second:>9.0} {per_cpu_second:>12.0} {p99_ms:>8.1} {peak_mib:>9.1}"
        )
    }
}

pub(crate) fn run(
    runtime: &Runtime,
    setting: &Setting,
    recordings: &Arc<Vec<Recording>>,
) -> anyhow::Result<()> {
    let collector =
        std::env::var_os("OTELCOL").context("OTELCOL names no Collector; make bench-ingest does")?;
    let heading = "receiver                   transport        spans/s  spans/CPU s   p99 ms  peak MiB";
    println!("\nbeside the OpenTelemetry Collector, {} rounds\n{heading}", setting.rounds);
    let mut rows = Vec::new();
    for _ in 0..setting.rounds {
        for transport in TRANSPORTS {
            for receiver in Receiver::ALL {
                let row = match receiver {
                    Receiver::Pointsman => of_the_daemon(runtime, setting, recordings, transport)?,
                    _ => of_a_collector(
                        runtime,
                        setting,
                        recordings,
                        Path::new(&collector),
                        receiver,
                        transport,
                    )
                    .with_context(|| receiver.as_str())?,
                };
                println!("{row}");
                rows.push(row);
            }
        }
    }
    print_ratios(&rows);
    Ok(())
}

/// How many times as many spans the daemon takes in a CPU second, round by round: the median, and from least to most.
fn print_ratios(rows: &[Row]) {
    println!("\nspans per CPU second of Pointsman, the other's = 1, median (least to most)");
    for transport in TRANSPORTS {
        let of = |receiver| {
            let rows = rows.iter().filter(move |row| row.receiver == receiver && row.transport == transport);
            rows.map(|row| row.per_cpu_second)
        };
        for peer in [Receiver::File, Receiver::Queue] {
            let ratios = of(Receiver::Pointsman).zip(of(peer)).map(|(own, other)| own / other);
            let mut ratios: Vec<f64> = ratios.collect();
            ratios.sort_unstable_by(f64::total_cmp);
            if let (Some(least), Some(median), Some(most)) =
                (ratios.first(), ratios.get(ratios.len() / 2), ratios.last())
            {
                let (peer, transport) = (peer.as_str(), transport.as_str());
                println!("{peer:<26} {transport:<14} {median:.2} ({least:.2} to {most:.2})");
            }
        }
    }
}

fn of_the_daemon(
    runtime: &Runtime,
    setting: &Setting,
    recordings: &Arc<Vec<Recording>>,
    transport: Transport,
) -> anyhow::Result<Row> {
    let case = case::run(runtime, setting, recordings, transport, Compression::None)?;
    Ok(Row::new(Receiver::Pointsman, transport, &case.delivered, case.cpu_seconds, case.usage.peak_rss_bytes))
}

/// Its process; dropping it is `kill -9`.
struct Collector(Child);

impl Drop for Collector {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn of_a_collector(
    runtime: &Runtime,
    setting: &Setting,
    recordings: &Arc<Vec<Recording>>,
    binary: &Path,
    receiver: Receiver,
    transport: Transport,
) -> anyhow::Result<Row> {
    let folder = tempfile::tempdir_in(&setting.folder)?;
    let [grpc, http] = free_ports()?;
    let config = if receiver == Receiver::File { "file.yaml" } else { "queue.yaml" };
    let configs: PathBuf = [env!("CARGO_MANIFEST_DIR"), "benches/ingest/otelcol"].iter().collect();
    let child = Command::new(binary)
        .arg("--config")
        .arg(configs.join(config))
        .env("FOLDER", folder.path())
        .envs([("GRPC_LISTEN", grpc.to_string()), ("HTTP_LISTEN", http.to_string())])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| binary.display().to_string())?;
    let collector = Collector(child);
    let to = if transport == Transport::Grpc { grpc } else { http };
    wait_for_listener(to)?;
    let before = usage(collector.0.id())?;
    let plan = Plan {
        transport,
        compression: Compression::None,
        until: Until::After(setting.duration),
        pace: None,
        seed: 1,
        clock: Clock::Now,
    };
    let delivered = runtime.block_on(drive(recordings, to, &plan))?;
    wait_until_at_rest(collector.0.id())?;
    let after = usage(collector.0.id())?;
    let cpu_seconds = after.cpu_seconds - before.cpu_seconds;
    Ok(Row::new(receiver, transport, &delivered, cpu_seconds, after.peak_rss_bytes))
}

/// Ports that nobody had a moment ago: the Collector does not say which ones it was given.
fn free_ports() -> anyhow::Result<[SocketAddr; 2]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let held = [bind()?, bind()?];
    Ok([held[0].local_addr()?, held[1].local_addr()?])
}

fn wait_for_listener(to: SocketAddr) -> anyhow::Result<()> {
    let begin = Instant::now();
    while TcpStream::connect(to).is_err() {
        ensure!(begin.elapsed() < PATIENCE, "nobody listens on {to}");
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn wait_until_at_rest(pid: u32) -> anyhow::Result<()> {
    let begin = Instant::now();
    let mut used = usage(pid)?.cpu_seconds;
    loop {
        std::thread::sleep(AT_REST);
        let now = usage(pid)?.cpu_seconds;
        // Timers alone cost some hundredths.
        if now - used < 0.05 {
            return Ok(());
        }
        ensure!(begin.elapsed() < PATIENCE * 10, "the Collector does not come to rest");
        used = now;
    }
}
