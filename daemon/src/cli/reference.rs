//! `docs/commands.md` is made from the command line itself. The test compares it; `UPDATE_PAGES=1 cargo test -p pointsman --bins
//! reference` writes it again. What comes before the list there is written by hand.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};

use super::Cli;

/// Where the list begins.
const MARK: &str = "## All commands\n";

fn line(text: Option<&StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// `--window LENGTH`, `FILE...`.
fn name(argument: &Arg) -> String {
    let values: Vec<&str> =
        argument.get_value_names().unwrap_or_default().iter().map(clap::builder::Str::as_str).collect();
    let takes = argument.get_action().takes_values();
    match argument.get_long() {
        Some(long) if takes => format!("--{long} {}", values.join(" ")),
        Some(long) => format!("--{long}"),
        None => values.join(" "),
    }
}

fn meaning(argument: &Arg) -> String {
    let mut text = line(argument.get_help());
    let defaults: Vec<_> = argument.get_default_values().iter().filter_map(|value| value.to_str()).collect();
    let possible: Vec<_> = argument.get_possible_values();
    let possible: Vec<&str> = possible
        .iter()
        .map(clap::builder::PossibleValue::get_name)
        .filter(|_| argument.get_action().takes_values())
        .collect();
    if !possible.is_empty() {
        let _ = write!(text, " One of `{}`.", possible.join("`, `"));
    }
    if !defaults.is_empty() && argument.get_action().takes_values() {
        let _ = write!(text, " Default: `{}`.", defaults.join(" "));
    }
    if let Some(variable) = argument.get_env().and_then(|name| name.to_str()) {
        let _ = write!(text, " Variable: `{variable}`.");
    }
    text
}

fn table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let shown =
        arguments.filter(|one| !["help", "version"].contains(&one.get_id().as_str()) && !one.is_hide_set());
    let rows: Vec<String> = shown.map(|one| format!("| `{}` | {} |", name(one), meaning(one))).collect();
    if rows.is_empty() {
        String::new()
    } else {
        format!("\n| argument | meaning |\n|---|---|\n{}\n", rows.join("\n"))
    }
}

/// A command, and those below it.
fn command(command: &Command, above: &str) -> String {
    let name = format!("{above} {}", command.get_name());
    let about = line(command.get_about());
    assert!(!about.is_empty(), "{name} says nothing of itself");
    let arguments = table(command.get_arguments().filter(|argument| !argument.is_global_set()));
    let below: String = command.get_subcommands().map(|one| self::command(one, &name)).collect();
    format!("\n### `{name}`\n\n{about}\n{arguments}{below}")
}

fn list() -> String {
    let cli = Cli::command();
    let everywhere = table(cli.get_arguments().filter(|argument| argument.is_global_set()));
    let commands: String = cli
        .get_subcommands()
        .filter(|one| one.get_name() != "help")
        .map(|one| command(one, "pointsman"))
        .collect();
    format!("{MARK}\nEvery command takes these:\n{everywhere}{commands}")
}

#[test]
fn the_list_of_commands_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, listed) = text.split_at(text.find(MARK).unwrap());
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, format!("{before}{}", list())).unwrap();
        return;
    }
    assert!(listed == list(), "docs/commands.md is not current: run the tests with UPDATE_PAGES=1");
}
