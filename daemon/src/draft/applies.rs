//! Whether a patch fits the files as they are, asked of git itself. Nothing is changed.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What git says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Applies {
    /// It fits.
    Yes,
    /// It does not, and why.
    No(String),
    /// Git could not be asked.
    NotRun(String),
}

/// Asks `git apply --check` in the repository that the patch's paths begin in.
pub(super) fn check(patch: &str, repo: &Path) -> Applies {
    if patch.is_empty() {
        return Applies::NotRun("there is no patch".to_owned());
    }
    let files = patch.lines().filter(|line| line.starts_with("+++ ")).count();
    let counted = match git(&["apply", "--numstat", "-"], patch, repo) {
        Ok(counted) => counted,
        Err(why) => return why,
    };
    // Git says nothing about files that it takes to be outside.
    if counted.lines().count() != files {
        return Applies::No("git does not find all of its files below this folder".to_owned());
    }
    match git(&["apply", "--check", "-"], patch, repo) {
        Ok(_) => Applies::Yes,
        Err(why) => why,
    }
}

fn git(arguments: &[&str], input: &str, folder: &Path) -> Result<String, Applies> {
    let not_run = |error: std::io::Error| Applies::NotRun(format!("git could not be run: {error}"));
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_run)?;
    let mut stdin = child.stdin.take();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes())));
        let output = child.wait_with_output().map_err(not_run)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(Applies::No(text(&output.stderr)))
        }
    })
}
