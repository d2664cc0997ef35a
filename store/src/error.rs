//! What can go wrong with a database, in words that name it, the reason and the remedy. No type of a driver is in it: what one says
//! is put into words, and into what whoever gets it can do about it, where the driver is.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::location::Location;

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
        "cannot bring the schema of {path} up to date: {reason}; restore a backup or use another file with --db"
    )]
    Migrate {
        /// The file.
        path: PathBuf,
        /// What the migration said.
        reason: String,
    },
    /// A copy of the database was not made.
    #[error("cannot make the backup {path}: {reason}")]
    Backup {
        /// The copy.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// A database was not copied into another one.
    #[error("cannot copy: {reason}")]
    Copy {
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
    /// It is a server's database, and the command works on a file.
    #[error("this works on an SQLite file, and {location} is not one; {remedy}")]
    NotAFile {
        /// The database, without its password.
        location: Location,
        /// What to do.
        remedy: &'static str,
    },
    /// A server's database cannot be used.
    #[error("cannot use the database {location}: {reason}; {remedy}")]
    Server {
        /// The database, without its password.
        location: Location,
        /// What the server, the driver or the system says.
        reason: String,
        /// What to do.
        remedy: &'static str,
        /// Whether it may pass.
        trouble: Trouble,
    },
    /// Another process does by now what this one had the lease for.
    #[error("another process has taken over: {what} goes on there")]
    LeaseLost {
        /// The work.
        what: &'static str,
    },
    /// A statement failed.
    #[error("the database refused: {reason}")]
    Refused {
        /// What the database says.
        reason: String,
        /// What kind of trouble it is.
        trouble: Trouble,
    },
}

/// What a failed statement says about the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// There is no room on the disk.
    Full,
    /// A file cannot be read or written now; for want of room, perhaps.
    Files,
    /// Somebody else holds the database, or nothing can be written now.
    Held,
    /// The same statement fails again.
    Lasting,
}

impl StoreError {
    /// Whether the database in this file cannot be opened because its disk is full.
    #[must_use]
    pub fn is_full_disk(&self, path: &Path) -> bool {
        match self {
            Self::DiskFull { .. } => true,
            Self::Refused { trouble, .. } => trouble.is_full_disk(path),
            _ => false,
        }
    }

    /// Whether the same request may succeed later: the disk is full, the file is locked or cannot be written.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::DiskFull { .. } => true,
            Self::Refused { trouble, .. } | Self::Server { trouble, .. } => *trouble != Trouble::Lasting,
            _ => false,
        }
    }

    /// Whether a database that cannot be opened is worth waiting for: its disk is full, or its server is away.
    #[must_use]
    pub fn may_pass(&self, location: &Location) -> bool {
        match location {
            Location::File(path) => self.is_full_disk(path),
            Location::Postgres(_) => self.is_transient(),
        }
    }
}

impl Trouble {
    /// Whether it is that of a full disk, of the database in this file. Where the database does not tell, a small file is tried.
    pub(crate) fn is_full_disk(self, path: &Path) -> bool {
        match self {
            Self::Full => true,
            Self::Files => has_no_room(path),
            Self::Held | Self::Lasting => false,
        }
    }
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
