//! Looking at what is there while somebody else writes for long: a `reindex`, a sqlite3 shell. And what has to have the file alone
//! says so.

use super::Folder;
use super::support::{Daemon, otlp, pointsman, while_locked};

const TRACE: u128 = 0xabc;

/// A database with one Call, which no report has counted yet.
fn one_call() -> Folder {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder.db(), &[]);
    daemon.send(&otlp::request(&[otlp::route_call(TRACE, "/api/products")]));
    daemon.kill();
    folder
}

#[test]
fn looks_are_answered_while_another_process_holds_the_database() {
    let folder = one_call();
    // Its Calls are found, and none of them is counted.
    Daemon::start(&folder.db(), &[]).terminate_and_log();
    super::support::sql(&folder.db(), "UPDATE dirty_hours SET generation = generation + 1");
    while_locked(&folder.db(), || {
        let trace = pointsman(&folder.db(), ["trace", &format!("{TRACE:032x}")]);
        assert_eq!((trace.code, trace.err.as_str()), (Some(0), ""));
        for look in [["doctor"], ["explain"]] {
            let run = pointsman(&folder.db(), look);
            assert_eq!(run.code, Some(0), "{run:?}");
            assert!(run.err.is_empty() || run.err.contains("the newest calls are not counted"), "{run:?}");
        }
    });
}

#[test]
fn reindex_beside_a_daemon_changes_nothing_and_says_what_to_do() {
    let folder = one_call();
    let daemon = Daemon::start(&folder.db(), &[]);
    let refused = pointsman(&folder.db(), ["reindex"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.err.contains("nothing was changed") && refused.err.contains("stop the daemon first"),
        "{refused:?}"
    );
    daemon.terminate_and_log();
    let derived = pointsman(&folder.db(), ["reindex"]);
    assert_eq!((derived.code, derived.err.as_str()), (Some(0), ""));
}
