//! Repositories that are broken, huge or malicious: what can be read is read, the rest is counted.

use std::path::Path;

use pointsman_source::{Limits, Source, Wanted, link};

use super::{definitions, sites, write};

const ROUTE: (&str, &str) = ("app/api/ok/route.ts", "export function GET() {}\n");
const PAGE: (&str, &str) =
    ("app/page.tsx", "import 'react'; export default function Page() { fetch('/api/ok') }\n");

fn read_folder(folder: &Path, limits: &Limits) -> Source {
    link(folder, &Wanted::default(), limits).unwrap()
}

/// The sound part is found, and the fault is counted so often.
#[track_caller]
fn assert_counted(folder: &Path, reason: &str, count: u64) {
    let source = read_folder(folder, &Limits::default());
    assert!(definitions(&source).contains(&"GET /api/ok app/api/ok/route.ts:1".to_owned()), "{reason}");
    assert_eq!(sites(&source), ["GET /api/ok < app/page.tsx:1 fetch server"], "{reason}");
    assert_eq!(source.counts.skipped.get(reason), Some(&count), "{:?}", source.counts.skipped);
}

#[test]
fn what_cannot_be_parsed_is_counted_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[ROUTE, PAGE, ("lib/broken.ts", "export function ( {{{"), ("lib/old.js", "<<<<<<< HEAD\nx\n")],
    );
    assert_counted(folder.path(), "syntax_errors", 2);
    std::fs::write(folder.path().join("lib/latin.ts"), b"export const name = '\xe9\xff';\n").unwrap();
    assert_counted(folder.path(), "not_utf8", 1);
    std::fs::write(folder.path().join("lib/generated.ts"), vec![b' '; 50 << 20]).unwrap();
    assert_counted(folder.path(), "too_large", 1);
    std::fs::write(folder.path().join("lib/nested.ts"), "(".repeat(500_000)).unwrap();
    assert_counted(folder.path(), "nested_too_deeply", 1);
    std::fs::write(folder.path().join("lib/bangs.ts"), "!".repeat(500_000)).unwrap();
    assert_counted(folder.path(), "nested_too_deeply", 2);
    std::fs::write(folder.path().join("tsconfig.json"), "{ not json").unwrap();
    assert_counted(folder.path(), "unreadable_settings", 1);
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_out_of_the_repository_or_in_a_circle() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), &[("secret/route.ts", "export function GET() {}\n")]);
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[ROUTE, PAGE]);
    let api = folder.path().join("app/api");
    std::os::unix::fs::symlink(outside.path().join("secret"), api.join("secret")).unwrap();
    std::os::unix::fs::symlink(&api, api.join("loop")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("tsconfig.json")).unwrap();
    assert_counted(folder.path(), "symlinks", 3);
    assert_eq!(read_folder(folder.path(), &Limits::default()).handlers.len(), 1);
}

#[test]
fn each_limit_holds_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let many: Vec<(String, String)> = (0..30)
        .map(|at| {
            let text = "export function GET() { fetch('/api/r0') }\nexport function POST() {}\n";
            (format!("app/api/r{at}/route.ts"), text.to_owned())
        })
        .collect();
    let mut files: Vec<(&str, &str)> =
        many.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(PAGE);
    write(folder.path(), &files);
    let usual = Limits::default();
    for (limits, reason) in [
        (Limits { files: 10, ..usual }, "too_many_files"),
        (Limits { total_bytes: 500, ..usual }, "too_many_files"),
        (Limits { handlers: 10, ..usual }, "not_listed"),
        (Limits { call_sites: 10, ..usual }, "not_listed"),
        (Limits { entries: 40, ..usual }, "too_many_entries"),
        (Limits { depth: 2, ..usual }, "too_deep"),
    ] {
        let source = read_folder(folder.path(), &limits);
        assert!(
            source.counts.skipped.get(reason).is_some_and(|count| *count > 0),
            "{reason}: {:?}",
            source.counts
        );
    }
}

#[test]
fn no_text_of_the_source_is_in_the_document() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ROUTE,
            (
                "app/page.tsx",
                "// a comment: hunter2\nconst secret = 'hunter2';\nexport default () => fetch(`https://hunter2.example/x?key=hunter2`);\nexport const dynamic = 'force-static';\n",
            ),
        ],
    );
    let text = serde_json::to_string(&read_folder(folder.path(), &Limits::default())).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
}
