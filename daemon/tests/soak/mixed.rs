//! A long time with everything at once: memory, descriptors, file and lag stay flat, the good sender is served throughout, and
//! nothing acknowledged is lost.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::attackers::{again, hostile_bodies, readers, strangers, visitors};
use super::support::{Daemon, otlp, send, traces_of_calls, wait_for};

/// What is promised, KiB.
const MOST_KIB: u64 = 128 << 10;
/// The good sender waits no longer for any of its requests.
const SERVED_WITHIN: Duration = Duration::from_secs(15);
const GOOD: u128 = 1 << 100;
/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);
/// What the file may hold for each Call, bytes, and for all raw spans that are kept.
const CALL_BYTES: u64 = 600;
const BLOCKS_LIMIT: u64 = 64 << 20;

struct Sample {
    held_kib: u64,
    descriptors: usize,
    lag_s: f64,
}

fn length() -> Duration {
    let minutes = std::env::var("SOAK_MINUTES").ok().map_or(30.0, |text| text.parse::<f64>().unwrap());
    Duration::from_secs_f64(minutes * 60.0)
}

#[test]
#[ignore = "takes SOAK_MINUTES=30: make soak"]
fn all_attacks_mixed_change_nothing_for_anybody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (db, config) = (folder.path().join("soak.db"), folder.path().join("pointsman.toml"));
    let text = "[retention]\nblocks_size = \"64MiB\"\ninterval_s = 10\n[serve]\nadvice_interval_s = 20\n";
    std::fs::write(&config, text).unwrap();
    let daemon = Daemon::start(&db, &["--config", config.to_str().unwrap()]);
    let (stop, numbers, slowest_page) = (AtomicBool::new(false), AtomicU64::new(1), AtomicU64::new(0));
    let acknowledged = Mutex::new(HashSet::new());
    let slowest = Mutex::new(Duration::ZERO);
    let samples = thread::scope(|scope| {
        scope.spawn(|| hostile_bodies(&daemon, &stop));
        scope.spawn(|| strangers(&daemon, &stop));
        scope.spawn(|| visitors(&daemon, &stop, &numbers));
        scope.spawn(|| readers(&daemon, &stop, &slowest_page));
        let good = scope.spawn(|| good_sender(&daemon, &stop, &acknowledged, &slowest));
        let begin = Instant::now();
        let mut samples = Vec::new();
        while begin.elapsed() < length() && !good.is_finished() {
            thread::sleep(LOOK);
            samples.push(sample(&daemon));
        }
        stop.store(true, Ordering::Relaxed);
        good.join().unwrap();
        samples
    });
    wait_for("extraction to catch up", || {
        (daemon.metric("pointsman_extraction_lag_blocks") == 0.0).then_some(())
    });
    let (calls, peak) = (daemon.metric("pointsman_stored_rows") as u64, daemon.peak_kib());
    let file = std::fs::metadata(&db).unwrap().len();
    tell(&samples, peak, file, (slowest.lock().unwrap().as_millis(), slowest_page.load(Ordering::Relaxed)));
    let log = daemon.terminate_and_log();
    let stored: HashSet<String> = traces_of_calls(&db).into_iter().collect();
    let acknowledged = acknowledged.into_inner().unwrap();
    let lost = acknowledged.iter().filter(|trace| !stored.contains(&format!("{trace:032x}"))).count();
    println!("{} acknowledged, {lost} lost; {calls} rows", acknowledged.len());
    assert_eq!(lost, 0);
    assert!(!log.contains("panicked"), "{log}");
    assert!(peak < MOST_KIB, "it held {peak} KiB");
    assert!(
        file < BLOCKS_LIMIT * 2 + stored.len() as u64 * CALL_BYTES,
        "{file} bytes for {} calls",
        stored.len()
    );
    assert_flat(&samples);
}

/// Sends a few calls again and again; each request has to be taken in time, though it may be told to come again before.
fn good_sender(
    daemon: &Daemon,
    stop: &AtomicBool,
    acknowledged: &Mutex<HashSet<u128>>,
    slowest: &Mutex<Duration>,
) {
    again(stop, Duration::from_millis(250), |round| {
        let traces: Vec<u128> = (0..5).map(|at| GOOD | u128::from(round * 5 + at)).collect();
        let spans: Vec<_> = traces.iter().map(|trace| otlp::route_call(*trace, "/api/products")).collect();
        let (request, begin) = (otlp::request(&spans), Instant::now());
        // One that finds no connection is like one that is told to come again.
        while !send(daemon.otlp, &request).is_ok_and(|reply| reply.status == 200) {
            assert!(
                begin.elapsed() < SERVED_WITHIN,
                "the good sender was not served for {:?}",
                begin.elapsed()
            );
            thread::sleep(Duration::from_millis(100));
        }
        let took = begin.elapsed();
        assert!(took < SERVED_WITHIN, "the good sender waited {took:?}");
        let mut slowest = slowest.lock().unwrap();
        *slowest = took.max(*slowest);
        acknowledged.lock().unwrap().extend(traces);
    });
}

fn sample(daemon: &Daemon) -> Sample {
    Sample {
        held_kib: daemon.held_kib(),
        descriptors: daemon.descriptors(),
        lag_s: daemon.metric("pointsman_extraction_lag_seconds"),
    }
}

fn tell(samples: &[Sample], peak: u64, file: u64, (slowest_ms, slowest_page_ms): (u128, u64)) {
    println!("second  held KiB  descriptors  lag s");
    for (at, sample) in samples.iter().enumerate().step_by((samples.len() / 30).max(1)) {
        let second = at as u64 * LOOK.as_secs();
        println!("{second:6}  {:8}  {:11}  {:5.1}", sample.held_kib, sample.descriptors, sample.lag_s);
    }
    println!(
        "peak {peak} KiB, file {} KiB, slowest answer to the good sender {slowest_ms} ms, slowest page {slowest_page_ms} ms",
        file >> 10
    );
}

/// The last quarter is like the second one: what grows shows there.
fn assert_flat(samples: &[Sample]) {
    let quarter = samples.len() / 4;
    if quarter < 4 {
        println!("too short to say whether anything grows");
        return;
    }
    let median = |from: usize, of: fn(&Sample) -> f64| {
        let mut values: Vec<f64> = samples[from..from + quarter].iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[quarter / 2]
    };
    let held: fn(&Sample) -> f64 = |sample| sample.held_kib as f64;
    let descriptors: fn(&Sample) -> f64 = |sample| sample.descriptors as f64;
    let lag: fn(&Sample) -> f64 = |sample| sample.lag_s;
    for (what, of, grown) in
        [("KiB", held, 12_288.0), ("descriptors", descriptors, 30.0), ("s of lag", lag, 5.0)]
    {
        let (early, late) = (median(quarter, of), median(samples.len() - quarter, of));
        println!("{what}: {early} in the second quarter, {late} in the last");
        assert!(late <= early * 1.1 + grown, "{what} grew from {early} to {late}");
    }
}
