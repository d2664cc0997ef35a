//! Blocks go in the order in which they came. Never deleted: a block whose Calls are not extracted yet.

use sqlx::Row;

use super::{Trim, subtract};
use crate::oldest::Excess;
use crate::sqlite::{StoreError, volumes};
use crate::{Kind, Reason, Trimmed};

/// Blocks in one step, and bytes of them: each page of a block is put on the list of free pages.
const STEP_BLOCKS: i64 = 16;
const STEP_BYTES: u64 = 4 << 20;

impl Trim {
    pub(super) async fn trim_blocks(&mut self, excess: Excess) -> Result<Option<Trimmed>, StoreError> {
        let candidates = sqlx::query(
            "SELECT id, received_ns, length(payload), length(traces) FROM blocks \
             WHERE id <= (SELECT min(block) FROM extraction) ORDER BY id LIMIT ?",
        )
        .bind(STEP_BLOCKS)
        .fetch_all(&self.store.readers)
        .await?;
        let (mut last, mut rows, mut bytes, mut why) = (0_i64, 0, 0, None);
        for row in candidates {
            let (id, received): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let (payload, traces): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
            let reason = if received.max(0).cast_unsigned() < excess.before_ns {
                Reason::Age
            } else if bytes < excess.bytes {
                Reason::Size
            } else {
                break;
            };
            if why.is_some_and(|why| why != reason) || bytes >= STEP_BYTES {
                break;
            }
            why = Some(reason);
            let size = |length: i64| usize::try_from(length).unwrap_or_default();
            bytes += volumes::block_bytes(size(payload), size(traces) / 8).max(0).cast_unsigned();
            rows += 1;
            last = id;
        }
        let Some(reason) = why else { return Ok(None) };
        let mut tx = self.store.write().await?;
        // Ids rise, nothing older is left, and what was extracted stays so: these are the same blocks as above. What
        // the index holds of them goes when nothing else is left to delete.
        sqlx::query("DELETE FROM blocks WHERE id <= ?").bind(last).execute(&mut *tx).await?;
        subtract(&mut tx, Kind::Blocks, rows, bytes).await?;
        tx.commit().await?;
        Ok(Some(Trimmed { kind: Kind::Blocks, reason, rows, bytes }))
    }
}
