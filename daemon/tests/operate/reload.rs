//! SIGHUP on a running daemon.

use std::net::SocketAddr;

use super::Folder;
use super::support::{Daemon, Reply, http_with, otlp, wait_for};

const OLD: &str = "0123456789abcdef";
const NEW: &str = "fedcba9876543210";

fn asked(address: SocketAddr, token: &str, path: &str) -> Reply {
    http_with(address, "GET", path, &[("authorization", &format!("Bearer {token}"))], "").unwrap()
}

fn metric(daemon: &Daemon, token: &str, name: &str) -> f64 {
    let text = asked(daemon.pages, token, "/metrics").body;
    let line =
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {text}"));
    line.trim().parse().unwrap()
}

#[test]
fn what_can_change_changes_and_a_faulty_file_changes_nothing() {
    let folder = Folder::new();
    let tokens = folder.write("tokens", &format!("ops {OLD}\n"));
    let file = |advice: &str, idle_timeout_s: u32| {
        format!(
            "[otlp]\nidle_timeout_s = {idle_timeout_s}\ntokens_file = \"{tokens}\"\n[pages]\ntokens_file = \"{tokens}\"\n[advice]\n{advice}\n"
        )
    };
    let config = folder.write("pointsman.toml", &file("min_calls_for_move = 100", 120));
    let daemon =
        Daemon::start_in(&folder.db(), &["--config", &config], &[("POINTSMAN_SERVE__ADVISE_EVERY_S", "1")]);
    let sent = |token: &str| {
        let body = otlp::request(&[otlp::route_call(1, "/api/cart")]).to_string();
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        http_with(daemon.otlp, "POST", "/v1/traces", &headers, &body).unwrap().status
    };
    assert_eq!((sent(OLD), sent(NEW)), (200, 401));
    let minimum_is = |token: &str, minimum: u64| {
        wait_for("a report with the minimum", || {
            let reply = asked(daemon.pages, token, "/api/v1/reports/latest");
            (reply.status == 200 && reply.json()["settings"]["min_calls_for_move"] == minimum).then_some(())
        });
    };
    let reloads = |token: &str, outcome: &str| {
        metric(&daemon, token, &format!("pointsman_config_reloads_total{{outcome=\"{outcome}\"}}"))
    };
    minimum_is(OLD, 100);
    assert_eq!((reloads(OLD, "success"), reloads(OLD, "failure")), (0.0, 0.0));
    let begun = metric(&daemon, OLD, "pointsman_config_last_reload_success_timestamp_seconds");
    assert!(begun > 1.7e9);

    folder.write("tokens", &format!("ops {NEW}\n"));
    folder.write("pointsman.toml", &file("min_calls_for_move = \"few\"\nsampling_ratio = 2.0", 120));
    daemon.signal("HUP");
    daemon.wait_for_log("the configuration was not reloaded");
    let log = daemon.log();
    for fault in ["advice.min_calls_for_move: invalid type", "advice.sampling_ratio = 2"] {
        assert!(log.lines().any(|line| line.contains("ERROR") && line.contains(fault)), "{fault}: {log}");
    }
    wait_for("the failure to be counted", || (reloads(OLD, "failure") > 0.0).then_some(()));
    minimum_is(OLD, 100);
    assert_eq!((sent(OLD), sent(NEW)), (200, 401));
    assert_eq!(asked(daemon.pages, NEW, "/").status, 401, "tokens wait for a configuration without faults");

    folder.write("pointsman.toml", &file("min_calls_for_move = 7", 300));
    daemon.signal("HUP");
    let told = daemon.wait_for_log("the configuration was reloaded");
    assert!(told.ends_with("changed: advice.min_calls_for_move"), "{told}");
    let waits = daemon.wait_for_log("only after the next start");
    assert!(waits.ends_with(": otlp.idle_timeout_s"), "{waits}");
    wait_for("the success to be counted", || (reloads(NEW, "success") > 0.0).then_some(()));
    minimum_is(NEW, 7);
    assert_eq!((sent(OLD), sent(NEW)), (401, 200));
    assert_eq!(asked(daemon.pages, OLD, "/").status, 401);
    assert!(metric(&daemon, NEW, "pointsman_config_last_reload_success_timestamp_seconds") > begun);
    let log = daemon.terminate_and_log();
    assert!(!log.contains(OLD) && !log.contains(NEW), "{log}");
}
