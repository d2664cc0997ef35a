//! `pointsman completions` and `pointsman man`: what a shell and `man` need to know of the command line, made from the
//! command line itself. Where packages put the files is the release archive's business.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::CommandFactory;

use super::print;
use crate::cli::{Cli, CompletionsOptions, ManOptions};

/// Prints the completions of one shell.
pub(crate) fn completions(options: &CompletionsOptions) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "pointsman", &mut script);
    print(&String::from_utf8(script).context("the completions are not valid UTF-8")?)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the page of `pointsman`, or writes it and those of its commands into a folder.
pub(crate) fn manual(options: &ManOptions) -> anyhow::Result<ExitCode> {
    match &options.out {
        Some(folder) => write_pages(folder)?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).context("cannot make the page")?;
            print(&String::from_utf8(page).context("the manual page is not valid UTF-8")?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn write_pages(folder: &Path) -> anyhow::Result<()> {
    let write = || {
        std::fs::create_dir_all(folder)?;
        clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), folder)
    };
    write().with_context(|| format!("cannot write manual pages into {}", folder.display()))
}
