//! Running figures of how much is kept. Whoever adds or deletes rows says so here, in the same transaction, so that
//! the figures are as right as the rows after a crash.

use sqlx::{Row, SqliteConnection};

use super::{Store, StoreError};
use crate::{Kind, Volume, Volumes};

/// Index of a block, per trace: the prefix in the block's row, and a row of the index.
/// The migration that fills the figures of an older file has the same number.
pub(super) const INDEX_BYTES: i64 = 28;
/// A Rollup's key and its row's overhead; in the migration too.
pub(super) const ROLLUP_KEY_BYTES: i64 = 16;
/// A Call, as long as nothing is measured; in the migration too.
const CALL_BYTES: i64 = 250;

/// Pages that measuring the average Call looks at: 8 MiB.
const SAMPLE_PAGES: i64 = 1_024;

/// What a block counts for, from the length of its payload and the number of its traces.
pub(super) fn block_bytes(payload: usize, traces: usize) -> i64 {
    let index = i64::try_from(traces).unwrap_or(i64::MAX).saturating_mul(INDEX_BYTES);
    i64::try_from(payload).unwrap_or(i64::MAX).saturating_add(index)
}

/// Adds to a kind's figures; negative numbers take away. For Calls `bytes` is left out (0): there the average counts.
pub(super) async fn add(
    tx: &mut SqliteConnection,
    kind: Kind,
    rows: i64,
    bytes: i64,
) -> Result<(), sqlx::Error> {
    // An average of what is there makes the bytes of new Calls; deleting takes away its share in the same way.
    let sql = match kind {
        Kind::Calls => {
            "UPDATE volumes SET rows = max(rows + ?1, 0), \
             bytes = max(bytes + ?1 * CASE WHEN rows > 0 THEN bytes / rows ELSE ?2 END, 0) WHERE kind = ?3"
        }
        Kind::Blocks | Kind::Rollups => {
            "UPDATE volumes SET rows = max(rows + ?1, 0), bytes = max(bytes + ?2, 0) WHERE kind = ?3"
        }
    };
    let bytes = if kind == Kind::Calls { CALL_BYTES } else { bytes };
    sqlx::query(sql).bind(rows).bind(bytes).bind(kind.as_str()).execute(tx).await?;
    Ok(())
}

impl Store {
    pub(crate) async fn volumes(&self) -> Result<Volumes, StoreError> {
        let rows = sqlx::query("SELECT kind, rows, bytes FROM volumes").fetch_all(&self.readers).await?;
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

    pub(crate) async fn measure_calls(&self) -> Result<(), StoreError> {
        let row = sqlx::query(
            "SELECT coalesce(sum(pgsize), 0), coalesce(sum(ncell), 0) FROM \
             (SELECT pgsize, ncell FROM dbstat WHERE name = 'calls' AND pagetype <> 'internal' LIMIT ?)",
        )
        .bind(SAMPLE_PAGES)
        .fetch_one(&self.readers)
        .await?;
        let (bytes, rows): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        // A page or two say nothing about an average.
        if rows < 100 {
            return Ok(());
        }
        sqlx::query("UPDATE volumes SET bytes = rows * ? WHERE kind = 'calls'")
            .bind(bytes / rows)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(crate) async fn oldest(&self, kind: Kind) -> Result<Option<u64>, StoreError> {
        let sql = match kind {
            Kind::Blocks => "SELECT received_ns FROM blocks ORDER BY id LIMIT 1",
            Kind::Calls => {
                "SELECT min((SELECT min(start_ns) FROM calls WHERE handler = fingerprint)) FROM handlers"
            }
            Kind::Rollups => {
                "SELECT min((SELECT min(hour) FROM rollups WHERE handler = fingerprint)) * 3600000000000 FROM handlers"
            }
        };
        let oldest: Option<Option<i64>> = sqlx::query_scalar(sql).fetch_optional(&self.readers).await?;
        Ok(oldest.flatten().map(|at| at.max(0).cast_unsigned()))
    }

    pub(crate) async fn newest(&self) -> Result<Option<u64>, StoreError> {
        let newest: Option<i64> = sqlx::query_scalar(
            "SELECT max(at) FROM (SELECT max(received_ns) AS at FROM blocks WHERE id = (SELECT max(id) FROM blocks) \
             UNION ALL SELECT max((SELECT max(start_ns) FROM calls WHERE handler = fingerprint)) FROM handlers \
             UNION ALL SELECT max((SELECT max(hour) FROM rollups WHERE handler = fingerprint)) * 3600000000000 FROM handlers)",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(newest.map(|at| at.max(0).cast_unsigned()))
    }
}
