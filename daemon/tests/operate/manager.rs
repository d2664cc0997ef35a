//! What a service manager hears on its socket.

use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::support::{Daemon, PATIENCE, otlp};
use super::{Folder, text_of};

/// A manager's end of the socket.
struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    fn at(path: &str) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket }
    }

    /// The next message, watchdog's aside unless they are wanted.
    fn hears(&self, wants_watchdog: bool) -> BTreeMap<String, String> {
        loop {
            let mut bytes = [0; 4096];
            let length = self.socket.recv(&mut bytes).unwrap();
            let text = String::from_utf8(bytes[..length].to_vec()).unwrap();
            let pairs = text.lines().filter_map(|line| line.split_once('='));
            let heard: BTreeMap<String, String> =
                pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            if heard.contains_key("WATCHDOG") == wants_watchdog {
                return heard;
            }
        }
    }
}

fn only(heard: &BTreeMap<String, String>) -> String {
    heard.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn it_hears_of_the_start_of_a_reload_and_of_the_end() {
    let folder = Folder::new();
    let path = text_of(&folder.path("notify"));
    let manager = Manager::at(&path);
    let daemon = Daemon::start_in(&folder.db(), &[], &[("NOTIFY_SOCKET", &path)]);
    assert_eq!(only(&manager.hears(false)), "READY=1");
    daemon.signal("HUP");
    let reloading = manager.hears(false);
    assert_eq!(reloading.get("RELOADING").map(String::as_str), Some("1"));
    let at: u64 = reloading["MONOTONIC_USEC"].parse().unwrap();
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
    let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    assert!(Duration::from_micros(at).as_secs_f64() <= uptime + 1.0, "{at} {uptime}");
    assert_eq!(only(&manager.hears(false)), "READY=1");
    daemon.terminate_and_log();
    assert_eq!(only(&manager.hears(false)), "STOPPING=1");
}

#[test]
fn its_watchdog_is_fed_while_requests_come_and_while_none_do() {
    let folder = Folder::new();
    let path = text_of(&folder.path("notify"));
    let manager = Manager::at(&path);
    let environment = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "300000")];
    let daemon = Daemon::start_in(&folder.db(), &[], &environment);
    for trace in 1..=5 {
        daemon.send(&otlp::request(&[otlp::route_call(trace, "/api/cart")]));
        assert_eq!(only(&manager.hears(true)), "WATCHDOG=1");
    }
    for _idle in 0..5 {
        assert_eq!(only(&manager.hears(true)), "WATCHDOG=1");
    }
}

#[test]
fn its_watchdog_is_not_fed_while_a_commit_hangs() {
    let folder = Folder::new();
    let path = text_of(&folder.path("notify"));
    let manager = Manager::at(&path);
    let environment = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "300000")];
    let daemon = Daemon::start_in(&folder.db(), &[], &environment);
    let (db, to) = (folder.db(), daemon.otlp);
    let sender = std::sync::Mutex::new(None);
    super::support::while_locked(&db, || {
        let request = otlp::request(&[otlp::route_call(1, "/api/cart")]);
        *sender.lock().unwrap() = Some(std::thread::spawn(move || super::support::send(to, &request)));
        daemon.wait_for_log("watchdog is not notified");
    });
    // Nothing was wrong but the lock: it goes on.
    let sent = sender.into_inner().unwrap().unwrap().join().unwrap().unwrap();
    assert_eq!(sent.status, 200);
    while manager.socket.set_nonblocking(true).is_ok() && manager.socket.recv(&mut [0; 64]).is_ok() {}
    manager.socket.set_nonblocking(false).unwrap();
    assert_eq!(only(&manager.hears(true)), "WATCHDOG=1");
}
