//! Each rule's page in `docs/rules/` is made from the comment that opens its file, and its defaults. This test compares
//! them; `UPDATE_PAGES=1 cargo test -p pointsman-advisor --test rule_pages` writes them anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use pointsman_advisor::rules::{Effect, RULES, Rule, SHADOWED};

/// The parts of a rule's comment, in the order of the page, with their headings.
const PARTS: [(&str, &str); 5] = [
    ("Seen", "What it watches"),
    ("Why", "Why it is true"),
    ("Guard", "Its guard"),
    ("Example", "Example"),
    ("Source", "Source"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Opening comments of all rules, by the id that they begin with.
fn comments() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for group in ["blockers", "movers", "improvements"] {
        for entry in fs::read_dir(root().join("advisor/src/rules").join(group)).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() == "mod.rs" {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
            let comment = lines.map(str::trim).collect::<Vec<_>>().join(" ");
            let id = comment.trim().strip_prefix("**").and_then(|rest| rest.split_once("**")).unwrap().0;
            let file = path.file_stem().unwrap().to_str().unwrap().replace('_', "-");
            assert_eq!(id, file, "the file's name is the rule's");
            assert!(found.insert(id.to_owned(), comment.trim().to_owned()).is_none(), "{id} twice");
        }
    }
    found
}

/// The sentence that sums it up, and the named parts.
fn parts(id: &str, comment: &str) -> (String, BTreeMap<&'static str, String>) {
    let body = comment.strip_prefix(&format!("**{id}**")).unwrap();
    let body = body.trim_start_matches(':').trim();
    let mut marks: Vec<(usize, &str)> = Vec::new();
    for (name, _) in PARTS {
        for (at, _) in body.match_indices(&format!("{name}: ")) {
            if at == 0 || body[..at].ends_with(' ') {
                marks.push((at, name));
            }
        }
    }
    marks.sort_unstable();
    let summary = body[..marks.first().map_or(body.len(), |(at, _)| *at)].trim().to_owned();
    let mut named = BTreeMap::new();
    for (index, (at, name)) in marks.iter().enumerate() {
        let end = marks.get(index + 1).map_or(body.len(), |(end, _)| *end);
        let name = PARTS.iter().find(|(known, _)| known == name).unwrap().0;
        let text = body[*at + name.len() + 2..end].trim().to_owned();
        assert!(named.insert(name, text).is_none(), "{id} has two parts {name}");
    }
    (summary, named)
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::BlocksAction => "blocks a move of the route, whatever else is seen",
        Effect::BlocksRoute => "blocks a move of the action, whatever else is seen",
        Effect::ForAction => "supports a move to a Server Action",
        Effect::ForRoute => "supports a move to a route handler",
        Effect::ForServerComponent => "supports a move to a server component",
        Effect::AgainstAction => "argues against a move to a Server Action",
        Effect::AgainstRoute => "argues against a move away from the action",
        Effect::Rests => "ends the search: the action stays",
        Effect::Improves => "is an improvement without a move",
    }
}

fn page(id: &str, comment: &str) -> String {
    let (summary, named) = parts(id, comment);
    for needed in ["Why", "Source", "Example"] {
        assert!(named.contains_key(needed), "{id} does not say its {needed}");
    }
    let mut text = format!("# {id}\n\n{}\n", capital(&summary));
    for (name, heading) in PARTS {
        if let Some(part) = named.get(name) {
            let _ = write!(text, "\n## {heading}\n\n{}\n", capital(part));
        }
    }
    let rules: Vec<&&Rule> = RULES.iter().filter(|rule| rule.id == id).collect();
    let main = rules.first().unwrap_or_else(|| panic!("{id} is in no list"));
    let effects: BTreeSet<&str> = rules.iter().map(|rule| effect(rule.effect)).collect();
    let effects: Vec<&str> = effects.into_iter().collect();
    let _ = write!(
        text,
        "\n## Defaults\n\n| | |\n|---|---|\n| It | {} |\n| `weight` | {} |\n| `threshold` | {} |\n| `min_samples` | {} |\n",
        effects.join("; "),
        main.weight,
        main.threshold,
        main.min_samples
    );
    if SHADOWED.contains(&id) {
        text += "| `shadow` | true: it is counted, but does not fire |\n";
    }
    let _ = write!(
        text,
        "\nChange them under `[advice.rules.{id}]`, or for some handlers under `[[advice.overrides]]`.\n"
    );
    text
}

fn index(comments: &BTreeMap<String, String>) -> String {
    let mut text = "# The rules\n\nOne page each, made from the comment in the rule's file; a test keeps them alike. Reports print \
                    the thresholds in force. `docs/trade-offs.md` says which rules measure which trade-off.\n\n| Rule | It |\n|---|---|\n"
        .to_owned();
    let mut listed = BTreeSet::new();
    for rule in RULES.iter().filter(|rule| listed.insert(rule.id)) {
        let (summary, _) = parts(rule.id, &comments[rule.id]);
        let first = summary.split(". ").next().unwrap_or_default().trim_end_matches('.');
        let _ = writeln!(text, "| [{0}]({0}.md) | {first} |", rule.id);
    }
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[test]
fn every_rule_has_its_page_and_every_page_its_rule() {
    let comments = comments();
    let listed: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(listed, comments.keys().map(String::as_str).collect(), "files and list of rules");
    let mut pages: BTreeMap<String, String> =
        comments.iter().map(|(id, comment)| (format!("{id}.md"), page(id, comment))).collect();
    pages.insert("README.md".to_owned(), index(&comments));
    let folder = root().join("docs/rules");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &pages {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let stored =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(stored.collect::<BTreeSet<_>>(), pages.keys().cloned().collect(), "docs/rules");
    for (name, text) in &pages {
        let stored = fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(&stored, text, "docs/rules/{name} is not what its rule says: run with UPDATE_PAGES=1");
    }
}

#[test]
fn the_trade_offs_name_only_rules_that_exist() {
    let text = fs::read_to_string(root().join("docs/trade-offs.md")).unwrap();
    let named = text.split("](rules/").skip(1).filter_map(|rest| rest.split_once(".md)"));
    let named: BTreeSet<&str> = named.map(|(id, _)| id).collect();
    let listed: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(named.is_subset(&listed), "{:?}", named.difference(&listed).collect::<Vec<_>>());
    assert!(named.len() > 30, "each trade-off names the rules that measure it");
}
