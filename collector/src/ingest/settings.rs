//! How much the pipeline may hold and how patient it is. The defaults suit a small host.

use std::time::Duration;

use crate::admit::{Limits, Secret};
use crate::clock::Clock;
use crate::observed::Observed;
use crate::trace::MAX_SPANS;

/// Settings of a [`super::Pipeline`]. Byte counts are of the OTLP protobuf before compression, which is also how
/// spans are held in memory.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What a span may bring.
    pub limits: Limits,
    /// Under which client keys are made.
    pub secret: Secret,
    /// Where the time comes from.
    pub clock: Clock,
    /// Where the Calls are counted that are stored, for a scraper; by default all in one row.
    pub observed: Observed,
    /// Requests that are read or wait for their commit; beyond it senders are told to retry.
    pub queue_bytes: usize,
    /// What a sender is told to wait when the queue is full or the database cannot be written.
    pub retry_after: Duration,
    /// Committed requests whose spans wait in memory for extraction; beyond it they are read back from disk.
    pub backlog_bytes: usize,
    /// Spans that are extracted in one transaction, roughly.
    pub batch_spans: usize,
    /// Threads that look for Calls at a time, where more waits than one can do.
    pub extraction_threads: usize,
    /// Blocks kept in memory for late spans of their traces, all together.
    pub recent_bytes: usize,
    /// How long a block is kept in memory after it came.
    pub recent_idle: Duration,
    /// Spans per trace that extraction looks at.
    pub max_trace_spans: usize,
    /// Services and environments whose Handlers are told apart; the Calls of further ones are put together.
    pub max_apps: usize,
    /// Handlers of one service and environment; the Calls of further ones are put together.
    pub max_handlers: usize,
    /// Operations of one Dispatcher; the Calls of further ones count for the Dispatcher.
    pub max_operations: usize,
    /// Handlers of all services together; beyond it only a service with less than its share gets further ones.
    pub max_all_handlers: usize,
    /// Earlier blocks, the newest, that are read back for the late spans of one trace. A visitor may keep one trace growing: each
    /// of its spans costs as much as so many blocks.
    pub max_reloaded_blocks: usize,
    /// What the earlier blocks that are read back at a time may weigh together; the one that exceeds it is the last.
    pub max_reloaded_bytes: usize,
}

impl Settings {
    /// The defaults, with the one value that has none.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self {
            limits: Limits::default(),
            secret,
            clock: Clock::system(),
            observed: Observed::new(0),
            queue_bytes: 16 << 20,
            retry_after: Duration::from_secs(1),
            backlog_bytes: 8 << 20,
            batch_spans: 4_096,
            extraction_threads: threads(),
            recent_bytes: 4 << 20,
            recent_idle: Duration::from_secs(30),
            max_trace_spans: MAX_SPANS,
            max_apps: 200,
            max_handlers: 2_000,
            max_operations: 200,
            max_all_handlers: 4_000,
            max_reloaded_blocks: 128,
            max_reloaded_bytes: 8 << 20,
        }
    }
}

/// All cores but one, which goes on receiving; a batch has no more than four shares.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).clamp(1, 4))
}
