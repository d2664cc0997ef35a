//! The list of all keys in `docs/configuration.md` is made from the comments of the structs that hold them and from their
//! defaults. The test compares it; `UPDATE_PAGES=1 cargo test -p pointsman --bins reference` writes it anew. What stands before
//! the list there is written by hand.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use clap::CommandFactory;
use toml::Table;

use super::flags::FLAGS;
use super::reload::is_taken_over;
use super::{Config, leaves};
use crate::cli::Cli;

/// Where the list begins.
const MARK: &str = "## All keys\n";

/// Sections by their names in the file, with the struct that holds each one and its source.
const SECTIONS: [(&str, &str, &str); 19] = [
    ("serve", "Serve", include_str!("../config.rs")),
    ("otlp", "Otlp", include_str!("otlp.rs")),
    ("pages", "Pages", include_str!("pages.rs")),
    ("mcp", "Mcp", include_str!("mcp.rs")),
    ("retention", "Retention", include_str!("retention.rs")),
    ("store", "StoreSettings", include_str!("store.rs")),
    ("metrics", "Scraped", include_str!("metrics.rs")),
    ("recommendations", "Recommendations", include_str!("recommendations.rs")),
    ("advice", "Settings", include_str!("../../../advisor/src/settings/mod.rs")),
    ("advice.rules.RULE", "RuleSettings", include_str!("../../../advisor/src/settings/mod.rs")),
    ("[advice.overrides]", "Override", include_str!("../../../advisor/src/settings/mod.rs")),
    ("source", "SourceCode", include_str!("source_code.rs")),
    ("check", "CheckSettings", include_str!("check_budgets.rs")),
    ("reports", "Reports", include_str!("reports.rs")),
    ("[reports.webhook]", "Webhook", include_str!("reports.rs")),
    ("[reports.email]", "Email", include_str!("email.rs")),
    ("[reports.grafana]", "Grafana", include_str!("reports.rs")),
    ("logs", "Logs", include_str!("logs.rs")),
    ("telemetry", "Telemetry", include_str!("logs.rs")),
];

/// A struct as its source tells it: its own comment, and its fields with theirs.
fn told(source: &str, name: &str) -> (String, Vec<(String, String)>) {
    let (before, after) = source.split_once(&format!("struct {name} {{\n")).unwrap();
    let comment = |lines: &[&str]| {
        let lines = lines.iter().filter_map(|line| line.trim().strip_prefix("/// "));
        lines.collect::<Vec<_>>().join(" ")
    };
    // The last line is what stands before `struct`: the visibility.
    let mut head: Vec<&str> = before.lines().rev().skip(1).take_while(|line| !line.is_empty()).collect();
    head.reverse();
    let (mut fields, mut lines) = (Vec::new(), Vec::new());
    for line in after.lines().take_while(|line| *line != "}") {
        match line.trim().strip_prefix("pub ").and_then(|rest| rest.split_once(':')) {
            Some((field, _)) => fields.push((field.to_owned(), comment(&std::mem::take(&mut lines)))),
            None => lines.push(line),
        }
    }
    (comment(&head), fields)
}

/// Defaults by their keys, as TOML.
fn defaults() -> BTreeMap<String, String> {
    const TARGETS: [&str; 3] = ["webhook", "email", "grafana"];
    let with_targets = "[[reports.webhook]]\nname = \"x\"\nurl = \"https://example.com\"\n\
        [[reports.email]]\nname = \"x\"\nserver = \"x\"\nfrom = \"x\"\nto = [\"x\"]\n\
        [[reports.grafana]]\nname = \"x\"\nurl = \"https://example.com\"\ntoken_file = \"x\"";
    let mut table = Table::try_from(toml::from_str::<Config>(with_targets).unwrap()).unwrap();
    for target in TARGETS {
        let one = table["reports"][target].as_array_mut().unwrap().pop().unwrap();
        table.insert(format!("reports.{target}"), one);
    }
    // A section whose keys have no defaults is written as an empty table.
    let written =
        leaves(&[], table).into_iter().filter(|(_, value)| value.as_table().is_none_or(|it| !it.is_empty()));
    let all = written.map(|(path, value)| {
        let of_target =
            path.first().is_some_and(|first| TARGETS.iter().any(|target| first.ends_with(target)));
        let names = ["name", "url", "server", "from", "to", "token_file"];
        let required = of_target && path.last().is_some_and(|last| names.contains(&last.as_str()));
        let value = if required { "required".to_owned() } else { format!("`{value}`") };
        (path.join("."), value)
    });
    all.collect()
}

/// Flags of `serve` by the keys that they set, each with its variable.
fn flags() -> BTreeMap<&'static str, String> {
    let cli = Cli::command();
    let serve = cli.find_subcommand("serve").unwrap();
    let shown = serve.get_arguments().filter(|flag| !["help", "version"].contains(&flag.get_id().as_str()));
    let shown = shown.filter(|flag| !flag.is_global_set() && !flag.is_hide_set());
    let shown = shown.map(|flag| {
        let id = flag.get_id().as_str();
        let (_, key) = FLAGS.iter().find(|(known, _)| *known == id).unwrap_or_else(|| panic!("{id}"));
        let variable = flag.get_env().unwrap().to_str().unwrap();
        (*key, format!("`--{}`, `{variable}`", flag.get_long().unwrap()))
    });
    let mut shown: BTreeMap<&str, String> = shown.collect();
    assert_eq!(shown.len(), FLAGS.len());
    // It is a flag of every command.
    shown.insert("recommendations.policy_file", "`--policy`, `POINTSMAN_POLICY`".to_owned());
    shown
}

fn list() -> String {
    let (defaults, flags) = (defaults(), flags());
    let mut text = MARK.to_owned();
    let mut keys = Vec::new();
    for (section, name, source) in SECTIONS {
        let (about, fields) = told(source, name);
        let _ = write!(
            text,
            "\n### `[{section}]`\n\n{about}\n\n| key | default | SIGHUP | meaning |\n|---|---|---|---|\n"
        );
        for (field, meaning) in fields {
            let key = format!("{}.{field}", section.trim_matches(['[', ']']));
            let default = defaults.get(&key).map_or("not set", String::as_str);
            let flag = flags.get(key.as_str()).map(|flag| format!(" Flag: {flag}.")).unwrap_or_default();
            let follows = if is_taken_over(&key) { "yes" } else { "" };
            let meaning = meaning.replace('|', "\\|");
            assert!(!meaning.is_empty(), "{key} has no comment");
            let _ = writeln!(text, "| `{field}` | {default} | {follows} | {meaning}{flag} |");
            keys.push(key);
        }
    }
    for key in defaults.keys().map(String::as_str).chain(flags.keys().copied()) {
        assert!(keys.iter().any(|known| known == key), "{key} is in no section");
    }
    text
}

#[test]
fn the_reference_lists_all_keys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, listed) = text.split_at(text.find(MARK).unwrap());
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, format!("{before}{}", list())).unwrap();
        return;
    }
    assert!(listed == list(), "docs/configuration.md is not current: run the tests with UPDATE_PAGES=1");
}
