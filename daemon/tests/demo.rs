//! `pointsman demo` as a newcomer runs it: without an app, a database or a configuration, and nothing is left behind.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::{command, http, wait_for};

/// The demo with this folder for temporary files, and a configuration that would end any other command.
fn demo(folder: &Path, arguments: &[&str]) -> Command {
    let mut demo = command(&folder.join("never-made.db"));
    demo.env("TMPDIR", folder).env("POINTSMAN_CONFIG", "/no/such/file").arg("demo").args(arguments);
    demo.stdout(Stdio::piped());
    demo
}

fn left_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn end(mut demo: Child, signal: &str) -> Option<i32> {
    let sent = Command::new("kill").args(["-s", signal, &demo.id().to_string()]).status().unwrap();
    assert!(sent.success());
    wait_for("the demo to end", || demo.try_wait().unwrap()).code()
}

#[test]
fn once_prints_a_full_report_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = demo(folder.path(), &["--once"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("storefront (production), "), "{text}");
    for part in ["changes would save about ", "What to change", "Improve in place", "Next.js 16."] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    assert_eq!(left_in(folder.path()), Vec::<String>::new());
}

#[test]
fn pages_are_served_until_a_signal_and_nothing_is_left_behind() {
    for signal in ["INT", "HUP"] {
        let folder = tempfile::tempdir().unwrap();
        let mut running = demo(folder.path(), &["--listen", "127.0.0.1:0"]).spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        while !said.contains("Ctrl-C") {
            said += &(lines.next().unwrap_or_else(|| panic!("the demo ended: {said}")).unwrap() + "\n");
        }
        let urls: Vec<&str> = said.lines().filter_map(|line| line.trim().strip_prefix("http://")).collect();
        assert_eq!(urls.len(), 2, "the overview, and what to look at first: {said}");
        for url in urls {
            let (address, path) = url.split_once('/').unwrap();
            let page = http(address.parse().unwrap(), "GET", &format!("/{path}"), "").unwrap();
            assert_eq!(page.status, 200, "{url}");
            assert!(page.body.contains("storefront"), "{url}: {}", page.body);
        }
        assert_eq!(end(running, signal), Some(0), "{signal}");
        assert_eq!(left_in(folder.path()), Vec::<String>::new());
    }
}

#[test]
fn a_signal_while_it_prepares_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let running = demo(folder.path(), &["--once"]).spawn().unwrap();
    wait_for("the folder", || left_in(folder.path()).first().cloned());
    // Signals are waited for from the first file on.
    wait_for("the database", || {
        let inner = folder.path().join(left_in(folder.path()).first()?);
        std::fs::read_dir(inner).ok()?.next().map(|_| ())
    });
    let code = end(running, "INT");
    assert!(matches!(code, Some(130 | 0)), "{code:?}");
    assert_eq!(left_in(folder.path()), Vec::<String>::new());
}

#[test]
fn a_port_in_use_is_named_with_the_flag_that_chooses_another() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = demo(folder.path(), &["--listen", &address]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains(&address) && error.contains("--listen"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert_eq!(left_in(folder.path()), Vec::<String>::new());
}
