//! Work that one process at a time does for all that use the same file. Who does it is told by a lock of the system on a file
//! beside the database: it ends with the process, however that ends, and costs an idle daemon nothing. The file stays where it
//! is; removing it would let two processes lock two files of one name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use super::place::beside;
use super::space::log_of;
use super::{BlockId, Store, StoreError};

/// Times of files may be as coarse as that: until it has passed somebody may have written at the same time once more.
const COARSE: Duration = Duration::from_secs(1);

/// The right to extract Calls, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lease(#[allow(dead_code, reason = "it is locked as long as it is open")] File);

/// When somebody wrote last, as far as the file's log tells.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LogMark(Option<(u64, SystemTime)>);

impl Store {
    pub(crate) fn lease_extraction(&self) -> Result<Option<Lease>, StoreError> {
        let path = beside(&self.path, "-extraction");
        let lock = OpenOptions::new().create(true).append(true).open(path).map_err(sqlx::Error::Io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Lease(lock))),
            Err(TryLockError::WouldBlock) => Ok(None),
            // A file system without locks has none for SQLite either: nobody shares the file there.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                Ok(Some(Lease(lock)))
            }
            Err(TryLockError::Error(error)) => Err(sqlx::Error::Io(error).into()),
        }
    }

    pub(crate) fn has_changed(&self, mark: &mut LogMark) -> bool {
        let found = std::fs::metadata(log_of(&self.path)).ok();
        let now = LogMark(found.and_then(|found| Some((found.len(), found.modified().ok()?))));
        let is_settled = now.0.is_some_and(|(_, at)| at.elapsed().is_ok_and(|ago| ago > COARSE));
        // Without a log that tells the time nothing is known.
        let changed = now != *mark || !is_settled;
        *mark = now;
        changed
    }

    pub(crate) async fn newest_block(&self) -> Result<BlockId, StoreError> {
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT max(id) FROM blocks").fetch_one(&self.readers).await?;
        Ok(BlockId(newest.unwrap_or_default()))
    }
}
