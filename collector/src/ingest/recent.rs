//! Recent blocks: their spans were extracted a moment ago and are kept in memory, because more spans of their
//! traces are likely. Their Calls are stored already, so one that leaves loses nothing: it is on disk.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use pointsman_store::BlockId;

use crate::clock::nanos;
use crate::metrics::Metrics;

#[derive(Debug)]
pub(super) struct RecentBlocks {
    blocks: BTreeMap<BlockId, Bytes>,
    /// Blocks in the order in which they were kept, with the time of it.
    turns: VecDeque<(BlockId, u64)>,
    bytes: usize,
    limit_bytes: usize,
    idle_ns: u64,
    metrics: Metrics,
}

impl RecentBlocks {
    pub(super) fn new(limit_bytes: usize, idle: Duration, metrics: Metrics) -> Self {
        let idle_ns = nanos(idle);
        Self { blocks: BTreeMap::new(), turns: VecDeque::new(), bytes: 0, limit_bytes, idle_ns, metrics }
    }

    /// A block's spans, as OTLP protobuf.
    pub(super) fn get(&self, id: BlockId) -> Option<Bytes> {
        self.blocks.get(&id).cloned()
    }

    /// Keeps a block until it is idle or there is no room.
    pub(super) fn keep(&mut self, id: BlockId, otlp: Bytes, now_ns: u64) {
        let bytes = otlp.len();
        if self.blocks.insert(id, otlp).is_none() {
            self.bytes += bytes;
            self.turns.push_back((id, now_ns));
        }
    }

    /// Lets go what has been idle for too long or has no room.
    pub(super) fn close(&mut self, now_ns: u64) {
        while let Some((id, kept_ns)) = self.turns.front().copied() {
            if self.bytes <= self.limit_bytes && now_ns.saturating_sub(kept_ns) < self.idle_ns {
                break;
            }
            self.turns.pop_front();
            self.bytes -= self.blocks.remove(&id).map_or(0, |otlp| otlp.len());
        }
        self.metrics.extraction.recent_blocks.set(i64::try_from(self.blocks.len()).unwrap_or(i64::MAX));
        self.metrics.extraction.recent_block_bytes.set(i64::try_from(self.bytes).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(limit_bytes: usize) -> RecentBlocks {
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        RecentBlocks::new(limit_bytes, Duration::from_nanos(100), metrics)
    }

    fn block() -> Bytes {
        Bytes::from_static(&[0; 10])
    }

    #[test]
    fn the_oldest_block_makes_room() {
        let mut recent = recent(25);
        (1..=3).for_each(|id| recent.keep(BlockId(id), block(), 0));
        recent.close(0);
        assert_eq!([1, 2, 3].map(|id| recent.get(BlockId(id)).is_some()), [false, true, true]);
        assert_eq!(recent.metrics.extraction.recent_block_bytes.get(), 20);
    }

    #[test]
    fn an_idle_block_leaves() {
        let mut recent = recent(1_000);
        recent.keep(BlockId(1), block(), 0);
        recent.keep(BlockId(2), block(), 50);
        recent.close(100);
        assert_eq!([1, 2].map(|id| recent.get(BlockId(id)).is_some()), [false, true]);
        assert_eq!(recent.bytes, 10);
    }
}
