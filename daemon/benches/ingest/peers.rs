//! The same load into `otelite`, a published OTLP receiver that keeps spans in SQLite too, when it is installed.
//! It may acknowledge before anything is on the disk and keeps other things than Pointsman does: the figures say what
//! this load costs there, no more.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::runtime::Runtime;

use crate::load::daemon::usage;
use crate::load::drive::{Clock, Plan, Until, drive};
use crate::load::recorded::Recording;
use crate::load::{Compression, Transport};
use crate::setting::Setting;

const PATIENCE: Duration = Duration::from_secs(60);
/// A process that used no CPU for so long has done what it was given.
const AT_REST: Duration = Duration::from_secs(2);

/// Its process; dropping it is `kill -9`.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub(crate) fn run(
    runtime: &Runtime,
    setting: &Setting,
    recordings: &Arc<Vec<Recording>>,
) -> anyhow::Result<()> {
    let Some(binary) = installed() else {
        println!("\notelite is not installed: neither on PATH nor named by OTELITE");
        return Ok(());
    };
    println!("\notelite              spans/s  spans/CPU s   p50 ms   p99 ms  peak MiB   B/span");
    for transport in Transport::ALL {
        match measure(runtime, setting, recordings, &binary, transport) {
            Ok(row) => println!("{row}"),
            Err(error) => println!("{:<18} failed: {error:#}", transport.as_str()),
        }
    }
    Ok(())
}

fn installed() -> Option<PathBuf> {
    let named = std::env::var_os("OTELITE").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("otelite"));
    named.into_iter().chain(found).find(|file| file.is_file())
}

fn measure(
    runtime: &Runtime,
    setting: &Setting,
    recordings: &Arc<Vec<Recording>>,
    binary: &Path,
    transport: Transport,
) -> anyhow::Result<String> {
    let folder = tempfile::tempdir_in(&setting.folder)?;
    let [grpc, http, pages] = free_ports()?;
    let child = Command::new(binary)
        .args(["serve", "--addr", &pages.to_string(), "--storage-path"])
        .arg(folder.path())
        .env("OTELITE_OTLP_GRPC_PORT", grpc.port().to_string())
        .env("OTELITE_OTLP_HTTP_PORT", http.port().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let peer = Peer(child);
    let to = if transport == Transport::Grpc { grpc } else { http };
    wait_for_listener(to)?;
    let before = usage(peer.0.id())?;
    let plan = Plan {
        transport,
        compression: Compression::None,
        until: Until::After(setting.duration),
        pace: None,
        seed: 1,
        clock: Clock::Now,
    };
    let delivered = runtime.block_on(drive(recordings, to, &plan))?;
    wait_until_at_rest(peer.0.id())?;
    let after = usage(peer.0.id())?;
    let spans = delivered.spans as f64;
    Ok(format!(
        "{:<18} {:>9.0} {:>12.0} {:>8.1} {:>8.1} {:>9.1} {:>8.1}",
        transport.as_str(),
        delivered.per_second(),
        spans / (after.cpu_seconds - before.cpu_seconds),
        delivered.percentile(50).as_secs_f64() * 1e3,
        delivered.percentile(99).as_secs_f64() * 1e3,
        after.peak_rss_bytes as f64 / f64::from(1 << 20),
        files(folder.path())? as f64 / spans,
    ))
}

/// Ports that nobody had a moment ago: otelite cannot choose its own.
fn free_ports() -> anyhow::Result<[SocketAddr; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let held = [bind()?, bind()?, bind()?];
    Ok([held[0].local_addr()?, held[1].local_addr()?, held[2].local_addr()?])
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
        ensure!(begin.elapsed() < PATIENCE * 10, "otelite does not come to rest");
        used = now;
    }
}

/// Bytes of all files of a folder.
fn files(folder: &Path) -> anyhow::Result<u64> {
    let entries = std::fs::read_dir(folder).context("the folder is gone")?;
    entries.map(|entry| Ok(entry?.metadata()?.len())).sum()
}
