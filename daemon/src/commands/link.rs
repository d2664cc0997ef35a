//! `pointsman link`: reads the app's repository and writes what is defined and called where. Nothing of it is run.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use pointsman_source::{Limits, Source, Wanted, link};

use super::print;
use crate::cli::LinkOptions;

/// Prints or writes the document, and what was found to standard error.
pub(crate) fn run(options: &LinkOptions) -> anyhow::Result<ExitCode> {
    let wanted = Wanted { app: options.app.clone(), commit: options.commit.clone() };
    let source = link(&options.repo, &wanted, &Limits::default())?;
    let mut text = serde_json::to_string_pretty(&source).context("the source cannot be written as JSON")?;
    text.push('\n');
    match &options.out {
        Some(file) if file != Path::new("-") => {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        _ => print(&text)?,
    }
    eprint!("{}", summary(&source));
    Ok(ExitCode::SUCCESS)
}

/// What was found, in a few lines.
fn summary(source: &Source) -> String {
    let app = if source.app.root.is_empty() { "the repository" } else { &source.app.root };
    let counts = &source.counts;
    let mut text = format!(
        "{app}: {} files, {} handlers, {} call sites; {} calls could not be tied to a handler\n",
        counts.files,
        source.handlers.len(),
        counts.call_sites,
        counts.unresolved
    );
    if !counts.skipped.is_empty() {
        let skipped: Vec<String> = counts
            .skipped
            .iter()
            .map(|(reason, count)| format!("{} {count}", reason.replace('_', " ")))
            .collect();
        text += &format!("not read, or only in part: {}\n", skipped.join(", "));
    }
    text
}
