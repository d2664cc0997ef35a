//! Forgetting a service: everything that is kept of it goes, for good. What a block holds is not known here: whoever does
//! reads the blocks and says what is left of them.
//!
//! It holds the whole file while it works, so that no daemon adds to what it takes away, or remembers what is gone. It goes
//! from step to step, each a transaction: one that breaks off is finished by the next.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};

use super::{Block, BlockId, Store, StoreError, blocks, volumes, writing};
use crate::Kind;

/// How long it waits for others to close the file: they are told to.
const PATIENCE: Duration = Duration::from_secs(1);

/// Rows of those tables that name the service and the environment, `''` where none is declared.
const NAMED: [(&str, &str); 9] = [
    ("app_facts", "facts"),
    ("sources", ""),
    ("advice_revisions", ""),
    ("advice_runs", "advice"),
    ("standing_verdicts", "advice"),
    ("recommendations", "advice"),
    ("changes", ""),
    ("report_deliveries", ""),
    ("published_reports", "reports"),
];

/// Begun: nobody else can open the file.
#[derive(Debug)]
pub struct Forgetting {
    writer: SqliteConnection,
    service: String,
    /// `Some("")` is where none is declared, `None` all of them.
    environment: Option<String>,
}

/// How much there is of a service beside its blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dropped {
    /// Handlers.
    pub handlers: u64,
    /// Calls of them.
    pub calls: u64,
    /// Rollups of them.
    pub rollups: u64,
    /// Facts about the app.
    pub facts: u64,
    /// Runs, standing verdicts and recommendations.
    pub advice: u64,
    /// Kept reports.
    pub reports: u64,
}

impl Forgetting {
    /// Takes the file. `environment` is one of them, where none is declared the empty one; `None` means all.
    ///
    /// # Errors
    /// When the file cannot be opened, or another process has it open.
    pub async fn begin(path: &Path, service: &str, environment: Option<&str>) -> Result<Self, StoreError> {
        // The schema is brought up to date the usual way.
        Store::open(path).await?.close().await;
        let opening = |source| StoreError::opening(path, &source);
        let options =
            writing(path).busy_timeout(PATIENCE).create_if_missing(false).pragma("locking_mode", "EXCLUSIVE");
        let mut writer = SqliteConnection::connect_with(&options).await.map_err(opening)?;
        // The lock is taken by the first statement that writes.
        sqlx::query("BEGIN IMMEDIATE").execute(&mut writer).await.map_err(opening)?;
        sqlx::query("COMMIT").execute(&mut writer).await.map_err(opening)?;
        Ok(Self { writer, service: service.to_owned(), environment: environment.map(str::to_owned) })
    }

    /// The next blocks, as OTLP protobuf, in order: up to so many, and no more than so many bytes after the first one.
    ///
    /// # Errors
    /// When the database refuses or a block is damaged.
    pub async fn blocks_after(
        &mut self,
        after: BlockId,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<(BlockId, Vec<u8>)>, StoreError> {
        blocks::after(after, limit, bytes, &mut self.writer).await
    }

    /// Puts what is left of blocks in their places; `None` is nothing. Their ids, and the index of their traces, stay.
    ///
    /// # Errors
    /// When the database refuses; then nothing has changed.
    pub async fn leave(&mut self, blocks: &[(BlockId, Option<Block>)]) -> Result<(), StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let (mut rows, mut bytes) = (0, 0);
        for (id, left) in blocks {
            let before: i64 = sqlx::query_scalar("SELECT length(payload) FROM blocks WHERE id = ?")
                .bind(id.0)
                .fetch_one(&mut *tx)
                .await?;
            match left {
                Some(block) => {
                    sqlx::query("UPDATE blocks SET spans = ?, inflated_bytes = ?, payload = ? WHERE id = ?")
                        .bind(block.spans())
                        .bind(block.inflated_bytes())
                        .bind(block.payload())
                        .bind(id.0)
                        .execute(&mut *tx)
                        .await?;
                    bytes += i64::try_from(block.payload().len()).unwrap_or(i64::MAX) - before;
                }
                None => {
                    let traces: i64 =
                        sqlx::query_scalar("DELETE FROM blocks WHERE id = ? RETURNING length(traces) / 8")
                            .bind(id.0)
                            .fetch_one(&mut *tx)
                            .await?;
                    rows -= 1;
                    bytes -= before + traces * volumes::INDEX_BYTES;
                }
            }
        }
        volumes::add(&mut tx, Kind::Blocks, rows, bytes).await?;
        tx.commit().await?;
        Ok(())
    }

    /// How much there is to drop.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count(&mut self) -> Result<Dropped, StoreError> {
        let mut dropped = Dropped::default();
        for handler in self.handlers().await? {
            let count = "SELECT (SELECT count(*) FROM calls WHERE handler = ?1), (SELECT count(*) FROM rollups WHERE handler = ?1)";
            let row = sqlx::query(count).bind(handler).fetch_one(&mut self.writer).await?;
            dropped.handlers += 1;
            dropped.calls += number(&row, 0)?;
            dropped.rollups += number(&row, 1)?;
        }
        for (table, kind) in NAMED {
            let sql = format!(
                "SELECT count(*) FROM {table} WHERE service = ?1 AND (?2 IS NULL OR environment = ?2)"
            );
            let row = sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(&self.service)
                .bind(&self.environment)
                .fetch_one(&mut self.writer)
                .await?;
            let rows = number(&row, 0)?;
            match kind {
                "facts" => dropped.facts += rows,
                "advice" => dropped.advice += rows,
                "reports" => dropped.reports += rows,
                _ => {}
            }
        }
        Ok(dropped)
    }

    /// Drops all of it, handler by handler, and then what names the service only.
    ///
    /// # Errors
    /// When the database refuses; then some of it may have gone already.
    pub async fn drop_rows(&mut self) -> Result<(), StoreError> {
        for handler in self.handlers().await? {
            self.drop_handler(handler).await?;
        }
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "DELETE FROM recommendation_changes WHERE handler IN \
             (SELECT handler FROM recommendations WHERE service = ?1 AND (?2 IS NULL OR environment = ?2))",
        )
        .bind(&self.service)
        .bind(&self.environment)
        .execute(&mut *tx)
        .await?;
        for (table, _) in NAMED {
            let sql = format!("DELETE FROM {table} WHERE service = ?1 AND (?2 IS NULL OR environment = ?2)");
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(&self.service)
                .bind(&self.environment)
                .execute(&mut *tx)
                .await?;
        }
        // Hours are of all environments together.
        for table in ["dirty_hours", "closed_hours"] {
            let sql = format!(
                "DELETE FROM {table} WHERE service = ?1 AND NOT EXISTS (SELECT 1 FROM handlers WHERE service = ?1)"
            );
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&self.service).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn drop_handler(&mut self, handler: i64) -> Result<(), StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let rollups = "SELECT count(*), coalesce(sum(length(payload)), 0) FROM rollups WHERE handler = ?";
        let row = sqlx::query(rollups).bind(handler).fetch_one(&mut *tx).await?;
        let (rows, bytes): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        sqlx::query("DELETE FROM rollups WHERE handler = ?").bind(handler).execute(&mut *tx).await?;
        volumes::add(&mut tx, Kind::Rollups, -rows, -bytes - rows * volumes::ROLLUP_KEY_BYTES).await?;
        let calls =
            sqlx::query("DELETE FROM calls WHERE handler = ?").bind(handler).execute(&mut *tx).await?;
        let calls = i64::try_from(calls.rows_affected()).unwrap_or(i64::MAX);
        volumes::add(&mut tx, Kind::Calls, -calls, 0).await?;
        sqlx::query("DELETE FROM handlers WHERE fingerprint = ?").bind(handler).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn handlers(&mut self) -> Result<Vec<i64>, StoreError> {
        let handlers = sqlx::query_scalar(
            "SELECT fingerprint FROM handlers WHERE service = ?1 AND (?2 IS NULL OR coalesce(environment, '') = ?2)",
        )
        .bind(&self.service)
        .bind(&self.environment)
        .fetch_all(&mut self.writer)
        .await?;
        Ok(handlers)
    }

    /// Writes the file anew without what was dropped: free pages, and what is free within pages, keep what once stood there.
    /// It takes as much free space as the file has data, twice over.
    ///
    /// # Errors
    /// When the database refuses, as for want of space: then rows are dropped, and traces of them may be left in the file.
    pub async fn write_anew(&mut self) -> Result<(), StoreError> {
        sqlx::query("VACUUM").execute(&mut self.writer).await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(&mut self.writer).await?;
        Ok(())
    }

    /// Lets the file go.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end(self) -> Result<(), StoreError> {
        self.writer.close().await?;
        Ok(())
    }
}

fn number(row: &SqliteRow, index: usize) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(index)?.max(0).cast_unsigned())
}
