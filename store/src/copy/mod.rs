//! Everything of a database in another one of the other kind: from a file to a server, and back. Tables that both have are copied
//! row by row, in the order of their keys; blocks get the ids of where they go. What is there already stays, so a copy that broke off goes
//! on when it is begun again. In the end the rows of each table are counted on both sides.
//!
//! No daemon works on either of them meanwhile: both leases of extraction are held.

mod blocks;
mod rows;
mod tables;

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::error::{StoreError, Trouble};
use crate::location::{Location, PostgresUrl};
use crate::{postgres, sqlite};
use tables::{TABLES, Table};

/// A table that was copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Copied {
    /// Its name.
    pub table: &'static str,
    /// The rows in it, on both sides.
    pub rows: u64,
}

/// Is told what is copied, how many rows are done and how many there are.
pub type Progress<'a> = dyn FnMut(&'static str, u64, u64) + Send + 'a;

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    ToServer,
    ToFile,
}

/// A file and a server, both open.
struct Pair {
    way: Way,
    file: SqliteConnection,
    server: postgres::Store,
    path: PathBuf,
}

/// Copies everything. A new file gets its name when all of it is there.
///
/// # Errors
/// When both are of the same kind, when one of them cannot be read or written, when a daemon works on one of them, when the
/// target holds other data, or when something is missing in the end. What was copied stays, and the next copy goes on.
pub async fn copy(
    from: &Location,
    to: &Location,
    progress: &mut Progress<'_>,
) -> Result<Vec<Copied>, StoreError> {
    match (from, to) {
        (Location::File(file), Location::Postgres(url)) => run(Way::ToServer, file, url, progress).await,
        (Location::Postgres(url), Location::File(file)) => {
            if file.exists() {
                return Err(refused(format!("{} exists already, and nothing is overwritten", file.display())));
            }
            let unfinished = sqlite::unfinished(file);
            let copied = run(Way::ToFile, &unfinished, url, progress).await?;
            sqlite::finish(&unfinished, file).map_err(|error| refused(error.to_string()))?;
            Ok(copied)
        }
        _ => Err(refused(
            "a copy goes from an SQLite file to a PostgreSQL server, or back; `pointsman backup` copies a file".to_owned(),
        )),
    }
}

fn refused(reason: String) -> StoreError {
    StoreError::Copy { reason }
}

async fn run(
    way: Way,
    path: &Path,
    url: &PostgresUrl,
    progress: &mut Progress<'_>,
) -> Result<Vec<Copied>, StoreError> {
    // Both schemas are brought up to date the usual way.
    let file = sqlite::Store::open(path).await?;
    let busy = |name: String| refused(format!("a daemon works on {name}; stop it first"));
    let held = file.lease_extraction()?.ok_or_else(|| busy(path.display().to_string()))?;
    file.close().await;
    let server = postgres::Store::open(url).await?;
    let lease = server.lease_extraction().await?.ok_or_else(|| busy(url.to_string()))?;
    let file = SqliteConnection::connect_with(&sqlite::connection(path)).await?;
    let mut pair = Pair { way, file, server, path: path.to_owned() };
    let copied = pair.copy(progress).await;
    lease.release().await;
    let Pair { file, server, .. } = pair;
    // Its log is written back, so that the file is all there is.
    let closed = file.close().await;
    server.close().await;
    drop(held);
    let copied = copied?;
    closed?;
    Ok(copied)
}

impl Pair {
    async fn copy(&mut self, progress: &mut Progress<'_>) -> Result<Vec<Copied>, StoreError> {
        self.check_target().await?;
        let mut copied = Vec::new();
        for table in &TABLES {
            copied.push(self.copy_table(table, progress).await?);
        }
        copied.push(self.copy_blocks(progress).await?);
        self.settle().await?;
        if self.way == Way::ToFile {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut self.file).await?;
        }
        Ok(copied)
    }

    /// A target that holds data of its own would hold a mixture afterwards.
    async fn check_target(&mut self) -> Result<(), StoreError> {
        if self.way == Way::ToFile {
            // A file with this name is of a copy that broke off.
            return Ok(());
        }
        let mark = self.mark().await?;
        let blocks = self.count_server("blocks").await? + self.count_server("handlers").await?;
        match mark {
            None if blocks > 0 => {
                Err(refused("the target holds data already; name an empty schema in store.schema".to_owned()))
            }
            None => self.set_mark().await,
            Some(_) => Ok(()),
        }
    }

    async fn copy_table(&mut self, table: &Table, progress: &mut Progress<'_>) -> Result<Copied, StoreError> {
        let [from, to] = self.counts(table.name).await?;
        if from != to {
            self.copy_rows(table, from, progress).await?;
        }
        self.verified(table.name).await
    }

    async fn copy_rows(
        &mut self,
        table: &Table,
        all: u64,
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let (mut last, mut done) = (None, 0);
        loop {
            let rows = match self.way {
                Way::ToServer => rows::read_file(&mut self.file, table, last.as_ref()).await?,
                Way::ToFile => {
                    let mut tx = self.server.read().await?;
                    rows::read_server(&mut tx, table, last.as_ref()).await?
                }
            };
            let Some(newest) = rows.last() else { return Ok(()) };
            last = Some(newest.clone());
            done += rows.len() as u64;
            match self.way {
                Way::ToServer => {
                    let mut tx = self.server.write().await?;
                    rows::write_server(&mut tx, table, rows).await?;
                    tx.commit().await?;
                }
                Way::ToFile => {
                    let mut tx = self.file.begin().await?;
                    rows::write_file(&mut tx, table, rows).await?;
                    tx.commit().await?;
                }
            }
            progress(table.name, done, all);
        }
    }

    /// Counts a table on both sides.
    async fn verified(&mut self, table: &'static str) -> Result<Copied, StoreError> {
        let [from, to] = self.counts(table).await?;
        if from != to {
            return Err(refused(format!("{from} rows of {table} became {to}; begin the copy again")));
        }
        Ok(Copied { table, rows: from })
    }

    /// Rows of a table: where they come from, and where they go.
    async fn counts(&mut self, table: &str) -> Result<[u64; 2], StoreError> {
        let (file, server) = (self.count_file(table).await?, self.count_server(table).await?);
        Ok(if self.way == Way::ToServer { [file, server] } else { [server, file] })
    }

    async fn count_file(&mut self, table: &str) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        Ok(sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut self.file).await?.cast_unsigned())
    }

    async fn count_server(&self, table: &str) -> Result<u64, StoreError> {
        let mut tx = self.server.read().await?;
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        Ok(sqlx::query_scalar::<_, i64>(sql).persistent(false).fetch_one(&mut *tx).await?.cast_unsigned())
    }

    /// The numbers that follow from rows, and the number of the last change of an hour.
    async fn settle(&mut self) -> Result<(), StoreError> {
        let file: i64 =
            sqlx::query_scalar("SELECT last FROM hour_generation").fetch_one(&mut self.file).await?;
        let mut tx = self.server.write().await?;
        let server: i64 = sqlx::query_scalar("SELECT last FROM hour_generation")
            .persistent(false)
            .fetch_one(&mut *tx)
            .await?;
        match self.way {
            Way::ToServer => {
                sqlx::query("UPDATE hour_generation SET last = $1")
                    .persistent(false)
                    .bind(file.max(server))
                    .execute(&mut *tx)
                    .await?;
                for sql in [
                    "DELETE FROM volumes",
                    "INSERT INTO volumes SELECT 'blocks', 0, count(*), \
                     coalesce(sum(length(payload) + length(traces) / 8 * 100), 0)::bigint FROM blocks",
                    "INSERT INTO volumes SELECT 'calls', 0, count(*), 0 FROM calls",
                    "INSERT INTO volumes SELECT 'rollups', 0, count(*), coalesce(sum(length(payload) + 60), 0)::bigint FROM rollups",
                ] {
                    sqlx::query(sql).persistent(false).execute(&mut *tx).await?;
                }
                tx.commit().await?;
            }
            Way::ToFile => {
                sqlx::query("UPDATE hour_generation SET last = ?")
                    .bind(file.max(server))
                    .execute(&mut self.file)
                    .await?;
                for sql in [
                    "UPDATE volumes SET (rows, bytes) = (SELECT count(*), \
                     coalesce(sum(length(payload) + length(traces) / 8 * 28), 0) FROM blocks) WHERE kind = 'blocks'",
                    "UPDATE volumes SET (rows, bytes) = (SELECT count(*), count(*) * 250 FROM calls) WHERE kind = 'calls'",
                    "UPDATE volumes SET (rows, bytes) = (SELECT count(*), \
                     coalesce(sum(length(payload) + 16), 0) FROM rollups) WHERE kind = 'rollups'",
                ] {
                    sqlx::query(sql).execute(&mut self.file).await?;
                }
            }
        }
        Ok(())
    }

    fn broken(&self, what: &str) -> StoreError {
        let reason = format!("{what} of the copy to {} is not there", self.path.display());
        StoreError::Refused { reason, trouble: Trouble::Lasting }
    }
}
