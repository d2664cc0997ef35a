//! Committed blocks whose Calls are not stored yet. Their spans wait here in memory up to a limit; beyond it
//! only their number is known and extraction reads them back from disk, so that memory stays bounded however
//! far it lags.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use pointsman_store::BlockId;
use tokio::sync::{Notify, watch};

use crate::metrics::Metrics;

/// Times of commits kept to tell the lag; when there are more, every second one is forgotten.
const MAX_MARKS: usize = 4_096;

/// A larger request does not wait in memory: it is read back when its turn comes. It would take the room of a thousand others.
pub(super) const LARGEST_KEPT: usize = 2 << 20;

/// A block that is on disk.
#[derive(Debug)]
pub(super) struct Committed {
    pub(super) id: BlockId,
    /// Its spans, as OTLP protobuf.
    pub(super) otlp: Bytes,
}

/// What extraction does next.
#[derive(Debug)]
pub(super) enum Work {
    /// Extract these, which follow each other without a gap.
    InMemory(Vec<Committed>),
    /// Read on from disk.
    OnDisk,
    /// Nothing more will come.
    Done,
}

#[derive(Debug)]
pub(super) struct Backlog {
    inner: Mutex<Inner>,
    changed: Notify,
    extracted: watch::Sender<Extracted>,
    limit_bytes: usize,
    metrics: Metrics,
}

/// How far extraction has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Extracted {
    to: BlockId,
    /// Whether what was left over at the start is done.
    caught_up: bool,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<Committed>,
    bytes: usize,
    /// The newest block this process has committed.
    newest: BlockId,
    /// Blocks and when they were committed, sparse.
    marks: VecDeque<(BlockId, u64)>,
    closed: bool,
    /// Whether another process extracts.
    following: bool,
}

impl Backlog {
    pub(super) fn new(extracted_to: BlockId, limit_bytes: usize, metrics: Metrics) -> Self {
        let (extracted, _) = watch::channel(Extracted { to: extracted_to, caught_up: false });
        let inner = Mutex::new(Inner { newest: extracted_to, ..Inner::default() });
        Self { inner, changed: Notify::new(), extracted, limit_bytes, metrics }
    }

    /// Takes what has just been committed; of large requests only the number.
    pub(super) fn push(&self, committed: Vec<(BlockId, Option<Bytes>)>, now_ns: u64) {
        let mut inner = self.lock();
        for (id, otlp) in committed {
            inner.newest = inner.newest.max(id);
            if inner.marks.back().is_none_or(|(_, at)| *at < now_ns) {
                inner.marks.push_back((id, now_ns));
            }
            // What has no place is left to the disk; the gap in the numbers tells. The last one may take too much.
            if let Some(otlp) =
                otlp.filter(|otlp| inner.bytes < self.limit_bytes && otlp.len() <= LARGEST_KEPT)
            {
                inner.bytes += otlp.len();
                inner.waiting.push_back(Committed { id, otlp });
            }
        }
        inner.thin_marks();
        drop(inner);
        self.changed.notify_one();
        self.export_lag(now_ns);
    }

    /// Waits until there is room again, but not longer than this.
    pub(super) async fn has_room(&self, longest: Duration) {
        if self.lock().bytes < self.limit_bytes {
            return;
        }
        let mut extracted = self.extracted.subscribe();
        let enough = extracted.wait_for(|_| self.lock().bytes < self.limit_bytes);
        // Too long is as good as done; the sender of the watch lives as long as `self`.
        let _ = tokio::time::timeout(longest, enough).await;
    }

    /// Nothing more will be pushed.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Returns when nothing more will be pushed.
    pub(super) async fn closed(&self) {
        while !self.lock().closed {
            self.changed.notified().await;
        }
    }

    /// Notes that there are blocks up to this one, of whichever process.
    pub(super) fn note_newest(&self, newest: BlockId) {
        let mut inner = self.lock();
        inner.newest = inner.newest.max(newest);
    }

    /// Notes whether another process extracts.
    pub(super) fn set_following(&self, following: bool) {
        self.lock().following = following;
    }

    /// Whether another process extracts.
    pub(super) fn is_following(&self) -> bool {
        self.lock().following
    }

    /// Waits for something to extract after the given block, up to about `max_bytes` of it.
    pub(super) async fn next(&self, after: BlockId, max_bytes: usize) -> Work {
        loop {
            if let Some(work) = self.lock().work(after, max_bytes) {
                return work;
            }
            self.changed.notified().await;
        }
    }

    /// The same without waiting.
    pub(super) fn at_hand(&self, after: BlockId, max_bytes: usize) -> Option<Work> {
        self.lock().work(after, max_bytes)
    }

    /// The last block before the first one in memory: as far as one may go when the disk holds nothing
    /// in between.
    pub(super) fn newest_before_waiting(&self, after: BlockId) -> BlockId {
        let inner = self.lock();
        let waiting = inner.waiting.iter().find(|block| block.id > after);
        waiting.map_or(inner.newest, |block| BlockId(block.id.0 - 1))
    }

    /// Notes that everything up to this block is extracted.
    pub(super) fn extracted_to(&self, to: BlockId, caught_up: bool, now_ns: u64) {
        let mut inner = self.lock();
        while inner.marks.front().is_some_and(|(block, _)| *block <= to) {
            inner.marks.pop_front();
        }
        inner.forget_to(to);
        drop(inner);
        self.extracted.send_replace(Extracted { to, caught_up });
        self.export_lag(now_ns);
    }

    /// The newest block that is committed, and the one up to which all are extracted.
    pub(super) fn reach(&self) -> (BlockId, BlockId) {
        let extracted = self.extracted.borrow().to;
        (self.lock().newest, extracted)
    }

    /// Exports how far extraction is behind.
    pub(super) fn export_lag(&self, now_ns: u64) {
        let to = self.extracted.borrow().to;
        let inner = self.lock();
        let blocks = inner.newest.0.saturating_sub(to.0).max(0);
        let lag_ns = inner.marks.front().map_or(0, |(_, at)| now_ns.saturating_sub(*at));
        drop(inner);
        self.metrics.extraction.extraction_lag_blocks.set(blocks);
        self.metrics.extraction.extraction_lag_seconds.set(Duration::from_nanos(lag_ns).as_secs_f64());
    }

    /// Returns when everything that is committed now has been extracted.
    pub(super) async fn settled(&self) {
        let newest = self.lock().newest;
        // The sender lives as long as `self`: there is no error to meet.
        let _ = self.extracted.subscribe().wait_for(|done| done.caught_up && done.to >= newest).await;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn work(&mut self, after: BlockId, max_bytes: usize) -> Option<Work> {
        self.forget_to(after);
        let mut run = Vec::new();
        let (mut at, mut bytes) = (after, 0);
        // A gap is a block of another process, or one that was left to the disk.
        while bytes < max_bytes && self.waiting.front().is_some_and(|block| block.id.0 == at.0 + 1) {
            let Some(block) = self.pop() else { break };
            at = block.id;
            bytes += block.otlp.len();
            run.push(block);
        }
        if !run.is_empty() {
            Some(Work::InMemory(run))
        } else if self.newest > after {
            Some(Work::OnDisk)
        } else if self.closed {
            Some(Work::Done)
        } else {
            None
        }
    }

    /// Lets go what waits up to this block.
    fn forget_to(&mut self, to: BlockId) {
        while self.waiting.front().is_some_and(|block| block.id <= to) {
            self.pop();
        }
    }

    fn pop(&mut self) -> Option<Committed> {
        let block = self.waiting.pop_front()?;
        self.bytes -= block.otlp.len();
        Some(block)
    }

    fn thin_marks(&mut self) {
        if self.marks.len() > MAX_MARKS {
            let mut keep = false;
            self.marks.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backlog(limit_bytes: usize) -> Backlog {
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        Backlog::new(BlockId(0), limit_bytes, metrics)
    }

    fn blocks(ids: impl IntoIterator<Item = i64>) -> Vec<(BlockId, Option<Bytes>)> {
        let otlp = Bytes::from_static(&[0; 10]);
        ids.into_iter().map(|id| (BlockId(id), Some(otlp.clone()))).collect()
    }

    fn in_memory(work: Option<Work>) -> Vec<i64> {
        match work {
            Some(Work::InMemory(run)) => run.iter().map(|block| block.id.0).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn blocks_that_follow_each_other_are_taken_together_up_to_a_size() {
        let backlog = backlog(1_000);
        backlog.push(blocks(1..=5), 0);
        assert_eq!(in_memory(backlog.lock().work(BlockId(0), 25)), [1, 2, 3]);
        assert_eq!(in_memory(backlog.lock().work(BlockId(3), 25)), [4, 5]);
        assert!(backlog.lock().work(BlockId(5), 25).is_none());
    }

    #[test]
    fn what_has_no_room_and_what_others_wrote_is_read_from_disk() {
        let backlog = backlog(15);
        backlog.push(blocks([1, 2, 3, 4]), 0);
        assert_eq!(in_memory(backlog.lock().work(BlockId(0), 1_000)), [1, 2]);
        assert!(matches!(backlog.lock().work(BlockId(2), 1_000), Some(Work::OnDisk)));
        backlog.push(blocks([7]), 0);
        assert!(matches!(backlog.lock().work(BlockId(4), 1_000), Some(Work::OnDisk)));
        assert_eq!(backlog.newest_before_waiting(BlockId(4)), BlockId(6));
        assert_eq!(in_memory(backlog.lock().work(BlockId(6), 1_000)), [7]);
    }

    #[test]
    fn large_requests_never_wait_in_memory() {
        let backlog = backlog(64 << 20);
        let large = Bytes::from(vec![0; LARGEST_KEPT + 1]);
        backlog.push(vec![(BlockId(1), Some(large)), (BlockId(2), None)], 0);
        assert_eq!(backlog.lock().bytes, 0);
        assert!(matches!(backlog.lock().work(BlockId(0), 1_000), Some(Work::OnDisk)));
        backlog.push(blocks([3]), 0);
        assert_eq!(in_memory(backlog.lock().work(BlockId(2), 1_000)), [3]);
    }

    #[tokio::test]
    async fn whoever_waits_for_room_goes_on_when_there_is_some_or_after_a_while() {
        let backlog = backlog(15);
        backlog.push(blocks([1]), 0);
        backlog.has_room(Duration::MAX).await;
        backlog.push(blocks([2]), 0);
        backlog.has_room(Duration::from_millis(1)).await;
        let extracting = async {
            assert_eq!(in_memory(backlog.lock().work(BlockId(0), 5)), [1]);
            backlog.extracted_to(BlockId(1), true, 0);
        };
        tokio::join!(backlog.has_room(Duration::from_secs(3_600)), extracting);
    }

    #[test]
    fn it_is_done_when_it_is_closed_and_extracted() {
        let backlog = backlog(1_000);
        backlog.push(blocks([1]), 0);
        backlog.close();
        assert_eq!(in_memory(backlog.lock().work(BlockId(0), 1_000)), [1]);
        assert!(matches!(backlog.lock().work(BlockId(1), 1_000), Some(Work::Done)));
    }

    #[test]
    fn the_lag_is_that_of_the_oldest_block_that_waits() {
        let backlog = backlog(1_000);
        let lag = || {
            (
                backlog.metrics.extraction.extraction_lag_blocks.get(),
                backlog.metrics.extraction.extraction_lag_seconds.get(),
            )
        };
        backlog.push(blocks([1, 2]), 1_000_000_000);
        backlog.push(blocks([3]), 4_000_000_000);
        assert_eq!(lag(), (3, 3.0));
        backlog.extracted_to(BlockId(2), true, 6_000_000_000);
        assert_eq!(lag(), (1, 2.0));
        backlog.extracted_to(BlockId(3), true, 7_000_000_000);
        assert_eq!(lag(), (0, 0.0));
    }
}
