//! One transport and compression: a fresh daemon on a fresh file, saturated, until its Calls are complete.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::ensure;
use tokio::runtime::Runtime;

use crate::load::daemon::{Daemon, Usage, Watch};
use crate::load::disk::{self, Weight};
use crate::load::drive::{Clock, Delivered, Plan, Until, drive};
use crate::load::recorded::Recording;
use crate::load::{Compression, Transport};
use crate::setting::{self, Setting};

/// The columns of [`Case`].
pub(crate) const HEADING: &str = "case                 spans/s  spans/CPU s   p50 ms   p99 ms  lag s  peak MiB  \
    B/span  written B/span  CPU cores  later";

/// What was measured.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) transport: Transport,
    pub(crate) compression: Compression,
    pub(crate) delivered: Delivered,
    /// What the daemon used from "ready" until its Calls were complete.
    pub(crate) cpu_seconds: f64,
    pub(crate) usage: Usage,
    worst_lag: f64,
    weight: Weight,
}

/// Runs a case and checks that nothing that was acknowledged is missing.
pub(crate) fn run(
    runtime: &Runtime,
    setting: &Setting,
    recordings: &Arc<Vec<Recording>>,
    transport: Transport,
    compression: Compression,
) -> anyhow::Result<Case> {
    let folder = tempfile::tempdir_in(&setting.folder)?;
    let db = folder.path().join("bench.db");
    let daemon = Daemon::start(&db)?;
    let before = daemon.usage()?;
    let watch = Watch::start(daemon.pages);
    let plan = Plan {
        transport,
        compression,
        until: Until::After(setting.duration),
        pace: None,
        seed: 1,
        clock: Clock::Now,
    };
    let delivered = runtime.block_on(drive(recordings, receiver(&daemon, transport), &plan))?;
    daemon.wait_until_extracted()?;
    let usage = daemon.usage()?;
    let worst_lag = watch.end()?;
    let stored = daemon.metrics()?.sum("pointsman_spans_stored_total") as u64;
    ensure!(stored == delivered.spans, "{} spans were acknowledged, {stored} are stored", delivered.spans);
    daemon.stop()?;
    let weight = runtime.block_on(disk::weigh(&db))?;
    ensure!(weight.calls == delivered.traces, "{} traces have {} Calls", delivered.traces, weight.calls);
    let cpu_seconds = usage.cpu_seconds - before.cpu_seconds;
    let name = setting::name(transport, compression);
    Ok(Case { name, transport, compression, delivered, cpu_seconds, usage, worst_lag, weight })
}

/// Where the daemon takes this transport.
pub(crate) fn receiver(daemon: &Daemon, transport: Transport) -> SocketAddr {
    if transport == Transport::Grpc { daemon.grpc } else { daemon.http }
}

impl Case {
    /// Spans per CPU second of the daemon.
    pub(crate) fn per_cpu_second(&self) -> f64 {
        self.delivered.spans as f64 / self.cpu_seconds
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spans = self.delivered.spans as f64;
        let ms = |percent| self.delivered.percentile(percent).as_secs_f64() * 1e3;
        write!(
            f,
            "{:<18} {:>9.0} {:>12.0} {:>8.1} {:>8.1} {:>6.1} {:>9.1} {:>7.1} {:>15.1} {:>10.2} {:>6}",
            self.name,
            self.delivered.per_second(),
            self.per_cpu_second(),
            ms(50),
            ms(99),
            self.worst_lag,
            self.usage.peak_rss_bytes as f64 / f64::from(1 << 20),
            self.weight.used_bytes as f64 / spans,
            self.usage.written_bytes as f64 / spans,
            self.cpu_seconds / self.delivered.wall.as_secs_f64(),
            self.delivered.told_to_wait,
        )?;
        for (name, bytes) in self.weight.parts.iter().take(4) {
            write!(f, "\n    {name}: {:.1} B a span", *bytes as f64 / spans)?;
        }
        Ok(())
    }
}
