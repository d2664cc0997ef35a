//! What operators install, held against the program, the repository and the tools that will read it. What runs as a user would
//! run it on a fresh Debian is deploy/try-on-debian.sh's business.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod archive;
mod chart;
mod collector;
mod compose;
mod images;
mod kubernetes;
mod shell;
#[path = "../support/mod.rs"]
mod support;
mod systemd;
mod versions;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The value under keys and indexes that dots part, as `services.pointsman.ports.0`; `~` stands for a dot in a key.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| {
        let found = match key.parse::<usize>() {
            Ok(index) => value.get(index),
            Err(_) => value.get(key.replace('~', ".")),
        };
        found.unwrap_or_else(|| panic!("no `{key}` of `{path}` in {value}"))
    })
}

/// The texts of a list.
fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

fn in_repository(path: impl AsRef<Path>) -> PathBuf {
    support::workspace().join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A program that other packages bring. CI has it; who has not is told and goes without.
fn program(name: &str, package: &str) -> Option<Command> {
    let found = Command::new("which").arg(name).output().unwrap().status.success();
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{name} is not installed; .ci/run installs {package}");
        eprintln!("left out: {name} is not installed (Debian: {package})");
    }
    found.then(|| Command::new(name))
}

/// What a command says, when it ends well.
fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// The variables that have a flag, as the program's help tells them.
fn variables() -> String {
    let help = support::pointsman(Path::new("none.db"), ["serve", "--help"]).out;
    help.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every `POINTSMAN_` variable that a file sets is one that the program reads.
fn assert_known(names: impl IntoIterator<Item = impl AsRef<str>>, from: &str) {
    // These have no flag, because flags are seen by everybody on the machine.
    const WITHOUT_FLAG: [&str; 4] = [
        "POINTSMAN_HASH_SECRET",
        "POINTSMAN_OTLP_TOKENS",
        "POINTSMAN_PAGES_TOKENS",
        "POINTSMAN_METRICS_TOKENS",
    ];
    let help = variables();
    let configuration = read("docs/configuration.md");
    for name in names {
        let name = name.as_ref();
        let known = WITHOUT_FLAG.contains(&name)
            || help.contains(&format!("[env: {name}="))
            || help.contains(&format!("[env: {name}]"))
            || name
                .rsplit_once("__")
                .is_some_and(|(_, key)| configuration.contains(&format!("\n| `{}` |", key.to_lowercase())));
        assert!(known || !name.starts_with("POINTSMAN_"), "{from} sets {name}, which nothing reads");
    }
}
