//! What no compiler checks: who may know whom, that every file says what lives in it, and that documents name only
//! what exists.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

#[path = "../support/mod.rs"]
mod support;

mod dependencies;
mod habits;
mod references;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use pointsman_advisor::rules::RULES;

use support::{pointsman, workspace};

/// Longer files hide what they are about.
const LONGEST_FILE: usize = 500;

fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Files that git keeps and that are there, whose names end like this.
fn tracked(ends: &[&str]) -> Vec<String> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(workspace()).output().unwrap();
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let files = String::from_utf8(output.stdout).unwrap();
    let files = files.split('\0').filter(|file| ends.iter().any(|end| file.ends_with(end)));
    // A file that is being removed is listed until that is committed.
    files.filter(|file| workspace().join(file).is_file()).map(str::to_owned).collect()
}

/// What users read, and what runs on it.
fn documents() -> Vec<String> {
    let mut files = tracked(&[".md", ".json", ".yml", ".yaml", ".toml"]);
    files.retain(|file| {
        file == "README.md"
            || ["docs/", "deploy/", "dashboards/"].iter().any(|folder| file.starts_with(folder))
    });
    files
}

fn assert_none(faults: &[String], what: &str) {
    assert!(faults.is_empty(), "{what}:\n  {}", faults.join("\n  "));
}

/// The crates of this workspace that a crate names, beside those that only its tests use.
fn own_dependencies(of: &str) -> BTreeSet<String> {
    let manifest: toml::Table = toml::from_str(&read(&format!("{of}/Cargo.toml"))).unwrap();
    let names = manifest["dependencies"].as_table().unwrap().keys();
    names.filter_map(|name| name.strip_prefix("pointsman-")).map(str::to_owned).collect()
}

#[test]
fn each_layer_knows_only_those_below_it() {
    for (layer, below) in [
        ("daemon", &["advisor", "collector", "source", "store"][..]),
        ("advisor", &["store"]),
        ("source", &["store"]),
        ("collector", &["store"]),
        ("store", &[]),
    ] {
        assert_eq!(own_dependencies(layer), below.iter().map(|name| (*name).to_owned()).collect(), "{layer}");
    }
    let manifest: toml::Table = toml::from_str(&read("daemon/Cargo.toml")).unwrap();
    for hidden in ["sqlx", "tonic", "prost"] {
        assert!(!manifest["dependencies"].as_table().unwrap().contains_key(hidden), "daemon knows {hidden}");
    }
}

#[test]
fn the_advisor_cannot_wait_nor_reach_a_database() {
    let tree =
        ["tree", "-p", "pointsman-advisor", "-e", "normal", "--prefix", "none", "--offline", "--locked"];
    let output = Command::new(env!("CARGO")).args(tree).current_dir(workspace()).output().unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("pointsman-store"));
    for hidden in ["sqlx", "sqlx-core", "tokio", "axum", "tonic", "hyper", "pointsman-collector"] {
        assert!(!names.contains(hidden), "{hidden} is in reach of the advisor:\n{tree}");
    }
}

/// What is counted, judged and gained knows nothing of what is made of it.
#[test]
fn no_room_of_the_advisor_points_up_to_the_report() {
    const LOWER: [&str; 6] = ["evidence", "gain", "profile", "rules", "stats", "verdict"];
    let mut files = tracked(&[".rs"]);
    files.retain(|file| LOWER.iter().any(|room| file.starts_with(&format!("advisor/src/{room}/"))));
    assert!(files.len() > 100, "{}", files.len());
    let upper = ["crate::report", "crate::change", "crate::explanation"];
    files.retain(|file| upper.iter().any(|room| read(file).contains(room)));
    assert_none(&files, "files that know the report");
}

#[test]
fn every_rust_file_says_what_lives_in_it() {
    let mut files = tracked(&[".rs"]);
    files.retain(|file| !read(file).starts_with("//! "));
    assert_none(&files, "files that do not open with `//! `");
}

#[test]
fn no_file_is_too_long_to_be_about_one_thing() {
    let files = tracked(&[".rs", ".ts", ".tsx", ".mts", ".mjs"]).into_iter().filter_map(|file| {
        let lines = read(&file).lines().count();
        (lines > LONGEST_FILE).then(|| format!("{file}: {lines} lines"))
    });
    assert_none(&files.collect::<Vec<_>>(), "files of more than 500 lines");
}

/// Whoever builds this chooses where packages come from: a lock file that names a host overrides that.
#[test]
fn no_file_names_the_host_of_a_registry() {
    const SOURCE: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let hosts =
        ["registry.npm", "registry.yarn", "npm.pkg.", "static.crates", "index.crates", "crates.io", "pypi."]
            .map(|host| host.to_owned() + if host.ends_with('.') { "org" } else { "" });
    let this = "daemon/tests/tidy/main.rs";
    let mut faults = Vec::new();
    for file in tracked(&[""]).into_iter().filter(|file| file != this) {
        let Ok(text) = std::fs::read_to_string(workspace().join(&file)) else { continue };
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| *text != SOURCE) {
            if let Some(host) = hosts.iter().find(|host| text.contains(host.as_str())) {
                faults.push(format!("{file}:{line}: {host}"));
            }
            if file.ends_with("package-lock.json") && text.trim_start().starts_with("\"resolved\": \"http") {
                faults.push(format!("{file}:{line}: {}", text.trim()));
            }
        }
    }
    assert_none(&faults, "hosts of registries");
}

#[test]
fn every_rule_has_a_file_that_explains_it() {
    let mut files = tracked(&[".rs"]);
    files.retain(|file| file.starts_with("advisor/src/rules/"));
    let openings: BTreeSet<String> =
        files.iter().filter_map(|file| read(file).lines().next().map(str::to_owned)).collect();
    let unexplained = RULES.iter().filter(|rule| {
        let opening = format!("//! **{}**", rule.id);
        !openings.iter().any(|line| line.starts_with(&opening))
    });
    let unexplained: Vec<String> = unexplained.map(|rule| rule.id.to_owned()).collect();
    assert_none(&unexplained, "rules without a file that opens with `//! **<id>**`");
    let explained = openings.iter().filter(|line| line.starts_with("//! **")).count();
    // A rule that moves and improves stands in the list twice.
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(explained, ids.len(), "a file explains a rule that is not in the list");
}

#[test]
fn every_migration_says_why() {
    let migrations = tracked(&[".sql"]);
    assert!(!migrations.is_empty());
    let silent: Vec<String> =
        migrations.into_iter().filter(|file| !read(file).starts_with("-- Why: ")).collect();
    assert_none(&silent, "migrations that do not open with `-- Why: `");
}

/// The longest run of such letters after each occurrence of `mark`, with the mark.
fn words<'a>(text: &'a str, mark: &str, letters: fn(char) -> bool) -> Vec<&'a str> {
    let word = |(at, _): (usize, &str)| {
        let before = text[..at].chars().next_back();
        let rest = &text[at..];
        let end = rest.find(|letter| !letters(letter)).unwrap_or(rest.len());
        before.is_none_or(|letter| !letters(letter)).then(|| &rest[..end])
    };
    text.match_indices(mark).filter_map(word).collect()
}

#[test]
fn every_metric_that_is_named_exists() {
    let sources: String = tracked(&[".rs"])
        .iter()
        .filter(|file| file.starts_with("daemon/src") || file.starts_with("collector/src"))
        .map(|file| read(file))
        .collect();
    let is_word = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    // The collector's registration adds the prefix.
    let exists = |name: &str| {
        let short = name.strip_prefix("pointsman_").unwrap_or(name);
        [name, short].iter().any(|name| sources.contains(&format!("\"{name}\"")))
    };
    let mut faults = Vec::new();
    for file in documents() {
        let text = read(&file);
        for name in words(&text, "pointsman_", is_word) {
            let crates = ["pointsman_store", "pointsman_collector", "pointsman_advisor", "pointsman_source"];
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            if !crates.contains(&name) && !exists(name) && !family.is_some_and(exists) {
                faults.push(format!("{file}: {name}"));
            }
        }
    }
    assert_none(&faults, "metrics that do not exist");
}

/// The commands that a help lists.
fn commands_in(help: &str) -> BTreeSet<&str> {
    let listed = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
    let lines = listed.split("\n\n").next().unwrap_or_default().lines();
    lines
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|command| !command.is_empty())
        .collect()
}

#[test]
fn every_flag_and_command_that_is_named_exists() {
    let is_flag = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let nowhere = Path::new("none.db");
    let help = pointsman(nowhere, ["--help"]).out;
    let commands = commands_in(&help);
    assert!(commands.contains("serve") && commands.contains("replay"), "{commands:?}");
    let mut helps: Vec<String> =
        commands.iter().map(|name| pointsman(nowhere, [name, "--help"]).out).collect();
    for (name, help) in commands.iter().zip(helps.clone()) {
        let below = commands_in(&help).into_iter().filter(|below| *below != "help");
        helps.extend(below.map(|below| pointsman(nowhere, [name, below, "--help"]).out));
    }
    let flags: BTreeSet<&str> = helps.iter().flat_map(|help| words(help, "--", is_flag)).collect();
    assert!(flags.contains("--db") && flags.contains("--otlp-grpc"), "{flags:?}");

    let mut faults = Vec::new();
    for file in documents().into_iter().filter(|file| file.ends_with(".md")) {
        let text = read(&file);
        for code in code_of(&text) {
            let call = code.trim_start_matches("$ ").trim_start();
            let ours = call.split_once(' ').filter(|(program, _)| program.ends_with("pointsman"));
            if let Some((_, arguments)) = ours {
                let command = arguments.split_whitespace().find(|word| !word.starts_with('-'));
                let command = command.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
                let after_a_flag = arguments.starts_with('-');
                if let Some(command) = command.filter(|word| !after_a_flag && !commands.contains(word)) {
                    faults.push(format!("{file}: pointsman {command}"));
                }
            }
            if ours.is_some() || call.starts_with("--") {
                let named = words(call, "--", is_flag).into_iter().filter(|flag| !flags.contains(flag));
                faults.extend(named.filter(|flag| *flag != "--").map(|flag| format!("{file}: {flag}")));
            }
        }
    }
    assert_none(&faults, "commands and flags that do not exist");
}

/// `file::test` in the tables of the specification and of limits: the end of a file's path, and a test in it.
#[test]
fn every_test_that_is_named_exists() {
    let files = tracked(&[".rs"]);
    let text = read("docs/otlp.md") + &read("docs/limits.md");
    let named: BTreeSet<(&str, &str)> =
        text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(".rs::")).collect();
    assert!(named.len() > 60, "{}", named.len());
    let missing = named.iter().filter(|(file, test)| {
        let end = format!("/{file}.rs");
        let sources: Vec<_> = files.iter().filter(|file| file.ends_with(&end)).collect();
        let [source] = sources[..] else { return true };
        !read(source).contains(&format!("fn {test}("))
    });
    let missing: Vec<String> = missing.map(|(file, test)| format!("{file}.rs::{test}")).collect();
    assert_none(&missing, "tests that do not exist, or whose file is not told by the end of its path");
}

/// The lines of code blocks, continued lines joined, and the code within sentences. Comments are cut.
fn code_of(text: &str) -> Vec<String> {
    let mut code = Vec::new();
    let text = text.replace("\\\n", " ");
    for (index, part) in text.split("```").enumerate() {
        if index % 2 == 1 {
            code.extend(part.lines().skip(1).map(|line| line.split(" # ").next().unwrap_or(line).to_owned()));
        } else {
            code.extend(part.split('`').skip(1).step_by(2).map(|words| words.replace('\n', " ")));
        }
    }
    code
}
