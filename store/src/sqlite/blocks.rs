//! Blocks: raw spans as they came, compressed. Which blocks a trace is in is `trace_index`'s business.

use sqlx::{Row, SqliteConnection};

use super::many::{Done, Many, statements};
use super::{Store, StoreError, volumes};
use crate::Kind;
use crate::block::{self, Block, BlockId};

static INSERT: Many = Many::new(|| {
    statements("INSERT INTO blocks (received_ns, spans, inflated_bytes, traces, payload)", 5, "")
});

impl Store {
    pub(crate) async fn append_blocks(&self, blocks: &[Block]) -> Result<Vec<BlockId>, StoreError> {
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.write().await?;
        let Done { last, rows } = INSERT
            .run(&mut tx, blocks, |query, block| {
                let traces: Vec<u8> = block.traces().iter().flat_map(|prefix| prefix.to_be_bytes()).collect();
                query
                    .bind(block.received_ns().cast_signed())
                    .bind(block.spans())
                    .bind(block.inflated_bytes())
                    .bind(traces)
                    .bind(block.payload())
            })
            .await?;
        let bytes =
            blocks.iter().map(|block| volumes::block_bytes(block.payload().len(), block.traces().len()));
        volumes::add(&mut tx, Kind::Blocks, rows, bytes.sum()).await?;
        let step = self.index.step(&mut tx).await?;
        tx.commit().await?;
        // A file that was deleted meanwhile has taken the commit, and keeps nothing.
        self.check_place()?;
        self.index.committed(blocks, last, step);
        // Within a transaction nobody else takes numbers in between.
        Ok((last + 1 - rows..=last).map(BlockId).collect())
    }

    pub(crate) async fn blocks_after(
        &self,
        after: BlockId,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<(BlockId, Vec<u8>)>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        self::after(after, limit, bytes, &mut reader).await
    }

    pub(crate) async fn block(&self, id: BlockId) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT id, inflated_bytes, payload FROM blocks WHERE id = ?")
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(|row| inflate(row).map(|(_, otlp)| otlp)).transpose()
    }
}

/// Up to `limit` blocks after the given one, in order, as OTLP protobuf, and no more than `bytes` of it; the first one comes
/// however large it is. How large they are is asked first: a sender decides that, and eight of the largest would be more
/// memory than all else.
pub(super) async fn after(
    after: BlockId,
    limit: u32,
    bytes: usize,
    reader: &mut SqliteConnection,
) -> Result<Vec<(BlockId, Vec<u8>)>, StoreError> {
    let sizes: Vec<(i64, i64)> =
        sqlx::query_as("SELECT id, inflated_bytes FROM blocks WHERE id > ? ORDER BY id LIMIT ?")
            .bind(after.0)
            .bind(limit)
            .fetch_all(&mut *reader)
            .await?;
    let (mut last, mut sum) = (None, 0_usize);
    for (id, size) in sizes {
        sum = sum.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        if last.is_some() && sum > bytes {
            break;
        }
        last = Some(id);
    }
    let Some(last) = last else { return Ok(Vec::new()) };
    let rows =
        sqlx::query("SELECT id, inflated_bytes, payload FROM blocks WHERE id > ? AND id <= ? ORDER BY id")
            .bind(after.0)
            .bind(last)
            .fetch_all(reader)
            .await?;
    rows.into_iter().map(|row| inflate(&row)).collect()
}

fn inflate(row: &sqlx::sqlite::SqliteRow) -> Result<(BlockId, Vec<u8>), StoreError> {
    let id = BlockId(row.try_get(0)?);
    Ok((id, block::inflate(id, row.try_get(1)?, row.try_get(2)?)?))
}
