//! The one task that writes blocks: it takes all requests that wait and commits them together, so that any
//! number of connections share one sync of the disk. Only then are the senders told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pointsman_store::{Block, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

use super::backlog::Backlog;
use super::budget::Reservation;
use super::intake::Waiting;
use super::pulse::Commits;
use crate::clock::Clock;
use crate::metrics::Metrics;

/// How long answers wait at most for extraction to catch up. They are on disk: longer would only look like trouble.
const LONGEST_BRAKE: Duration = Duration::from_millis(10);

/// Requests in one transaction at most; their bytes are bounded by the queue.
const GROUP: usize = 512;

pub(super) struct Committer {
    pub(super) store: Store,
    pub(super) backlog: Arc<Backlog>,
    pub(super) metrics: Metrics,
    pub(super) clock: Clock,
    pub(super) commits: Arc<Commits>,
}

/// What is left of a waiting request beside its blocks.
struct Sender {
    blocks: usize,
    otlp: Option<Bytes>,
    reply: oneshot::Sender<Result<(), String>>,
    reservation: Reservation,
}

impl Committer {
    /// Commits until the queue is closed and empty.
    pub(super) async fn run(self, mut queue: mpsc::UnboundedReceiver<Waiting>) {
        let mut group = Vec::new();
        while queue.recv_many(&mut group, GROUP).await > 0 {
            self.commits.begin();
            self.commit(group.drain(..)).await;
            self.commits.end();
        }
        self.backlog.close();
    }

    async fn commit(&self, group: impl Iterator<Item = Waiting>) {
        let (mut blocks, mut senders): (Vec<Block>, Vec<Sender>) = (Vec::new(), Vec::new());
        for Waiting { blocks: of_request, otlp, reply, reservation } in group {
            senders.push(Sender { blocks: of_request.len(), otlp, reply, reservation });
            blocks.extend(of_request);
        }
        let started = Instant::now();
        match self.store.append_blocks(&blocks).await {
            Ok(ids) => {
                self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
                self.count(&blocks);
                let mut acknowledged = Vec::with_capacity(senders.len());
                let mut committed = Vec::with_capacity(ids.len());
                let mut ids = ids.into_iter();
                for Sender { blocks, otlp, reply, reservation } in senders {
                    acknowledged.push((reply, reservation));
                    committed.extend(ids.by_ref().take(blocks).map(|id| (id, otlp.clone())));
                }
                // First the backlog, then the answers: who has one and asks for the Calls shall not be too early.
                self.backlog.push(committed, self.clock.now_ns());
                // Whoever waits for an answer sends less: what extraction finds in memory is half the work.
                self.backlog.has_room(LONGEST_BRAKE).await;
                for (reply, _reservation) in acknowledged {
                    // A sender that went away sends again; the spans count once all the same.
                    let _ = reply.send(Ok(()));
                }
            }
            Err(error) => self.refuse(&error, senders),
        }
    }

    /// Whatever the reason, the sender has the spans and the disk has not: it is asked to try again.
    fn refuse(&self, error: &StoreError, senders: Vec<Sender>) {
        self.metrics.commit_failures.inc();
        tracing::error!(%error, requests = senders.len(), transient = error.is_transient(), "spans were not stored");
        for sender in senders {
            let _ = sender.reply.send(Err(error.to_string()));
        }
    }

    fn count(&self, blocks: &[Block]) {
        self.metrics.blocks_stored.inc_by(blocks.len() as u64);
        self.metrics.spans_stored.inc_by(blocks.iter().map(|block| u64::from(block.spans())).sum());
        self.metrics.block_bytes.inc_by(blocks.iter().map(|block| block.stored_bytes() as u64).sum());
    }
}
