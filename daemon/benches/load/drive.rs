//! Many senders at once: how much they got acknowledged, and how long each acknowledgement took. What it cost the
//! daemon is not seen here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::grpc::{self, Grpc};
use super::http::Http;
use super::random::Random;
use super::recorded::Recording;
use super::stream::Stream;
use super::{Answer, BATCH_SPANS, CONNECTIONS, Compression, Transport};

/// What a sender that was told to come again later waits.
const LATER: Duration = Duration::from_millis(20);

/// What to send, and how.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) transport: Transport,
    pub(crate) compression: Compression,
    pub(crate) until: Until,
    /// Spans per second of all senders together; each as fast as it is answered when there is none.
    pub(crate) pace: Option<f64>,
    /// Other seeds make other ids.
    pub(crate) seed: u64,
    pub(crate) clock: Clock,
}

/// When the senders stop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    After(Duration),
    Spans(u64),
}

/// When the traces are from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// They end when they are sent.
    Now,
    /// They are from this time on, so many ns apart.
    Past { from_ns: u64, per_span_ns: u64 },
}

/// What was acknowledged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delivered {
    pub(crate) spans: u64,
    pub(crate) traces: u64,
    /// Bytes of the requests before compression, and as sent.
    pub(crate) bytes: u64,
    pub(crate) sent_bytes: u64,
    /// Until the last acknowledgement.
    pub(crate) wall: Duration,
    /// From when a batch was due to its acknowledgement, sorted.
    pub(crate) latencies: Vec<Duration>,
    /// Batches that were answered with "later" and sent again.
    pub(crate) told_to_wait: u64,
}

impl Delivered {
    pub(crate) fn per_second(&self) -> f64 {
        self.spans as f64 / self.wall.as_secs_f64()
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).copied().unwrap_or_default()
    }

    fn add(&mut self, other: Self) {
        self.spans += other.spans;
        self.traces += other.traces;
        self.bytes += other.bytes;
        self.sent_bytes += other.sent_bytes;
        self.wall = self.wall.max(other.wall);
        self.latencies.extend(other.latencies);
        self.told_to_wait += other.told_to_wait;
    }
}

/// ns since the epoch.
pub(crate) fn now_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// Sends until the plan is fulfilled; every trace that was begun is complete then.
pub(crate) async fn drive(
    recordings: &Arc<Vec<Recording>>,
    to: SocketAddr,
    plan: &Plan,
) -> anyhow::Result<Delivered> {
    let begin = Instant::now();
    let senders = (0..CONNECTIONS).map(|number| {
        let stream = Stream::new(Arc::clone(recordings), number, plan.transport.encoding(), plan.seed);
        let sender = Sender { number, stream, begin, plan: plan.clone(), delivered: Delivered::default() };
        tokio::spawn(sender.run(to))
    });
    let senders: Vec<_> = senders.collect();
    let mut all = Delivered::default();
    for sender in senders {
        all.add(sender.await??);
    }
    all.latencies.sort_unstable();
    Ok(all)
}

enum Connection {
    Http(Http),
    Grpc(Grpc),
}

struct Sender {
    number: usize,
    stream: Stream,
    begin: Instant,
    plan: Plan,
    delivered: Delivered,
}

impl Sender {
    async fn run(mut self, to: SocketAddr) -> anyhow::Result<Delivered> {
        let Plan { transport, compression, .. } = self.plan;
        let mut connection = match transport {
            Transport::Grpc => Connection::Grpc(Grpc::connect(to, compression).await?),
            _ => Connection::Http(Http::connect(to, transport.encoding(), compression).await?),
        };
        let mut due = self.first();
        let mut bytes = Vec::new();
        while !self.is_done() {
            bytes.clear();
            self.stream.batch(BATCH_SPANS, self.clock(), &mut bytes);
            self.send(&mut connection, BATCH_SPANS, &bytes, due).await?;
            due = self.next(due);
        }
        bytes.clear();
        let rest = self.stream.rest(&mut bytes);
        if rest > 0 {
            self.send(&mut connection, rest, &bytes, None).await?;
        }
        self.delivered.traces = self.stream.traces;
        Ok(self.delivered)
    }

    fn is_done(&self) -> bool {
        match self.plan.until {
            Until::After(duration) => self.begin.elapsed() >= duration,
            Until::Spans(spans) => self.delivered.spans >= spans / CONNECTIONS as u64,
        }
    }

    fn clock(&self) -> u64 {
        match self.plan.clock {
            Clock::Now => now_ns(),
            Clock::Past { from_ns, per_span_ns } => {
                from_ns + self.delivered.spans * CONNECTIONS as u64 * per_span_ns
            }
        }
    }

    /// How far apart the batches of one sender are.
    fn interval(&self) -> Option<Duration> {
        self.plan.pace.map(|pace| Duration::from_secs_f64((BATCH_SPANS * CONNECTIONS) as f64 / pace))
    }

    /// When the first batch is due; senders do not begin together.
    fn first(&self) -> Option<Instant> {
        let share = Random::new(self.number as u64).below(1_000);
        self.interval().map(|interval| self.begin + interval * share as u32 / 1_000)
    }

    fn next(&self, due: Option<Instant>) -> Option<Instant> {
        Some(due? + self.interval()?)
    }

    /// Sends until it is kept. A batch that is due while another is under way waits, and that counts.
    async fn send(
        &mut self,
        connection: &mut Connection,
        spans: usize,
        bytes: &[u8],
        due: Option<Instant>,
    ) -> anyhow::Result<()> {
        let prefix = if matches!(connection, Connection::Grpc(_)) { grpc::PREFIX } else { 0 };
        let mut message = vec![0; prefix];
        self.plan.compression.append(bytes, &mut message)?;
        self.delivered.sent_bytes += message.len() as u64;
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
        }
        let begin = due.unwrap_or_else(Instant::now);
        loop {
            let answer = match connection {
                Connection::Http(http) => http.send(&message).await?,
                Connection::Grpc(grpc) => grpc.send(message.clone()).await?,
            };
            if answer == Answer::Kept {
                break;
            }
            self.delivered.told_to_wait += 1;
            tokio::time::sleep(LATER).await;
        }
        self.delivered.latencies.push(begin.elapsed());
        self.delivered.bytes += bytes.len() as u64;
        self.delivered.spans += spans as u64;
        self.delivered.wall = self.begin.elapsed();
        Ok(())
    }
}
