//! Deriving again: Calls of all Traces whose spans are stored are forgotten together with how far extraction has come,
//! so that the next start of the pipeline extracts them anew; and every hour is to be rolled up. Calls whose spans are
//! gone stay.

use sqlx::{Sqlite, Transaction};

use super::many::{Many, statements};
use super::rollups::next_generation;
use super::{BlockId, Store, StoreError, volumes};
use crate::{Hour, Kind, TraceId};

static NOTE: Many = Many::new(|| statements("INSERT OR IGNORE INTO temp.reindexed (trace)", 1, ""));

/// Begun, and not yet to be seen: dropping it changes nothing.
#[derive(Debug)]
pub(crate) struct Reindex {
    tx: Transaction<'static, Sqlite>,
}

/// What was forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forgotten {
    /// Traces whose spans are stored.
    pub traces: u64,
    /// Calls of them.
    pub calls: u64,
    /// Hours that are to be rolled up.
    pub hours: u64,
}

impl Store {
    pub(crate) async fn reindex(&self) -> Result<Reindex, StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("CREATE TEMP TABLE IF NOT EXISTS reindexed (trace BLOB PRIMARY KEY) WITHOUT ROWID")
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM temp.reindexed").execute(&mut *tx).await?;
        Ok(Reindex { tx })
    }
}

impl Reindex {
    /// Says that spans of these Traces are stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn note(&mut self, traces: &[TraceId]) -> Result<(), StoreError> {
        NOTE.run(&mut self.tx, traces, |query, trace| query.bind(&trace.0[..])).await?;
        Ok(())
    }

    /// Stores a block's spans as they are now allowed to be kept, in place of what it held. Its traces stay the same.
    ///
    /// # Errors
    /// When the database refuses, or the compressor fails.
    pub(crate) async fn rewrite(&mut self, block: BlockId, otlp: &[u8]) -> Result<(), StoreError> {
        let payload = zstd::bulk::compress(otlp, 1).map_err(|error| StoreError::Damaged {
            block: block.0,
            reason: format!("it cannot be compressed again: {error}"),
        })?;
        let length = i64::try_from(payload.len()).unwrap_or(i64::MAX);
        let before: i64 = sqlx::query_scalar("SELECT length(payload) FROM blocks WHERE id = ?")
            .bind(block.0)
            .fetch_one(&mut *self.tx)
            .await?;
        sqlx::query("UPDATE blocks SET payload = ?, inflated_bytes = ? WHERE id = ?")
            .bind(payload)
            .bind(i64::try_from(otlp.len()).unwrap_or(i64::MAX))
            .bind(block.0)
            .execute(&mut *self.tx)
            .await?;
        volumes::add(&mut self.tx, Kind::Blocks, 0, length - before).await?;
        Ok(())
    }

    /// Forgets the Calls of the noted Traces.
    ///
    /// # Errors
    /// When the database refuses; then nothing has changed.
    pub(crate) async fn finish(mut self) -> Result<Forgotten, StoreError> {
        let tx = &mut *self.tx;
        let traces: i64 =
            sqlx::query_scalar("SELECT count(*) FROM temp.reindexed").fetch_one(&mut *tx).await?;
        let change = next_generation(tx).await?;
        let hours = sqlx::query(
            "INSERT INTO dirty_hours (service, hour, generation, counted) \
             SELECT service, hour, ?2, ?2 - 1 FROM \
             (SELECT handler, start_ns / ?1 AS hour FROM calls UNION SELECT handler, hour FROM rollups) AS known \
             JOIN handlers ON handlers.fingerprint = known.handler GROUP BY service, hour \
             ON CONFLICT DO UPDATE SET generation = excluded.generation",
        )
        .bind(Hour::NANOS.cast_signed())
        .bind(change)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        let calls = sqlx::query("DELETE FROM calls WHERE trace IN (SELECT trace FROM temp.reindexed)")
            .execute(&mut *tx)
            .await?
            .rows_affected();
        volumes::add(tx, Kind::Calls, -i64::try_from(calls).unwrap_or(i64::MAX), 0).await?;
        sqlx::query("DELETE FROM extraction").execute(&mut *tx).await?;
        sqlx::query("DROP TABLE temp.reindexed").execute(&mut *tx).await?;
        self.tx.commit().await?;
        Ok(Forgotten { traces: traces.cast_unsigned(), calls, hours })
    }
}
