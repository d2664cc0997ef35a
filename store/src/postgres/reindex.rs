//! Deriving again: Calls of all Traces whose spans are stored are forgotten together with how far each log is extracted, and every
//! hour is to be rolled up. Calls whose spans are gone stay. All of it is one transaction, in which nobody else extracts.

use sqlx::{Postgres, Transaction};

use super::blocks::count_blocks;
use super::log_order::Position;
use super::rollups::next_generation;
use super::statement::{count, query, scalar};
use super::{Store, volumes};
use crate::error::StoreError;
use crate::{BlockId, Forgotten, Hour, Kind, TraceId};

/// Begun, and not yet to be seen: dropping it changes nothing.
#[derive(Debug)]
pub(crate) struct Reindex {
    tx: Transaction<'static, Postgres>,
    store: Store,
}

impl Store {
    pub(crate) async fn reindex(&self) -> Result<Reindex, StoreError> {
        let mut tx = self.write().await?;
        // It reads every block in between.
        query("SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut *tx).await?;
        query("SET LOCAL statement_timeout = 0").execute(&mut *tx).await?;
        self.fence(&mut tx).await?;
        query("CREATE TEMPORARY TABLE reindexed (trace BYTEA PRIMARY KEY) ON COMMIT DROP")
            .execute(&mut *tx)
            .await?;
        Ok(Reindex { tx, store: self.clone() })
    }
}

impl Reindex {
    pub(crate) async fn note(&mut self, traces: &[TraceId]) -> Result<(), StoreError> {
        query("INSERT INTO reindexed (trace) SELECT * FROM unnest($1::bytea[]) ON CONFLICT DO NOTHING")
            .bind(traces.iter().map(|trace| &trace.0[..]).collect::<Vec<_>>())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn rewrite(&mut self, block: BlockId, otlp: &[u8]) -> Result<(), StoreError> {
        let payload = zstd::bulk::compress(otlp, 1).map_err(|error| StoreError::Damaged {
            block: block.0,
            reason: format!("it cannot be compressed again: {error}"),
        })?;
        let Some(Position { collector, number }) = self.store.order().position_of(block) else {
            return Ok(());
        };
        let length = count(payload.len());
        let before: i64 =
            scalar("SELECT length(payload)::bigint FROM blocks WHERE collector = $1 AND number = $2")
                .bind(collector)
                .bind(number)
                .fetch_one(&mut *self.tx)
                .await?;
        query("UPDATE blocks SET payload = $1, inflated_bytes = $2 WHERE collector = $3 AND number = $4")
            .bind(payload)
            .bind(count(otlp.len()))
            .bind(collector)
            .bind(number)
            .execute(&mut *self.tx)
            .await?;
        count_blocks(&mut self.tx, 0, length - before).await?;
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<Forgotten, StoreError> {
        let tx = &mut *self.tx;
        let traces: i64 = scalar("SELECT count(*) FROM reindexed").fetch_one(&mut *tx).await?;
        let change = next_generation(tx).await?;
        let hours = query(
            "INSERT INTO dirty_hours (service, hour, generation, counted) SELECT service, hour, $2, $2 - 1 FROM \
             (SELECT handler, start_ns / $1 AS hour FROM calls UNION SELECT handler, hour FROM rollups) AS known \
             JOIN handlers ON handlers.fingerprint = known.handler GROUP BY service, hour \
             ON CONFLICT (service, hour) DO UPDATE SET generation = excluded.generation",
        )
        .bind(Hour::NANOS.cast_signed())
        .bind(change)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        let calls = query("DELETE FROM calls USING reindexed WHERE calls.trace = reindexed.trace")
            .execute(&mut *tx)
            .await?
            .rows_affected();
        volumes::add(tx, Kind::Calls, 0, -calls.cast_signed(), 0).await?;
        query("DELETE FROM extraction").execute(&mut *tx).await?;
        self.tx.commit().await?;
        Ok(Forgotten { traces: traces.cast_unsigned(), calls, hours })
    }
}
