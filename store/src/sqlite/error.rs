//! What can go wrong with the database, in words that name the file, the reason and the remedy.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("cannot open the database {path}: {reason}; {remedy}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// There is no room on the disk to open or create the file.
    #[error(
        "the disk of the database {path} is full ({reason}); make room on it, or name another file with --db"
    )]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file is a database, but not one of Pointsman's.
    #[error("{path} is a database of another program; name another file with --db")]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Another file, or none, is where the open one was.
    #[error(
        "the database {path} was {how} while it was open: nothing more is stored in it; start the daemon again, after \
         putting back the file that is wanted without the -wal and -shm of another one"
    )]
    Replaced {
        /// The file.
        path: PathBuf,
        /// What happened to it.
        how: &'static str,
    },
    /// The schema is newer than this program.
    #[error(
        "the database {path} was written by a newer version of pointsman (its schema has step {step}, this one \
         does not know it); use that version, or another file with --db"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Number of the unknown migration.
        step: i64,
    },
    /// The schema could not be brought up to date.
    #[error(
        "cannot bring the schema of {path} up to date: {source}; restore a backup or use another file with --db"
    )]
    Migrate {
        /// The file.
        path: PathBuf,
        /// What the migration said.
        source: Box<MigrateError>,
    },
    /// A copy of the database was not made.
    #[error("cannot make the backup {path}: {reason}")]
    Backup {
        /// The copy.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// Nothing can be saved of a damaged file.
    #[error("cannot recover into {path}: {reason}")]
    Recover {
        /// The new file.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The source of an app cannot be kept or read back.
    #[error("the source of {service} cannot be read or kept: {reason}; upload it again")]
    DamagedSource {
        /// `service.name`.
        service: String,
        /// Why.
        reason: String,
    },
    /// A stored block cannot be read back.
    #[error("block {block} cannot be read: {reason}; `pointsman recover` saves the rest")]
    Damaged {
        /// The block's id.
        block: i64,
        /// Why.
        reason: String,
    },
    /// A kept report cannot be read back, or not be kept.
    #[error(
        "the kept report of {at_ns} ns cannot be read or written: {reason}; `pointsman recover` saves the rest"
    )]
    DamagedReport {
        /// The moment that it was due, ns since the epoch.
        at_ns: u64,
        /// Why.
        reason: String,
    },
    /// A statement failed.
    #[error("the database refused: {0}")]
    Sql(#[from] sqlx::Error),
}

impl StoreError {
    pub(super) fn opening(path: &Path, source: &sqlx::Error) -> Self {
        let reason = match source {
            sqlx::Error::Database(error) => error.message().to_owned(),
            other => other.to_string(),
        };
        if is_full(source, path) {
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
            other => Self::Migrate { path: path.to_owned(), source: Box::new(other) },
        }
    }

    /// Whether the database in this file cannot be opened because its disk is full.
    #[must_use]
    pub fn is_full_disk(&self, path: &Path) -> bool {
        match self {
            Self::DiskFull { .. } => true,
            Self::Sql(source) => is_full(source, path),
            _ => false,
        }
    }

    /// Whether the same request may succeed later: the disk is full, the file is locked or cannot be written.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        /// SQLite's primary result codes: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
        const TRANSIENT: [u32; 6] = [5, 6, 8, 10, 13, 14];
        match self {
            Self::Sql(sqlx::Error::Database(error)) => error
                .code()
                .and_then(|code| code.parse::<u32>().ok())
                .is_some_and(|code| TRANSIENT.contains(&(code & 0xff))),
            Self::Sql(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) | Self::DiskFull { .. } => true,
            _ => false,
        }
    }
}

/// Whether a failure is that of a full disk. SQLite says so of a write; where it cannot make its log or its shared memory it
/// says only that, so a small file is tried.
fn is_full(source: &sqlx::Error, path: &Path) -> bool {
    /// SQLite's primary result codes FULL, IOERR and CANTOPEN.
    const FULL: u32 = 13;
    const UNTOLD: [u32; 2] = [10, 14];
    let sqlx::Error::Database(error) = source else { return false };
    let code = error.code().and_then(|code| code.parse::<u32>().ok()).map_or(0, |code| code & 0xff);
    code == FULL || (UNTOLD.contains(&code) && has_no_room(path))
}

/// Whether a file of a few pages cannot be written beside that one.
fn has_no_room(path: &Path) -> bool {
    const PAGES: usize = 64 << 10;
    let mut name = path.as_os_str().to_owned();
    name.push(".room");
    let tried = std::fs::write(&name, vec![1; PAGES]);
    let _ = std::fs::remove_file(&name);
    tried.is_err_and(|error| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
}
