//! Recordings of real Next.js apps through the real binary: every call is listed under the right handler, twice
//! is once, and no advice is given where there is no evidence. Expected numbers: `fixtures/expected`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pointsman_advisor::rules::RULES;
use serde_json::Value;
use tempfile::TempDir;

use support::{fixture, handlers, pointsman, recorded, report, workspace};

/// Recordings with own spans. While an app boots, its first request may be seen by Next.js only, and is a call
/// of `GET /` that the tables do not have: so many of them.
const OWN: [(&str, u64); 4] =
    [("next-14.2", 1), ("next-15.5", 0), ("next-16.4", 0), ("next-16.4-nodesdk", 1)];

/// Recordings of Next.js's own spans, with the number of requests: inner spans `BaseServer.handleRequest` as
/// counted by hand, one of which asked for an asset in 14.2.
const PLAIN: [(&str, u64); 4] = [
    ("next-14.2-plain", 110),
    ("next-15.5-plain", 114),
    ("next-16.4-plain", 133),
    ("next-16.4-nodesdk-plain", 35),
];

/// Kind, route, method and action; an action has no route, because it is one over all pages.
type Key = (String, String, String, String);
type Counts = BTreeMap<Key, u64>;

/// A fresh database with recordings in it.
struct World {
    folder: TempDir,
    db: PathBuf,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { db: folder.path().join("calls.db"), folder }
    }

    /// What replay printed.
    fn replay(&self, file: &Path) -> String {
        let run = pointsman(&self.db, [Path::new("replay"), file]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", file.display());
        run.out
    }

    fn report(&self) -> Value {
        report(&self.db, &["--until", "last"])
    }

    /// The report of someone who wants advice from next to nothing.
    fn reckless_report(&self) -> Value {
        let mut config =
            "[advice]\nmin_calls_for_move = 1\nmin_days_for_move = 1\nmin_interactions_per_day = 0\n\
                          min_calls_without_outsiders = 1\nmin_callers_known = 0.01\nmin_gain_ms = 0\n\
                          min_gain_requests = 0\n"
                .to_owned();
        for id in RULES.iter().map(|rule| rule.id).collect::<BTreeSet<_>>() {
            config += &format!("[advice.rules.{id}]\nmin_samples = 1\n");
        }
        let path = self.folder.path().join("reckless.toml");
        std::fs::write(&path, config).unwrap();
        report(&self.db, &["--until", "last", "--config", path.to_str().unwrap()])
    }
}

fn key(kind: &str, route: &str, method: &str, action: &str) -> Key {
    let method = if method == "HEAD" { "GET" } else { method };
    // In Next.js 14 an action has only an id, and the tables give ten digits of it.
    let (route, action) = match kind {
        "unmatched" => return (kind.into(), "*".into(), "*".into(), String::new()),
        "server_action" => ("", action.strip_prefix("(name unknown) ").unwrap_or(action)),
        _ => (route, ""),
    };
    (kind.into(), route.into(), method.into(), action.into())
}

/// What `fixtures/expected` says, and how many asked for actions that the app does not know.
fn expected(name: &str) -> (Counts, u64) {
    let text = std::fs::read_to_string(workspace().join(format!("fixtures/expected/{name}.txt"))).unwrap();
    let (mut counts, mut unknown) = (Counts::new(), 0);
    for line in text.lines().skip(1).filter(|line| !line.starts_with("total")) {
        let [kind, route, method, what, count] = line.split(" | ").collect::<Vec<_>>().try_into().unwrap();
        let count: u64 = count.parse().unwrap();
        match (what, method) {
            ("unknown or malformed id", _) => unknown += count,
            // Evidence, not a call.
            (_, "OPTIONS") => {}
            _ => *counts.entry(key(kind, route, method, what)).or_default() += count,
        }
    }
    (counts, unknown)
}

fn text<'a>(handler: &'a Value, field: &str) -> &'a str {
    handler[field].as_str().unwrap_or_default()
}

fn whole(number: &Value) -> u64 {
    let number = number.as_f64().unwrap();
    assert!(number.fract() == 0.0 && number >= 0.0, "{number}");
    format!("{number:.0}").parse().unwrap()
}

fn counts(report: &Value) -> Counts {
    let mut counts = Counts::new();
    for handler in handlers(report) {
        let action = match (&handler["file"], text(handler, "action")) {
            (Value::Null, id) => id.get(..10).unwrap_or(id),
            (_, name) => name,
        };
        let key = key(text(handler, "kind"), text(handler, "route"), text(handler, "method"), action);
        assert_eq!(counts.insert(key.clone(), whole(&handler["calls"])), None, "{key:?} is listed twice");
    }
    counts
}

fn unknown_actions(report: &Value) -> u64 {
    report["unknown_actions"].as_array().unwrap().iter().map(|row| whole(&row["calls"])).sum()
}

fn only(counts: &Counts, fits: impl Fn(&str, &str) -> bool) -> Counts {
    counts
        .iter()
        .filter(|((kind, _, method, _), _)| fits(kind, method))
        .map(|(k, n)| (k.clone(), *n))
        .collect()
}

/// POSTs that reached a page, whether they were actions or not.
fn posts(counts: &Counts) -> u64 {
    only(counts, |kind, method| method == "POST" && matches!(kind, "page" | "server_action")).values().sum()
}

fn is_api(kind: &str) -> bool {
    matches!(kind, "route_handler" | "pages_api")
}

fn assert_no_move(report: &Value, name: &str) {
    for handler in handlers(report) {
        let verdict = text(handler, "verdict");
        assert!(matches!(verdict, "keep" | "insufficient_evidence"), "{name}: {handler:#}");
        assert!(handler["state"].is_null() && handler["confidence"].is_null(), "{name}: {handler:#}");
    }
}

#[test]
fn every_call_of_a_recording_is_listed_under_its_handler() {
    for (name, booting) in OWN {
        let world = World::new();
        world.replay(&fixture(name));
        let report = world.report();
        let (mut wanted, unknown) = expected(name);
        *wanted.get_mut(&key("page", "/", "GET", "")).unwrap() += booting;
        assert_eq!(counts(&report), wanted, "{name}");
        assert_eq!(unknown_actions(&report), unknown, "{name}");
        let pages = handlers(&report).iter().filter(|handler| handler["kind"] == "server_action");
        assert!(pages.into_iter().all(|action| action["route"] == "/acts"), "{name}: the commonest page");
    }
}

#[test]
fn no_handler_of_a_recording_has_to_move() {
    for (name, _) in OWN.iter().chain(&PLAIN) {
        let world = World::new();
        world.replay(&fixture(name));
        assert_no_move(&world.report(), name);
    }
}

#[test]
fn a_recording_replayed_twice_changes_nothing() {
    for (name, _) in OWN.iter().chain(&PLAIN) {
        let world = World::new();
        world.replay(&fixture(name));
        let once = world.report();
        world.replay(&fixture(name));
        let twice = world.report();
        assert_eq!(once["handlers"], twice["handlers"], "{name}");
        assert_eq!(once["unknown_actions"], twice["unknown_actions"], "{name}");
    }
}

/// One fast machine in a few showed the fault on nearly every run, a busy one seldom: hence the rounds.
#[test]
fn replay_prints_the_number_of_calls_that_the_file_holds() {
    for (name, calls) in PLAIN {
        let spans = recorded(name).iter().map(|line| line.matches("\"spanId\"").count()).sum::<usize>();
        for round in 0..5 {
            let world = World::new();
            for _ in 0..2 {
                let said = world.replay(&fixture(name));
                assert!(said.ends_with(&format!(" spans, {calls} calls\n")), "{name}, round {round}: {said}");
                assert!(said.contains(&format!(" {spans} spans, ")), "{name}: {said}");
            }
        }
    }
}

#[test]
fn spans_of_next_alone_tell_kinds_and_frequencies() {
    for ((name, total), (own, booting)) in PLAIN.into_iter().zip(OWN) {
        let world = World::new();
        world.replay(&fixture(name));
        let found = counts_of_unnamed(&world.report());
        if name == "next-16.4-nodesdk-plain" {
            // A shorter run of traffic than the one in the table.
            assert_eq!(found.values().sum::<u64>(), total, "{name}");
            let kinds: BTreeSet<&str> = found.keys().map(|(kind, ..)| kind.as_str()).collect();
            let all = ["page", "pages_api", "route_handler", "server_action", "unmatched"];
            assert_eq!(kinds, BTreeSet::from(all), "{name}");
            continue;
        }
        // The preflight is evidence.
        assert_eq!(found.values().sum::<u64>(), total - 1, "{name}");
        let (wanted, unknown) = expected(own);
        assert_same_traffic(&found, &wanted, (booting, unknown), name);
    }
}

/// Without the package every request keeps its kind; only which action it was is lost.
fn assert_same_traffic(found: &Counts, wanted: &Counts, (booting, unknown): (u64, u64), name: &str) {
    let api = |counts| only(counts, |kind, _| is_api(kind));
    assert_eq!(api(found), api(wanted), "{name}");
    let pages = |counts| only(counts, |kind, method| kind == "page" && method == "GET");
    let mut wanted_pages = pages(wanted);
    *wanted_pages.get_mut(&key("page", "/", "GET", "")).unwrap() += booting;
    assert_eq!(pages(found), wanted_pages, "{name}");
    // An action that Next.js passed on to the page it belongs to cannot be told from one more: one in 15 and 16.
    let more = posts(found) - (posts(wanted) + unknown);
    assert!(more <= 1, "{name}: {} POSTs to pages", posts(found));
}

#[test]
fn without_the_package_kinds_stay_and_nothing_is_advised() {
    for (name, booting) in OWN {
        let world = World::new();
        let stripped = world.folder.path().join("stripped.jsonl");
        let lines: Vec<String> = recorded(name).iter().map(|line| without_package(line)).collect();
        std::fs::write(&stripped, lines.join("\n")).unwrap();
        world.replay(&stripped);

        let (wanted, unknown) = expected(name);
        let report = world.report();
        assert_same_traffic(&counts_of_unnamed(&report), &wanted, (booting, unknown), name);
        for report in [report, world.reckless_report()] {
            assert_no_move(&report, name);
            let actions = handlers(&report).iter().filter(|handler| handler["kind"] == "server_action");
            assert!(actions.clone().count() > 0, "{name}");
            assert!(actions.into_iter().all(|action| action["action"].is_null()), "{name}");
        }
    }
}

/// Counts where actions have no names: one handler a page.
fn counts_of_unnamed(report: &Value) -> Counts {
    let mut counts = Counts::new();
    for handler in handlers(report) {
        let key = key(text(handler, "kind"), text(handler, "route"), text(handler, "method"), "");
        *counts.entry(key).or_default() += whole(&handler["calls"]);
    }
    counts
}

/// Takes out of a request all that the package adds: its spans, and its attributes on anybody's.
fn without_package(line: &str) -> String {
    let mut request: Value = serde_json::from_str(line).unwrap();
    let each = |value: &mut Value| value.as_array_mut().map(std::mem::take).unwrap_or_default();
    for resource in request["resourceSpans"].as_array_mut().unwrap() {
        strip(&mut resource["resource"]["attributes"]);
        let mut scopes = each(&mut resource["scopeSpans"]);
        scopes.retain(|scope| scope["scope"]["name"] != "@pointsman/nextjs");
        for span in scopes.iter_mut().flat_map(|scope| scope["spans"].as_array_mut().unwrap()) {
            strip(&mut span["attributes"]);
        }
        resource["scopeSpans"] = Value::Array(scopes);
    }
    let stripped = request.to_string();
    assert!(!stripped.contains("pointsman"), "{stripped}");
    stripped
}

fn strip(attributes: &mut Value) {
    const ADDED: [&str; 9] = [
        "pointsman.",
        "http.request.",
        "http.response.",
        "code.",
        "next.action.",
        "url.",
        "user_agent.",
        "client.",
        "network.",
    ];
    if let Some(attributes) = attributes.as_array_mut() {
        attributes.retain(|attribute| {
            let key = attribute["key"].as_str().unwrap();
            !ADDED.iter().any(|prefix| key.starts_with(prefix))
        });
    }
}

/// What a person sees first: the recorded shop of 45 handlers on one screen of a terminal.
#[test]
fn the_report_of_the_storefront_fits_on_one_screen() {
    let world = World::new();
    world.replay(&fixture("storefront"));
    let config = workspace().join("examples/storefront/pointsman.toml");
    let config = ["--until", "last", "--config", config.to_str().unwrap()];
    let known = report(&world.db, &config);
    assert_eq!(handlers(&known).len(), 45);
    let changes: Vec<&str> =
        known["changes"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap()).collect();
    assert!(changes.contains(&"Fetch price, shipping and stock in parallel on /compare"), "{changes:#?}");
    for (columns, most) in [("80", 70), ("120", 70), ("40", 110)] {
        let text = printed(&world.db, columns, &["report"], &config);
        let too_long: Vec<&str> =
            text.lines().filter(|line| line.chars().count() > columns.parse().unwrap()).collect();
        assert_eq!(too_long, Vec::<&str>::new());
        assert!(text.lines().count() <= most, "{} lines at {columns} columns:\n{text}", text.lines().count());
        assert!(!text.contains('\u{1b}'), "colour where nobody sees it");
        for change in known["changes"].as_array().unwrap() {
            assert!(text.contains(change["id"].as_str().unwrap()), "{change} is not in\n{text}");
        }
    }
    // The rest is one command away.
    let first = known["changes"][0]["id"].as_str().unwrap();
    let plan = printed(&world.db, "80", &["report", "--change", &first[..6]], &config);
    let explained = printed(&world.db, "80", &["explain", first], &config);
    let full = printed(&world.db, "80", &["report", "--full"], &config);
    for (text, part) in [
        (&plan, "Plan"),
        (&plan, first),
        (&explained, "What the rules found"),
        (&full, "Thresholds in force"),
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

/// What a command prints at so many columns.
fn printed(db: &Path, columns: &str, command: &[&str], more: &[&str]) -> String {
    let run = support::command(db).env("COLUMNS", columns).args(command).args(more).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}
