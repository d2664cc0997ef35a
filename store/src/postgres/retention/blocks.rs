//! Blocks go in the order in which they came, over all logs. Never deleted: a block whose Calls are not extracted yet.

use sqlx::Row;

use super::Trim;
use crate::error::StoreError;
use crate::oldest::Excess;
use crate::postgres::blocks::count_blocks;
use crate::postgres::statement::query;
use crate::postgres::volumes::block_bytes;
use crate::{Kind, Reason, Trimmed};

/// Blocks in one step, and bytes of them.
const STEP_BLOCKS: i64 = 64;
const STEP_BYTES: u64 = 4 << 20;

impl Trim {
    pub(super) async fn trim_blocks(&mut self, excess: Excess) -> Result<Option<Trimmed>, StoreError> {
        if excess.before_ns == 0 && excess.bytes == 0 {
            return Ok(None);
        }
        let mut tx = self.store.write().await?;
        let candidates = query(
            "SELECT blocks.collector, blocks.number, received_ns, octet_length(payload), octet_length(traces) FROM blocks \
             JOIN extraction ON extraction.collector = blocks.collector AND blocks.number <= extraction.number \
             ORDER BY received_ns LIMIT $1",
        )
        .bind(STEP_BLOCKS)
        .fetch_all(&mut *tx)
        .await?;
        let (mut collectors, mut numbers) = (Vec::<i32>::new(), Vec::<i64>::new());
        let (mut bytes, mut why) = (0, None);
        for row in candidates {
            let received: i64 = row.try_get(2)?;
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
            let size = |index: usize| {
                row.try_get::<i32, _>(index).map(|length| usize::try_from(length).unwrap_or_default())
            };
            bytes += block_bytes(size(3)?, size(4)? / 8).max(0).cast_unsigned();
            collectors.push(row.try_get(0)?);
            numbers.push(row.try_get(1)?);
        }
        let Some(reason) = why else { return Ok(None) };
        let gone = query(
            "DELETE FROM blocks USING unnest($1::int[], $2::bigint[]) AS old (c, n) WHERE collector = c AND number = n \
             RETURNING collector, number, octet_length(payload), traces",
        )
        .bind(collectors)
        .bind(numbers)
        .fetch_all(&mut *tx)
        .await?;
        let (mut prefixes, mut collectors, mut numbers) =
            (Vec::<i64>::new(), Vec::<i32>::new(), Vec::<i64>::new());
        let mut held = 0;
        for row in &gone {
            let (payload, traces): (i32, &[u8]) = (row.try_get(2)?, row.try_get(3)?);
            held += block_bytes(usize::try_from(payload).unwrap_or_default(), traces.len() / 8);
            for prefix in traces.as_chunks::<8>().0 {
                prefixes.push(i64::from_be_bytes(*prefix));
                collectors.push(row.try_get(0)?);
                numbers.push(row.try_get(1)?);
            }
        }
        query(
            "DELETE FROM block_traces USING unnest($1::bigint[], $2::int[], $3::bigint[]) AS old (p, c, n) \
             WHERE trace_prefix = p AND collector = c AND number = n",
        )
        .bind(prefixes)
        .bind(collectors)
        .bind(numbers)
        .execute(&mut *tx)
        .await?;
        let rows = gone.len() as u64;
        count_blocks(&mut tx, -rows.cast_signed(), -held).await?;
        tx.commit().await?;
        Ok(Some(Trimmed { kind: Kind::Blocks, reason, rows, bytes: held.max(0).cast_unsigned() }))
    }
}
