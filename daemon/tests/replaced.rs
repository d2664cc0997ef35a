//! The database file is deleted or replaced under the running daemon: nothing is acknowledged into a file that has no name any
//! more, and the daemon ends and says why.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::path::Path;

use support::{Daemon, otlp, pointsman, send, wait_for};

fn beside(db: &Path, suffix: &str) -> std::path::PathBuf {
    db.with_file_name(format!("{}{suffix}", db.file_name().unwrap().to_str().unwrap()))
}

/// The daemon may be gone already: then nothing is acknowledged either.
fn is_acknowledged(daemon: &Daemon, trace: u128) -> bool {
    let spans = [otlp::route_call(trace, "/api/cart")];
    match send(daemon.otlp, &otlp::request(&spans)) {
        Ok(reply) => {
            assert!(reply.status == 200 || reply.status == 503, "{reply:?}");
            reply.status == 200
        }
        Err(_) => false,
    }
}

fn calls(db: &Path) -> usize {
    support::traces_of_calls(db).len()
}

#[test]
fn nothing_is_acknowledged_into_a_deleted_file() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("pointsman.db");
    let daemon = Daemon::start(&db, &[]);
    assert!(is_acknowledged(&daemon, 1 << 64 | 1));
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(beside(&db, suffix)).unwrap();
    }
    assert!(!is_acknowledged(&daemon, 2 << 64 | 1));
    let line = daemon.wait_for_log("was deleted while it was open");
    assert!(line.contains("pointsman.db"), "{line}");
    // It ends by itself, so that a service manager starts it again.
    wait_for("the daemon to end", || send(daemon.otlp, &otlp::request(&[])).is_err().then_some(()));
}

#[test]
fn a_backup_that_is_put_in_place_is_not_mixed_with_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let (db, copy) = (folder.path().join("pointsman.db"), folder.path().join("backup.db"));
    let daemon = Daemon::start(&db, &[]);
    assert!(is_acknowledged(&daemon, 1 << 64 | 1));
    wait_for("the call", || (calls(&db) == 1).then_some(()));
    let made = pointsman(&db, ["backup".as_ref(), copy.as_os_str()]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(is_acknowledged(&daemon, 2 << 64 | 1));
    std::fs::rename(&copy, &db).unwrap();
    assert!(!is_acknowledged(&daemon, 3 << 64 | 1));
    daemon.wait_for_log("was replaced while it was open");
    wait_for("the daemon to end", || send(daemon.otlp, &otlp::request(&[])).is_err().then_some(()));
    // The log of the old file must not be played into the new one.
    wait_for("the old log to go", || (!beside(&db, "-wal").exists()).then_some(()));
    let again = Daemon::start(&db, &[]);
    assert_eq!(calls(&db), 1);
    assert!(is_acknowledged(&again, 4 << 64 | 1));
    wait_for("the next call", || (calls(&db) == 2).then_some(()));
    again.wait_for_log("is sound");
    assert_eq!(again.terminate().0.code(), Some(0));
}
