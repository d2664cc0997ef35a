//! Which file is open: its device and inode, taken when it was opened. A path may come to name another file, or none, while
//! SQLite goes on writing into the one that it holds.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::StoreError;

/// What tells one file from all others of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    device: u64,
    inode: u64,
}

impl Place {
    /// Of the file at this path.
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        let found =
            std::fs::metadata(path).map_err(|source| StoreError::opening(path, &sqlx::Error::Io(source)))?;
        Ok(Self { device: found.dev(), inode: found.ino() })
    }

    /// Whether the path still names that file.
    pub(super) fn check(self, path: &Path) -> Result<(), StoreError> {
        match std::fs::metadata(path) {
            Ok(found) if (found.dev(), found.ino()) == (self.device, self.inode) => Ok(()),
            Ok(_) => Err(StoreError::Replaced { path: path.to_owned(), how: "replaced" }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::Replaced { path: path.to_owned(), how: "deleted" })
            }
            Err(error) => Err(sqlx::Error::Io(error).into()),
        }
    }
}
