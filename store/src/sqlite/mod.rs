//! The embedded backend: opening the file, its pragmas and its schema. Each table's statements stand in the
//! file of their topic beside this one. No SQL lives anywhere else in the product.
//!
//! One writer, several readers: SQLite serialises writers anyway, so the writer is one connection and whoever
//! wants to write queues for it; readers see the last commit (WAL) and never wait for the writer.

mod advice;
mod app_facts;
mod arrivals;
mod backup;
mod blocks;
mod calls;
mod error;
mod forget;
mod handlers;
mod integrity;
mod lease;
mod many;
mod migrations;
mod place;
mod published;
mod read_calls;
mod recover;
mod reindex;
mod retention;
mod rollups;
mod run_filter;
mod sources;
mod space;
mod trace_index;
mod volumes;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, Transaction};

pub use backup::{Backup, back_up};
#[cfg(feature = "postgres")]
pub(crate) use backup::{finish, unfinished};
pub use forget::{Dropped, Forgetting};
pub use integrity::Soundness;
pub(crate) use lease::Lease;
pub use lease::LogMark;
use migrations::MIGRATIONS;
use place::Place;
pub use recover::{Recovered, RecoveredTable, recover};
pub use reindex::Forgotten;
pub(crate) use reindex::Reindex;
pub(crate) use retention::Trim;
pub use space::Space;
use trace_index::TraceIndex;

use crate::block::{Block, BlockId};
use crate::error::StoreError;

/// Marks a file as ours ("PNTS"), so that another program's database is refused instead of migrated.
const APPLICATION_ID: i32 = 0x504e_5453;

/// Rows that a reader's connection may be ahead of whoever takes them.
const ROW_BUFFER: usize = 256;

/// What all connections of the process may take together before the pages go that were used longest ago, bytes: the writer's cache and
/// half as much beside it. Without it each connection would fill a cache of its own.
const ALL_CONNECTIONS: u32 = 24 << 20;

/// How long a statement waits for a lock held by another process (a sqlite3 shell, a backup).
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// The same where it is only for a look, which can do without writing.
const LOOK_WAIT: Duration = Duration::from_secs(1);

/// A file and its connections; all clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    index: Arc<TraceIndex>,
    path: PathBuf,
    place: Place,
}

impl Store {
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self::open_with(path, LOCK_WAIT).await?;
        can_be_written(&store.writer, path).await?;
        Ok(store)
    }

    pub(crate) async fn open_to_look(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, LOOK_WAIT).await
    }

    async fn open_with(path: &Path, wait: Duration) -> Result<Self, StoreError> {
        let fail = |source| StoreError::opening(path, &source);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(60))
            .after_release(|writer, _| Box::pin(is_reusable(writer)))
            // A file of this machine does not go away between two statements.
            .test_before_acquire(false)
            .connect_with(writing(path).busy_timeout(wait))
            .await
            .map_err(fail)?;
        claim(&writer, path).await?;
        MIGRATIONS.run(&writer).await.map_err(|source| StoreError::migrating(path, source))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .test_before_acquire(false)
            .idle_timeout(Duration::from_secs(20))
            .connect_lazy_with(reading(path).busy_timeout(wait));
        let place = Place::of(path)?;
        Ok(Self { writer, readers, index: Arc::default(), path: path.to_owned(), place })
    }

    /// Begins a transaction that writes. It takes the lock at once: one that reads first would be refused, without any
    /// waiting, when another process has written in between.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.check_place()?;
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    pub(crate) fn check_place(&self) -> Result<(), StoreError> {
        self.place.check(&self.path)
    }

    pub(crate) async fn abandon(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        self.writer.close().await;
        Ok(self.place.remove_log(&self.path).map_err(sqlx::Error::Io)?)
    }

    /// The pages that the writer keeps in memory, 16 MiB. Readers that are idle are closed by themselves.
    pub(crate) async fn release_memory(&self) {
        // Refused it costs nothing but the memory.
        let _ = sqlx::query("PRAGMA shrink_memory").execute(&self.writer).await;
    }

    /// Writes the log back into the file, too.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        // A failed checkpoint loses nothing: the log stays and is read at the next start. Where others work on the file, it is
        // theirs.
        let _ = sqlx::query("PRAGMA busy_timeout = 0").execute(&self.writer).await;
        let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await;
        self.writer.close().await;
    }
}

/// What every connection sets, each with its reason.
pub(crate) fn connection(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(LOCK_WAIT)
        // What is slow is told by metrics; whole statements in the log would bury everything else.
        .disable_statement_logging()
}

/// What readers set beside that.
fn reading(path: &Path) -> SqliteConnectOptions {
    connection(path)
        .pragma("query_only", "ON")
        .row_buffer_size(ROW_BUFFER)
        // Blocks are read once and Calls in order: 4 MiB of pages per reader are enough.
        .pragma("cache_size", "-4096")
}

/// What the writer sets beside that. Readers leave it out: some of it needs the write lock.
fn writing(path: &Path) -> SqliteConnectOptions {
    let options = connection(path)
        // 16 MiB of pages: where the Calls of each handler end, and the run that is being written.
        .pragma("cache_size", "-16384")
        .pragma("soft_heap_limit", ALL_CONNECTIONS.to_string())
        .create_if_missing(true)
        // Readers must not wait for the writer.
        .journal_mode(SqliteJournalMode::Wal)
        // Invariant 1: what was acknowledged survives a power cut, so each commit is synced.
        .synchronous(SqliteSynchronous::Full)
        // Blocks are tens of kilobytes: larger pages mean fewer overflow pages.
        .page_size(8192)
        // Checkpoint every 16 MiB: rarer syncs of the main file than the default 4 MiB.
        .pragma("wal_autocheckpoint", "2048");
    if std::fs::metadata(path).is_ok_and(|found| found.len() > 0) {
        // Its pages are laid out already; saying so again would wait for the write lock.
        return options;
    }
    // Retention gives space back in small steps.
    options.auto_vacuum(SqliteAutoVacuum::Incremental)
}

/// SQLite opens a file that nobody may write for reading, and says so at the first write only: by then a receiver would listen.
/// Who holds the file does not matter here.
async fn can_be_written(writer: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let fail = |source| StoreError::opening(path, &source);
    let mut writer = writer.acquire().await.map_err(fail)?;
    let wait: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&mut *writer).await.map_err(fail)?;
    sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *writer).await.map_err(fail)?;
    let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut *writer).await;
    let written = if begun.is_ok() {
        // Such a file lets a transaction begin, and refuses the first write.
        let same = sqlx::AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}"));
        let written = sqlx::query(same).execute(&mut *writer).await;
        sqlx::query("ROLLBACK").execute(&mut *writer).await.map_err(fail)?;
        written
    } else {
        begun
    };
    let again = sqlx::AssertSqlSafe(format!("PRAGMA busy_timeout = {wait}"));
    sqlx::query(again).execute(&mut *writer).await.map_err(fail)?;
    match written {
        Err(error) if error::is_read_only(&error) => Err(fail(error)),
        _ => Ok(()),
    }
}

/// Whether a writer that comes back may be used again: only outside a transaction.
///
/// On a full disk SQLite ends a transaction by itself. The rollback that follows then fails, and sqlx goes on counting
/// that transaction: what it later calls a commit would only release a savepoint, and what was acknowledged would be on
/// no disk. Such a connection is closed; the next write opens a new one.
async fn is_reusable(writer: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if writer.is_in_transaction() {
        // A rollback may still be under way: a ping comes after it.
        writer.ping().await?;
    }
    Ok(!writer.is_in_transaction())
}

/// Refuses a database that belongs to another program; marks a fresh one as ours.
async fn claim(writer: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let fail = |source| StoreError::opening(path, &source);
    let id: i32 = sqlx::query_scalar("PRAGMA application_id").fetch_one(writer).await.map_err(fail)?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(writer).await.map_err(fail)?;
    if id != 0 || tables > 0 {
        return Err(StoreError::NotOurs { path: path.to_owned() });
    }
    sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}")))
        .execute(writer)
        .await
        .map_err(fail)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_connections_share_what_they_may_hold() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("memory.db")).await.unwrap();
        let limit: i64 =
            sqlx::query_scalar("PRAGMA soft_heap_limit").fetch_one(&store.readers).await.unwrap();
        assert_eq!(limit, i64::from(ALL_CONNECTIONS), "the limit is the process's");
        store.close().await;
    }
}
