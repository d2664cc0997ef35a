//! Whether the file is sound: a full check while it is in use. What can be seen at once (the header, a file that was cut
//! short, a schema that cannot be read) SQLite itself refuses when the file is opened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection, SqliteConnection};

use super::{Store, StoreError, connection};

/// Steps of a check (pages and rows) between two pauses.
const STEPS_BETWEEN_PAUSES: i32 = 2_000;

/// A pause lasts as long as the work before it, and at most this long.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Faults that are told of one table; SQLite stops there.
const MOST_FAULTS: u32 = 10;

/// What a full check found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Soundness {
    /// Every page of every table can be read and is where it belongs.
    Sound,
    /// What is wrong, one line each.
    Damaged(Vec<String>),
    /// It was told to stop before the end.
    Stopped,
    /// It cannot be checked from here: whoever runs the server does that.
    Unknown,
}

impl Store {
    pub(crate) async fn check(&self, stop: Arc<AtomicBool>) -> Result<Soundness, StoreError> {
        let mut own =
            SqliteConnection::connect_with(&connection(&self.path).pragma("query_only", "ON")).await?;
        pace(&mut own, Arc::clone(&stop)).await?;
        let found = check_tables(&mut own, &stop).await;
        own.close().await?;
        found
    }
}

async fn check_tables(own: &mut SqliteConnection, stop: &AtomicBool) -> Result<Soundness, StoreError> {
    let tables = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .fetch_all(&mut *own)
        .await;
    let tables: Vec<String> = match tables {
        Err(error) if is_damage(&error) => return Ok(Soundness::Damaged(vec![message(&error)])),
        tables => tables?,
    };
    let mut faults = Vec::new();
    for table in tables {
        let sql = format!("PRAGMA quick_check('{}')", table.replace('\'', "''"));
        let said: Result<Vec<String>, _> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *own).await;
        match said {
            Ok(lines) => faults.extend(
                lines
                    .into_iter()
                    .filter(|line| line != "ok")
                    .take(MOST_FAULTS as usize)
                    .map(|line| format!("{table}: {line}")),
            ),
            Err(_) if stop.load(Ordering::Relaxed) => return Ok(Soundness::Stopped),
            Err(error) if is_damage(&error) => faults.push(format!("{table}: {}", message(&error))),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(if faults.is_empty() { Soundness::Sound } else { Soundness::Damaged(faults) })
}

/// Makes a connection pause between pieces of its work, and give up when it is told to. The pause holds its own thread
/// only.
async fn pace(own: &mut SqliteConnection, stop: Arc<AtomicBool>) -> Result<(), StoreError> {
    let mut since = Instant::now();
    own.lock_handle().await?.set_progress_handler(STEPS_BETWEEN_PAUSES, move || {
        std::thread::sleep(since.elapsed().min(LONGEST_PAUSE));
        since = Instant::now();
        !stop.load(Ordering::Relaxed)
    });
    Ok(())
}

/// SQLite's result codes CORRUPT and NOTADB.
pub(super) fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 11 | 26))
}

fn message(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}
