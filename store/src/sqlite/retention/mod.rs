//! Retention: deletes what is too old or too much, the oldest first, in steps of a few milliseconds between which
//! ingest has the writer. When it runs and how it paces is the daemon's business; what is never deleted stands in
//! the file of each kind beside this one.

mod blocks;
mod calls;
mod queue;
mod rollups;

use sqlx::SqliteConnection;

use super::volumes;
use super::{Store, StoreError};
use crate::oldest::{Excess, Oldest};
use crate::{Kind, Limits, Trimmed};

/// One pass over everything that is kept. It remembers what it found, so that a step does not look for it again.
#[derive(Debug)]
pub(crate) struct Trim {
    store: Store,
    limits: Limits,
    now_ns: u64,
    /// Calls that started later stay: their hours still change.
    settled_ns: u64,
    at: Option<Kind>,
    oldest: Option<Oldest>,
}

impl Store {
    pub(crate) async fn trim(&self, limits: Limits, now_ns: u64) -> Result<Trim, StoreError> {
        let settled_ns = self.settled_before(now_ns).await?;
        Ok(Trim { store: self.clone(), limits, now_ns, settled_ns, at: Some(Kind::Blocks), oldest: None })
    }
}

impl Trim {
    /// Deletes a little: at most 16 blocks, 2,000 Calls or Rollups of some handlers, in one short transaction. `None`
    /// when nothing is left to delete.
    ///
    /// # Errors
    /// When the database refuses; then the step has changed nothing and may be tried again.
    pub(crate) async fn step(&mut self) -> Result<Option<Trimmed>, StoreError> {
        while let Some(kind) = self.at {
            let excess = self.excess(kind).await?;
            let trimmed = match kind {
                Kind::Blocks => self.trim_blocks(excess).await?,
                Kind::Calls => self.trim_calls(excess).await?,
                Kind::Rollups => self.trim_rollups(excess).await?,
            };
            if trimmed.is_some() {
                return Ok(trimmed);
            }
            self.oldest = None;
            self.at = match kind {
                Kind::Blocks => Some(Kind::Calls),
                Kind::Calls => Some(Kind::Rollups),
                Kind::Rollups => None,
            };
        }
        // Small change: a few bytes a trace, of blocks that have gone already.
        while self.store.drop_dead_runs().await? {}
        self.store.forget_silent_handlers().await?;
        Ok(None)
    }

    async fn excess(&self, kind: Kind) -> Result<Excess, StoreError> {
        let limit = self.limits.of(kind);
        let kept = match limit.bytes {
            None => 0,
            Some(_) => self.store.volumes().await?.of(kind).bytes,
        };
        Ok(Excess::of(limit, self.now_ns, kept))
    }

    /// The handlers of a kind by their oldest row; read at the first step of the kind.
    async fn queue(&mut self, kind: Kind) -> Result<Oldest, StoreError> {
        match self.oldest.take() {
            Some(queue) => Ok(queue),
            None => queue::load(&self.store, kind).await,
        }
    }
}

/// Takes what a step has deleted off the figures.
async fn subtract(tx: &mut SqliteConnection, kind: Kind, rows: u64, bytes: u64) -> Result<(), sqlx::Error> {
    volumes::add(tx, kind, -rows.cast_signed(), -bytes.cast_signed()).await
}
