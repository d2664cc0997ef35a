//! One level: the file is filled up to it, then everything is measured there.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::runtime::Runtime;

use crate::load::daemon::{Daemon, command};
use crate::load::drive::{Clock, Delivered, Plan, Until, drive, now_ns};
use crate::load::recorded::Recording;
use crate::load::stream::Stream;
use crate::load::{BATCH_SPANS, Compression, Transport};

/// How far apart spans are, on average: 200 a second are 21 requests a second, and 50 million are three days.
const PER_SPAN_NS: u64 = 5_000_000;
/// Before now, for what the windows send in addition: a day of the app, far more than any window takes.
const ROOM_NS: u64 = 24 * 3_600 * 1_000_000_000;
/// How long the rate at a level is measured.
const WINDOW: Duration = Duration::from_secs(5);
/// Traces that are looked up.
const LOOKUPS: usize = 11;
/// An id that no trace has: what a lookup costs without a trace to read and print.
const NO_TRACE: &str = "000102030405060708090a0b0c0d0e0f";

/// The columns of [`Level`].
pub(crate) const HEADING: &str = " M spans  spans/s  spans/CPU s  trace ms  no trace ms  first report ms  \
    report ms  ready ms  file MiB  RSS MiB  peak MiB";

/// The file that grows, and its daemon.
pub(crate) struct Bench {
    runtime: Runtime,
    recordings: Arc<Vec<Recording>>,
    db: PathBuf,
    daemon: Daemon,
    from_ns: u64,
    spans: u64,
    /// Each load has a seed of its own, so that no id comes twice.
    seed: u64,
}

/// What was measured at a level.
pub(crate) struct Level {
    spans: u64,
    per_second: f64,
    per_cpu_second: f64,
    trace: Duration,
    no_trace: Duration,
    first_report: Duration,
    report: Duration,
    ready: Duration,
    file_bytes: u64,
    rss_bytes: u64,
    peak_rss_bytes: u64,
}

impl Bench {
    /// Starts on no file; `most` is the highest level.
    pub(crate) fn new(recordings: Arc<Vec<Recording>>, db: PathBuf, most: u64) -> anyhow::Result<Self> {
        let daemon = Daemon::start(&db)?;
        let from_ns = now_ns() - ROOM_NS - most * PER_SPAN_NS;
        Ok(Self { runtime: Runtime::new()?, recordings, db, daemon, from_ns, spans: 0, seed: 0 })
    }

    /// Fills up to so many spans and measures.
    pub(crate) fn measure(&mut self, spans: u64) -> anyhow::Result<Level> {
        self.send(Until::Spans(spans.saturating_sub(self.spans)))?;
        self.daemon.wait_until_extracted()?;
        let before = self.daemon.usage()?;
        let delivered = self.send(Until::After(WINDOW))?;
        self.daemon.wait_until_extracted()?;
        let after = self.daemon.usage()?;
        let file_bytes = self.file_bytes()?;
        let (trace, no_trace) = self.lookups()?;
        Ok(Level {
            spans: self.spans,
            per_second: delivered.per_second(),
            per_cpu_second: delivered.spans as f64 / (after.cpu_seconds - before.cpu_seconds),
            trace,
            no_trace,
            first_report: self.run(&["report", "--until", "last"])?,
            report: self.run(&["report", "--until", "last"])?,
            ready: self.restart()?,
            file_bytes,
            rss_bytes: after.rss_bytes,
            peak_rss_bytes: after.peak_rss_bytes,
        })
    }

    fn send(&mut self, until: Until) -> anyhow::Result<Delivered> {
        self.seed += 1;
        let plan = Plan {
            transport: Transport::HttpProtobuf,
            compression: Compression::None,
            until,
            pace: None,
            seed: self.seed,
            clock: Clock::Past { from_ns: self.from_ns + self.spans * PER_SPAN_NS, per_span_ns: PER_SPAN_NS },
        };
        let before = self.stored()?;
        let delivered = self.runtime.block_on(drive(&self.recordings, self.daemon.http, &plan))?;
        let stored = self.stored()? - before;
        ensure!(
            stored == delivered.spans,
            "{} spans were acknowledged, {stored} are stored",
            delivered.spans
        );
        self.spans += delivered.spans;
        Ok(delivered)
    }

    fn stored(&self) -> anyhow::Result<u64> {
        Ok(self.daemon.metrics()?.sum("pointsman_spans_stored_total") as u64)
    }

    /// How long the command takes to print one of the oldest and newest traces, and to say that there is none.
    fn lookups(&self) -> anyhow::Result<(Duration, Duration)> {
        let mut traces = self.traces_of(1)?;
        traces.extend(self.traces_of(self.seed)?);
        let found = traces.iter().map(|id| self.run(&["trace", id])).collect::<anyhow::Result<_>>()?;
        let missing = (0..LOOKUPS).map(|_| self.time(&["trace", NO_TRACE]).map(|(_, took)| took));
        Ok((median(found), median(missing.collect::<anyhow::Result<_>>()?)))
    }

    /// Traces that the first sender sent under a seed.
    fn traces_of(&self, seed: u64) -> anyhow::Result<Vec<String>> {
        let mut stream =
            Stream::new(Arc::clone(&self.recordings), 0, Transport::HttpProtobuf.encoding(), seed);
        let mut batch = Vec::new();
        stream.batch(BATCH_SPANS, now_ns(), &mut batch);
        let request = ExportTraceServiceRequest::decode(batch.as_slice())?;
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        let mut ids: Vec<_> = scopes.flat_map(|scope| &scope.spans).map(|span| &span.trace_id).collect();
        ids.dedup();
        Ok(ids
            .into_iter()
            .take(LOOKUPS)
            .map(|id| id.iter().map(|byte| format!("{byte:02x}")).collect())
            .collect())
    }

    /// How long a command takes that has to succeed.
    fn run(&self, arguments: &[&str]) -> anyhow::Result<Duration> {
        let (success, took) = self.time(arguments)?;
        ensure!(success, "pointsman {} failed", arguments.join(" "));
        Ok(took)
    }

    fn time(&self, arguments: &[&str]) -> anyhow::Result<(bool, Duration)> {
        let begin = Instant::now();
        let output = command(&self.db).args(arguments).output().context("cannot run the command")?;
        Ok((output.status.success(), begin.elapsed()))
    }

    /// Ends the daemon and starts it on the same file; how long it took to be ready.
    fn restart(&mut self) -> anyhow::Result<Duration> {
        self.daemon.terminate()?;
        self.daemon = Daemon::start(&self.db)?;
        Ok(self.daemon.ready_after)
    }

    fn file_bytes(&self) -> anyhow::Result<u64> {
        let wal = PathBuf::from(format!("{}-wal", self.db.display()));
        let files = [&self.db, &wal];
        Ok(files.iter().filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum())
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

impl Level {
    fn figures(&self) -> [f64; 10] {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        [
            self.per_second,
            self.per_cpu_second,
            ms(self.trace),
            ms(self.no_trace),
            ms(self.first_report),
            ms(self.report),
            ms(self.ready),
            mib(self.file_bytes),
            mib(self.rss_bytes),
            mib(self.peak_rss_bytes),
        ]
    }

    /// How many times the figures of another level these are.
    pub(crate) fn against(&self, first: &Self) -> String {
        let ratios = self.figures().into_iter().zip(first.figures()).map(|(this, first)| this / first);
        row("   ratio", &ratios.collect::<Vec<_>>(), 2)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&row(&format!("{:>8.1}", self.spans as f64 / 1e6), &self.figures(), 0))
    }
}

/// Figures under the columns of [`HEADING`].
fn row(name: &str, figures: &[f64], digits: usize) -> String {
    const WIDTHS: [usize; 10] = [9, 13, 10, 13, 17, 11, 10, 10, 9, 10];
    let columns = figures.iter().zip(WIDTHS).map(|(figure, width)| format!("{figure:>width$.digits$}"));
    name.to_owned() + &columns.collect::<String>()
}
