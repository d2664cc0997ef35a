//! The one task that turns committed blocks into stored Calls. It waits here (for blocks, for the database)
//! and changes elsewhere: `batch` finds the Calls, `recent` remembers the blocks, the store commits Calls and
//! watermark together. A crash at any point repeats work, and repeated work changes nothing. Of several processes on one
//! database one at a time extracts, see `turn`.

mod turn;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pointsman_store::{AppFact, BlockId, Lease, LogMark, Store, StoreError, TraceCalls, TraceId};

use super::Settings;
use super::backlog::{Backlog, Committed, Work};
use super::batch::{Batch, Contents, Group};
use super::found::Found;
use super::handlers::{self, KnownHandlers};
use super::recent::RecentBlocks;
use super::tally::Tally;
use crate::metrics::Metrics;

/// Waits after the database has refused: doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A rough size of a span on the wire.
const SPAN_BYTES: usize = 512;

/// Blocks read back from disk with one query at most; their bytes are bounded as well.
const READ_AT_ONCE: u32 = 8;

/// While much comes Calls are stored at this pace: each transaction writes the page on which the Calls of a Handler end anew.
const STORE_EVERY: Duration = Duration::from_millis(250);

/// How often idle blocks are let go when nothing else happens.
const IDLE_CHECK: Duration = Duration::from_secs(1);

/// After so many checks without anything to do the database gives back memory, and again after as many.
const IDLE_CHECKS: u32 = 10;

pub(super) struct Extractor {
    store: Store,
    backlog: Arc<Backlog>,
    settings: Settings,
    metrics: Metrics,
    tally: Tally,
    recent: RecentBlocks,
    handlers: KnownHandlers,
    /// The last block that was taken to be extracted.
    taken: BlockId,
    /// What was found and is not stored yet.
    found: Option<Found>,
    /// When Calls were stored last.
    stored: Instant,
    /// The last block whose Calls are stored.
    done: BlockId,
    caught_up: bool,
    /// The right to store Calls; without it another process does that.
    lease: Option<Lease>,
    /// The state of the database that was looked at last for what others have done, and when.
    seen: LogMark,
    looked: Instant,
    /// Another process has taken the lease: nothing more of this one is stored.
    lost: AtomicBool,
}

impl Extractor {
    pub(super) fn new(
        store: Store,
        backlog: Arc<Backlog>,
        settings: Settings,
        metrics: Metrics,
        tally: Tally,
        done: BlockId,
    ) -> Self {
        let recent = RecentBlocks::new(settings.recent_bytes, settings.recent_idle, metrics.clone());
        let handlers = no_handlers(&settings);
        Self {
            store,
            backlog,
            settings,
            metrics,
            tally,
            recent,
            handlers,
            taken: done,
            found: None,
            stored: Instant::now(),
            done,
            caught_up: false,
            lease: None,
            seen: LogMark::default(),
            looked: Instant::now(),
            lost: AtomicBool::new(false),
        }
    }

    /// Extracts whenever it is this process's turn, until the backlog is closed.
    pub(super) async fn run(mut self) {
        while self.take_turn().await {
            if self.extract_all().await {
                break;
            }
            self.give_up_turn();
        }
        if let Some(lease) = self.lease.take() {
            lease.release().await;
        }
    }

    /// Extracts what an earlier run left over, then whatever is committed; false when another process has taken over.
    async fn extract_all(&mut self) -> bool {
        self.learn_handlers().await;
        while !self.has_lost_turn() && self.catch_up().await {}
        self.store_found().await;
        if self.has_lost_turn() {
            return false;
        }
        self.caught_up = true;
        self.advance(self.done);
        while let Some(work) = self.next().await {
            match work {
                Work::InMemory(blocks) => self.extract_in_memory(blocks).await,
                Work::OnDisk => self.extract_from_disk().await,
                Work::Done => return true,
            }
            if self.has_lost_turn() {
                return false;
            }
        }
        !self.has_lost_turn()
    }

    async fn extract_in_memory(&mut self, blocks: Vec<Committed>) {
        let last = blocks.last().map_or(self.taken, |block| block.id);
        self.extract(blocks, last).await;
    }

    async fn extract_from_disk(&mut self) {
        if !self.catch_up().await {
            // Retention has removed the blocks in between.
            self.store_found().await;
            self.taken = self.backlog.newest_before_waiting(self.taken);
            if self.lease.is_some() {
                self.advance(self.taken);
            }
        }
    }

    /// What to do next. What was found is stored beside an extraction, or here when nothing more comes for a moment.
    async fn next(&mut self) -> Option<Work> {
        let backlog = Arc::clone(&self.backlog);
        let max_bytes = self.max_batch_bytes();
        let look_every = self.store.look_for_others_every();
        if look_every.is_some_and(|every| self.looked.elapsed() >= every) {
            self.look_for_blocks_of_others().await;
        }
        while self.found.is_some() {
            let wait = STORE_EVERY.saturating_sub(self.stored.elapsed());
            match tokio::time::timeout(wait, backlog.next(self.taken, max_bytes)).await {
                Ok(Work::Done) | Err(_) => self.store_found().await,
                Ok(work) => return Some(work),
            }
        }
        if self.has_lost_turn() {
            return None;
        }
        let check = look_every.unwrap_or(IDLE_CHECK);
        for checks in (1..=IDLE_CHECKS).cycle() {
            match tokio::time::timeout(check, backlog.next(self.taken, max_bytes)).await {
                Ok(work) => return Some(work),
                Err(_idle) => {
                    self.recent.close(self.settings.clock.now_ns());
                    self.look_for_blocks_of_others().await;
                }
            }
            if checks == IDLE_CHECKS {
                self.store.release_memory().await;
            }
        }
        None
    }

    /// What is extracted at a time, in bytes of OTLP.
    fn max_batch_bytes(&self) -> usize {
        self.settings.batch_spans.saturating_mul(SPAN_BYTES)
    }

    async fn learn_handlers(&mut self) {
        // Another process may have had the turn meanwhile.
        self.handlers = no_handlers(&self.settings);
        for service in self.answered("the services", || self.store.services()).await {
            let stored = self.answered("the handlers", || self.store.handlers_called(&service)).await;
            self.handlers.learn(stored);
        }
    }

    /// Extracts some blocks after the watermark, read from disk; whether there were any.
    async fn catch_up(&mut self) -> bool {
        let (mut blocks, mut at, mut bytes) = (Vec::new(), self.taken, 0);
        let most = self.max_batch_bytes();
        while bytes < most {
            let read = self.blocks_after(at, most - bytes).await;
            let Some((last, _)) = read.last() else { break };
            at = *last;
            for (id, otlp) in read.into_iter().filter_map(|(id, otlp)| Some((id, otlp?))) {
                bytes += otlp.len();
                blocks.push(Committed { id, otlp: otlp.into() });
            }
        }
        if at == self.taken {
            return false;
        }
        // The last ones may have been unreadable.
        self.extract(blocks, at).await;
        true
    }

    /// The next blocks on disk, up to about so many bytes; a damaged one comes alone and without content.
    async fn blocks_after(&self, after: BlockId, bytes: usize) -> Vec<(BlockId, Option<Vec<u8>>)> {
        let mut at_once = READ_AT_ONCE;
        loop {
            match self.persistent(|| self.store.blocks_after(after, at_once, bytes)).await {
                Ok(found) => return found.into_iter().map(|(id, otlp)| (id, Some(otlp))).collect(),
                // The sound ones before it come first.
                Err(StoreError::Damaged { .. }) if at_once > 1 => at_once = 1,
                Err(StoreError::Damaged { block, reason }) => {
                    self.skip_block(BlockId(block), &reason);
                    return vec![(BlockId(block), None)];
                }
                // Which block it is cannot be told, so none is passed over: the lag shows it.
                Err(error) => {
                    self.metrics.extraction.extraction_retries.inc();
                    tracing::error!(%error, after = after.0, "stored blocks cannot be read");
                    tokio::time::sleep(LONGEST_WAIT).await;
                }
            }
        }
    }

    fn skip_block(&self, block: BlockId, reason: &str) {
        self.metrics.extraction.extraction_skipped.with_label_values(&["block"]).inc();
        tracing::error!(block = block.0, reason, "a block cannot be read back; its calls are missing");
    }

    /// Extracts blocks, which are in memory, up to the last one, group by group.
    async fn extract(&mut self, blocks: Vec<Committed>, last: BlockId) {
        let Contents { spans, traces } = Contents::of(blocks.iter().map(|block| &block.otlp));
        for group in Group::all(spans, traces.len()) {
            // Only with the last one are they done: a crash before it repeats the work.
            let done = if group.is_last() { last } else { self.taken };
            let batch = self.gather(&blocks, (group, &traces), last).await;
            self.extract_batch(batch, done).await;
        }
        self.taken = last;
        let now_ns = self.settings.clock.now_ns();
        blocks.into_iter().for_each(|block| self.recent.keep(block.id, block.otlp, now_ns));
        self.recent.close(now_ns);
    }

    /// Extracts a batch, with which everything up to `done` is extracted, while what those before it have given is
    /// stored, if that is due. Later spans of a trace find what it had given by extracting it again: nothing needs to be stored
    /// for that.
    async fn extract_batch(&mut self, batch: Batch, done: BlockId) {
        let waited = self.stored.elapsed() >= STORE_EVERY;
        let due = self.found.take_if(|found| waited || found.is_enough());
        let threads = self.settings.extraction_threads;
        let extracting = super::intake::run_blocking(move || batch.extract(threads));
        let (mut outcome, ()) = tokio::join!(extracting, self.store_all(due.as_ref()));
        if self.has_lost_turn() {
            return;
        }
        if let Some(stored) = due {
            self.note_stored(stored.last);
        }
        if self.lease.is_none() {
            return self.tally.count(&outcome.calls);
        }
        self.metrics.extraction.extraction_skipped.with_label_values(&["trace"]).inc_by(outcome.failed);
        self.metrics.extraction.extraction_skipped.with_label_values(&["block"]).inc_by(outcome.unreadable);
        self.metrics.extraction.spans_left_out.inc_by(outcome.left_out);
        self.metrics.extraction.facts_left_out.inc_by(outcome.facts_left_out);
        self.metrics.extraction.texts_cut.inc_by(outcome.texts_cut);
        self.settle(&mut outcome.calls);
        self.tally.count(&outcome.calls);
        let found = Found::new(outcome.calls, outcome.facts, done);
        self.found = Some(match self.found.take() {
            Some(before) => before.and(found),
            None => found,
        });
    }

    /// Puts each Call under the Handler that it counts under.
    fn settle(&mut self, calls: &mut [TraceCalls]) {
        let settled = self.handlers.settle(calls);
        let metrics = &self.metrics.extraction;
        for (refusal, calls) in settled.refused {
            metrics.handlers_refused.with_label_values(&[refusal.as_str()]).inc_by(calls);
            if refusal.is_a_limit() {
                metrics.calls_beyond_limit.inc_by(calls);
            }
        }
        metrics.handlers_displaced.inc_by(settled.displaced);
    }

    /// Stores what was found last, and moves the watermark.
    async fn store_found(&mut self) {
        let found = self.found.take();
        self.store_all(found.as_ref()).await;
        if let Some(found) = found.filter(|_| !self.has_lost_turn()) {
            self.note_stored(found.last);
        }
    }

    fn note_stored(&mut self, to: BlockId) {
        self.stored = Instant::now();
        self.advance(to);
    }

    async fn store_all(&self, found: Option<&Found>) {
        if let Some(found) = found {
            self.commit(&found.calls, &found.facts(), found.last).await;
        }
    }

    /// Adds to new blocks those earlier ones that hold spans of the same traces.
    async fn gather(
        &self,
        blocks: &[Committed],
        (group, traces): (Group, &BTreeSet<TraceId>),
        last: BlockId,
    ) -> Batch {
        let new: HashSet<BlockId> = blocks.iter().map(|block| block.id).collect();
        let fresh: Vec<Bytes> = blocks.iter().map(|block| block.otlp.clone()).collect();
        let traces: Vec<TraceId> = traces.iter().filter(|trace| group.holds(**trace)).copied().collect();
        // One more than is read, to know that there are more; and those that are new themselves.
        let most = self.settings.max_reloaded_blocks + 1 + new.len();
        let found = self.answered("earlier blocks", || self.store.blocks_of(&traces, last, most)).await;
        let mut of_trace: HashMap<TraceId, Vec<BlockId>> = HashMap::new();
        for (trace, block) in found.into_iter().filter(|(_, block)| *block <= last && !new.contains(block)) {
            of_trace.entry(trace).or_default().push(block);
        }
        let earlier = self.reload(&of_trace).await;
        self.metrics.extraction.late_traces.inc_by(of_trace.len() as u64);
        let late = of_trace.into_keys().collect();
        Batch { group, earlier, late, fresh, max_trace_spans: self.settings.max_trace_spans }
    }

    /// The blocks of late traces, each once, in order; those that are not in memory are read back.
    async fn reload(&self, of_trace: &HashMap<TraceId, Vec<BlockId>>) -> Vec<Bytes> {
        let limit = self.settings.max_reloaded_blocks;
        let too_long = of_trace.values().filter(|blocks| blocks.len() > limit).count();
        if too_long > 0 {
            self.metrics
                .extraction
                .extraction_skipped
                .with_label_values(&["earlier_block"])
                .inc_by(too_long as u64);
        }
        // The newest: what belongs together comes within seconds.
        let wanted: BTreeSet<BlockId> =
            of_trace.values().flat_map(|blocks| blocks.iter().rev().take(limit).copied()).collect();
        let mut blocks = Vec::with_capacity(wanted.len());
        let mut room = self.settings.max_reloaded_bytes;
        for id in wanted {
            if let Some(otlp) = self.recent.get(id) {
                blocks.push(otlp);
                continue;
            }
            if room == 0 {
                self.metrics.extraction.extraction_skipped.with_label_values(&["earlier_block"]).inc();
                continue;
            }
            match self.persistent(|| self.store.block(id)).await {
                Ok(Some(otlp)) => {
                    self.metrics.extraction.blocks_read_back.inc();
                    room = room.saturating_sub(otlp.len());
                    blocks.push(otlp.into());
                }
                // Retention has removed it since.
                Ok(None) => {}
                Err(error) => self.skip_block(id, &error.to_string()),
            }
        }
        blocks
    }

    /// Stores the Calls and the watermark. When the database refuses them for good, trace by trace, so that
    /// one bad trace costs only itself.
    async fn commit(&self, calls: &[TraceCalls], facts: &[AppFact], last: BlockId) {
        let stored = self.persistent(|| self.store.commit_calls(calls, facts, last)).await;
        if matches!(stored, Err(StoreError::LeaseLost { .. })) {
            return self.note_lost_turn();
        }
        if stored.is_err() {
            for trace in calls {
                let one = std::slice::from_ref(trace);
                if let Err(error) = self.persistent(|| self.store.commit_calls(one, &[], self.done)).await {
                    self.metrics.extraction.extraction_skipped.with_label_values(&["trace"]).inc();
                    tracing::error!(trace = %trace.trace, %error, "the calls of a trace cannot be stored");
                }
            }
            if let Err(error) = self.persistent(|| self.store.commit_calls(&[], facts, last)).await {
                tracing::error!(block = last.0, %error, "the extraction watermark cannot be stored");
            }
        }
        self.settings.observed.count(calls, self.settings.clock.now_ns());
        self.metrics.extraction.traces_extracted.inc_by(calls.len() as u64);
        self.metrics.extraction.calls_extracted.inc_by(calls.iter().map(count_calls).sum());
    }

    fn advance(&mut self, to: BlockId) {
        self.done = self.done.max(to);
        self.backlog.extracted_to(self.done, self.caught_up, self.settings.clock.now_ns());
    }

    /// Asks the database until it answers, also when it refuses for a reason that may last: without the answer Calls would
    /// be counted twice or under the wrong Handler. Each reason is logged once; the lag shows that extraction waits.
    async fn answered<T, F>(&self, what: &str, ask: impl Fn() -> F) -> T
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut wait = FIRST_WAIT;
        let mut logged = String::new();
        loop {
            let error = match self.persistent(&ask).await {
                Ok(answer) => return answer,
                Err(error) => error.to_string(),
            };
            self.metrics.extraction.extraction_retries.inc();
            self.backlog.export_lag(self.settings.clock.now_ns());
            if error != logged {
                tracing::error!(error, "extraction waits: {what} cannot be read from the database");
                logged = error;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Asks the database until it answers; only what would fail forever comes back as an error.
    async fn persistent<T, F>(&self, ask: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut wait = FIRST_WAIT;
        loop {
            match ask().await {
                Err(error) if error.is_transient() => {
                    self.metrics.extraction.extraction_retries.inc();
                    self.backlog.export_lag(self.settings.clock.now_ns());
                    tracing::warn!(%error, wait_ms = wait.as_millis(), "extraction waits for the database");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                answer => return answer,
            }
        }
    }
}

fn no_handlers(settings: &Settings) -> KnownHandlers {
    KnownHandlers::new(handlers::Limits {
        apps: settings.max_apps,
        handlers: settings.max_handlers,
        operations: settings.max_operations,
        all: settings.max_all_handlers,
    })
}

fn count_calls(trace: &TraceCalls) -> u64 {
    trace.calls.len() as u64
}
