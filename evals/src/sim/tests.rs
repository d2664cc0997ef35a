//! Behaviours of browsers, the client router and Next.js, each on its own: small scenarios, and what the server saw of them.

use super::exchange::{Exchange, Ran};
use super::{Play, play};
use crate::scenario::Scenario;

/// The exchanges of a scenario of one day without noise, of which this is the rest.
fn played(text: &str) -> Vec<Exchange> {
    let head = "title = 't'\nreason = 'r'\nsource = 's'\ndays = 1\nnoise = false\n";
    let mut scenario: Scenario = toml::from_str(&format!("{head}{text}\n[expect]\n")).unwrap();
    scenario.id = "tests/one".into();
    play(&scenario, Play::default())
}

/// One visit by one person that does this; `app` describes the handlers.
fn visit(app: &str, does: &str) -> Vec<Exchange> {
    played(&format!("{app}\n[[people]]\nvisits = 1\ndoes = {does}"))
}

fn header<'e>(exchange: &'e Exchange, name: &str) -> Option<&'e str> {
    exchange.asked.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
}

fn actions(exchanges: &[Exchange]) -> Vec<&Exchange> {
    exchanges.iter().filter(|exchange| exchange.action.is_some()).collect()
}

const APP: &str = "
[pages.'/a']
links = 3
[pages.'/b']
links = 0
[routes.'GET /api/x']
ms = 200
fails = 0
[routes.'POST /api/x']
fails = 0
[actions.act]
ms = 200
fails = 0";

#[test]
fn actions_wait_for_each_other_and_fetches_do_not() {
    let seen = visit(APP, "['open /a', 'act x3', 'GET /api/x x3']");
    let queued = actions(&seen);
    assert_eq!(queued.len(), 3);
    for pair in queued.windows(2) {
        let gap = pair[1].start_ms - pair[0].end_ms;
        assert!((5.0..300.0).contains(&gap), "a round trip lies between them, not {gap} ms");
    }
    let fetches: Vec<_> = seen.iter().filter(|exchange| &*exchange.path == "/api/x").collect();
    assert_eq!(fetches.len(), 3);
    assert!(fetches[2].start_ms < fetches[0].end_ms);
}

#[test]
fn a_refresh_follows_the_headers_of_a_change_and_fetches_links_anew() {
    let seen = visit(APP, "['open /a', 'think 5', 'POST /api/x', 'refresh', 'think 9']");
    let change = seen.iter().find(|exchange| &*exchange.method == "POST").unwrap();
    let refresh = seen.iter().find(|exchange| {
        &*exchange.path == "/a"
            && header(exchange, "rsc").is_some()
            && header(exchange, "next-router-prefetch").is_none()
    });
    let refresh = refresh.unwrap();
    let gap = refresh.start_ms - change.first_byte_ms.unwrap();
    assert!((5.0..400.0).contains(&gap), "{gap}");
    assert_eq!(header(refresh, "referer"), Some("/a"));
    let later = seen.iter().filter(|exchange| exchange.start_ms > refresh.end_ms);
    assert_eq!(later.filter(|exchange| header(exchange, "next-router-prefetch").is_some()).count(), 3);
}

#[test]
fn nothing_is_refreshed_after_a_failure() {
    let app =
        APP.replace("[routes.'POST /api/x']\nfails = 0", "[routes.'POST /api/x']\nfails = 0\nstatus = 422");
    let seen = visit(&app, "['open /a', 'POST /api/x', 'refresh']");
    assert!(!seen.iter().any(|exchange| &*exchange.path == "/a" && header(exchange, "rsc").is_some()));
}

#[test]
fn a_navigation_does_not_wait_for_actions_and_a_refresh_does() {
    let beside =
        "[[people]]\nvisits = 1\nbeside = ['poll act 1s x4']\ndoes = ['open /b', 'think 3', 'go /a']";
    let slow = APP.replace("[actions.act]\nms = 200", "[actions.act]\nms = 5000\nsigma = 0.01");
    let seen = played(&format!("{slow}\n{beside}"));
    let navigation = seen.iter().find(|exchange| &*exchange.path == "/a").unwrap();
    let running =
        actions(&seen).into_iter().any(|act| (act.start_ms..act.end_ms).contains(&navigation.start_ms));
    assert!(running, "it began while an action was running");
    let seen = visit(&slow, "['open /b', 'act & act', 'refresh']");
    let refresh =
        seen.iter().find(|exchange| &*exchange.path == "/b" && header(exchange, "rsc").is_some()).unwrap();
    assert!(actions(&seen).iter().all(|act| act.end_ms < refresh.start_ms));
}

#[test]
fn a_poll_keeps_its_rhythm() {
    let seen = visit(APP, "['open /b', 'poll GET /api/x 5s x6']");
    let starts: Vec<f64> = seen.iter().filter(|it| &*it.path == "/api/x").map(|it| it.start_ms).collect();
    assert_eq!(starts.len(), 6);
    assert!(starts.windows(2).all(|pair| (4_700.0..6_300.0).contains(&(pair[1] - pair[0]))), "{starts:?}");
}

#[test]
fn what_is_typed_grows_and_an_abort_ends_the_call_before() {
    let seen = visit(APP, "['open /b', 'type act 5']");
    let bytes: Vec<u64> = actions(&seen).iter().map(|act| act.request_bytes).collect();
    assert!(bytes.len() == 5 && bytes.windows(2).all(|pair| pair[1] == pair[0] + 1), "{bytes:?}");
    let slow = APP.replace("ms = 200\nfails = 0\n[routes.'POST", "ms = 900\nfails = 0\n[routes.'POST");
    let seen = visit(&slow, "['open /b', 'type GET /api/x 5 abort']");
    let calls: Vec<_> = seen.iter().filter(|it| &*it.path == "/api/x").collect();
    assert_eq!(calls.iter().filter(|call| call.aborted).count(), 4);
    assert!(!calls[4].aborted && calls[4].status == Some(200));
}

#[test]
fn an_action_that_revalidates_a_path_drops_prefetches_and_one_that_refreshes_does_not() {
    for (revalidates, header_value, prefetches) in [("path", "1", 3), ("refresh", "2", 0)] {
        let app = format!("{APP}\nrevalidates = '{revalidates}'");
        let seen = visit(&app, "['open /a', 'act', 'think 5']");
        let act = actions(&seen)[0];
        assert_eq!(act.ran, Ran::Tree);
        let told = act.answered.iter().find(|(name, _)| &**name == "x-action-revalidated");
        assert_eq!(told.map(|(_, value)| &**value), Some(header_value));
        let later =
            seen.iter().filter(|it| it.start_ms > act.end_ms && header(it, "next-router-prefetch").is_some());
        assert_eq!(later.count(), prefetches, "{revalidates}");
    }
}

#[test]
fn statuses_are_those_of_the_version() {
    for (next, unknown, redirect) in [("15.5.0", 404, 303), ("16.3.8", 404, 200), ("16.4.6", 409, 200)] {
        let head = format!("next = '{next}'\n");
        let app = format!("{head}{APP}\nredirects = '/b'");
        let machine = "[[machines]]\nkind = 'browser'\ncalls = ['unknown /a']\nper_day = 5\n";
        let seen = played(&format!("{app}\n{machine}[[people]]\nvisits = 1\ndoes = ['open /a', 'act']"));
        let (known, others): (Vec<_>, Vec<_>) =
            actions(&seen).into_iter().partition(|it| it.action.as_ref().unwrap().export.is_some());
        assert!(others.iter().all(|it| it.status == Some(unknown)) && others.len() == 5, "{next}");
        assert!(known.iter().all(|it| it.status == Some(redirect)) && known.len() == 1, "{next}");
    }
}

#[test]
fn other_origins_ask_first_and_beacons_do_not() {
    let text =
        "[[people]]\nvisits = 1\nfrom = 'https://else.example'\ndoes = ['POST /api/x', 'beacon POST /api/x']";
    let seen = played(&format!("{APP}\n{text}"));
    let methods: Vec<&str> = seen.iter().map(|exchange| &*exchange.method).collect();
    assert_eq!(methods, ["OPTIONS", "POST", "POST"]);
    assert!(seen.iter().all(|exchange| header(exchange, "origin") == Some("https://else.example")));
}

#[test]
fn the_same_seed_is_the_same_traffic_and_another_is_not() {
    let text = format!(
        "title = 't'\nreason = 'r'\nsource = 's'\n{APP}\n[[people]]\nvisits = 9\ndoes = ['open /a']\n[expect]"
    );
    let scenario: Scenario = toml::from_str(&text).unwrap();
    let starts = |seed| {
        play(&scenario, Play { seed, ..Play::default() }).iter().map(|it| it.start_ms).collect::<Vec<_>>()
    };
    assert_eq!(starts(1), starts(1));
    assert_ne!(starts(1), starts(2));
    let doubled = play(&scenario, Play { noise: 2.0, ..Play::default() });
    assert!(doubled.iter().any(|exchange| exchange.instance == 1), "noise brings a second instance");
}

#[test]
fn pages_may_be_another_apps_name_no_referrer_or_come_from_a_cache() {
    let app = APP.replace("links = 3", "links = 0\nhit = 1");
    let elsewhere = visit(&app, "['elsewhere /docs', 'POST /api/x']");
    assert_eq!(elsewhere.len(), 1, "another app answers the page");
    assert_eq!(header(&elsewhere[0], "referer"), Some("/docs"));
    let hidden = visit(&app, "['open /a', 'POST /api/x', 'submit POST /api/x']\nno_referrer = true");
    assert!(hidden.iter().all(|exchange| header(exchange, "referer").is_none()));
    let origins: Vec<_> = hidden.iter().filter_map(|exchange| header(exchange, "origin")).collect();
    assert_eq!(origins, ["https://app.example.com", "null"], "forms alone name none");
    assert_eq!(hidden[0].ran, Ran::Nothing);
    let answered = |name: &str| hidden[0].answered.iter().find(|(known, _)| &**known == name);
    assert_eq!(answered("x-nextjs-cache").map(|(_, value)| &**value), Some("HIT"));
    let worker = visit(&app, "['open /a', 'sw POST /api/x']\nworker = '/_next/static/worker.js'");
    assert_eq!(header(&worker[1], "referer"), Some("/_next/static/worker.js"));
}
