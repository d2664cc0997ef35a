//! What the daemon is built from, held against `deny.toml` without a network: licences and sources. Advisories need one:
//! `cargo deny check` reads the same file.

use std::collections::BTreeSet;
use std::process::Command;

use super::support::workspace;
use super::{assert_none, read};

/// The list of strings at `section.key`.
fn allowed(rules: &toml::Table, section: &str, key: &str) -> BTreeSet<String> {
    let list = rules[section][key].as_array().unwrap();
    list.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn rules() -> toml::Table {
    toml::from_str(&read("deny.toml")).unwrap()
}

/// Whether a licence expression can be met with what is allowed: one part of each `OR` is enough, an `AND` needs both.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = expression.split_whitespace().peekable();
    let met = either(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= both(words, allowed);
    }
    met
}

fn both(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    match words.next() {
        Some("(") => either(words, allowed) & words.next_if_eq(&")").is_some(),
        Some(licence) => match words.next_if_eq(&"WITH") {
            Some(_) => allowed.contains(&format!("{licence} WITH {}", words.next().unwrap_or_default())),
            None => allowed.contains(licence),
        },
        None => false,
    }
}

#[test]
fn an_expression_of_licences_is_read_as_spdx_says() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for (expression, met) in [
        ("MIT", true),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("MIT OR GPL-3.0 AND GPL-2.0", true),
        ("(MIT OR GPL-3.0) AND GPL-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR BSL-1.0", true),
        ("Apache-2.0", false),
        ("MIT MIT", false),
        ("", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}

/// Of this machine's platform: the crates of others need not be on the disk.
#[test]
fn every_crate_has_a_licence_that_is_allowed() {
    let tree = ["tree", "--workspace", "--all-features", "-e", "normal,build", "--prefix", "none"];
    let output = Command::new(env!("CARGO"))
        .args(tree)
        .args(["--format", "{p}|{l}", "--no-dedupe", "--offline", "--locked"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let crates: BTreeSet<(&str, &str)> = tree.lines().filter_map(|line| line.split_once('|')).collect();
    assert!(crates.len() > 200, "{}", crates.len());
    let allowed = allowed(&rules(), "licenses", "allow");
    let refused: Vec<String> = crates
        .into_iter()
        .filter(|(_, licence)| !is_met(licence, &allowed))
        .map(|(name, licence)| format!("{name}: {licence}"))
        .collect();
    assert_none(&refused, "licences that deny.toml does not allow");
}

#[test]
fn every_crate_comes_from_cargos_own_registry() {
    let rules = rules();
    assert_eq!(rules["sources"]["unknown-registry"].as_str(), Some("deny"));
    assert!(allowed(&rules, "sources", "allow-git").is_empty());
    let lock: toml::Table = toml::from_str(&read("Cargo.lock")).unwrap();
    let packages = lock["package"].as_array().unwrap();
    let own = |source: &str| source.starts_with("registry+https://github.com/rust-lang/");
    let others = packages.iter().filter_map(|package| {
        let source = package.get("source")?.as_str()?;
        (!own(source)).then(|| format!("{}: {source}", package["name"]))
    });
    assert_none(&others.collect::<Vec<_>>(), "crates from elsewhere");
}
