//! Blocks of a file become the log of one collector that is gone, with their ids as numbers; blocks of all collectors become those of a
//! file in an order that nothing changes: extracted ones first, because a file knows one place up to which all are.

use sqlx::{AssertSqlSafe, Connection, Row};

use super::{Copied, Pair, Progress, Way};
use crate::error::StoreError;
use crate::postgres::log_of_copy;

/// Blocks at a time.
const BLOCKS: i64 = 16;

/// In the order in which they go into a file.
const ORDERED: &str = "SELECT collector, number, received_ns, spans, inflated_bytes, traces, payload FROM blocks \
     LEFT JOIN (SELECT collector AS c, number AS extracted FROM extraction) AS reached ON c = collector \
     ORDER BY number > coalesce(extracted, 0), collector, number";

/// A block as a row.
type Block = (i64, i64, i64, i64, Vec<u8>, Vec<u8>);

impl Pair {
    pub(super) async fn copy_blocks(&mut self, progress: &mut Progress<'_>) -> Result<Copied, StoreError> {
        let [all, _] = self.counts("blocks").await?;
        match self.way {
            Way::ToServer => self.blocks_to_server(all, progress).await?,
            Way::ToFile => self.blocks_to_file(all, progress).await?,
        }
        self.verified("blocks").await
    }

    /// The number of the log that a copy writes; `None` before there is one.
    pub(super) async fn mark(&self) -> Result<Option<i32>, StoreError> {
        log_of_copy(&self.server, false).await
    }

    pub(super) async fn set_mark(&self) -> Result<(), StoreError> {
        log_of_copy(&self.server, true).await.map(drop)
    }

    async fn blocks_to_server(&mut self, all: u64, progress: &mut Progress<'_>) -> Result<(), StoreError> {
        let log = self.mark().await?.ok_or_else(|| self.broken("the log"))?;
        let mut done = self.count_server("blocks").await?;
        loop {
            let mut tx = self.server.write().await?;
            let last: i64 = sqlx::query_scalar("SELECT newest FROM collectors WHERE id = $1")
                .persistent(false)
                .bind(log)
                .fetch_one(&mut *tx)
                .await?;
            let blocks: Vec<Block> = sqlx::query_as(
                "SELECT id, received_ns, spans, inflated_bytes, traces, payload FROM blocks WHERE id > ? ORDER BY id LIMIT ?",
            )
            .bind(last)
            .bind(BLOCKS)
            .fetch_all(&mut self.file)
            .await?;
            let Some((newest, ..)) = blocks.last() else { break };
            let newest = *newest;
            for (id, received, spans, bytes, traces, payload) in blocks {
                let prefixes: Vec<i64> =
                    traces.as_chunks::<8>().0.iter().map(|prefix| i64::from_be_bytes(*prefix)).collect();
                sqlx::query(
                    "WITH stored AS (INSERT INTO blocks (collector, number, received_ns, spans, inflated_bytes, traces, \
                     payload) VALUES ($1, $2, $3, $4, $5, $6, $7)) \
                     INSERT INTO block_traces (trace_prefix, collector, number) \
                     SELECT DISTINCT prefix, $1, $2 FROM unnest($8::bigint[]) AS indexed (prefix)",
                )
                .persistent(false)
                .bind(log)
                .bind(id)
                .bind(received)
                .bind(spans)
                .bind(bytes)
                .bind(traces)
                .bind(payload)
                .bind(prefixes)
                .execute(&mut *tx)
                .await?;
                done += 1;
            }
            sqlx::query("UPDATE collectors SET newest = $2 WHERE id = $1")
                .persistent(false)
                .bind(log)
                .bind(newest)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            progress("blocks", done, all);
        }
        let extracted: i64 = sqlx::query_scalar("SELECT coalesce(max(block), 0) FROM extraction")
            .fetch_one(&mut self.file)
            .await?;
        let mut tx = self.server.write().await?;
        sqlx::query(
            "INSERT INTO extraction (collector, number) VALUES ($1, $2) \
             ON CONFLICT (collector) DO UPDATE SET number = excluded.number",
        )
        .persistent(false)
        .bind(log)
        .bind(extracted)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn blocks_to_file(&mut self, all: u64, progress: &mut Progress<'_>) -> Result<(), StoreError> {
        let mut done = self.count_file("blocks").await?.cast_signed();
        loop {
            let mut tx = self.server.read().await?;
            let sql = AssertSqlSafe(format!("{ORDERED} LIMIT $1 OFFSET $2"));
            let blocks =
                sqlx::query(sql).persistent(false).bind(BLOCKS).bind(done).fetch_all(&mut *tx).await?;
            if blocks.is_empty() {
                break;
            }
            drop(tx);
            let mut tx = self.file.begin().await?;
            for row in blocks {
                done += 1;
                sqlx::query(
                    "INSERT INTO blocks (id, received_ns, spans, inflated_bytes, traces, payload) VALUES (?, ?, ?, ?, ?, ?)",
                )
                .bind(done)
                .bind(row.try_get::<i64, _>(2)?)
                .bind(row.try_get::<i64, _>(3)?)
                .bind(row.try_get::<i64, _>(4)?)
                .bind(row.try_get::<Vec<u8>, _>(5)?)
                .bind(row.try_get::<Vec<u8>, _>(6)?)
                .execute(&mut *tx)
                .await?;
            }
            tx.commit().await?;
            progress("blocks", done.cast_unsigned(), all);
        }
        let mut tx = self.server.read().await?;
        let extracted: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM blocks JOIN extraction ON extraction.collector = blocks.collector \
             AND blocks.number <= extraction.number",
        )
        .persistent(false)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO extraction (collector, block) VALUES ('local', ?) ON CONFLICT DO UPDATE SET block = excluded.block",
        )
        .bind(extracted)
        .execute(&mut self.file)
        .await?;
        Ok(())
    }
}
