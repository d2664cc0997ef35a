//! The real daemon takes care of its file: retention deletes what is too much and the metrics say so, the reports stay.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use support::{Daemon, otlp, wait_for};

fn metric(daemon: &Daemon, name: &str) -> f64 {
    let text = daemon.get("/metrics").body;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[test]
fn retention_deletes_what_is_too_much_while_spans_come_and_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("pointsman.db");
    let config = folder.path().join("pointsman.toml");
    std::fs::write(
        &config,
        "[serve]\nadvice_interval_s = 1\n[retention]\ninterval_s = 1\nblocks_size = \"1MiB\"\n",
    )
    .unwrap();
    let daemon = Daemon::start(&db, &["--config", config.to_str().unwrap()]);
    let mut sent = 0_u128;
    wait_for("blocks to be deleted", || {
        for _ in 0..20 {
            let spans: Vec<_> = (sent + 1..=sent + 100)
                .map(|number| {
                    // Neither ids nor paths compress.
                    let noise = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
                    let mut span = otlp::route_call(noise, "/api/upkeep");
                    span["attributes"][1]["value"]["stringValue"] =
                        format!("/api/upkeep/{noise:x}{:x}", noise.wrapping_mul(noise)).into();
                    span
                })
                .collect();
            sent += 100;
            assert_eq!(daemon.send(&otlp::request(&spans)).status, 200);
        }
        (metric(&daemon, "pointsman_deleted_rows_total{kind=\"blocks\",reason=\"size\"}") > 0.0).then_some(())
    });
    wait_for("the figures to be within the limit", || {
        (metric(&daemon, "pointsman_stored_bytes{kind=\"blocks\"}") <= f64::from(1 << 20)).then_some(())
    });
    assert!(metric(&daemon, "pointsman_stored_rows{kind=\"blocks\"}") > 0.0);
    // Only blocks have gone: every call is counted.
    wait_for("the report", || {
        let report = daemon.get("/api/v1/reports/latest").json();
        let calls = report["handlers"][0]["calls"].as_f64()?;
        (format!("{calls}") == sent.to_string()).then_some(())
    });
    assert!(metric(&daemon, "pointsman_database_file_bytes") > 0.0);
    assert!(metric(&daemon, "pointsman_oldest_timestamp_seconds{kind=\"calls\"}") > 1e9);
    assert!((metric(&daemon, "pointsman_upkeep_failures_total") - 0.0).abs() < f64::EPSILON);
    let (status, _) = daemon.terminate();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_end_goes_in_stages_that_the_log_tells() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("pointsman.db");
    let daemon = Daemon::start(&db, &[]);
    let log = daemon.terminate_and_log();
    let stages = ["stopping;", "stopped: upkeep", "stopped: receivers", "stopped: commit", ": stopped"];
    let mut rest = log.as_str();
    for stage in stages {
        rest = rest
            .split_once(stage)
            .unwrap_or_else(|| panic!("no `{stage}` after the one before it in {log}"))
            .1;
    }
}
