//! Small apps, and what a draft makes of them. That a patch applies is asked of git itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod mechanical;
mod self_fetch;
mod storefront;
mod to_action;
mod to_component;
mod to_route;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use pointsman_source::{Draft, HandlerRef, Limits, Task, TaskKind, Wanted, draft};

/// An app with these files.
fn app(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut files = files.to_vec();
    if !files.iter().any(|(name, _)| *name == "package.json") {
        files.push(("package.json", r#"{ "name": "shop", "dependencies": { "next": "16.4.6" } }"#));
    }
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn action(name: &str) -> HandlerRef {
    HandlerRef::Action(name.to_owned())
}

fn task(kind: TaskKind, handlers: &[HandlerRef], page: &str) -> Task {
    Task { kind, handlers: handlers.to_vec(), pages: vec![page.to_owned()] }
}

/// Drafts, and applies the patch with git: what git makes of the files is what the draft says.
#[track_caller]
fn drafted(folder: &Path, task: &Task) -> Draft {
    let draft = draft(folder, &Wanted::default(), &Limits::default(), task).unwrap();
    if draft.files.is_empty() {
        assert_eq!(draft.patch(), "");
        assert!(!draft.left_out.is_empty(), "no draft and no reason");
        return draft;
    }
    apply(folder, &draft.patch());
    for file in &draft.files {
        let now = std::fs::read_to_string(folder.join(&file.path)).ok();
        assert_eq!(now, file.after, "{}", file.path);
    }
    draft
}

/// The text of a file after a draft.
fn after<'a>(draft: &'a Draft, path: &str) -> &'a str {
    let file = draft.files.iter().find(|file| file.path == path);
    let file = file.unwrap_or_else(|| panic!("{path} does not change: {draft:#?}"));
    file.after.as_deref().unwrap()
}

fn apply(folder: &Path, patch: &str) {
    let mut child = Command::new("git")
        .args(["apply", "--whitespace=nowarn", "-"])
        .current_dir(folder)
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(patch.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{patch}", String::from_utf8_lossy(&output.stderr));
}
