//! Whose turn extraction is. Of all processes that use one database one extracts the blocks of all, in order, so that a Call is
//! counted once and the last word on a trace is that of whoever saw all of it. The others wait for their turn, which comes
//! when that process ends.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{BlockId, Extractor, LONGEST_WAIT, Work};

/// How often a waiting process looks how far extraction is: while blocks of its own wait for it, and otherwise.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const IDLE_LOOK_EVERY: Duration = Duration::from_secs(1);

impl Extractor {
    /// Waits for the turn; false when this process ends before it has come.
    pub(super) async fn take_turn(&mut self) -> bool {
        loop {
            match self.persistent(|| self.store.lease_extraction()).await {
                Ok(Some(lease)) => {
                    self.lease = Some(lease);
                    break;
                }
                Ok(None) => self.follow().await,
                Err(error) => {
                    tracing::error!(%error, "extraction cannot begin");
                    tokio::time::sleep(LONGEST_WAIT).await;
                }
            }
            let (newest, extracted) = self.backlog.reach();
            let wait = if newest > extracted { LOOK_EVERY } else { IDLE_LOOK_EVERY };
            if tokio::time::timeout(wait, self.backlog.closed()).await.is_ok() {
                return false;
            }
        }
        self.backlog.set_following(false);
        self.done = self.stored_to().await;
        self.taken = self.done;
        true
    }

    /// Whether another process has taken the turn while this one was away.
    pub(super) fn has_lost_turn(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    pub(super) fn note_lost_turn(&self) {
        tracing::warn!("another process extracts by now: what this one has found is not stored");
        self.lost.store(true, Ordering::Release);
    }

    /// Forgets what was found and not stored: the process that has the turn finds it too.
    pub(super) fn give_up_turn(&mut self) {
        self.found = None;
        self.lease = None;
        self.lost.store(false, Ordering::Release);
    }

    /// Notes how far the process has come whose turn it is. Blocks are only extracted here while somebody wants to know what is in
    /// them.
    async fn follow(&mut self) {
        self.backlog.set_following(true);
        if !self.caught_up {
            self.look_for_blocks_of_others().await;
            self.caught_up = true;
        }
        let stored = if self.store.has_changed(&mut self.seen) { self.stored_to().await } else { self.done };
        if self.tally.listens() {
            self.count_waiting().await;
        } else {
            self.taken = self.taken.max(stored);
        }
        self.advance(stored.min(self.taken));
    }

    /// Extracts what waits, to count it and not to store it.
    async fn count_waiting(&mut self) {
        let max_bytes = self.max_batch_bytes();
        while let Some(work) = self.backlog.at_hand(self.taken, max_bytes) {
            match work {
                Work::InMemory(blocks) => self.extract_in_memory(blocks).await,
                Work::OnDisk => self.extract_from_disk().await,
                Work::Done => return,
            }
        }
    }

    /// Looks for blocks of other processes when nothing of our own shows that there are any.
    pub(super) async fn look_for_blocks_of_others(&mut self) {
        self.looked = Instant::now();
        if self.store.has_changed(&mut self.seen) {
            // What the database refuses now is seen the next time.
            match self.store.newest_block().await {
                Ok(newest) => self.backlog.note_newest(newest),
                Err(_) => self.seen = Default::default(),
            }
        }
    }

    /// The last block whose Calls are stored, by whichever process.
    async fn stored_to(&self) -> BlockId {
        self.answered("how far extraction is", || self.store.extracted_to()).await
    }
}
