//! The largest load that is promised to fit: bodies of 20 MiB, 2,000 handlers, 100,000 clients an hour and a page that is being
//! read; and what is left of it in memory once it is over.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::attackers::{again, now_ns, readers};
use super::support::{Daemon, http_with, wait_for};

/// What is promised under load and when idle, KiB.
const MOST_KIB: u64 = 128 << 10;
const IDLE_KIB: u64 = 25 << 10;
/// How long after the end it has to be idle: recent blocks are kept for 30 s, the advisor runs once more.
const REST: Duration = Duration::from_secs(150);
const HOUR_NS: u64 = 3_600_000_000_000;
const HANDLERS: u64 = 2_000;
const CLIENTS: u64 = 100_000;
const BODY: usize = (20 << 20) - 4_096;

/// One request of JSON with calls of many clients and handlers, up to a size; all of an hour that many hours ago.
fn body(bytes: usize, hours_ago: u64, number: &mut u64) -> String {
    let head = "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}]},\
                \"scopeSpans\":[{\"scope\":{\"name\":\"@pointsman/nextjs\"},\"spans\":[";
    let mut text = head.to_owned();
    let base = now_ns() - hours_ago * HOUR_NS - HOUR_NS / 60;
    while text.len() < bytes - 1_200 {
        *number += 1;
        if !text.ends_with('[') {
            text.push(',');
        }
        text += &span(*number, base + *number % 30_000_000_000);
    }
    text + "]}]}]}"
}

fn span(number: u64, start_ns: u64) -> String {
    let route = number % HANDLERS;
    let client = (number % CLIENTS).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let text =
        |key: &str, value: &str| format!("{{\"key\":\"{key}\",\"value\":{{\"stringValue\":\"{value}\"}}}},");
    format!(
        "{{\"traceId\":\"{:032x}\",\"spanId\":\"00000000000000a1\",\"name\":\"GET\",\"kind\":2,\"startTimeUnixNano\":\"{start_ns}\",\
         \"endTimeUnixNano\":\"{}\",\"attributes\":[{}{}{}{}{}{}{{\"key\":\"http.response.status_code\",\"value\":{{\"intValue\":\"200\"}}}}]}}",
        u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1,
        start_ns + 5_000_000,
        text("http.request.method", "GET"),
        text("url.path", &format!("/api/r{route}/{}", number % 977)),
        text("http.route", &format!("/api/r{route}/[id]")),
        text("pointsman.route.kind", "app_route"),
        text("pointsman.client.key", &format!("{client:016x}")),
        text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36"),
    )
}

/// Sends a body, again while there is no room.
fn deliver(daemon: &Daemon, body: &str) {
    wait_for("a large request to be taken", || {
        let sent = http_with(daemon.otlp, "POST", "/v1/traces", &[], body);
        match sent.map(|reply| reply.status) {
            Ok(200) => Some(()),
            Ok(413) => panic!("too large: {}", body.len()),
            _ => None,
        }
    });
}

#[test]
#[ignore = "takes some minutes, and means the release binary: make test-memory"]
fn the_largest_load_and_the_rest_after_it_fit_into_what_is_promised() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(&folder.path().join("memory.db"), &[]);
    let (stop, slowest_page) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| readers(&daemon, &stop, &slowest_page));
        scope.spawn(|| again(&stop, Duration::from_secs(10), |_| println!("{:>8} KiB", daemon.held_kib())));
        let mut number = 0;
        // A day of traffic, then the busiest hour: two senders with the largest bodies at once.
        for hours_ago in (1..24).rev() {
            deliver(&daemon, &body(2 << 20, hours_ago, &mut number));
        }
        let begin = Instant::now();
        let mut senders: Vec<_> = (1..=2_u64)
            .map(|sender| {
                let daemon = &daemon;
                scope.spawn(move || {
                    let mut number = sender * 1_000_000_000;
                    (0..4).for_each(|_| deliver(daemon, &body(BODY, 0, &mut number)));
                })
            })
            .collect();
        senders.drain(..).for_each(|sender| sender.join().unwrap());
        println!("8 bodies of 20 MiB in {:?}", begin.elapsed());
        wait_for("extraction", || (daemon.metric("pointsman_extraction_lag_blocks") == 0.0).then_some(()));
        let runs = daemon.metric("pointsman_advisor_runs_total");
        let begin = Instant::now();
        while daemon.metric("pointsman_advisor_runs_total") < runs + 2.0 && begin.elapsed() < 4 * REST {
            thread::sleep(Duration::from_secs(1));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let peak = daemon.peak_kib();
    println!("peak {peak} KiB; slowest page {} ms", slowest_page.load(Ordering::Relaxed));
    let begin = Instant::now();
    let mut least = u64::MAX;
    while begin.elapsed() < REST && least > IDLE_KIB {
        thread::sleep(Duration::from_secs(5));
        least = least.min(daemon.held_kib());
    }
    println!("idle {least} KiB after {:?}", begin.elapsed());
    println!(
        "{}",
        daemon.get("/metrics").body.lines().filter(|line| line.contains("_recent_b")).collect::<String>()
    );
    assert!(peak < MOST_KIB, "it held {peak} KiB");
    assert!(least <= IDLE_KIB, "{least} KiB when idle");
}
