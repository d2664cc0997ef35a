//! Which blocks hold spans of a trace. Trace ids are random: an index ordered by them would be written all over by
//! every commit. So the newest blocks are indexed in memory only (each block names its traces, a restart reads them
//! back); when there are many, their entries are written to disk as a run, sorted, a step with each commit. A filter
//! in memory tells which runs may hold a trace: most traces are new and cost no read.
//!
//! Several processes may write the same file. Each looks for blocks and runs of others before it looks something up.
//! A run that two processes write at once is there twice; lookups then find the same twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::{Row, SqliteConnection};

use super::many::{Many, statements};
use super::run_filter::RunFilter;
use super::{Block, BlockId, Store, StoreError};
use crate::TraceId;

/// Entries in memory from which on they are written as a run: 3 MB of memory, and 33 runs at 50 million spans.
const RUN_ENTRIES: usize = 1 << 17;

/// Entries written with a commit while a run is written: more than come in with one, few enough that no sender
/// notices.
const STEP: usize = 2_048;

/// Rows of dead runs that are removed at a time.
const REMOVED: i64 = 4_096;

static INSERT: Many = Many::new(|| statements("INSERT INTO block_traces (run, trace_prefix, block)", 3, ""));

/// A trace's prefix, and a block.
type Entry = (i64, i64);

/// The index as this process knows it.
#[derive(Debug)]
pub(super) struct TraceIndex {
    known: Mutex<Known>,
    run_entries: usize,
    step: usize,
}

#[derive(Debug, Default)]
struct Known {
    /// Filters of the complete runs.
    runs: BTreeMap<i64, RunFilter>,
    /// The last block that is in a complete run.
    in_runs_to: i64,
    /// Blocks up to here are known, in runs or in memory.
    known_to: i64,
    /// Blocks beyond that which this process has written, after others of which it does not know yet.
    ahead: BTreeSet<i64>,
    /// Entries of the blocks that are in no complete run.
    entries: BTreeSet<Entry>,
    writing: Option<Writing>,
}

/// A run that is being written: the entries of all blocks up to its last one.
#[derive(Clone, Copy, Debug)]
struct Writing {
    run: i64,
    last_block: i64,
    /// The last entry that is on disk.
    to: Entry,
}

/// What a commit has done to the index, to be noted when it has succeeded.
#[derive(Debug)]
pub(super) struct Step(Done);

#[derive(Debug)]
enum Done {
    Nothing,
    Wrote(Writing),
    Completed(Writing, RunFilter),
    /// Another process has taken the run away: it is begun anew.
    GaveUp,
}

/// The runs and blocks that are on disk.
struct OnDisk {
    runs: Vec<i64>,
    in_runs_to: i64,
    oldest_block: i64,
    newest_block: i64,
}

impl Default for TraceIndex {
    fn default() -> Self {
        Self { known: Mutex::default(), run_entries: RUN_ENTRIES, step: STEP }
    }
}

impl TraceIndex {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a step of a run, if one is due, within the transaction that adds blocks.
    pub(super) async fn step(&self, tx: &mut SqliteConnection) -> Result<Step, sqlx::Error> {
        let Some(due) = self.known().due(self.run_entries) else { return Ok(Step(Done::Nothing)) };
        let writing = match due {
            Due::Continue(writing) => writing,
            Due::Begin { first_block, last_block } => {
                let run = begin_run(tx, first_block, last_block).await?;
                Writing { run, last_block, to: (i64::MIN, i64::MIN) }
            }
        };
        let (entries, complete) = self.known().next_entries(&writing, self.step);
        INSERT
            .run(tx, &entries, |query, (prefix, block)| query.bind(writing.run).bind(*prefix).bind(*block))
            .await?;
        let writing = Writing { to: entries.last().copied().unwrap_or(writing.to), ..writing };
        if !complete {
            return Ok(Step(Done::Wrote(writing)));
        }
        let filter = self.known().filter_to(writing.last_block);
        let there = sqlx::query("UPDATE runs SET filter = ? WHERE run = ?")
            .bind(filter.to_bytes())
            .bind(writing.run)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        Ok(Step(if there == 1 { Done::Completed(writing, filter) } else { Done::GaveUp }))
    }

    /// Notes what has been committed: blocks that follow each other, the last one's id, and the step.
    pub(super) fn committed(&self, blocks: &[Block], last: i64, Step(done): Step) {
        let mut known = self.known();
        let count = i64::try_from(blocks.len()).unwrap_or(i64::MAX);
        for (id, block) in (last - count + 1..).zip(blocks) {
            known.add(id, block.traces().iter().copied());
        }
        match done {
            Done::Nothing => {}
            Done::Wrote(writing) => known.writing = Some(writing),
            Done::Completed(writing, filter) => known.complete(writing, filter),
            Done::GaveUp => known.writing = None,
        }
    }
}

/// What is to be done for the index.
enum Due {
    Begin { first_block: i64, last_block: i64 },
    Continue(Writing),
}

impl Known {
    fn due(&self, run_entries: usize) -> Option<Due> {
        if let Some(writing) = self.writing {
            return Some(Due::Continue(writing));
        }
        let full = self.entries.len() >= run_entries && self.known_to > self.in_runs_to;
        full.then_some(Due::Begin { first_block: self.in_runs_to + 1, last_block: self.known_to })
    }

    /// The entries after the last written one, up to a step, and whether those are the last.
    fn next_entries(&self, writing: &Writing, step: usize) -> (Vec<Entry>, bool) {
        let after = (std::ops::Bound::Excluded(writing.to), std::ops::Bound::Unbounded);
        let rest = self.entries.range(after).filter(|(_, block)| *block <= writing.last_block);
        let mut entries: Vec<_> = rest.take(step + 1).copied().collect();
        let complete = entries.len() <= step;
        entries.truncate(step);
        (entries, complete)
    }

    fn filter_to(&self, last_block: i64) -> RunFilter {
        let within = self.entries.iter().filter(|(_, block)| *block <= last_block);
        RunFilter::of(within.map(|(prefix, _)| *prefix))
    }

    fn add(&mut self, block: i64, prefixes: impl IntoIterator<Item = i64>) {
        if block <= self.known_to || !self.ahead.insert(block) {
            return;
        }
        self.entries.extend(prefixes.into_iter().map(|prefix| (prefix, block)));
        self.catch_up();
    }

    fn complete(&mut self, writing: Writing, filter: RunFilter) {
        self.writing = None;
        self.runs.insert(writing.run, filter);
        self.indexed_to(writing.last_block);
    }

    /// Blocks up to here are in runs: their entries are no longer needed in memory.
    fn indexed_to(&mut self, block: i64) {
        if block > self.in_runs_to {
            self.in_runs_to = block;
            self.entries.retain(|(_, of)| *of > block);
            self.looked_at(block);
        }
    }

    /// Blocks up to here that are not known do not exist.
    fn looked_at(&mut self, block: i64) {
        self.known_to = self.known_to.max(block);
        self.ahead.retain(|of| *of > block);
        self.catch_up();
    }

    fn catch_up(&mut self) {
        while self.ahead.remove(&(self.known_to + 1)) {
            self.known_to += 1;
        }
    }

    /// The newest blocks of traces that are in memory, up to a block and at most so many of each, and of those with fewer the runs
    /// that may hold more, the newest first.
    fn look_up(
        &self,
        prefixes: impl Iterator<Item = i64>,
        (to, most): (i64, usize),
    ) -> (Vec<Entry>, Vec<(i64, i64)>) {
        let (mut found, mut ask) = (Vec::new(), Vec::new());
        for prefix in prefixes {
            let before = found.len();
            found.extend(self.entries.range((prefix, i64::MIN)..=(prefix, to)).rev().take(most));
            if found.len() - before < most {
                let hash = RunFilter::hash(prefix);
                let runs = self.runs.iter().rev().filter(|(_, filter)| filter.may_hold(hash));
                ask.extend(runs.map(|(run, _)| (*run, prefix)));
            }
        }
        (found, ask)
    }
}

async fn begin_run(tx: &mut SqliteConnection, first_block: i64, last_block: i64) -> Result<i64, sqlx::Error> {
    // A run that nobody completed is of a process that has ended, or of one that will begin anew.
    sqlx::query("DELETE FROM runs WHERE filter IS NULL").execute(&mut *tx).await?;
    let done = sqlx::query("INSERT INTO runs (first_block, last_block) VALUES (?, ?)")
        .bind(first_block)
        .bind(last_block)
        .execute(tx)
        .await?;
    Ok(done.last_insert_rowid())
}

impl Store {
    pub(crate) async fn blocks_of(
        &self,
        traces: &[TraceId],
        to: BlockId,
        most: usize,
    ) -> Result<Vec<(TraceId, BlockId)>, StoreError> {
        let on_disk = self.learn_of_others().await?;
        let mut of_prefix: BTreeMap<i64, Vec<TraceId>> = BTreeMap::new();
        for trace in traces {
            of_prefix.entry(trace.prefix()).or_default().push(*trace);
        }
        let (mut entries, ask) = self.index.known().look_up(of_prefix.keys().copied(), (to.0, most));
        let mut counts: HashMap<i64, usize> = HashMap::new();
        for (prefix, _) in &entries {
            *counts.entry(*prefix).or_default() += 1;
        }
        for (run, prefix) in ask {
            let count = counts.entry(prefix).or_default();
            let room = i64::try_from(most.saturating_sub(*count)).unwrap_or(i64::MAX);
            if room == 0 {
                continue;
            }
            let blocks: Vec<i64> = sqlx::query_scalar(
                "SELECT block FROM block_traces WHERE run = ? AND trace_prefix = ? AND block <= ? \
                 ORDER BY block DESC LIMIT ?",
            )
            .bind(run)
            .bind(prefix)
            .bind(to.0)
            .bind(room)
            .fetch_all(&self.readers)
            .await?;
            *count += blocks.len();
            entries.extend(blocks.into_iter().map(|block| (prefix, block)));
        }
        let mut found = BTreeSet::new();
        for (prefix, block) in entries.into_iter().filter(|(_, block)| *block >= on_disk.oldest_block) {
            let traces = of_prefix.get(&prefix).into_iter().flatten();
            found.extend(traces.map(|trace| (BlockId(block), *trace)));
        }
        Ok(found.into_iter().map(|(block, trace)| (trace, block)).collect())
    }

    /// Removes some of what the index holds of blocks that retention has removed; whether there may be more.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn drop_dead_runs(&self) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "DELETE FROM runs WHERE filter IS NOT NULL AND last_block < (SELECT min(id) FROM blocks)",
        )
        .execute(&mut *tx)
        .await?;
        // Runs die in the order in which they were begun.
        let dead: Option<i64> = sqlx::query_scalar(
            "SELECT run FROM (SELECT min(run) AS run FROM block_traces) WHERE run NOT IN (SELECT run FROM runs)",
        )
        .fetch_optional(&mut *tx)
        .await?;
        let mut removed = 0;
        if let Some(run) = dead {
            removed = sqlx::query(
                "DELETE FROM block_traces WHERE run = ?1 AND trace_prefix IN \
                 (SELECT trace_prefix FROM block_traces WHERE run = ?1 ORDER BY trace_prefix LIMIT ?2)",
            )
            .bind(run)
            .bind(REMOVED)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        }
        tx.commit().await?;
        Ok(removed > 0)
    }

    /// Reads what other processes, or an earlier one, have added to the index.
    async fn learn_of_others(&self) -> Result<OnDisk, StoreError> {
        let on_disk = self.on_disk().await?;
        let unknown: Vec<i64> = {
            let mut known = self.index.known();
            known.runs.retain(|run, _| on_disk.runs.binary_search(run).is_ok());
            on_disk.runs.iter().copied().filter(|run| !known.runs.contains_key(run)).collect()
        };
        for run in unknown {
            let filter: Option<Vec<u8>> = sqlx::query_scalar("SELECT filter FROM runs WHERE run = ?")
                .bind(run)
                .fetch_optional(&self.readers)
                .await?
                .flatten();
            if let Some(filter) = filter {
                self.index.known().runs.insert(run, RunFilter::from_bytes(&filter));
            }
        }
        self.index.known().indexed_to(on_disk.in_runs_to);
        self.learn_of_blocks(on_disk.newest_block, usize::MAX).await?;
        Ok(on_disk)
    }

    pub(crate) async fn index_blocks(&self) -> Result<(), StoreError> {
        let on_disk = self.on_disk().await?;
        self.index.known().indexed_to(on_disk.in_runs_to);
        loop {
            self.learn_of_blocks(on_disk.newest_block, self.index.run_entries).await?;
            // A start must not wait for a lock when there is nothing to write.
            if self.index.known().due(self.index.run_entries).is_none() {
                return Ok(());
            }
            let mut tx = self.write().await?;
            let step = self.index.step(&mut tx).await?;
            tx.commit().await?;
            self.index.committed(&[], on_disk.newest_block, step);
        }
    }

    async fn on_disk(&self) -> Result<OnDisk, StoreError> {
        let mut reader = self.readers.acquire().await?;
        let ends = sqlx::query("SELECT (SELECT min(id) FROM blocks), (SELECT max(id) FROM blocks)")
            .fetch_one(&mut *reader)
            .await?;
        let rows = sqlx::query("SELECT run, last_block FROM runs WHERE filter IS NOT NULL ORDER BY run")
            .fetch_all(&mut *reader)
            .await?;
        let mut runs = Vec::with_capacity(rows.len());
        let mut in_runs_to = 0;
        for row in rows {
            runs.push(row.try_get(0)?);
            in_runs_to = in_runs_to.max(row.try_get(1)?);
        }
        let end = |index| ends.try_get::<Option<i64>, _>(index);
        let (oldest_block, newest_block) = (end(0)?.unwrap_or(i64::MAX), end(1)?.unwrap_or(0));
        Ok(OnDisk { runs, in_runs_to, oldest_block, newest_block })
    }

    /// Reads the traces of blocks that are in no run and that this process has not written, up to about so many
    /// entries in memory.
    async fn learn_of_blocks(&self, newest: i64, entries: usize) -> Result<(), StoreError> {
        /// Blocks read at a time.
        const SOME: i64 = 512;
        loop {
            let after = {
                let known = self.index.known();
                if known.known_to >= newest || known.entries.len() >= entries {
                    return Ok(());
                }
                known.known_to
            };
            let rows = sqlx::query("SELECT id, traces FROM blocks WHERE id > ? ORDER BY id LIMIT ?")
                .bind(after)
                .bind(SOME)
                .fetch_all(&self.readers)
                .await?;
            let mut known = self.index.known();
            let Some(last) = rows.last() else { return Ok(()) };
            let last: i64 = last.try_get(0)?;
            for row in &rows {
                known.add(row.try_get(0)?, prefixes(row.try_get(1)?));
            }
            // What is missing in between was removed, or rolled back.
            known.looked_at(last);
        }
    }
}

/// The prefixes that a block names, eight bytes each.
pub(super) fn prefixes(traces: &[u8]) -> impl Iterator<Item = i64> {
    traces.as_chunks::<8>().0.iter().map(|prefix| i64::from_be_bytes(*prefix))
}

#[cfg(test)]
#[path = "trace_index_tests.rs"]
mod tests;
