//! Which file is open: its device and inode, taken when it was opened. A path may come to name another file, or none, while
//! SQLite goes on writing into the one that it holds.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::StoreError;

/// Device and inode, which tell one file from all others of the machine.
type Identity = (u64, u64);

/// The files that are open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    database: Identity,
    /// Its log, which a connection has made by now.
    log: Option<Identity>,
}

impl Place {
    /// Of the database at this path, which is open.
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        let database =
            identity(path).map_err(|source| StoreError::opening(path, &sqlx::Error::Io(source)))?;
        Ok(Self { database, log: identity(&beside(path, "-wal")).ok() })
    }

    /// Whether the path still names that file.
    pub(super) fn check(self, path: &Path) -> Result<(), StoreError> {
        match identity(path) {
            Ok(found) if found == self.database => Ok(()),
            Ok(_) => Err(StoreError::Replaced { path: path.to_owned(), how: "replaced" }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::Replaced { path: path.to_owned(), how: "deleted" })
            }
            Err(error) => Err(sqlx::Error::Io(error).into()),
        }
    }

    /// Takes away the log of a database that was replaced, which SQLite leaves where it is: whoever opens the new one would
    /// play it into that. A log that somebody has put there with the new one stays.
    pub(super) fn remove_log(self, path: &Path) -> std::io::Result<()> {
        let log = beside(path, "-wal");
        if self.log.is_none() || identity(&log).ok() != self.log {
            return Ok(());
        }
        std::fs::remove_file(log)?;
        match std::fs::remove_file(beside(path, "-shm")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn identity(path: &Path) -> std::io::Result<Identity> {
    let found = std::fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
