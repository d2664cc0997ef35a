//! The index against a list of what was written: through runs, restarts, other processes and retention.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::super::Store;
use super::*;

/// Repeats the same ids each time.
struct Ids(u64);

impl Ids {
    fn next(&mut self) -> TraceId {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let half = (self.0 ^ (self.0 >> 29)).to_be_bytes();
        let mut id = [1; 16];
        id[..8].copy_from_slice(&half);
        TraceId(id)
    }
}

/// What was written, and where.
#[derive(Default)]
struct Written(BTreeMap<TraceId, Vec<BlockId>>);

impl Written {
    async fn append(&mut self, store: &Store, blocks: &[Vec<TraceId>]) {
        let made: Vec<Block> =
            blocks.iter().map(|traces| Block::compress(b"", 1, traces.iter().copied(), 1).unwrap()).collect();
        let ids = store.append_blocks(&made).await.unwrap();
        for (id, traces) in ids.into_iter().zip(blocks) {
            traces.iter().for_each(|trace| self.0.entry(*trace).or_default().push(id));
        }
    }

    /// Every trace is found in its blocks and nowhere else, and what was never written is not found.
    async fn check(&self, store: &Store) {
        let traces: Vec<_> = self.0.keys().copied().collect();
        let mut found: BTreeMap<TraceId, Vec<BlockId>> = BTreeMap::new();
        for (trace, block) in store.blocks_of(&traces, BlockId(i64::MAX), usize::MAX).await.unwrap() {
            found.entry(trace).or_default().push(block);
        }
        assert_eq!(found, self.0);
        let mut others = Ids(99);
        let others: Vec<_> = std::iter::repeat_with(|| others.next()).take(500).collect();
        assert_eq!(store.blocks_of(&others, BlockId(i64::MAX), usize::MAX).await.unwrap(), []);
    }
}

/// A store whose runs are short.
async fn open(path: &Path) -> Store {
    let store = Store::open(path).await.unwrap();
    let index = TraceIndex { run_entries: 50, step: 20, ..TraceIndex::default() };
    Store { index: Arc::new(index), ..store }
}

async fn count(store: &Store, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&store.readers).await.unwrap()
}

fn some(ids: &mut Ids, count: usize) -> Vec<TraceId> {
    std::iter::repeat_with(|| ids.next()).take(count).collect()
}

#[tokio::test]
async fn what_was_written_is_found_in_memory_in_runs_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    let (mut written, mut ids) = (Written::default(), Ids(1));
    for _ in 0..3 {
        let store = open(&path).await;
        let shared = ids.next();
        for round in 0..40 {
            let mut blocks = vec![some(&mut ids, 7), some(&mut ids, 1)];
            // A trace whose spans come again and again.
            if round % 9 == 0 {
                blocks[1].push(shared);
            }
            written.append(&store, &blocks).await;
            if round % 13 == 0 {
                written.check(&store).await;
            }
        }
        written.check(&store).await;
        store.close().await;
    }
    let store = open(&path).await;
    written.check(&store).await;
    assert!(count(&store, "runs").await > 10, "most of it is in runs");
    assert!(store.index.known().entries.len() < 300, "and not in memory");
}

#[tokio::test]
async fn two_processes_find_what_the_other_has_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    let stores = [open(&path).await, open(&path).await];
    let (mut written, mut ids) = (Written::default(), Ids(2));
    for round in 0..80 {
        let store = &stores[usize::from(round % 3 == 0)];
        written.append(store, &[some(&mut ids, 9)]).await;
        if round % 7 == 0 {
            written.check(&stores[round % 2]).await;
        }
    }
    written.check(&stores[0]).await;
    written.check(&stores[1]).await;
}

#[tokio::test]
async fn a_process_that_never_looks_anything_up_writes_runs_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    let (mut written, mut ids) = (Written::default(), Ids(3));
    let first = open(&path).await;
    for _ in 0..30 {
        written.append(&first, &[some(&mut ids, 9)]).await;
    }
    first.close().await;
    let second = open(&path).await;
    for _ in 0..30 {
        written.append(&second, &[some(&mut ids, 9)]).await;
    }
    assert!(second.index.known().entries.len() < 500);
    written.check(&second).await;
}

#[tokio::test]
async fn a_run_that_was_begun_before_a_crash_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    let (mut written, mut ids) = (Written::default(), Ids(4));
    let store = open(&path).await;
    written.append(&store, &[some(&mut ids, 60)]).await;
    written.append(&store, &[some(&mut ids, 1)]).await;
    assert!(store.index.known().writing.is_some(), "the test needs a run that is half written");
    store.close().await;
    let store = open(&path).await;
    written.check(&store).await;
    for _ in 0..10 {
        written.append(&store, &[some(&mut ids, 1)]).await;
    }
    written.check(&store).await;
    assert_eq!(count(&store, "runs WHERE filter IS NULL").await, 0);
}

#[tokio::test]
async fn what_retention_removes_leaves_the_index_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("index.db")).await;
    let (mut written, mut ids) = (Written::default(), Ids(5));
    for _ in 0..60 {
        written.append(&store, &[some(&mut ids, 9)]).await;
    }
    let before = count(&store, "block_traces").await;
    sqlx::query("DELETE FROM blocks WHERE id <= 40").execute(&store.writer).await.unwrap();
    written.0.values_mut().for_each(|blocks| blocks.retain(|block| block.0 > 40));
    written.0.retain(|_, blocks| !blocks.is_empty());
    written.check(&store).await;
    while store.drop_dead_runs().await.unwrap() {}
    assert!(count(&store, "block_traces").await < before / 2);
    written.check(&store).await;
    written.append(&store, &[some(&mut ids, 9)]).await;
    written.check(&store).await;
}
