//! Blocks: raw spans as they came, compressed, each in the log of the process that stored it; and which blocks a trace is in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::log_order::{Position, is_place};
use super::statement::{count, query, scalar};
use super::{Store, volumes};
use crate::block::{self, Block, BlockId};
use crate::error::{StoreError, Trouble};
use crate::{Kind, TraceId};

/// Blocks of a trace beyond those that are asked for: the newest may not have a place yet.
const MORE_BLOCKS: i64 = 4_096;

impl Store {
    /// One statement does all of it: a connection that is lost in its middle leaves nothing half done, and holds nobody up.
    pub(crate) async fn append_blocks(&self, blocks: &[Block]) -> Result<Vec<BlockId>, StoreError> {
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        let _one_at_a_time = self.log.writes.lock().await;
        let (collector, newest) = self.in_time(self.append(blocks)).await?;
        self.log.collector.store(collector, Ordering::Release);
        let mut order = self.order();
        // A commit whose answer was lost has places too: whoever sent it sends it again.
        order.append(collector, newest);
        let numbers = newest + 1 - count(blocks.len())..=newest;
        Ok(numbers.filter_map(|number| order.id_of(Position { collector, number })).collect())
    }

    /// Stores blocks at the end of the own log; its number, and that of its last block.
    async fn append(&self, blocks: &[Block]) -> Result<(i32, i64), StoreError> {
        let mut tx = self.write().await?;
        let mut collector = self.log.collector();
        if collector == 0 {
            collector =
                scalar("INSERT INTO collectors DEFAULT VALUES RETURNING id").fetch_one(&mut *tx).await?;
        }
        let column = |of: fn(&Block) -> i64| -> Vec<i64> { blocks.iter().map(of).collect() };
        let traces: Vec<Vec<u8>> = blocks
            .iter()
            .map(|block| block.traces().iter().flat_map(|prefix| prefix.to_be_bytes()).collect())
            .collect();
        let payloads: Vec<&[u8]> = blocks.iter().map(Block::payload).collect();
        let entries = (1_i64..)
            .zip(blocks)
            .flat_map(|(at, block)| block.traces().iter().map(move |prefix| (*prefix, at)));
        let (prefixes, places): (Vec<i64>, Vec<i64>) = entries.unzip();
        let bytes: i64 = blocks
            .iter()
            .map(|block| volumes::block_bytes(block.payload().len(), block.traces().len()))
            .sum();
        let newest: Option<i64> = scalar(
            "WITH log AS (UPDATE collectors SET newest = newest + $2, wrote_at = clock_timestamp() WHERE id = $1 \
             RETURNING newest), \
             stored AS (INSERT INTO blocks (collector, number, received_ns, spans, inflated_bytes, traces, payload) \
             SELECT $1, newest - $2 + at, received_ns, spans, inflated_bytes, traces, payload FROM log, \
             unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[]) WITH ORDINALITY \
             AS block (received_ns, spans, inflated_bytes, traces, payload, at)), \
             indexed AS (INSERT INTO block_traces (trace_prefix, collector, number) \
             SELECT prefix, $1, newest - $2 + at FROM log, unnest($8::bigint[], $9::bigint[]) AS entry (prefix, at)), \
             counted AS (INSERT INTO volumes (kind, collector, rows, bytes) VALUES ('blocks', $1, $2, $10) \
             ON CONFLICT (kind, collector) DO UPDATE SET rows = volumes.rows + excluded.rows, \
             bytes = volumes.bytes + excluded.bytes) \
             SELECT newest FROM log",
        )
        .bind(collector)
        .bind(count(blocks.len()))
        .bind(column(|block| block.received_ns().cast_signed()))
        .bind(column(|block| block.spans().into()))
        .bind(column(Block::inflated_bytes))
        .bind(traces)
        .bind(payloads)
        .bind(prefixes)
        .bind(places)
        .bind(bytes)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(newest) = newest else {
            // It had been silent for so long that its log was forgotten: the next block makes another one.
            self.log.collector.store(0, Ordering::Release);
            let reason = "the log of this collector is gone".to_owned();
            return Err(StoreError::Refused { reason, trouble: Trouble::Held });
        };
        tx.commit().await?;
        Ok((collector, newest))
    }

    /// Of whoever extracts, the last block of all logs; of anybody else, the last one of its own.
    pub(crate) async fn newest_block(&self) -> Result<BlockId, StoreError> {
        if self.holder.is_leading() {
            let own = self.log.collector();
            let mut tx = self.read().await?;
            let logs: Vec<PgRow> = query("SELECT id, newest FROM collectors WHERE id <> $1 ORDER BY id")
                .bind(own)
                .fetch_all(&mut *tx)
                .await?;
            tx.commit().await?;
            let mut order = self.order();
            for log in logs {
                order.append(log.try_get(0)?, log.try_get(1)?);
            }
        }
        Ok(self.order().last())
    }

    pub(crate) async fn blocks_after(
        &self,
        after: BlockId,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<(BlockId, Vec<u8>)>, StoreError> {
        let mut tx = self.read().await?;
        if !is_place(after) {
            let from = self.order().position_of(after).unwrap_or(Position { collector: 0, number: 0 });
            return read_on(&mut tx, from, None, limit, bytes, Position::id).await;
        }
        let mut at = after;
        loop {
            let Some(range) = self.order().after(at) else { return Ok(Vec::new()) };
            let from = Position { collector: range.collector, number: range.number - 1 };
            let to = range.number + range.count - 1;
            let id = |block: Position| range.place_of(block.number);
            let found = read_on(&mut tx, from, Some(to), limit, bytes, id).await?;
            if !found.is_empty() {
                return Ok(found);
            }
            // Retention has taken all of them.
            at = range.place_of(to);
        }
    }

    pub(crate) async fn block(&self, id: BlockId) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(Position { collector, number }) = self.order().position_of(id) else { return Ok(None) };
        let mut tx = self.read().await?;
        let row = query("SELECT inflated_bytes, payload FROM blocks WHERE collector = $1 AND number = $2")
            .bind(collector)
            .bind(number)
            .fetch_optional(&mut *tx)
            .await?;
        row.map(|row| block::inflate(id, row.try_get(0)?, row.try_get(1)?)).transpose()
    }

    pub(crate) async fn blocks_of(
        &self,
        traces: &[TraceId],
        to: BlockId,
        most: usize,
    ) -> Result<Vec<(TraceId, BlockId)>, StoreError> {
        let mut of_prefix: BTreeMap<i64, Vec<TraceId>> = BTreeMap::new();
        for trace in traces {
            of_prefix.entry(trace.prefix()).or_default().push(*trace);
        }
        let prefixes: Vec<i64> = of_prefix.keys().copied().collect();
        let mut tx = self.read().await?;
        let rows = query(
            "SELECT prefix, collector, number FROM unnest($1::bigint[]) AS wanted (prefix) CROSS JOIN LATERAL \
             (SELECT collector, number FROM block_traces WHERE trace_prefix = prefix \
             ORDER BY collector DESC, number DESC LIMIT $2) AS block",
        )
        .bind(prefixes)
        .bind(count(most).saturating_add(MORE_BLOCKS))
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let is_all = to == BlockId(i64::MAX);
        let mut blocks: BTreeMap<i64, BTreeSet<BlockId>> = BTreeMap::new();
        {
            let order = self.order();
            for row in rows {
                let block = Position { collector: row.try_get(1)?, number: row.try_get(2)? };
                // Of all, also those that nobody here has given a place.
                let id = order.id_of(block).or_else(|| is_all.then(|| block.id()));
                if let Some(id) = id.filter(|id| *id <= to) {
                    blocks.entry(row.try_get(0)?).or_default().insert(id);
                }
            }
        }
        let mut found = BTreeSet::new();
        for (prefix, blocks) in &blocks {
            let traces = of_prefix.get(prefix).into_iter().flatten();
            found.extend(
                traces.flat_map(|trace| blocks.iter().rev().take(most).map(|block| (*block, *trace))),
            );
        }
        Ok(found.into_iter().map(|(block, trace)| (trace, block)).collect())
    }
}

/// Up to `limit` blocks after one, in order, and no more than `bytes` of them; the first one comes however large it is. How large
/// they are is asked first: a sender decides that. `to` is the last one within the same log; without it all logs are read.
async fn read_on(
    tx: &mut PgConnection,
    from: Position,
    to: Option<i64>,
    limit: u32,
    bytes: usize,
    id: impl Fn(Position) -> BlockId,
) -> Result<Vec<(BlockId, Vec<u8>)>, StoreError> {
    let rows = query(
        "SELECT collector, number, inflated_bytes FROM blocks WHERE (collector, number) > ($1, $2) \
         AND ($3 IS NULL OR (collector = $1 AND number <= $3)) ORDER BY collector, number LIMIT $4",
    )
    .bind(from.collector)
    .bind(from.number)
    .bind(to)
    .bind(i64::from(limit))
    .fetch_all(&mut *tx)
    .await?;
    let (mut collectors, mut numbers, mut sum) = (Vec::<i32>::new(), Vec::<i64>::new(), 0_usize);
    for row in rows {
        sum = sum.saturating_add(usize::try_from(row.try_get::<i64, _>(2)?).unwrap_or(usize::MAX));
        if !numbers.is_empty() && sum > bytes {
            break;
        }
        collectors.push(row.try_get(0)?);
        numbers.push(row.try_get(1)?);
    }
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = query(
        "SELECT collector, number, inflated_bytes, payload FROM blocks \
         JOIN unnest($1::int[], $2::bigint[]) AS wanted (c, n) ON collector = c AND number = n ORDER BY collector, number",
    )
    .bind(collectors)
    .bind(numbers)
    .fetch_all(tx)
    .await?;
    let inflate = |row: &PgRow| {
        let id = id(Position { collector: row.try_get(0)?, number: row.try_get(1)? });
        Ok((id, block::inflate(id, row.try_get(2)?, row.try_get(3)?)?))
    };
    rows.iter().map(inflate).collect()
}

/// The log that a copy from a file writes; made when there is none and `makes` says so.
pub(crate) async fn log_of_copy(store: &Store, makes: bool) -> Result<Option<i32>, StoreError> {
    const NAME: &str = "log_of_copy";
    let mut tx = store.write().await?;
    let known: Option<Vec<u8>> =
        scalar("SELECT value FROM secrets WHERE name = $1").bind(NAME).fetch_optional(&mut *tx).await?;
    if let Some(known) = known {
        return Ok(known.try_into().ok().map(i32::from_be_bytes));
    }
    if !makes {
        return Ok(None);
    }
    let made: i32 = scalar("INSERT INTO collectors DEFAULT VALUES RETURNING id").fetch_one(&mut *tx).await?;
    query("INSERT INTO secrets (name, value) VALUES ($1, $2)")
        .bind(NAME)
        .bind(&made.to_be_bytes()[..])
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Some(made))
}

/// Adds blocks that retention has taken, or that were made smaller, to the figures.
pub(super) async fn count_blocks(tx: &mut PgConnection, rows: i64, bytes: i64) -> Result<(), sqlx::Error> {
    volumes::add(tx, Kind::Blocks, 0, rows, bytes).await
}
