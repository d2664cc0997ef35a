//! Requests into a file instead of a database: the same door and the same receivers as a [`super::Pipeline`], but what passes is
//! appended as lines of OTLP JSON. What a line looks like is `wire::recorded`'s business.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pointsman_store::Block;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::intake::Waiting;
use super::{Intake, Settings};
use crate::metrics::Metrics;
use crate::wire::recorded;

/// A recording in the making. Must be started within a tokio runtime.
#[derive(Debug)]
pub struct Recorder {
    intake: Intake,
    came: Arc<AtomicU64>,
    writing: JoinHandle<Recorded>,
}

/// What became of the requests.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Recorded {
    /// Requests in the file.
    pub requests: u64,
    /// Spans in them.
    pub spans: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Times that a request was turned away because the file is full; senders that try again are counted again.
    pub turned_away: u64,
    /// Spans in those requests.
    pub spans_turned_away: u64,
    /// Why the file could not be written, if it could not; the requests were turned away.
    pub fault: Option<String>,
    /// Spans that were refused at the door, by reason, and parts of spans that were cut.
    pub refused: Vec<(&'static str, u64)>,
    /// Requests that were not OTLP traces, or of a kind that is not supported.
    pub not_understood: u64,
}

impl Recorder {
    /// Writes into `file` from its beginning, `max_bytes` at most; beyond it senders are told that there is no room.
    #[must_use]
    pub fn start(file: File, max_bytes: u64, settings: Settings, metrics: Metrics) -> Self {
        let intake = Intake::waiting(settings, metrics);
        let (sender, queue) = mpsc::unbounded_channel();
        intake.open(sender);
        let came = Arc::<AtomicU64>::default();
        let lines = Lines { file, max_bytes, came: Arc::clone(&came), recorded: Recorded::default() };
        Self { intake, came, writing: tokio::task::spawn_blocking(move || lines.write(queue)) }
    }

    /// The door for receivers.
    #[must_use]
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Requests with spans that have come so far.
    #[must_use]
    pub fn came(&self) -> u64 {
        self.came.load(Ordering::Relaxed)
    }

    /// Takes nothing more, writes what waits, and tells what became of everything. Stop the receivers first.
    pub async fn stop(self) -> Recorded {
        self.intake.close();
        let ended = self.writing.await;
        let mut recorded = ended.unwrap_or_else(|error| Recorded {
            fault: Some(format!("the task that writes it failed: {error}")),
            ..Recorded::default()
        });
        recorded.not_understood =
            self.intake.arrivals().counts().of(pointsman_store::ArrivalKind::NotUnderstood);
        recorded.refused = self.intake.metrics().left_out();
        recorded
    }
}

/// The file and how much of it is written.
struct Lines {
    file: File,
    max_bytes: u64,
    came: Arc<AtomicU64>,
    recorded: Recorded,
}

impl Lines {
    /// Until the queue is closed and empty.
    fn write(mut self, mut queue: mpsc::UnboundedReceiver<Waiting>) -> Recorded {
        while let Some(Waiting { blocks, otlp, reply, reservation }) = queue.blocking_recv() {
            self.came.fetch_add(1, Ordering::Relaxed);
            let written = self.append(&blocks, otlp.as_deref());
            // A sender that went away sends again; the spans count once all the same.
            let _ = reply.send(written);
            drop(reservation);
        }
        self.recorded
    }

    fn append(&mut self, blocks: &[Block], otlp: Option<&[u8]>) -> Result<(), String> {
        let line = match otlp {
            Some(otlp) => recorded::line(otlp),
            None => together(blocks).and_then(|otlp| recorded::line(&otlp)),
        };
        let line = line.inspect_err(|fault| self.recorded.fault = Some(fault.clone()))?;
        let spans: u64 = blocks.iter().map(|block| u64::from(block.spans())).sum();
        let after = self.recorded.bytes.saturating_add(line.len() as u64);
        if after > self.max_bytes {
            self.recorded.turned_away += 1;
            self.recorded.spans_turned_away += spans;
            return Err(format!("the recording is full at {} bytes", self.max_bytes));
        }
        if let Err(error) = self.file.write_all(&line) {
            self.take_back();
            self.recorded.turned_away += 1;
            self.recorded.spans_turned_away += spans;
            self.recorded.fault = Some(error.to_string());
            return Err(error.to_string());
        }
        self.recorded.bytes = after;
        self.recorded.requests += 1;
        self.recorded.spans += spans;
        Ok(())
    }

    /// Half a line would spoil the next one. If that fails as well, a reader skips the one that is spoilt.
    fn take_back(&mut self) {
        let _ = self.file.set_len(self.recorded.bytes);
        let _ = self.file.seek(SeekFrom::Start(self.recorded.bytes));
    }
}

/// The request that was cut into blocks: one protobuf message behind another is one of both.
fn together(blocks: &[Block]) -> Result<Vec<u8>, String> {
    let mut otlp = Vec::new();
    for block in blocks {
        otlp.extend(block.otlp().map_err(|error| error.to_string())?);
    }
    Ok(otlp)
}
