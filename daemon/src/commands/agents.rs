//! `pointsman agents install`: tells the coding agents of a repository about Pointsman, and takes that back. What stands in the
//! files is the business of `block` and `entry`.

mod block;
mod entry;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use pointsman_store::Location;

use super::init::change::{Change, write_all};
use super::print;
use crate::cli::{AgentsCommand, AgentsOptions, InstallOptions};
use crate::config::Config;

/// What agents of most makers read first.
const INSTRUCTIONS: &str = "AGENTS.md";
/// Where agents look for servers of the Model Context Protocol.
const SERVERS: &str = ".mcp.json";
/// Larger files are none that a person has written, bytes.
const LARGEST: u64 = 4 << 20;

/// Changes both files, shows how, or takes it back.
pub(crate) fn run(db: &Location, options: &AgentsOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let AgentsCommand::Install(options) = &options.command;
    anyhow::ensure!(
        options.repo.is_dir(),
        "--repo {}: it is not a folder; name the root of the app's repository",
        options.repo.display()
    );
    let changes = changes(db, options, config)?;
    if changes.is_empty() {
        print("Nothing to do.\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let shown: Vec<String> = changes.iter().map(|one| one.diff(&options.repo)).collect();
    print(&shown.join("\n"))?;
    if options.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    carry_out(&changes)?;
    let done = if options.undo {
        "Taken out."
    } else {
        "Done. `pointsman agents install --undo` takes it out again."
    };
    print(&format!("\n{done}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes what is to stand in files; one in which nothing stands any more goes.
fn carry_out(changes: &[Change]) -> anyhow::Result<()> {
    let (empty, written): (Vec<Change>, Vec<Change>) = changes.iter().cloned().partition(Change::is_empty);
    write_all(&written)?;
    for change in empty {
        change.remove()?;
    }
    Ok(())
}

/// The files that will differ.
fn changes(db: &Location, options: &InstallOptions, config: &Config) -> anyhow::Result<Vec<Change>> {
    let (instructions, servers) = (options.repo.join(INSTRUCTIONS), options.repo.join(SERVERS));
    let (text, json) = (read(&instructions)?, read(&servers)?);
    let (new_text, new_json) = if options.undo {
        let without = text.as_deref().map(block::without).transpose();
        let without = without.with_context(|| instructions.display().to_string())?;
        (
            without,
            json.as_deref().map(entry::without).transpose().with_context(|| servers.display().to_string())?,
        )
    } else {
        let block = block::Block { report: report(options, config) };
        let entry = entry::Entry { arguments: arguments(db, options)? };
        let with = block.put_into(text.as_deref().unwrap_or_default());
        let with = with.with_context(|| instructions.display().to_string())?;
        let put = entry.put_into(json.as_deref().unwrap_or_default());
        (Some(with), Some(put.with_context(|| servers.display().to_string())?))
    };
    let mut changes = Vec::new();
    for (file, before, after) in [(instructions, text, new_text), (servers, json, new_json)] {
        let after = after.unwrap_or_default();
        if before.as_deref().unwrap_or_default() != after {
            changes.push(Change::replace(file, before, after));
        }
    }
    Ok(changes)
}

fn read(file: &Path) -> anyhow::Result<Option<String>> {
    let fault = || format!("{} cannot be read", file.display());
    match fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(fault),
        Ok(data) => {
            anyhow::ensure!(data.len() <= LARGEST, "{}: it has more than {} MiB", fault(), LARGEST >> 20);
        }
    }
    fs::read_to_string(file).map(Some).with_context(fault)
}

/// Where agents find the report.
fn report(options: &InstallOptions, config: &Config) -> Option<PathBuf> {
    let published = || config.reports.folder.as_ref().map(|folder| folder.join("latest.md"));
    options.report.clone().or_else(published)
}

/// What the agent's server is started with.
fn arguments(db: &Location, options: &InstallOptions) -> anyhow::Result<Vec<String>> {
    let text = |path: &Path| {
        let path = std::path::absolute(path).context("the folder that this runs in is gone")?;
        path.to_str().map(str::to_owned).with_context(|| format!("{} is not UTF-8", path.display()))
    };
    Ok(if options.from_db {
        // Of a server's address without the password: the file is the repository's.
        let named = db.file().map_or_else(|| Ok(db.to_string()), text)?;
        vec!["mcp".to_owned(), "--db".to_owned(), named]
    } else {
        vec!["mcp".to_owned(), "--url".to_owned(), options.url.clone()]
    })
}
