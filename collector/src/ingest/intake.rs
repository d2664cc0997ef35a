//! The one door behind every receiver: a request goes in as it came, and what comes back is the word that may be
//! given to the sender. Nothing here knows a protocol; committing is the committer's business.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use pointsman_store::Block;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::Settings;
use super::admission::{NotPassed, Passed, Terms};
use super::arrivals::Arrivals;
use super::budget::{ByteBudget, Full, Reservation, Who};
use crate::admit::{Refusals, Secret};
use crate::metrics::Metrics;
use crate::wire::DecodeError;

/// Requests up to this size are worked on where they were read: two milliseconds at most, less than a handover
/// to another thread costs the many small ones. Larger ones must not hold up their neighbours.
const INLINE_BYTES: usize = 1 << 20;

/// How a request came in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// OTLP over gRPC.
    Grpc,
    /// OTLP over HTTP, protobuf encoding.
    HttpProtobuf,
    /// OTLP over HTTP, JSON encoding.
    HttpJson,
    /// A recorded file, whose requests are rewritten as protobuf when they are found.
    Replay,
}

/// The request is on disk, apart from what was refused for good.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Accepted {
    /// Spans now on disk.
    pub stored: u64,
    /// What was refused or cut; sending it again would change nothing.
    pub refused: Refusals,
    /// What the request held instead of spans, where it held something and no span.
    pub found_instead: Option<String>,
}

/// Nothing of a request is on disk.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Rejected {
    /// It is no OTLP request, and stays none.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// It may be sent again.
    #[error(transparent)]
    Later(#[from] Refused),
}

/// Nothing of the request is on disk: the sender may try again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// Too much waits for its commit already.
    #[error("the queue is full; try again in {} s", retry_after.as_secs_f32())]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive within {} s; try again in {} s", within.as_secs_f32(), retry_after.as_secs_f32())]
    TooSlow {
        /// How long it was waited for.
        within: Duration,
        /// When to try again.
        retry_after: Duration,
    },
    /// The database could not be written.
    #[error("spans cannot be stored now: {reason}; try again in {} s", retry_after.as_secs_f32())]
    Unavailable {
        /// What the database said.
        reason: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// The pipeline is being stopped.
    #[error("pointsman is shutting down; try again in {} s", retry_after.as_secs_f32())]
    Stopping {
        /// When to try again.
        retry_after: Duration,
    },
}

/// Takes requests into a [`super::Pipeline`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Intake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: Settings,
    metrics: Metrics,
    budget: ByteBudget,
    queue: Mutex<Queue>,
    arrivals: Arrivals,
}

/// Where requests go.
#[derive(Debug)]
enum Queue {
    /// There is no database yet; the reason.
    NotYet(String),
    Open(mpsc::UnboundedSender<Waiting>),
    Closed,
}

/// A request that waits for its commit.
#[derive(Debug)]
pub(super) struct Waiting {
    /// At least one; a large request has several.
    pub(super) blocks: Vec<Block>,
    /// What is in the block, for extraction; `None` of a large request, which is read back for it.
    pub(super) otlp: Option<Bytes>,
    pub(super) reply: oneshot::Sender<Result<(), String>>,
    pub(super) reservation: Reservation,
}

/// The word on a request that was taken in: wait for it with [`Ticket::settled`].
#[derive(Debug)]
pub(crate) struct Ticket {
    accepted: Accepted,
    /// `None` when there was nothing to store.
    reply: Option<oneshot::Receiver<Result<(), String>>>,
    retry_after: Duration,
}

impl Intake {
    /// One without a pipeline behind it: senders are told to come again until [`super::Pipeline::open`] has opened it.
    #[must_use]
    pub fn waiting(settings: Settings, metrics: Metrics) -> Self {
        let budget = ByteBudget::new(
            settings.queue_bytes,
            metrics.queue_bytes.clone(),
            metrics.access.bodies_given_up.clone(),
        );
        metrics.queue_limit_bytes.set(i64::try_from(settings.queue_bytes).unwrap_or(i64::MAX));
        let queue = Mutex::new(Queue::NotYet("the database is not open yet".to_owned()));
        Self(Arc::new(Shared { settings, metrics, budget, queue, arrivals: Arrivals::default() }))
    }

    /// Says why there is no pipeline behind it yet.
    pub fn wait_because(&self, reason: impl Into<String>) {
        let mut queue = self.queue();
        if let Queue::NotYet(before) = &mut *queue {
            *before = reason.into();
        }
    }

    /// Takes requests from now on.
    pub(super) fn open(&self, sender: mpsc::UnboundedSender<Waiting>) {
        *self.queue() = Queue::Open(sender);
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Under which keys are made of what comes.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0.settings.secret
    }

    /// What kinds of requests have come.
    #[must_use]
    pub fn arrivals(&self) -> &Arrivals {
        &self.0.arrivals
    }

    /// Gives up bodies that are still arriving: the receivers are stopping.
    pub(crate) fn give_up_arriving(&self) {
        self.0.budget.close();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request in the encoding of its transport and returns when its spans are on disk, or with the
    /// reason why they are not.
    ///
    /// # Errors
    /// When it is no OTLP request, or may be sent again later; nothing of it is stored then, as far as is known.
    pub async fn accept(&self, body: Bytes, transport: Transport) -> Result<Accepted, Rejected> {
        self.count_body(transport, body.len());
        let settled = match self.reserve_for(Who::own(), body.len()).await {
            Ok(reservation) => self.accept_within(reservation, body, transport).await,
            Err(busy) => Err(busy.into()),
        };
        let outcome = settled.as_ref().map_or_else(Rejected::outcome, Accepted::outcome);
        self.count_request(transport.as_str(), outcome);
        settled
    }

    /// As [`Intake::accept`], with all the room it needs; the receiver counts.
    pub(crate) async fn accept_within(
        &self,
        reservation: Reservation,
        body: Bytes,
        transport: Transport,
    ) -> Result<Accepted, Rejected> {
        Ok(self.submit(reservation, body, transport).await?.settled().await?)
    }

    /// Puts a request into the queue and returns at once.
    pub(crate) async fn submit(
        &self,
        reservation: Reservation,
        body: Bytes,
        transport: Transport,
    ) -> Result<Ticket, Rejected> {
        let intake = self.clone();
        run_cpu_bound(body.len(), move || intake.enqueue(reservation, body, transport)).await
    }

    /// Room for a request whose body is about to be read; it grows with what arrives.
    pub(crate) async fn reserve(&self, who: Who) -> Result<Reservation, Refused> {
        if let Some(reason) = self.not_yet() {
            return Err(Refused::Unavailable { reason, retry_after: self.0.settings.retry_after });
        }
        self.0.budget.reserve(who).await.map_err(|full| self.busy(full))
    }

    /// Room for a request of that size, or the answer that there is none.
    async fn reserve_for(&self, who: Who, bytes: usize) -> Result<Reservation, Refused> {
        let mut reservation = self.reserve(who).await?;
        reservation.grow(bytes).await.map_err(|full| self.busy(full))?;
        Ok(reservation)
    }

    /// Room for a request of that size, waited for.
    pub(crate) async fn reserve_in_time(&self, bytes: usize) -> Result<Reservation, Refused> {
        self.0.budget.wait_for(Who::own(), bytes).await.map_err(|full| self.busy(full))
    }

    pub(crate) fn busy(&self, Full: Full) -> Refused {
        Refused::Busy { retry_after: self.0.settings.retry_after }
    }

    /// A body was given up while it arrived: others needed its room, or the daemon is stopping.
    pub(crate) fn given_up(&self) -> Refused {
        let retry_after = self.0.settings.retry_after;
        if self.0.budget.is_closed() { Refused::Stopping { retry_after } } else { self.busy(Full) }
    }

    /// A body did not arrive in time.
    pub(crate) fn too_slow(&self, within: Duration) -> Refused {
        Refused::TooSlow { within, retry_after: self.0.settings.retry_after }
    }

    fn not_yet(&self) -> Option<String> {
        match &*self.queue() {
            Queue::NotYet(reason) => Some(reason.clone()),
            Queue::Open(_) | Queue::Closed => None,
        }
    }

    /// Counts a trace request that was answered.
    pub(crate) fn count_request(&self, transport: &str, outcome: &str) {
        self.0.arrivals.count(outcome);
        self.0.metrics.requests.with_label_values(&[transport, outcome]).inc();
    }

    /// Counts what a request weighed when it came in.
    pub(crate) fn count_body(&self, transport: Transport, bytes: usize) {
        self.0.metrics.body_bytes.with_label_values(&[transport.as_str()]).inc_by(bytes as u64);
    }

    /// Metrics of the pipeline behind it.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Takes nothing more; what is in the queue stays there.
    pub(super) fn close(&self) {
        *self.queue() = Queue::Closed;
    }

    fn enqueue(
        &self,
        mut reservation: Reservation,
        body: Bytes,
        transport: Transport,
    ) -> Result<Ticket, Rejected> {
        let Shared { settings, metrics, .. } = &*self.0;
        let retry_after = settings.retry_after;
        let terms =
            Terms { now_ns: settings.clock.now_ns(), limits: &settings.limits, secret: &settings.secret };
        let passed = terms.pass(body, transport).map_err(|why| why.rejected(retry_after))?;
        metrics.count_admission(transport, passed.spans, &passed.refused);
        let held = passed.held();
        let Passed { blocks, otlp, spans, refused, found_instead } = passed;
        let mut ticket =
            Ticket { accepted: Accepted { stored: spans, refused, found_instead }, reply: None, retry_after };
        if blocks.is_empty() {
            return Ok(ticket);
        }
        let (reply, answer) = oneshot::channel();
        // JSON may grow when it is rewritten; what there is no room for now is only not counted.
        let _ = reservation.try_grow(held);
        reservation.leave_turn(held);
        if otlp.is_none() {
            reservation.shrink_to(held);
        }
        let waiting = Waiting { blocks, otlp, reply, reservation };
        match &*self.queue() {
            Queue::Open(queue) => {
                queue.send(waiting).map_err(|_| Refused::Stopping { retry_after })?;
            }
            Queue::NotYet(reason) => {
                return Err(Refused::Unavailable { reason: reason.clone(), retry_after }.into());
            }
            Queue::Closed => return Err(Refused::Stopping { retry_after }.into()),
        }
        ticket.reply = Some(answer);
        Ok(ticket)
    }
}

impl NotPassed {
    fn rejected(self, retry_after: Duration) -> Rejected {
        match self {
            Self::Malformed(error) => error.into(),
            Self::NotCompressed(error) => {
                Refused::Unavailable { reason: error.to_string(), retry_after }.into()
            }
        }
    }
}

impl Ticket {
    /// Waits until the request is on disk, or until it is known not to be.
    pub(crate) async fn settled(self) -> Result<Accepted, Refused> {
        let Self { accepted, reply, retry_after } = self;
        let Some(reply) = reply else { return Ok(accepted) };
        match reply.await {
            Ok(Ok(())) => Ok(accepted),
            Ok(Err(reason)) => Err(Refused::Unavailable { reason, retry_after }),
            // The committer was aborted with the request in its hands.
            Err(_) => Err(Refused::Stopping { retry_after }),
        }
    }
}

impl Accepted {
    /// The word that metrics use.
    pub(crate) fn outcome(&self) -> &'static str {
        match (self.stored, self.refused.spans()) {
            (0, 0) => "empty",
            (_, 0) => "accepted",
            _ => "partial",
        }
    }
}

impl Rejected {
    /// The word that metrics use.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "bad_data",
            Self::Later(refused) => refused.outcome(),
        }
    }
}

impl Refused {
    /// The word that metrics use.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "busy",
            Self::TooSlow { .. } => "timeout",
            Self::Unavailable { .. } | Self::Stopping { .. } => "unavailable",
        }
    }

    /// When the sender may try again.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Busy { retry_after }
            | Self::TooSlow { retry_after, .. }
            | Self::Unavailable { retry_after, .. }
            | Self::Stopping { retry_after } => *retry_after,
        }
    }
}

impl Transport {
    /// Every way in.
    pub const ALL: [Self; 4] = [Self::Grpc, Self::HttpProtobuf, Self::HttpJson, Self::Replay];

    /// The word that metrics use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http_protobuf",
            Self::HttpJson => "http_json",
            Self::Replay => "replay",
        }
    }
}

impl Metrics {
    fn count_admission(&self, transport: Transport, passed: u64, refused: &Refusals) {
        let transport = transport.as_str();
        self.spans_received.with_label_values(&[transport]).inc_by(passed + refused.spans());
        for (reason, count) in refused.iter() {
            if reason.refuses_span() {
                self.spans_refused.with_label_values(&[transport, reason.as_str()]).inc_by(count);
            } else {
                self.span_parts_cut.with_label_values(&[reason.as_str()]).inc_by(count);
            }
        }
    }
}

/// Runs work that costs CPU in proportion to `bytes` where it disturbs least; large requests one after the other,
/// because each takes several times its size while it is worked on.
pub(crate) async fn run_cpu_bound<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    static LARGE: Semaphore = Semaphore::const_new(1);
    if bytes <= INLINE_BYTES {
        return work();
    }
    // It is never closed: there is no error to meet.
    let _turn = LARGE.acquire().await;
    run_blocking(work).await
}

/// Runs work that takes long apart from those that must not wait.
pub(crate) async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // As if it had happened here: the connection that brought the request ends, nothing else.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Blocking work is not cancelled but by the end of the runtime, which takes this task with it.
            Err(_) => std::future::pending().await,
        },
    }
}
