//! `kill -9` under load, again and again: what was acknowledged is there, each call once, also when senders send
//! again what they do not know the fate of. `CRASH_ROUNDS` raises the rounds, `CRASH_SEED` repeats the moments.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use support::{Daemon, handlers, otlp, pointsman, report, send, traces_of_calls, wait_for};

const SENDERS: u64 = 4;
/// Calls in a batch.
const BATCH: u64 = 20;
/// Batches that must be acknowledged before a kill, so that each round loses something if anything is lost.
const AT_LEAST: u64 = 12;
/// The kill follows within this time.
const KILL_WITHIN_MS: u64 = 500;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: not a number")))
}

/// Enough randomness to choose moments; the seed repeats them.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A client that knows what it was promised.
struct Sender {
    number: u64,
    next: u64,
    /// Batches whose fate is known: they are kept.
    acknowledged: Vec<u64>,
    /// The batch whose answer never came.
    open: Option<u64>,
}

impl Sender {
    fn trace(&self, batch: u64, index: u64) -> u128 {
        u128::from(self.number + 1) << 96 | u128::from(batch) << 32 | u128::from(index + 1)
    }

    fn traces(&self, batch: u64) -> impl Iterator<Item = String> {
        (0..BATCH).map(move |index| format!("{:032x}", self.trace(batch, index)))
    }

    /// Few calls under many routes: a loss and a doubling can hardly make up for each other.
    fn route(&self, batch: u64) -> String {
        format!("/api/load/{}/{}", self.number, batch % 10)
    }

    fn send(&self, to: SocketAddr, batch: u64) -> bool {
        let route = self.route(batch);
        let spans: Vec<_> =
            (0..BATCH).map(|index| otlp::route_call(self.trace(batch, index), &route)).collect();
        send(to, &otlp::request(&spans)).is_ok_and(|reply| reply.status == 200)
    }

    /// Sends until the daemon is gone; a batch without an answer comes first the next time.
    fn run(&mut self, to: SocketAddr, stop: &AtomicBool, count: &AtomicU64) {
        while !stop.load(Ordering::Relaxed) {
            let batch = self.open.take().unwrap_or(self.next);
            self.next = self.next.max(batch + 1);
            if self.send(to, batch) {
                self.acknowledged.push(batch);
                count.fetch_add(1, Ordering::Relaxed);
            } else {
                self.open = Some(batch);
            }
        }
    }
}

/// Loads the daemon and kills it at a random moment.
fn load_and_kill(db: &Path, senders: &mut [Sender], random: &mut Random) {
    let daemon = Daemon::start(db, &[]);
    let (to, stop, count) = (daemon.otlp, AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for sender in senders {
            scope.spawn(|| sender.run(to, &stop, &count));
        }
        wait_for("acknowledgements", || (count.load(Ordering::Relaxed) >= AT_LEAST).then_some(()));
        std::thread::sleep(Duration::from_millis(random.below(KILL_WITHIN_MS)));
        daemon.kill();
        stop.store(true, Ordering::Relaxed);
    });
}

/// The calls of a route that was acknowledged in so many batches.
fn reported(db: &Path) -> BTreeMap<String, u64> {
    let report = report(db, &[]);
    let count = |handler: &serde_json::Value| {
        let calls = handler["calls"].as_f64().unwrap();
        (handler["route"].as_str().unwrap().to_owned(), format!("{calls}").parse().unwrap())
    };
    handlers(&report).iter().map(count).collect()
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_counts_once() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = setting("CRASH_SEED").unwrap_or_else(|| u64::from(since.subsec_nanos())).max(1);
    let rounds = setting("CRASH_ROUNDS").unwrap_or(3);
    println!("CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("calls.db");
    let mut senders: Vec<Sender> =
        (0..SENDERS).map(|number| Sender { number, next: 0, acknowledged: Vec::new(), open: None }).collect();

    for round in 0..rounds {
        load_and_kill(&db, &mut senders, &mut random);
        // A daemon that only starts and ends must find all by itself.
        let (status, _) = Daemon::start(&db, &[]).terminate();
        assert_eq!(status.code(), Some(0), "round {round}");
        let found = traces_of_calls(&db);
        let distinct: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(distinct.len(), found.len(), "round {round}: calls that count twice");
        for sender in &senders {
            for batch in &sender.acknowledged {
                for trace in sender.traces(*batch) {
                    assert!(distinct.contains(trace.as_str()), "round {round}: {trace} is lost");
                }
            }
        }
        let acknowledged: usize = senders.iter().map(|sender| sender.acknowledged.len()).sum();
        println!("round {round}: {acknowledged} batches acknowledged, {} calls found", found.len());
    }

    // What was never answered is sent again, and one batch that was answered, too.
    let daemon = Daemon::start(&db, &[]);
    for sender in &mut senders {
        if let Some(batch) = sender.open.take() {
            assert!(sender.send(daemon.otlp, batch));
            sender.acknowledged.push(batch);
        }
        assert!(sender.send(daemon.otlp, *sender.acknowledged.last().unwrap()));
    }
    assert_eq!(daemon.terminate().0.code(), Some(0));

    let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
    let mut traces: Vec<String> = Vec::new();
    for sender in &senders {
        for batch in &sender.acknowledged {
            *wanted.entry(sender.route(*batch)).or_default() += BATCH;
            traces.extend(sender.traces(*batch));
        }
    }
    assert_eq!(reported(&db), wanted);
    let mut found = traces_of_calls(&db);
    traces.sort_unstable();
    found.sort_unstable();
    assert!(found == traces, "{} calls of {} traces", found.len(), traces.len());
    for _ in 0..10 {
        let chosen = usize::try_from(random.below(traces.len() as u64)).unwrap();
        let run = pointsman(&db, ["trace", &traces[chosen]]);
        assert!(run.out.starts_with(&format!("trace {}, 1 spans\n", traces[chosen])), "{run:?}");
    }
}
