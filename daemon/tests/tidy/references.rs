//! Documents that comments, documents and scenarios name exist, with their anchors; so do the files that links and the
//! architecture name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::support::workspace;
use super::{assert_none, read, tracked};

/// Names of documents that are not of this repository: files that Pointsman writes, that apps have, or that others publish.
const ELSEWHERE: [&str; 8] = [
    "AGENTS.md",
    "CLAUDE.md",
    "SKILL.md",
    "latest.md",
    "notes.md",
    "pointsman.md",
    "shop-notes.md",
    "trace/tracestate-probability-sampling.md",
];

/// What may name a document, with what a line must begin with to be read: code says in strings what it writes elsewhere.
const NAMING: [(&str, &[&str]); 12] = [
    (".md", &[""]),
    (".rs", &["//"]),
    (".ts", &["//", "*", "/*"]),
    (".tsx", &["//", "*", "/*", "{/*"]),
    (".mjs", &["//", "*", "/*"]),
    (".sql", &["--"]),
    (".sh", &["#"]),
    (".toml", &["#", "source ="]),
    (".yml", &[""]),
    (".yaml", &[""]),
    (".css", &["/*", "*"]),
    (".html", &["{#", "<!--"]),
];

/// Names of Markdown files in a line, each with its anchor. What follows `://` is somebody else's.
fn documents_in(line: &str) -> Vec<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-./#@*{}<>$:".contains(letter);
    let words = line.split(|letter: char| !is_part(letter));
    let is_name = |word: &&str| {
        let path = word.split('#').next().unwrap_or_default();
        path.len() > 3
            && path.ends_with(".md")
            && !word.contains("://")
            && !word.contains(['*', '{', '<', '$'])
    };
    words.map(|word| word.trim_end_matches(['.', ':'])).filter(is_name).collect()
}

/// The file that a name means: beside the one that names it, or from the root, or a document of `docs`.
fn found(name: &str, namer: &str) -> Option<PathBuf> {
    let beside = workspace().join(namer).parent().map(|folder| folder.join(name));
    let places = [beside, Some(workspace().join(name)), Some(workspace().join("docs").join(name))];
    places.into_iter().flatten().find(|path| path.is_file())
}

/// The anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
    kept.map(|it| if it == ' ' { '-' } else { it }).collect()
}

fn has_anchor(document: &Path, wanted: &str) -> bool {
    let text = std::fs::read_to_string(document).unwrap();
    let mut in_code = false;
    text.lines().any(|line| {
        in_code ^= line.starts_with("```");
        !in_code && line.starts_with('#') && anchor(line.trim_start_matches('#')) == wanted
    })
}

/// Why a name leads nowhere, if it does.
fn fault(name: &str, namer: &str) -> Option<String> {
    let (path, wanted) = name.split_once('#').map_or((name, None), |(path, wanted)| (path, Some(wanted)));
    if ELSEWHERE.contains(&path) {
        return None;
    }
    let Some(document) = found(path, namer) else { return Some(format!("{name} is not there")) };
    let wanted = wanted.filter(|wanted| !has_anchor(&document, wanted))?;
    Some(format!("{path} has no heading with the anchor {wanted}"))
}

#[test]
fn every_document_that_is_named_exists() {
    let mut faults = Vec::new();
    let mut names = 0;
    for (end, begins) in NAMING {
        for file in tracked(&[end]) {
            let text = read(&file);
            let lines = (1..).zip(text.lines());
            for (number, line) in
                lines.filter(|(_, line)| begins.iter().any(|begin| line.trim_start().starts_with(begin)))
            {
                let named = documents_in(line);
                names += named.len();
                faults.extend(
                    named
                        .into_iter()
                        .filter_map(|name| Some(format!("{file}:{number}: {}", fault(name, &file)?))),
                );
            }
        }
    }
    assert!(names > 300, "{names}");
    assert_none(&faults, "documents that are named and do not exist");
}

#[test]
fn a_name_is_found_with_its_anchor_and_a_wrong_one_is_not() {
    let line =
        "//! As [decided](docs/decisions/README.md#storing): see rules.md, *.md, https://example.org/a.md#b.";
    assert_eq!(documents_in(line), ["docs/decisions/README.md#storing", "rules.md"]);
    assert_eq!(fault("docs/decisions/README.md#storing", "store/src/lib.rs"), None);
    assert!(fault("docs/decisions/README.md#nothing", "store/src/lib.rs").is_some());
    assert!(fault("rules.md", "store/src/lib.rs").is_some());
    assert_eq!(anchor("Bird's eye view: `a_b`, c-d"), "birds-eye-view-a_b-c-d");
}

/// Links within a document or to any file of the repository.
#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut faults = Vec::new();
    for file in tracked(&[".md"]) {
        let text = read(&file);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")) {
            let (path, wanted) = target.split_once('#').unwrap_or((target, ""));
            let here = workspace().join(&file);
            let there = if path.is_empty() { here } else { here.parent().unwrap().join(path) };
            let leads = there.exists()
                && (wanted.is_empty()
                    || there.extension().is_none_or(|end| end != "md")
                    || has_anchor(&there, wanted));
            if !leads {
                faults.push(format!("{file}: {target}"));
            }
        }
    }
    assert_none(&faults, "links that lead nowhere");
}

/// Paths from the root in code of the architecture and of the decisions: a map of what is not there misleads.
#[test]
fn every_file_of_the_architecture_exists() {
    let files = tracked(&[""]);
    let roots: BTreeSet<&str> = files.iter().filter_map(|file| Some(file.split_once('/')?.0)).collect();
    let mut documents = tracked(&[".md"]);
    documents.retain(|file| {
        ["ARCHITECTURE.md", "CONTRIBUTING.md"].contains(&&**file) || file.starts_with("docs/decisions/")
    });
    let mut faults = Vec::new();
    for document in documents {
        let text = read(&document);
        let prose = text.split("```").step_by(2);
        for code in prose.flat_map(|prose| prose.split('`').skip(1).step_by(2)) {
            let is_path = code.split_once('/').is_some_and(|(root, _)| roots.contains(root));
            if is_path && !code.contains(['{', '*', ' ']) && !exists(code.split("::").next().unwrap_or(code))
            {
                faults.push(format!("{document}: {code}"));
            }
        }
    }
    assert_none(&faults, "files that are not there");
}

/// A file, a folder, or a module without its ending.
fn exists(path: &str) -> bool {
    let path = workspace().join(path);
    path.exists() || path.with_extension("rs").exists()
}
