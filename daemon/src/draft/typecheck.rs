//! What the app's own TypeScript says without the draft and with it. It runs in a copy, so nothing of the app is written.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use pointsman_source::Draft;

use super::copy::copy;

/// How long the compiler may take, each time.
const PATIENCE: Duration = Duration::from_secs(300);
/// New faults that are named; further ones are counted.
const MOST_FAULTS: usize = 20;

/// What the compiler says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Types {
    /// No fault that was not there before; how many were.
    AsBefore(usize),
    /// Faults that were not there before.
    Worse {
        /// The first of them, a line each.
        new: Vec<String>,
        /// How many there are.
        count: usize,
    },
    /// It was not run, or did not finish.
    NotRun(String),
}

/// Compares the app's types without and with a draft.
pub(super) fn compare(draft: &Draft, repo: &Path, root: &str) -> Types {
    tried(draft, repo, root).unwrap_or_else(|error| Types::NotRun(format!("{error:#}")))
}

fn tried(draft: &Draft, repo: &Path, root: &str) -> anyhow::Result<Types> {
    let repo = repo.canonicalize().with_context(|| format!("cannot read {}", repo.display()))?;
    let compiler = compiler(&repo, root).context("TypeScript is not installed in the app")?;
    anyhow::ensure!(repo.join(root).join("tsconfig.json").is_file(), "the app has no tsconfig.json");
    let folder = tempfile::tempdir().context("cannot make a folder for a copy")?;
    let copied = folder.path().canonicalize()?;
    copy(&repo, &copied)?;
    let app = copied.join(root);
    let before = faults(&compiler, &app)?;
    for file in &draft.files {
        let path = copied.join(&file.path);
        match &file.after {
            None => fs::remove_file(&path)?,
            Some(text) => {
                fs::create_dir_all(path.parent().unwrap_or(&copied))?;
                fs::write(&path, text)?;
            }
        }
    }
    let after = faults(&compiler, &app)?;
    let new = added(&before, &after);
    Ok(match new.len() {
        0 => Types::AsBefore(before.len()),
        count => Types::Worse { new: new.into_iter().take(MOST_FAULTS).collect(), count },
    })
}

/// The compiler that is installed for a folder of the repository.
fn compiler(repo: &Path, root: &str) -> Option<PathBuf> {
    let app = repo.join(root);
    let folders = app.ancestors().take_while(|folder| folder.starts_with(repo));
    folders.map(|folder| folder.join("node_modules/typescript/bin/tsc")).find(|file| file.is_file())
}

/// All faults that the compiler finds in an app.
fn faults(compiler: &Path, app: &Path) -> anyhow::Result<Vec<String>> {
    let output = tempfile::tempfile().context("cannot make a file for what the compiler says")?;
    let mut child = Command::new("node")
        .arg(compiler)
        .args(["--noEmit", "--pretty", "false"])
        .current_dir(app)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .spawn()
        .context("node could not be run")?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            anyhow::bail!("tsc did not finish within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = read(output)?;
    let found: Vec<String> =
        text.lines().filter(|line| line.contains(": error TS")).map(str::to_owned).collect();
    let is_judged = status.success() || !found.is_empty();
    anyhow::ensure!(is_judged, "tsc failed: {}", crate::render::safe::terminal(text.trim()));
    Ok(found)
}

fn read(mut file: fs::File) -> anyhow::Result<String> {
    use std::io::{Read, Seek};
    /// Most of what the compiler says that is read, bytes.
    const MOST: u64 = 64 << 20;
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Faults that come more often than before, wherever in their file they are.
fn added(before: &[String], after: &[String]) -> Vec<String> {
    let mut known: HashMap<String, usize> = HashMap::new();
    for fault in before {
        *known.entry(placeless(fault)).or_default() += 1;
    }
    let is_new = |fault: &&String| match known.get_mut(&placeless(fault)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    after.iter().filter(is_new).cloned().collect()
}

/// `a.ts(3,4): error TS2339: ..` without its line.
fn placeless(fault: &str) -> String {
    match (fault.split_once('('), fault.split_once("): error")) {
        (Some((file, _)), Some((_, text))) => format!("{file}:{text}"),
        _ => fault.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_new_if_it_comes_more_often_whatever_its_line() {
        let faults = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let before = faults(&["a.ts(1,2): error TS1: x", "b.ts(1,2): error TS1: x"]);
        assert_eq!(added(&before, &faults(&["a.ts(9,9): error TS1: x"])), faults(&[]));
        let twice = faults(&["a.ts(1,2): error TS1: x", "a.ts(5,2): error TS1: x"]);
        assert_eq!(added(&before, &twice), faults(&["a.ts(5,2): error TS1: x"]));
    }
}
