//! Reports that are published, on the real binary with real receivers: made when they are due, kept once, written, sent, and
//! sent again until they are taken.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod grafana;
mod hostile;
mod mail;
mod receiver;
mod shop;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use pointsman_store::{Delivery, DeliveryState, KeptReport, ReportKey, Store};
use serde_json::Value;
use sha2::Sha256;

use receiver::{Received, Receiver};
use shop::{DAY_MS, HOUR_MS, MINUTE_MS, SERVICE, now_ms};
use support::{Daemon, pointsman, wait_for};

const CART: &str = "/api/cart";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// A receiver that wants to be asked again at once.
const BUSY: (u16, &str) = (503, "retry-after: 1\r\n");

/// A shop, and a configuration.
pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) db: PathBuf,
}

impl World {
    pub(crate) fn new(cart: &str, deployed: Option<u64>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("shop.db");
        shop::open(&db, cart, 8, deployed);
        std::fs::write(folder.path().join("secret"), SECRET.to_owned() + "\n").unwrap();
        Self { folder, db }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A daemon with these keys in `[reports]`.
    pub(crate) fn daemon(&self, reports: &str) -> Daemon {
        let config = self.path("pointsman.config.toml");
        std::fs::write(&config, format!("[reports]\n{reports}")).unwrap();
        Daemon::start(&self.db, &["--config", config.to_str().unwrap()])
    }

    /// Every report that is kept, the newest first.
    pub(crate) fn kept(&self) -> Vec<KeptReport> {
        with_store(&self.db, async |store| {
            let mut kept = Vec::new();
            for head in store.report_heads(None, 100).await.unwrap() {
                kept.extend(store.kept_report(&head.key).await.unwrap());
            }
            kept
        })
    }

    /// The deliveries of a report, once none of them waits.
    fn delivered(&self, key: &ReportKey) -> Vec<Delivery> {
        wait_for("the deliveries", || {
            let all = with_store(&self.db, async |store| store.deliveries_of(key).await.unwrap());
            let is_done = !all.is_empty() && all.iter().all(|one| one.state != DeliveryState::Waiting);
            is_done.then_some(all)
        })
    }

    /// Keeps the report as it was a while ago.
    pub(crate) fn keep_as_of(&self, ago_ms: u64) {
        let at_ns = (now_ms() - ago_ms) / 1_000 * 1_000_000_000;
        let until = pointsman_advisor::rfc3339(at_ns);
        let run = pointsman(&self.db, ["report", "--format", "json", "--until", &until]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        let key = ReportKey { service: SERVICE.into(), environment: Some("production".into()), at_ns };
        let payload = run.out.into_bytes();
        let report = KeptReport { key, made_ns: at_ns, reason: "schedule".into(), payload };
        with_store(&self.db, async |store| assert!(store.keep_report(&report, &[], 400).await.unwrap()));
    }
}

fn with_store<T>(db: &Path, work: impl AsyncFnOnce(&Store) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(db).await.unwrap();
        let result = work(&store).await;
        store.close().await;
        result
    })
}

/// Once a day, last ten minutes ago: within a test it is due once.
pub(crate) fn ten_minutes_ago() -> String {
    let minutes = (now_ms() - 10 * MINUTE_MS) / MINUTE_MS;
    format!("schedule = \"{} {} * * *\"\n", minutes % 60, minutes / 60 % 24)
}

pub(crate) fn webhook(receiver: &Receiver, format: &str) -> String {
    format!(
        "[[reports.webhook]]\nname = \"{format}\"\nurl = \"http://{}/{format}?token=hush\"\nformat = \"{format}\"\n",
        receiver.address
    )
}

/// The value of a metric with this beginning.
fn metric(daemon: &Daemon, begin: &str) -> u64 {
    let metrics = daemon.get("/metrics").body;
    let line = metrics.lines().find_map(|line| line.strip_prefix(begin));
    line.unwrap_or_else(|| panic!("no {begin} in {metrics}")).trim().parse().unwrap()
}

fn assert_signed(received: &Received) {
    let signature = received.header("x-pointsman-signature");
    let (time, mac) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut hmac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    hmac.update(format!("{time}.{}", received.body).as_bytes());
    let expected: String = hmac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(mac, expected);
    let age = now_ms() / 1_000 - time.parse::<u64>().unwrap();
    assert!(age < 300, "signed {age} s ago");
}

#[test]
fn a_report_that_is_due_is_kept_written_and_sent() {
    let world = World::new(CART, None);
    let receiver = Receiver::start(&[]);
    let secret = world.path("secret");
    let config = ten_minutes_ago()
        + &format!("folder = {:?}\n", world.path("reports"))
        + &webhook(&receiver, "json")
        + &format!("secret_file = {secret:?}\n")
        + &webhook(&receiver, "slack");
    let daemon = world.daemon(&config);
    let [kept] =
        wait_for("a report", || Some(world.kept()).filter(|kept| !kept.is_empty())).try_into().unwrap();
    assert_eq!((kept.reason.as_str(), kept.key.environment.as_deref()), ("schedule", Some("production")));
    for one in world.delivered(&kept.key) {
        assert_eq!((one.state, one.attempts), (DeliveryState::Delivered, 1), "{one:?}");
    }

    let [json] = receiver.at("/json?token=hush").try_into().unwrap();
    assert_signed(&json);
    assert_eq!(json.header("x-pointsman-reason"), "schedule");
    let report = json.json();
    assert_eq!((&report["schema"], &report["service"]), (&"pointsman.report/v1".into(), &SERVICE.into()));
    assert_eq!(report["total"]["moves"], 1);
    assert_eq!(report["since_last_report"], Value::Null, "there is no earlier one");
    assert_eq!(json.body.as_bytes(), kept.payload);

    let [slack] = receiver.at("/slack?token=hush").try_into().unwrap();
    let message = slack.json();
    assert_eq!(message["blocks"][0]["text"]["text"], "Pointsman: shop (production)");
    assert!(
        slack.body.contains("Turn POST /api/cart into a server action on /product/[id] ("),
        "{}",
        slack.body
    );

    let at_ns = i64::try_from(kept.key.at_ns / 1_000_000_000).unwrap();
    let time = jiff::Timestamp::from_second(at_ns).unwrap().strftime("%Y%m%dT%H%M%SZ").to_string();
    for name in [format!("shop@production-{time}"), "latest".to_owned()] {
        for (end, part) in
            [("md", "# Pointsman: shop"), ("html", "<title>Pointsman</title>"), ("json", "report/v1")]
        {
            let text = std::fs::read_to_string(world.path("reports").join(format!("{name}.{end}"))).unwrap();
            assert!(text.contains(part), "{name}.{end}: {text}");
        }
    }
    assert_eq!(metric(&daemon, "pointsman_reports_total{reason=\"schedule\"}"), 1);
    assert_eq!(
        metric(&daemon, "pointsman_report_deliveries_total{outcome=\"delivered\",target=\"slack\"}"),
        1
    );
    let log = daemon.terminate_and_log();
    assert!(!log.contains("hush") && !log.contains(SECRET), "{log}");
}

#[test]
fn a_receiver_that_fails_is_tried_again_also_by_the_next_process() {
    let world = World::new(CART, None);
    let receiver = Receiver::start(&[BUSY, BUSY]);
    let config = ten_minutes_ago() + &webhook(&receiver, "json");
    let daemon = world.daemon(&config);
    wait_for("the first attempt", || (!receiver.received().is_empty()).then_some(()));
    let [kept] = world.kept().try_into().unwrap();
    let noted = || with_store(&world.db, async |store| store.deliveries_of(&kept.key).await.unwrap());
    wait_for("its end to be noted", || {
        let [one] = noted().try_into().unwrap();
        (metric(&daemon, "pointsman_report_deliveries_total{outcome=\"failed\",target=\"json\"}") > 0
            && one.state == DeliveryState::Waiting)
            .then_some(())
    });
    daemon.terminate();

    let daemon = world.daemon(&config);
    let [done] = world.delivered(&kept.key).try_into().unwrap();
    assert_eq!((done.state, done.attempts), (DeliveryState::Delivered, 3));
    let received = receiver.received();
    assert_eq!(received.iter().map(|one| one.answered).collect::<Vec<_>>(), [503, 503, 200]);
    let ids: Vec<&str> = received.iter().map(|one| one.header("x-pointsman-delivery")).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    assert!(received.windows(2).all(|pair| pair[0].body == pair[1].body));
    assert_eq!(world.kept().len(), 1, "the second process does not publish it again");
    drop(daemon);
}

#[test]
fn a_receiver_that_refuses_is_not_asked_again_and_a_dead_one_holds_nobody_up() {
    let world = World::new(CART, None);
    let refusing = Receiver::start(&[(302, "location: http://127.0.0.1:1/\r\n")]);
    let taking = Receiver::start(&[]);
    let dead = "[[reports.webhook]]\nname = \"dead\"\nurl = \"http://127.0.0.1:1/\"\n";
    let daemon =
        world.daemon(&(ten_minutes_ago() + dead + &webhook(&refusing, "json") + &webhook(&taking, "slack")));
    wait_for("the others", || (!taking.received().is_empty()).then_some(()));
    let given_up = "pointsman_report_deliveries_total{outcome=\"given_up\",target=\"json\"}";
    wait_for("a redirect to be given up", || (metric(&daemon, given_up) == 1).then_some(()));
    let failed = "pointsman_report_deliveries_total{outcome=\"failed\",target=\"dead\"}";
    wait_for("the dead one to be noted", || (metric(&daemon, failed) == 1).then_some(()));
    let log = daemon.terminate_and_log();
    assert!(log.contains("redirects are not followed"), "{log}");
    assert!(!log.contains("127.0.0.1:1/") && !log.contains("hush"), "{log}");
}

#[test]
fn of_the_reports_that_were_missed_the_latest_is_made_and_says_what_changed() {
    let world = World::new(CART, None);
    world.keep_as_of(7 * DAY_MS);
    let daemon = world.daemon(&(ten_minutes_ago() + "keep = 5\n"));
    let [new, old] =
        wait_for("a second report", || Some(world.kept()).filter(|kept| kept.len() > 1)).try_into().unwrap();
    assert!(new.key.at_ns > old.key.at_ns);
    let report: Value = serde_json::from_slice(&new.payload).unwrap();
    let before: Value = serde_json::from_slice(&old.payload).unwrap();
    let changes = &report["since_last_report"];
    assert_eq!(changes["since"], before["generated_at"]);
    assert_eq!(changes["new"][0]["route"], CART, "{changes}");
    drop(daemon);

    // By hand it is told against the report that has just been kept; another window is not comparable.
    let text = pointsman(&world.db, ["report"]).out;
    assert!(text.contains("Nothing has changed since "), "{text}");
    let text = pointsman(&world.db, ["report", "--window", "2d"]).out;
    assert!(!text.contains("hanged since "), "{text}");
}

#[test]
fn a_deployment_is_followed_by_a_report() {
    let world = World::new(CART, Some(7));
    let daemon = world.daemon("schedule = \"off\"\nafter_deployment = \"1h\"\n");
    let [kept] =
        wait_for("a report", || Some(world.kept()).filter(|kept| !kept.is_empty())).try_into().unwrap();
    assert_eq!(kept.reason, "deployment");
    let ago_ms = now_ms() - kept.key.at_ns / 1_000_000;
    let expected_ms = DAY_MS + 2 * HOUR_MS - HOUR_MS;
    assert!(ago_ms.abs_diff(expected_ms) < 10 * MINUTE_MS, "due {ago_ms} ms ago");
    assert_eq!(metric(&daemon, "pointsman_reports_total{reason=\"deployment\"}"), 1);
}

#[test]
fn of_two_daemons_on_one_database_one_publishes_and_delivers() {
    let world = World::new(CART, None);
    let receiver = Receiver::start(&[]);
    let config = ten_minutes_ago() + &webhook(&receiver, "json");
    let daemons = [world.daemon(&config), world.daemon(&config)];
    let count = |begin: &str| daemons.iter().map(|daemon| metric(daemon, begin)).sum::<u64>();
    let delivered = "pointsman_report_deliveries_total{outcome=\"delivered\",target=\"json\"}";
    wait_for("the delivery", || (count(delivered) > 0).then_some(()));
    let [kept] = world.kept().try_into().unwrap();
    let [done] = world.delivered(&kept.key).try_into().unwrap();
    // Whoever came second has found it kept, or due no more; the attempts say that nobody else has begun one.
    assert_eq!((done.state, done.attempts), (DeliveryState::Delivered, 1));
    assert_eq!((count("pointsman_reports_total{reason=\"schedule\"}"), count(delivered)), (1, 1));
    assert_eq!(receiver.received().len(), 1);
    for daemon in daemons {
        let log = daemon.terminate_and_log();
        assert!(!log.contains("ERROR"), "{log}");
    }
}
