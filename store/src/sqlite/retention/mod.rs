//! Retention: deletes what is too old or too much, the oldest first, in steps of a few milliseconds between which
//! ingest has the writer. When it runs and how it paces is the daemon's business; what is never deleted stands in
//! the file of each kind beside this one.

mod blocks;
mod calls;
mod queue;
mod rollups;

use std::time::Duration;

use sqlx::SqliteConnection;

use super::volumes;
use super::{Store, StoreError};
use crate::{Hour, Kind, Limit, Limits, Reason, Trimmed};
use queue::Oldest;

/// One pass over everything that is kept. It remembers what it found, so that a step does not look for it again.
#[derive(Debug)]
pub struct Trim {
    store: Store,
    limits: Limits,
    now_ns: u64,
    /// Calls that started later stay: their hours still change.
    settled_ns: u64,
    at: Option<Kind>,
    oldest: Option<Oldest>,
}

/// How much is too much at the moment of a step.
#[derive(Clone, Copy, Debug)]
struct Excess {
    /// What lies before is too old; 0 when age is no matter.
    before_ns: u64,
    /// Bytes beyond the limit.
    bytes: u64,
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
    pub async fn step(&mut self) -> Result<Option<Trimmed>, StoreError> {
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
        let Limit { age, bytes } = self.limits.of(kind);
        let before_ns = age.map_or(0, |age| self.now_ns.saturating_sub(nanos(age)));
        let excess = match bytes {
            None => 0,
            Some(limit) => self.store.volumes().await?.of(kind).bytes.saturating_sub(limit),
        };
        Ok(Excess { before_ns, bytes: excess })
    }

    /// The handlers of a kind by their oldest row; read at the first step of the kind.
    async fn queue(&mut self, kind: Kind) -> Result<Oldest, StoreError> {
        match self.oldest.take() {
            Some(queue) => Ok(queue),
            None => Oldest::load(&self.store, kind).await,
        }
    }
}

impl Excess {
    /// Why an hour has to go, if it has to, after so many bytes have gone. `may_go_by_size` is whether it may.
    fn reason(self, hour: Hour, freed: u64, may_go_by_size: bool) -> Option<Reason> {
        if hour.end_ns() <= self.before_ns {
            Some(Reason::Age)
        } else if freed < self.bytes && may_go_by_size {
            Some(Reason::Size)
        } else {
            None
        }
    }
}

/// Takes what a step has deleted off the figures.
async fn subtract(tx: &mut SqliteConnection, kind: Kind, rows: u64, bytes: u64) -> Result<(), sqlx::Error> {
    volumes::add(tx, kind, -rows.cast_signed(), -bytes.cast_signed()).await
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
