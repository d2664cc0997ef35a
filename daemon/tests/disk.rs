//! The disk fails the real daemon: full, locked, read-only. Senders are told to come again, the daemon stays up and goes on
//! by itself, and what was acknowledged before, during and after is there, each call once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use support::{Daemon, otlp, pointsman, send, traces_of_calls, wait_for};

/// Sends batches of calls and keeps the traces that were acknowledged.
struct Sender {
    next: u128,
    acknowledged: BTreeSet<String>,
}

/// What the daemon said to a batch.
#[derive(PartialEq, Eq, Debug)]
enum Said {
    Stored,
    ComeAgain,
}

impl Sender {
    const BATCH: u128 = 40;

    fn new() -> Self {
        Self { next: 1, acknowledged: BTreeSet::new() }
    }

    /// One batch with a long path each, which does not compress: it takes room on the disk.
    fn send(&mut self, daemon: &Daemon) -> Said {
        let traces: Vec<u128> = (0..Self::BATCH).map(|index| ((self.next + index) << 64) | 1).collect();
        self.next += Self::BATCH;
        let noise = |trace: u128| -> String {
            let mut state = (trace >> 64) as u64;
            let letter = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b'a' + (state >> 40) as u8 % 26)
            };
            (0..800).map(letter).collect()
        };
        let spans: Vec<_> = traces
            .iter()
            .map(|trace| {
                let mut span = otlp::route_call(*trace, "/api/disk");
                span["attributes"][1]["value"]["stringValue"] = format!("/api/disk/{}", noise(*trace)).into();
                span
            })
            .collect();
        let reply = send(daemon.otlp, &otlp::request(&spans)).unwrap();
        match reply.status {
            200 => {
                self.acknowledged.extend(traces.iter().map(|trace| format!("{trace:032x}")));
                Said::Stored
            }
            503 => {
                assert!(reply.header("retry-after").is_some(), "{reply:?}");
                Said::ComeAgain
            }
            status => panic!("{status}: {}", reply.body),
        }
    }
}

fn assert_up(daemon: &Daemon) {
    assert_eq!(daemon.get("/healthz").status, 200);
    assert_eq!(daemon.get("/metrics").status, 200);
}

/// Ends the daemon and looks what its file holds.
fn assert_nothing_lost(daemon: Daemon, db: &Path, sender: &Sender) {
    let (status, _) = daemon.terminate();
    assert_eq!(status.code(), Some(0));
    // A start and an end extract what an end at the deadline may have left.
    assert_eq!(Daemon::start(db, &[]).terminate().0.code(), Some(0));
    let found = traces_of_calls(db);
    let distinct: BTreeSet<String> = found.iter().cloned().collect();
    assert_eq!(distinct.len(), found.len(), "calls that count twice");
    let lost = sender.acknowledged.difference(&distinct).count();
    assert_eq!(lost, 0, "of {} acknowledged calls", sender.acknowledged.len());
}

/// A folder on a small file system of its own; unmounted when dropped.
struct SmallDisk(PathBuf, #[allow(dead_code, reason = "holds the folder")] tempfile::TempDir);

impl SmallDisk {
    fn mount(mib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small");
        std::fs::create_dir(&path).unwrap();
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"])
            .arg(&path)
            .output();
        match output {
            Ok(output) if output.status.success() => Some(Self(path, folder)),
            Ok(output) => {
                println!("no small disk: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                println!("no small disk: {error}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_survived() {
    let Some(disk) = SmallDisk::mount(6) else {
        println!("skipped: a file system cannot be mounted here");
        return;
    };
    let db = disk.0.join("pointsman.db");
    let ballast = disk.0.join("ballast");
    let daemon = Daemon::start(&db, &[]);
    let mut sender = Sender::new();
    assert_eq!(sender.send(&daemon), Said::Stored);
    // Others take what is left.
    let mut file = std::fs::File::create(&ballast).unwrap();
    while file.write_all(&[1; 4_096]).is_ok() {}
    wait_for("the disk to be full", || (sender.send(&daemon) == Said::ComeAgain).then_some(()));
    for _ in 0..5 {
        sender.send(&daemon);
        assert_up(&daemon);
    }
    drop(file);
    std::fs::remove_file(&ballast).unwrap();
    wait_for("it to go on", || (sender.send(&daemon) == Said::Stored).then_some(()));
    assert_eq!(sender.send(&daemon), Said::Stored);
    assert_up(&daemon);
    assert_nothing_lost(daemon, &db, &sender);
}

#[test]
fn a_disk_that_is_full_at_the_start_is_waited_for() {
    let Some(disk) = SmallDisk::mount(6) else {
        println!("skipped: a file system cannot be mounted here");
        return;
    };
    for is_new in [true, false] {
        let db = disk.0.join("pointsman.db");
        let ballast = disk.0.join("ballast");
        let mut file = std::fs::File::create(&ballast).unwrap();
        while file.write_all(&[1; 4_096]).is_ok() {}
        let daemon = Daemon::start_until(&db, &[], &[], "pages and metrics at");
        let log = daemon.wait_for_log("is full");
        assert!(log.contains("the disk of the database") && log.contains("asked to retry"), "{log}");
        let mut sender = Sender::new();
        sender.next = if is_new { 1 } else { 1_000 };
        for _ in 0..3 {
            assert_eq!(sender.send(&daemon), Said::ComeAgain);
        }
        assert_eq!(daemon.get("/healthz").status, 200);
        let ready = daemon.get("/readyz");
        assert!(ready.status == 503 && ready.body.contains("disk"), "{ready:?}");
        drop(file);
        std::fs::remove_file(&ballast).unwrap();
        wait_for("it to go on", || (sender.send(&daemon) == Said::Stored).then_some(()));
        wait_for("the first report", || (daemon.get("/readyz").status == 200).then_some(()));
        assert_eq!(daemon.get("/").status, 200);
        // The daemon of the next round finds a database.
        assert_nothing_lost(daemon, &db, &sender);
        assert!(db.exists());
        if is_new {
            sender.acknowledged.clear();
        }
    }
}

/// A sqlite3 shell that holds the database; dropped it lets go.
struct Holder(Child);

impl Holder {
    fn of(db: &Path) -> Self {
        let mut shell = Command::new("sqlite3")
            .arg(db)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("sqlite3, which this test needs: {error}"));
        let mut input = shell.stdin.as_ref().unwrap();
        input.write_all(b".timeout 60000\nBEGIN EXCLUSIVE;\nSELECT 'held';\n").unwrap();
        let mut said = [0; 5];
        std::io::Read::read_exact(shell.stdout.as_mut().unwrap(), &mut said).unwrap();
        assert_eq!(&said, b"held\n");
        Self(shell)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_database_that_a_shell_locks_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("pointsman.db");
    let daemon = Daemon::start(&db, &[]);
    let mut sender = Sender::new();
    assert_eq!(sender.send(&daemon), Said::Stored);
    let holder = Holder::of(&db);
    // The answer comes when the daemon has waited for the lock in vain.
    assert_eq!(sender.send(&daemon), Said::ComeAgain);
    assert_up(&daemon);
    drop(holder);
    wait_for("it to go on", || (sender.send(&daemon) == Said::Stored).then_some(()));
    assert_nothing_lost(daemon, &db, &sender);
}

/// The database's files, which nobody may write, not even root; they can be written again when dropped.
struct Frozen(Vec<PathBuf>);

impl Frozen {
    /// `None` where the file system knows no such attribute, or where it takes more rights.
    fn of(db: &Path) -> Option<Self> {
        Self::files(vec![db.to_owned(), format!("{}-wal", db.display()).into()])
    }

    fn of_file(db: &Path) -> Option<Self> {
        Self::files(vec![db.to_owned()])
    }

    fn files(files: Vec<PathBuf>) -> Option<Self> {
        let output = Command::new("chattr").arg("+i").args(&files).output();
        match output {
            Ok(output) if output.status.success() => Some(Self(files)),
            Ok(output) => {
                println!("cannot freeze: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                println!("cannot freeze: {error}");
                None
            }
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = Command::new("chattr").arg("-i").args(&self.0).status();
    }
}

#[test]
fn a_file_that_cannot_be_written_for_a_while_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("pointsman.db");
    let daemon = Daemon::start(&db, &[]);
    let mut sender = Sender::new();
    assert_eq!(sender.send(&daemon), Said::Stored);
    let Some(frozen) = Frozen::of(&db) else {
        println!("skipped: files cannot be made unwritable here");
        return;
    };
    for _ in 0..3 {
        assert_eq!(sender.send(&daemon), Said::ComeAgain);
        assert_up(&daemon);
    }
    drop(frozen);
    wait_for("it to go on", || (sender.send(&daemon) == Said::Stored).then_some(()));
    assert_nothing_lost(daemon, &db, &sender);

    let Some(frozen) = Frozen::of_file(&db) else { return };
    let refused = pointsman(&db, ["serve", "--otlp-grpc", "off", "--otlp-http", "off", "--listen", "off"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("can be written"), "{}", refused.err);
    drop(frozen);
}

#[test]
fn a_daemon_ends_within_its_deadline_also_when_it_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("pointsman.db");
    let config = folder.path().join("pointsman.toml");
    std::fs::write(&config, "[serve]\nshutdown_timeout_s = 3\n").unwrap();
    let daemon = Daemon::start(&db, &["--config", config.to_str().unwrap()]);
    let mut sender = Sender::new();
    assert_eq!(sender.send(&daemon), Said::Stored);
    let holder = Holder::of(&db);
    let (status, took) = daemon.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(took < support::END_WITHIN, "{took:?}");
    drop(holder);
    assert_nothing_lost(Daemon::start(&db, &[]), &db, &sender);
}

#[test]
fn backup_and_recover_are_told_and_refuse_to_overwrite() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("pointsman.db");
    let daemon = Daemon::start(&db, &[]);
    let mut sender = Sender::new();
    for _ in 0..5 {
        assert_eq!(sender.send(&daemon), Said::Stored);
    }
    let copy = folder.path().join("copy.db");
    let made = pointsman(&db, ["backup", copy.to_str().unwrap()]);
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""));
    let again = pointsman(&db, ["backup", copy.to_str().unwrap()]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("exists already"), "{}", again.err);
    wait_for("the check", || {
        daemon.get("/metrics").body.lines().any(|line| line == "pointsman_database_check_ok 1").then_some(())
    });
    assert_nothing_lost(daemon, &db, &sender);
    // What was acknowledged before the copy is in it, its calls are found from its blocks.
    assert_eq!(Daemon::start(&copy, &[]).terminate().0.code(), Some(0));
    assert_eq!(traces_of_calls(&copy).into_iter().collect::<BTreeSet<_>>(), sender.acknowledged);

    // The header is gone: serve says so, recover saves all of it.
    let mut bytes = std::fs::read(&db).unwrap();
    bytes[..8_192].fill(0);
    std::fs::write(&db, bytes).unwrap();
    let refused = pointsman(&db, ["report"]);
    assert!(refused.err.contains("pointsman recover"), "{}", refused.err);
    let out = folder.path().join("saved.db");
    let saved = pointsman(&db, ["recover", out.to_str().unwrap()]);
    assert_eq!(saved.code, Some(0), "{}", saved.err);
    assert!(saved.out.contains("next: keep"), "{}", saved.out);
    assert_eq!(Daemon::start(&out, &[]).terminate().0.code(), Some(0));
    assert_eq!(traces_of_calls(&out).into_iter().collect::<BTreeSet<_>>(), sender.acknowledged);
}
