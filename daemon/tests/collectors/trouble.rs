//! Collectors that are killed, a database that is, and connections that are cut between a commit and its answer, under load, while
//! one collector's clock is wrong: what was acknowledged is found, each Call once and none poorer.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::load::Load;
use crate::proxy::Proxy;
use crate::server::Server;
use crate::support::{Daemon, wait_for};
use crate::{SECRET, assert_as_in_one_file, settled};

const COLLECTORS: usize = 3;
/// Something happens within this time.
const WITHIN_MS: u64 = 1_000;
/// Answers to commits that are cut in one go, at most.
const CUTS: u64 = 4;
/// Debian's datefudge, in the folder of the machine's architecture: a process that loads it reads another time of day.
const OTHER_CLOCK: &str = "datefudge/datefudge.so";
/// What the last collector reads: five minutes more than there are, s behind.
const FIVE_MINUTES_AHEAD: &str = "-300";

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

/// A collector; the last one's clock is wrong, where the machine can do that.
fn collector(which: usize, address: &str) -> Daemon {
    let clock = other_clock().filter(|_| which == COLLECTORS - 1);
    let mut environment = vec![SECRET];
    if let Some(clock) = &clock {
        environment.extend([("LD_PRELOAD", clock.as_str()), ("DATEFUDGE", FIVE_MINUTES_AHEAD)]);
    }
    Daemon::start_in(Path::new(address), &[], &environment)
}

fn other_clock() -> Option<String> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let found = folders.map(|folder| folder.path().join(OTHER_CLOCK)).find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "datefudge is not installed; .ci/run installs it");
        eprintln!("datefudge is not installed (Debian: datefudge): all clocks are right");
    }
    found.map(|path| path.display().to_string())
}

/// What is struck.
struct Cluster {
    server: Server,
    proxy: Proxy,
    address: String,
    collectors: Vec<Option<Daemon>>,
}

/// One round: something ends under load, and comes back; or a collector never does.
fn strike(load: &Load, cluster: &mut Cluster, random: &mut Random) {
    load.wait_for_more();
    std::thread::sleep(Duration::from_millis(random.below(WITHIN_MS)));
    match random.below(4) {
        0 => {
            println!("the database is stopped at once");
            cluster.server.stop_at_once();
            std::thread::sleep(Duration::from_millis(random.below(WITHIN_MS)));
            cluster.server.restart();
        }
        1 => cut(&cluster.proxy, 1 + random.below(CUTS)),
        _ => kill(load, cluster, random),
    }
}

/// Connections end between commits and their answers.
fn cut(proxy: &Proxy, commits: u64) {
    println!("the answers to {commits} commits are cut");
    let before = proxy.have_been_cut();
    proxy.cut(commits);
    wait_for("commits to cut", || (proxy.have_been_cut() >= before + commits).then_some(()));
}

fn kill(load: &Load, cluster: &mut Cluster, random: &mut Random) {
    let Cluster { address, collectors, .. } = cluster;
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
    let daemon = collector(which, address);
    load.to.lock().unwrap()[which] = Some(daemon.otlp);
    collectors[which] = Some(daemon);
}

#[test]
fn what_was_acknowledged_is_found_whatever_dies() {
    let Some(server) = Server::start() else { return };
    let proxy = Proxy::before(server.port());
    let at = |port: u16| format!("postgres://pointsman@127.0.0.1:{port}/postgres?schema=cluster");
    let (address, direct) = (at(proxy.port()), at(server.port()));
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = setting("CLUSTER_SEED").unwrap_or_else(|| u64::from(since.subsec_nanos())).max(1);
    println!("CLUSTER_SEED={seed}");
    let mut random = Random(seed);
    let collectors: Vec<Option<Daemon>> =
        (0..COLLECTORS).map(|which| Some(collector(which, &address))).collect();
    let to = collectors.iter().flatten().map(|one| Some(one.otlp)).collect();
    let mut cluster = Cluster { server, proxy, address, collectors };
    let requests = Load::on(to, |load| {
        for _ in 0..setting("CLUSTER_ROUNDS").unwrap_or(3) {
            strike(load, &mut cluster, &mut random);
        }
        // Whatever the rounds were.
        cut(&cluster.proxy, 2);
    });
    settled(&direct);
    cluster.collectors.clear();
    assert_as_in_one_file(&direct, &requests);
}
