//! What each command does, one file each. A command reads its options, calls the layers below, and prints.

pub(crate) mod agents;
pub(crate) mod backup;
pub(crate) mod capture;
pub(crate) mod check;
pub(crate) mod check_config;
#[cfg(feature = "postgres")]
pub(crate) mod copy;
pub(crate) mod decide;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod draft;
pub(crate) mod explain;
pub(crate) mod find;
pub(crate) mod forget;
pub(crate) mod health;
pub(crate) mod init;
pub(crate) mod link;
pub(crate) mod mcp;
mod progress;
pub(crate) mod recover;
pub(crate) mod reindex;
pub(crate) mod replay;
pub(crate) mod report;
mod scratch;
pub(crate) mod serve;
pub(crate) mod shell;
pub(crate) mod trace;

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use pointsman_store::{Location, Store};

/// Opens a database that must be there already.
async fn open_existing(db: &Location) -> anyhow::Result<Store> {
    must_exist(db)?;
    Ok(Store::open(db).await?)
}

/// The same for a look at what is there, which goes on without writing where another process holds the file.
async fn open_to_look(db: &Location) -> anyhow::Result<Store> {
    must_exist(db)?;
    Ok(Store::open_to_look(db).await?)
}

/// Whether there is such a file; a server answers for itself.
fn exists(db: &Location) -> bool {
    db.file().is_none_or(Path::exists)
}

fn must_exist(db: &Location) -> anyhow::Result<()> {
    anyhow::ensure!(
        exists(db),
        "there is no database {}; `pointsman serve` or `pointsman replay` makes one, --db names another",
        db
    );
    Ok(())
}

/// Prints to standard output; a reader that goes away (`| head`) is no fault.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}
