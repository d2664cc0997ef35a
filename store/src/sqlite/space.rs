//! How large the file is, and giving back to the system what deletions have freed. Small steps here too: each moves
//! at most 2 MiB.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{Connection, SqliteConnection};

use super::{Store, StoreError, connection};

/// Pages moved by one step of giving back.
const STEP_PAGES: u32 = 256;

/// Free pages that stay in the file at least, for what comes next: 8 MiB.
const SPARE_PAGES: u64 = 1_024;

/// Beside that a sixteenth of the file stays free: a file at its limit would otherwise move pages all the time.
const SPARE_SHARE: u64 = 16;

/// A log that has grown beyond this is written back and cut: 64 MiB. It grows while somebody reads one old state.
const LONG_LOG_BYTES: u64 = 64 << 20;

/// What the database takes on the disk, bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Space {
    /// The file.
    pub file: u64,
    /// The log of recent commits beside it.
    pub log: u64,
    /// The part of the file that is free for what comes next.
    pub free: u64,
}

impl Store {
    pub(crate) async fn space(&self) -> Result<Space, StoreError> {
        let (page, free): (i64, i64) =
            sqlx::query_as("SELECT page_size, freelist_count FROM pragma_page_size, pragma_freelist_count")
                .fetch_one(&self.readers)
                .await?;
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len());
        let free = page.saturating_mul(free).max(0).cast_unsigned();
        Ok(Space { file: length(&self.path), log: length(&log_of(&self.path)), free })
    }

    pub(crate) async fn give_back(&self) -> Result<bool, StoreError> {
        let (pages, free): (i64, i64) =
            sqlx::query_as("SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count")
                .fetch_one(&self.readers)
                .await?;
        let spare = SPARE_PAGES.max(pages.max(0).cast_unsigned() / SPARE_SHARE);
        let too_many = free.max(0).cast_unsigned().saturating_sub(spare);
        if too_many == 0 || !self.can_give_back().await? {
            return Ok(false);
        }
        let step = too_many.min(u64::from(STEP_PAGES));
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA incremental_vacuum({step})")))
            .fetch_all(&self.writer)
            .await?;
        Ok(too_many > step)
    }

    /// Whether the file was made such that it can shrink: all that Pointsman makes were.
    async fn can_give_back(&self) -> Result<bool, StoreError> {
        const INCREMENTAL: i64 = 2;
        let mode: i64 = sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(&self.readers).await?;
        Ok(mode == INCREMENTAL)
    }

    pub(crate) async fn cut_log(&self) -> Result<bool, StoreError> {
        if std::fs::metadata(log_of(&self.path)).map_or(0, |data| data.len()) < LONG_LOG_BYTES {
            return Ok(false);
        }
        // No waiting for readers: the cut waits for nobody while it holds the writers off, it comes another time.
        let options = connection(&self.path).busy_timeout(Duration::ZERO);
        let mut own = SqliteConnection::connect_with(&options).await?;
        // The long part holds nobody off; what is left for the cut is short.
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut own).await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut own).await?;
        own.close().await?;
        Ok(true)
    }
}

/// The log that SQLite keeps beside a file.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
