//! Running figures of how much is kept, changed in the transaction that adds or deletes. Each process has rows of its own, so that no
//! two wait for each other; what counts is their sum.

use sqlx::{PgConnection, Row};

use super::Store;
use super::statement::{query, scalar};
use crate::error::StoreError;
use crate::{Kind, Volume, Volumes};

/// Index of a block, per trace: the prefix in the block's row, and a row of the index with its place in a tree.
pub(super) const INDEX_BYTES: i64 = 100;
/// A Rollup's key and its row's overhead.
pub(super) const ROLLUP_KEY_BYTES: i64 = 60;

/// Calls below which their average says nothing.
const FEW_CALLS: i64 = 1_000;

/// What a block counts for, from the length of its payload and the number of its traces.
pub(super) fn block_bytes(payload: usize, traces: usize) -> i64 {
    let index = i64::try_from(traces).unwrap_or(i64::MAX).saturating_mul(INDEX_BYTES);
    i64::try_from(payload).unwrap_or(i64::MAX).saturating_add(index)
}

/// Adds to a kind's figures; negative numbers take away.
pub(super) async fn add(
    tx: &mut PgConnection,
    kind: Kind,
    collector: i32,
    rows: i64,
    bytes: i64,
) -> Result<(), sqlx::Error> {
    if rows == 0 && bytes == 0 {
        return Ok(());
    }
    query(
        "INSERT INTO volumes (kind, collector, rows, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, collector) \
         DO UPDATE SET rows = volumes.rows + excluded.rows, bytes = volumes.bytes + excluded.bytes",
    )
    .bind(kind.as_str())
    .bind(collector)
    .bind(rows)
    .bind(bytes)
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    pub(crate) async fn volumes(&self) -> Result<Volumes, StoreError> {
        let mut tx = self.read().await?;
        let rows = query(
            "SELECT kind, sum(rows)::bigint, \
             CASE kind WHEN 'calls' THEN (sum(rows) * (SELECT bytes FROM call_size))::bigint ELSE sum(bytes)::bigint END \
             FROM volumes GROUP BY kind",
        )
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let mut volumes = Volumes::default();
        for row in rows {
            let (kind, rows, bytes): (String, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let volume = Volume { rows: rows.max(0).cast_unsigned(), bytes: bytes.max(0).cast_unsigned() };
            match Kind::ALL.into_iter().find(|known| known.as_str() == kind) {
                Some(Kind::Blocks) => volumes.blocks = volume,
                Some(Kind::Calls) => volumes.calls = volume,
                Some(Kind::Rollups) => volumes.rollups = volume,
                None => {}
            }
        }
        Ok(volumes)
    }

    /// The table with its indexes, divided by the rows in it.
    pub(crate) async fn measure_calls(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query(
            "UPDATE call_size SET bytes = greatest(pg_total_relation_size('calls') / kept.rows, 1) \
             FROM (SELECT sum(rows)::bigint AS rows FROM volumes WHERE kind = 'calls') AS kept WHERE kept.rows >= $1",
        )
        .bind(FEW_CALLS)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn oldest(&self, kind: Kind) -> Result<Option<u64>, StoreError> {
        let sql = match kind {
            Kind::Blocks => "SELECT min(received_ns) FROM blocks",
            Kind::Calls => {
                "SELECT min((SELECT min(start_ns) FROM calls WHERE handler = fingerprint)) FROM handlers"
            }
            Kind::Rollups => {
                "SELECT min((SELECT min(hour) FROM rollups WHERE handler = fingerprint)) * 3600000000000 FROM handlers"
            }
        };
        self.moment(sql).await
    }

    pub(crate) async fn newest(&self) -> Result<Option<u64>, StoreError> {
        self.moment(
            "SELECT greatest((SELECT max(received_ns) FROM blocks), \
             (SELECT max((SELECT max(start_ns) FROM calls WHERE handler = fingerprint)) FROM handlers), \
             (SELECT max((SELECT max(hour) FROM rollups WHERE handler = fingerprint)) * 3600000000000 FROM handlers))",
        )
        .await
    }

    async fn moment(&self, sql: &'static str) -> Result<Option<u64>, StoreError> {
        let mut tx = self.read().await?;
        let at: Option<i64> = scalar(sql).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(at.map(|at| at.max(0).cast_unsigned()))
    }
}
