//! `pointsman agents install` in a repository.

use std::fs;
use std::path::Path;

use super::support::pointsman;

#[test]
fn a_repository_is_told_once_shown_first_and_as_it_was_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let (repo, db) = (folder.path().join("app"), folder.path().join("calls.db"));
    fs::create_dir(&repo).unwrap();
    let (agents, servers) = (repo.join("AGENTS.md"), repo.join(".mcp.json"));
    let own = "# How we work\n\nTests first.\n";
    fs::write(&agents, own).unwrap();
    let run = |further: &[&str]| {
        let all = ["agents", "install", "--repo", repo.to_str().unwrap()]
            .into_iter()
            .chain(further.iter().copied());
        let run = pointsman(&db, all);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
        run.out
    };
    let shown = run(&["--dry-run"]);
    assert!(shown.contains("+## What production shows") && shown.contains("+++ b/.mcp.json"), "{shown}");
    assert_eq!((fs::read_to_string(&agents).unwrap().as_str(), servers.exists()), (own, false));
    run(&["--report", "docs/pointsman.md"]);
    let told = fs::read_to_string(&agents).unwrap();
    assert!(told.starts_with(own) && told.contains("`docs/pointsman.md`"), "{told}");
    let entry = fs::read_to_string(&servers).unwrap();
    assert!(entry.contains("http://127.0.0.1:4400") && !entry.contains("token"), "{entry}");
    assert_eq!(run(&["--report", "docs/pointsman.md"]), "Nothing to do.\n");
    run(&["--from-db"]);
    assert!(fs::read_to_string(&servers).unwrap().contains(db.to_str().unwrap()));
    run(&["--undo"]);
    assert_eq!((fs::read_to_string(&agents).unwrap().as_str(), servers.exists()), (own, false));
    assert_eq!(run(&["--undo"]), "Nothing to do.\n");
    assert!(!db.exists(), "no database is needed");
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let servers = folder.path().join(".mcp.json");
    fs::write(&servers, "{ broken").unwrap();
    let repo = folder.path().to_str().unwrap();
    let run = pointsman(Path::new("none.db"), ["agents", "install", "--repo", repo]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains(".mcp.json") && run.err.contains("not JSON"), "{}", run.err);
    assert_eq!(fs::read_to_string(&servers).unwrap(), "{ broken");
    assert!(!folder.path().join("AGENTS.md").exists(), "all or nothing");
    let run = pointsman(Path::new("none.db"), ["agents", "install", "--repo", "/nowhere"]);
    assert!(run.err.contains("--repo /nowhere"), "{}", run.err);
}
