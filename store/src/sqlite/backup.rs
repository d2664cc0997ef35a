//! A consistent copy of the file while others write to it.
//!
//! `VACUUM INTO` reads one state of the database and writes it anew, without free space. It holds nobody up; but as long
//! as it runs, the log of the original cannot be cut and grows by what comes in. SQLite's backup interface would begin
//! anew with every commit of another process, which under load never ends.

use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::{Connection, SqliteConnection};

use super::{APPLICATION_ID, StoreError, connection};

/// What a copy holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backup {
    /// Size of the copy, bytes.
    pub bytes: u64,
}

/// Copies the database `from` to the new file `to`, which must not exist. The copy has all that was committed before the
/// call, it is on the disk and it has been checked when this returns; a copy that fails leaves nothing behind.
///
/// # Errors
/// When `to` exists or cannot be written, when `from` cannot be read or is damaged. The message says what to do.
pub async fn back_up(from: &Path, to: &Path) -> Result<Backup, StoreError> {
    let fail = |reason: String| StoreError::Backup { path: to.to_owned(), reason };
    if to.exists() {
        return Err(fail("it exists already, and a backup overwrites nothing; name another file".to_owned()));
    }
    let unfinished = unfinished(to);
    if unfinished.exists() {
        let reason = format!(
            "{} is there, from a backup that broke off or that runs now; remove it if none runs",
            unfinished.display()
        );
        return Err(fail(reason));
    }
    let copied = copy(from, &unfinished).await;
    let finished = match copied {
        Ok(()) => finish(&unfinished, to).map_err(|error| fail(error.to_string())),
        Err(error) => Err(error),
    };
    if finished.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    finished
}

/// The name under which a new file grows, in the folder where it will stay.
pub(crate) fn unfinished(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

async fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let opening = |source| StoreError::opening(from, &source);
    let mut source = SqliteConnection::connect_with(&connection(from)).await.map_err(opening)?;
    let id: i32 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut source).await.map_err(opening)?;
    if id != APPLICATION_ID {
        return Err(StoreError::NotOurs { path: from.to_owned() });
    }
    let name = to.to_str().ok_or_else(|| StoreError::Backup {
        path: to.to_owned(),
        reason: "its name is not UTF-8; name another file".to_owned(),
    })?;
    sqlx::query("VACUUM INTO ?").bind(name).execute(&mut source).await?;
    source.close().await?;

    let mut copy = SqliteConnection::connect_with(&connection(to)).await.map_err(opening)?;
    let said: Vec<String> = sqlx::query_scalar("PRAGMA quick_check").fetch_all(&mut copy).await?;
    copy.close().await?;
    match said.as_slice() {
        [one] if one == "ok" => Ok(()),
        faults => Err(StoreError::Backup {
            path: to.to_owned(),
            reason: format!("the copy is not sound ({}); nothing was kept of it", faults.join("; ")),
        }),
    }
}

/// Makes sure that a new file survives a power cut, and gives it its name.
pub(crate) fn finish(unfinished: &Path, to: &Path) -> std::io::Result<Backup> {
    let file = File::open(unfinished)?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    // A hard link refuses a name that has been taken meanwhile; not every file system has links.
    match std::fs::hard_link(unfinished, to) {
        Ok(()) => std::fs::remove_file(unfinished)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) => std::fs::rename(unfinished, to)?,
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(Backup { bytes })
}
