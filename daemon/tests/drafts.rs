//! `pointsman draft` on the recorded storefront and its own source: which patch comes out, what is said of it, and that nothing is
//! written.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::path::{Path, PathBuf};

use support::{Run, fixture, pointsman, report, workspace};

const UNTIL: [&str; 4] = ["--window", "7d", "--until", "last"];

fn config() -> String {
    workspace().join("examples/storefront/pointsman.toml").display().to_string()
}

/// A database with the storefront's recorded traffic, and a copy of its source.
fn shop() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("shop.db");
    let run = pointsman(&db, ["replay".as_ref(), fixture("storefront").as_os_str()]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let source = folder.path().join("source");
    copy(&workspace().join("examples/storefront"), &source);
    (folder, db, source)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, kind) = (entry.file_name(), entry.file_type().unwrap());
        if ["node_modules", ".next", "driver"].iter().any(|left_out| name == *left_out) {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &to.join(name));
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

fn draft(db: &Path, source: &Path, wanted: &str) -> Run {
    let (source, config) = (source.display().to_string(), config());
    let arguments = ["--config", &config, "draft", wanted, "--repo", &source];
    pointsman(db, arguments.iter().chain(&UNTIL))
}

#[test]
fn a_change_is_a_patch_that_says_what_was_checked() {
    let (_folder, db, source) = shop();
    let run = draft(&db, &source, "toggleFavorite");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("\n-    router.refresh();\n"), "{}", run.out);
    assert!(run.out.contains("\n--- a/components/FavoriteButton.tsx\n"), "{}", run.out);
    for part in [
        "A mechanical change",
        "Applies: yes (git apply --check)",
        "Typecheck: not run: ",
        "Lint, build and tests: not run",
    ] {
        assert!(run.out.contains(part) && run.err.contains(part), "{part}: {}", run.err);
    }
    let button = std::fs::read_to_string(source.join("components/FavoriteButton.tsx")).unwrap();
    assert!(button.contains("router.refresh()"), "the app's files stay as they are");

    // The three reads of one button, as one patch.
    let known = report(&db, &["--config", &config(), "--window", "7d", "--until", "last"]);
    let changes = known["changes"].as_array().unwrap();
    let compare = changes
        .iter()
        .find(|one| one["rule"] == "action-serial-queue" && one["verdict"] == "move_to_route_handler");
    let run = draft(&db, &source, compare.unwrap()["id"].as_str().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.err);
    for name in ["price", "stock", "shipping"] {
        assert!(run.out.contains(&format!("+++ b/app/api/get-{name}/route.ts\n")), "{name}: {}", run.out);
        assert!(run.out.contains(&format!("app/api/get-{name}/client\";\n")), "{name}: {}", run.out);
    }
    assert!(run.out.contains("TODOs are left to decide") && run.out.contains("Applies: yes"), "{}", run.out);
}

#[test]
fn where_there_is_no_draft_the_reason_and_the_steps_are_said() {
    let (_folder, db, source) = shop();
    for (wanted, why) in [
        ("addReview", "nothing is recommended about it"),
        ("no/such.ts#thing", "no change or handler is called no/such.ts#thing"),
    ] {
        let run = draft(&db, &source, wanted);
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{wanted}");
        assert!(run.err.contains(why), "{wanted}: {}", run.err);
    }
    std::fs::write(source.join("actions/old.ts"), "\"use server\";\nexport async function old() {}\n")
        .unwrap();
    let run = draft(&db, &source, "actions/old.ts#old");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("--- a/actions/old.ts\n+++ /dev/null\n"), "{}", run.out);
    // Without the file that the action was in, nothing says what to edit.
    std::fs::remove_file(source.join("actions/toggleFavorite.ts")).unwrap();
    let run = draft(&db, &source, "toggleFavorite");
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(
        run.err.contains("the source does not define actions/toggleFavorite.ts#toggleFavorite"),
        "{}",
        run.err
    );
}
