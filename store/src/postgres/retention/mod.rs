//! Retention: deletes what is too old or too much, the oldest first, in steps of a few milliseconds. When it runs and that one
//! collector at a time does it is the daemon's business; what is never deleted stands in the file of each kind next to this one.
//! Figures are taken off by what was really deleted: somebody else may have been faster.

mod blocks;
mod calls;
mod rollups;

use std::sync::Arc;

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::Store;
use super::statement::query;
use crate::error::StoreError;
use crate::oldest::{Candidate, Excess, Oldest};
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

    /// Forgets logs of collectors that are gone, when nothing of them is left; their figures go to those of nobody.
    async fn forget_logs(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query(
            "WITH gone AS (DELETE FROM collectors WHERE wrote_at < clock_timestamp() - interval '1 day' \
             AND NOT EXISTS (SELECT FROM blocks WHERE collector = id) RETURNING id), \
             done AS (DELETE FROM extraction USING gone WHERE collector = id), \
             moved AS (DELETE FROM volumes USING gone WHERE collector = id RETURNING kind, rows, bytes) \
             INSERT INTO volumes (kind, collector, rows, bytes) \
             SELECT kind, 0, sum(rows)::bigint, sum(bytes)::bigint FROM moved GROUP BY kind \
             ON CONFLICT (kind, collector) DO UPDATE SET rows = volumes.rows + excluded.rows, \
             bytes = volumes.bytes + excluded.bytes",
        )
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

impl Trim {
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
        self.store.forget_silent_handlers().await?;
        self.store.forget_logs().await?;
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
        if let Some(queue) = self.oldest.take() {
            return Ok(queue);
        }
        let sql = match kind {
            Kind::Rollups => {
                "SELECT * FROM (SELECT fingerprint, service, (SELECT min(hour) * 3600000000000 FROM rollups \
                 WHERE handler = fingerprint) AS oldest FROM handlers) AS known WHERE oldest IS NOT NULL"
            }
            Kind::Blocks | Kind::Calls => {
                "SELECT * FROM (SELECT fingerprint, service, (SELECT min(start_ns) FROM calls \
                 WHERE handler = fingerprint) AS oldest FROM handlers) AS known WHERE oldest IS NOT NULL"
            }
        };
        let mut tx = self.store.read().await?;
        let rows = query(sql).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        let candidate = |row: &PgRow| {
            let oldest: i64 = row.try_get(2)?;
            let service: Arc<str> = row.try_get::<&str, _>(1)?.into();
            Ok(Candidate { oldest_ns: oldest.max(0).cast_unsigned(), handler: row.try_get(0)?, service })
        };
        rows.iter().map(candidate).collect()
    }
}
