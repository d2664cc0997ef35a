//! `pointsman backup`: a consistent copy of the database, also while the daemon writes to it.

use std::path::Path;
use std::process::ExitCode;

use pointsman_store::back_up;

use super::{must_exist, print};
use crate::cli::BackupOptions;

/// Copies, checks the copy, and says how large it is.
pub(crate) async fn run(db: &Path, options: &BackupOptions) -> anyhow::Result<ExitCode> {
    must_exist(&db.into())?;
    let backup = back_up(db, &options.file).await?;
    print(&format!("{}: {} bytes, checked\n", options.file.display(), backup.bytes))?;
    Ok(ExitCode::SUCCESS)
}
