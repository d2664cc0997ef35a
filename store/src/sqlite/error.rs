//! What SQLite and its driver say, in the words of the store.

use std::path::Path;

use sqlx::migrate::MigrateError;

use crate::error::{StoreError, Trouble};

impl StoreError {
    pub(super) fn opening(path: &Path, source: &sqlx::Error) -> Self {
        let reason = match source {
            sqlx::Error::Database(error) => error.message().to_owned(),
            other => other.to_string(),
        };
        // That a file is missing, or is a folder, is no want of room.
        if matches!(source, sqlx::Error::Database(_)) && trouble(source).is_full_disk(path) {
            return Self::DiskFull { path: path.to_owned(), reason };
        }
        let remedy = if reason.contains("not a database") || reason.contains("malformed") {
            "it is damaged or not a database: `pointsman recover` saves what can be read, or name another file with --db"
        } else if reason.contains("locked") {
            "another process holds it: close that one first"
        } else {
            "check that the folder exists and can be written, or name another file with --db"
        };
        Self::Open { path: path.to_owned(), reason, remedy }
    }

    pub(super) fn migrating(path: &Path, source: MigrateError) -> Self {
        match source {
            MigrateError::VersionMissing(step) => Self::Newer { path: path.to_owned(), step },
            MigrateError::Execute(source) => Self::opening(path, &source),
            other => Self::Migrate { path: path.to_owned(), reason: other.to_string() },
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        // Both backends go on with `?`; the driver knows which of them it was.
        #[cfg(feature = "postgres")]
        if let Some(trouble) = crate::postgres::trouble(&source) {
            return Self::Refused { trouble, reason: source.to_string() };
        }
        Self::Refused { trouble: trouble(&source), reason: source.to_string() }
    }
}

/// The file, or the disk that it is on, takes no writes.
const READONLY: u32 = 8;

pub(super) fn is_read_only(source: &sqlx::Error) -> bool {
    matches!(source, sqlx::Error::Database(error) if primary_code(error.as_ref()) == Some(READONLY))
}

/// SQLite's primary result code.
fn primary_code(error: &dyn sqlx::error::DatabaseError) -> Option<u32> {
    error.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff)
}

/// What kind of trouble it is: by SQLite's primary result code.
fn trouble(source: &sqlx::Error) -> Trouble {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const IOERR: u32 = 10;
    const FULL: u32 = 13;
    const CANTOPEN: u32 = 14;
    let error = match source {
        sqlx::Error::Database(error) => error,
        sqlx::Error::PoolTimedOut => return Trouble::Held,
        sqlx::Error::Io(_) => return Trouble::Files,
        _ => return Trouble::Lasting,
    };
    match primary_code(error.as_ref()) {
        Some(FULL) => Trouble::Full,
        Some(IOERR | CANTOPEN) => Trouble::Files,
        Some(BUSY | LOCKED | READONLY) => Trouble::Held,
        _ => Trouble::Lasting,
    }
}
