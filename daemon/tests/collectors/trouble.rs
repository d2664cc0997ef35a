//! Collectors that are killed and a database that is, under load: what was acknowledged is found, each Call once and none poorer.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pointsman_store::Location;
use serde_json::Value;

use crate::server::Server;
use crate::support::{Daemon, otlp, report, send, wait_for};
use crate::{assert_same, collector, comparable, content, in_one_file, server_location, settled};

const SENDERS: u64 = 6;
const COLLECTORS: usize = 3;
/// Spans in a request.
const SPANS: u64 = 20;
/// Requests that must be acknowledged before something happens.
const AT_LEAST: u64 = 30;
/// It happens within this time.
const WITHIN_MS: u64 = 1_000;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}: not a number")))
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

/// What senders share.
struct Load {
    /// Where the collectors receive; none of one that is gone.
    to: Mutex<Vec<Option<std::net::SocketAddr>>>,
    stop: AtomicBool,
    acknowledged: AtomicU64,
    kept: Mutex<Vec<Value>>,
}

impl Load {
    /// Sends until it is told to stop; each request again and again, to one collector after the other, until one has taken it. So
    /// every request is acknowledged in the end, many have come twice, and traces are split over collectors.
    fn run(&self, sender: u64) {
        let mut next = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let number = next;
            next += 1;
            let request = otlp::request(&spans(sender, number));
            let mut turn = usize::try_from(sender + number).unwrap();
            loop {
                turn += 1;
                let to = self.to.lock().unwrap()[turn % COLLECTORS];
                let Some(to) = to else {
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                };
                match send(to, &request) {
                    Ok(reply) if reply.status == 200 => break,
                    Ok(reply) => {
                        assert_eq!(reply.status, 503, "{}", reply.body);
                        assert!(reply.header("retry-after").is_some(), "{}", reply.body);
                        std::thread::sleep(Duration::from_millis(50));
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                }
            }
            self.kept.lock().unwrap().push(request);
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn wait_for_more(&self) {
        let before = self.acknowledged.load(Ordering::Relaxed);
        wait_for("acknowledgements", || {
            (self.acknowledged.load(Ordering::Relaxed) >= before + AT_LEAST).then_some(())
        });
    }
}

/// Spans of which two requests of a sender have the parts of the same traces: the second one has the server's spans of what the
/// first one has called.
fn spans(sender: u64, number: u64) -> Vec<Value> {
    let spans = (0..SPANS).map(|index| {
        let trace = u128::from(sender + 1) << 96 | u128::from(number / 2) << 32 | u128::from(index + 1);
        let mut span = otlp::route_call(trace, &format!("/api/load/{sender}/{}", index % 5));
        // Of the same trace another request, which has its own span.
        if number % 2 == 1 {
            span["spanId"] = format!("{:016x}", trace as u64 ^ 0x5555_0000_0000_0000).into();
        }
        span
    });
    spans.collect()
}

/// One round: something ends under load, and comes back; or a collector never does.
fn strike(
    load: &Load,
    collectors: &mut [Option<Daemon>],
    server: &mut Server,
    address: &str,
    random: &mut Random,
) {
    load.wait_for_more();
    std::thread::sleep(Duration::from_millis(random.below(WITHIN_MS)));
    if random.below(3) == 0 {
        println!("the database is stopped at once");
        server.stop_at_once();
        std::thread::sleep(Duration::from_millis(random.below(WITHIN_MS)));
        server.restart();
        return;
    }
    let which = usize::try_from(random.below(COLLECTORS as u64)).unwrap();
    println!("collector {which} is killed");
    load.to.lock().unwrap()[which] = None;
    if let Some(daemon) = collectors[which].take() {
        daemon.kill();
    }
    let alive = collectors.iter().flatten().count();
    if random.below(2) == 0 && alive > 1 {
        println!("and never comes back");
        return;
    }
    let daemon = collector(address);
    load.to.lock().unwrap()[which] = Some(daemon.otlp);
    collectors[which] = Some(daemon);
}

#[test]
fn what_was_acknowledged_is_found_whatever_dies() {
    let Some(mut server) = Server::start() else { return };
    let address = format!("{}?schema=cluster", server.address());
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = setting("CLUSTER_SEED").unwrap_or_else(|| u64::from(since.subsec_nanos())).max(1);
    println!("CLUSTER_SEED={seed}");
    let mut random = Random(seed);
    let mut collectors: Vec<Option<Daemon>> = (0..COLLECTORS).map(|_| Some(collector(&address))).collect();
    let load = Load {
        to: Mutex::new(collectors.iter().flatten().map(|one| Some(one.otlp)).collect()),
        stop: AtomicBool::new(false),
        acknowledged: AtomicU64::new(0),
        kept: Mutex::default(),
    };
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let load = &load;
            scope.spawn(move || load.run(sender));
        }
        for _ in 0..setting("CLUSTER_ROUNDS").unwrap_or(3) {
            strike(&load, &mut collectors, &mut server, &address, &mut random);
        }
        load.wait_for_more();
        load.stop.store(true, Ordering::Relaxed);
    });
    settled(&address);
    drop(collectors);
    let requests = load.kept.into_inner().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let db = in_one_file(folder.path(), &requests);
    let (server_calls, server_spans) = content(server_location(&address));
    let (file_calls, file_spans) = content(Location::from(&db));
    println!("{} requests, {} spans, {} calls", requests.len(), file_spans.len(), file_calls.len());
    assert_eq!(server_spans, file_spans);
    assert_same(&server_calls, &file_calls);
    let look = ["--until", "last"];
    assert_eq!(comparable(report(Path::new(&address), &look)), comparable(report(&db, &look)));
}
