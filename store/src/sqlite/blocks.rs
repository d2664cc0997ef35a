//! Blocks: raw spans as they came, compressed. Which blocks a trace is in is `trace_index`'s business.

use sqlx::{Row, SqliteConnection};

use super::many::{Done, Many, statements};
use super::{Store, StoreError, volumes};
use crate::{Kind, TraceId};

/// Blocks inflate to at most this many bytes; a longer one is damaged.
const MAX_INFLATED: usize = 256 << 20;

static INSERT: Many = Many::new(|| {
    statements("INSERT INTO blocks (received_ns, spans, inflated_bytes, traces, payload)", 5, "")
});

/// Number of a stored block; later blocks have larger numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct BlockId(pub i64);

/// The spans of one export request, ready to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    received_ns: u64,
    spans: u32,
    inflated_bytes: u64,
    /// Prefixes of the ids of its traces, each once, in order.
    traces: Vec<i64>,
    payload: Vec<u8>,
}

impl Block {
    /// Compresses an OTLP request. Costs CPU: call it where requests are handled, not where they are committed.
    ///
    /// `traces` are the ids of all traces in it; `received_ns` is the time of arrival, ns since the epoch.
    ///
    /// # Errors
    /// When the compressor fails, which memory exhaustion alone explains.
    pub fn compress(
        otlp: &[u8],
        spans: u32,
        traces: impl IntoIterator<Item = TraceId>,
        received_ns: u64,
    ) -> std::io::Result<Self> {
        // Level 1: measured twice as fast as level 3 for 3 % more bytes on span data.
        let mut payload = zstd::bulk::compress(otlp, 1)?;
        // It was made as large as the worst would be.
        payload.shrink_to_fit();
        let mut traces: Vec<_> = traces.into_iter().map(TraceId::prefix).collect();
        traces.sort_unstable();
        traces.dedup();
        Ok(Self { received_ns, spans, inflated_bytes: otlp.len() as u64, traces, payload })
    }

    /// Bytes it will take in the file, its index left out.
    #[must_use]
    pub fn stored_bytes(&self) -> usize {
        self.payload.len() + 8 * self.traces.len()
    }

    /// Number of spans in it.
    #[must_use]
    pub fn spans(&self) -> u32 {
        self.spans
    }

    /// The request in it, inflated again.
    ///
    /// # Errors
    /// When the decompressor fails, which memory exhaustion alone explains.
    pub fn otlp(&self) -> std::io::Result<Vec<u8>> {
        zstd::bulk::decompress(&self.payload, usize::try_from(self.inflated_bytes).unwrap_or(MAX_INFLATED))
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn inflated_bytes(&self) -> i64 {
        self.inflated_bytes.cast_signed()
    }

    pub(super) fn traces(&self) -> &[i64] {
        &self.traces
    }
}

impl Store {
    /// Stores blocks in one transaction; when it returns they are on disk. Returns their ids in order.
    ///
    /// # Errors
    /// When the database refuses; then none of them is stored.
    pub async fn append_blocks(&self, blocks: &[Block]) -> Result<Vec<BlockId>, StoreError> {
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.write().await?;
        let Done { last, rows } = INSERT
            .run(&mut tx, blocks, |query, block| {
                let traces: Vec<u8> = block.traces.iter().flat_map(|prefix| prefix.to_be_bytes()).collect();
                query
                    .bind(block.received_ns.cast_signed())
                    .bind(block.spans)
                    .bind(block.inflated_bytes.cast_signed())
                    .bind(traces)
                    .bind(block.payload.as_slice())
            })
            .await?;
        let bytes = blocks.iter().map(|block| volumes::block_bytes(block.payload.len(), block.traces.len()));
        volumes::add(&mut tx, Kind::Blocks, rows, bytes.sum()).await?;
        let step = self.index.step(&mut tx).await?;
        tx.commit().await?;
        // A file that was deleted meanwhile has taken the commit, and keeps nothing.
        self.check_place()?;
        self.index.committed(blocks, last, step);
        // Within a transaction nobody else takes numbers in between.
        Ok((last + 1 - rows..=last).map(BlockId).collect())
    }

    /// Up to `limit` blocks after the given one, in order, as OTLP protobuf, and no more than `bytes` of it; the first one
    /// comes however large it is.
    ///
    /// # Errors
    /// When the database refuses or a block is damaged.
    pub async fn blocks_after(
        &self,
        after: BlockId,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<(BlockId, Vec<u8>)>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        self::after(after, limit, bytes, &mut reader).await
    }

    /// One block as OTLP protobuf; `None` when retention has removed it.
    ///
    /// # Errors
    /// When the database refuses or the block is damaged.
    pub async fn block(&self, id: BlockId) -> Result<Option<Vec<u8>>, StoreError> {
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
    let (id, bytes): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    let payload: &[u8] = row.try_get(2)?;
    let damaged = |reason: String| StoreError::Damaged { block: id, reason };
    let capacity = usize::try_from(bytes).ok().filter(|bytes| *bytes <= MAX_INFLATED);
    let capacity = capacity.ok_or_else(|| damaged(format!("its inflated size {bytes} is out of range")))?;
    let otlp = zstd::bulk::decompress(payload, capacity).map_err(|error| damaged(error.to_string()))?;
    Ok((BlockId(id), otlp))
}
