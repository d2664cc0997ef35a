//! Every picture with ordinary, extreme and hostile data.

use pointsman_advisor::explanation::{
    After, AfterStep, BinRow, Cache, CallerShare, Example, ExampleStep, Frequency, HourCalls, PageShare,
    Quantiles, Repeats, SamplingRow,
};
use pointsman_advisor::life::{Compared, Proof};
use pointsman_advisor::{EvidenceKind, EvidenceRow, HandlerReport, SequenceKind, Verdict};

use super::*;

const HOSTILE: [&str; 4] =
    ["<script>alert('1')</script>", "\"onload=\"x\" & ]]>", "\u{202e}\u{1b}[31m\u{0}", ""];
const NUMBERS: [f64; 8] = [0.0, 1.0, 0.000_1, 93.0, 1e9, 1e300, f64::INFINITY, f64::NAN];

/// Well-formed, harmless, and with what accessibility and the pages' policy ask for.
fn check(picture: &Picture) {
    let svg = picture.to_string();
    let mut open: Vec<&str> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("every tag is closed");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty()).expect("a name");
        assert!(
            ["svg", "title", "desc", "g", "a", "text", "rect", "circle", "polygon", "polyline", "line"]
                .contains(&name),
            "{name}"
        );
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert!(!tag.contains("style=") && !tag.contains(" on"), "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{svg}");
    assert!(!svg.contains(['\u{202e}', '\u{1b}', '\u{0}']));
    assert_eq!(svg.matches("<desc ").count(), 1);
    assert_eq!(svg.matches("<svg").count(), 1);
    assert!(svg.len() < 400_000, "{}", svg.len());
}

fn long() -> String {
    "/very<long>".repeat(1_000)
}

fn frequency(calls: f64) -> Frequency {
    let hour = |at: &str| HourCalls { at: at.to_owned(), calls };
    Frequency {
        observed: 1,
        calls,
        interval: [calls, calls],
        per_day: calls,
        by_hour: vec![hour("2026-01-01T00:00:00Z"), hour("2026-01-01T05:00:00Z"), hour("no time")],
        by_hour_of_day: vec![calls; 24],
        days_seen: 1,
        clients: None,
        trend: None,
        sampling: SamplingRow { basis: String::new(), weight: 1.0 },
    }
}

fn quantiles(value: f64) -> Quantiles {
    let histogram = vec![BinRow { from: value, to: value * 2.0, count: value }];
    Quantiles { count: 7, p50: value, p75: value, p95: value * 2.0, p99: value, histogram }
}

fn example(name: &str, (start_ms, duration_ms, saved_ms): (f64, f64, f64)) -> Example {
    let step = |start_ms| ExampleStep {
        handler: String::new(),
        name: name.to_owned(),
        trace: String::new(),
        start_ms,
        duration_ms,
    };
    let after = |start_ms, within_first| AfterStep {
        handler: String::new(),
        name: name.to_owned(),
        start_ms,
        duration_ms,
        within_first,
    };
    Example {
        kind: SequenceKind::MutationThenRefresh,
        steps: vec![step(0.0), step(start_ms)],
        prefetches: 0,
        after: Some(After {
            steps: vec![after(0.0, false), after(duration_ms, true)],
            saved_ms,
            saved_round_trips: 1.0,
        }),
    }
}

fn handler(name: &str, calls_per_day: f64, ms: Option<f64>) -> HandlerReport {
    let json = serde_json::json!({
        "id": "0000000000000001", "kind": "route_handler", "route": name, "method": "POST", "action": null, "file": null,
        "calls": 1.0, "calls_per_day": 1.0, "callers": {}, "verdict": "move_to_server_action", "confidence": null,
        "state": "proposed", "reason": "", "flips_if": "", "barred": false, "blockers": [], "improvements": [],
        "evidence": [], "benefit": null, "effort": null, "steps": [], "warnings": [], "needs": [], "duration_ms": ms.map(|_| serde_json::json!({ "p50": 1.0, "p95": 1.0 }))
    });
    let mut row: HandlerReport = serde_json::from_value(json).expect("a row");
    if let Some((to, ms)) = row.duration_ms.as_mut().zip(ms) {
        to.p95 = ms;
    }
    HandlerReport { calls_per_day, verdict: Verdict::MoveToServerAction, ..row }
}

fn entries(rows: &[HandlerReport]) -> Vec<map::Entry<'_>> {
    (1..).zip(rows).map(|(number, row)| map::Entry { row, number: Some(number), wanted: true }).collect()
}

fn evidence(value: f64) -> EvidenceRow {
    EvidenceRow {
        rule: "x".to_owned(),
        kind: EvidenceKind::For,
        weight: 1.0,
        observed: value,
        interval: [value, value * 2.0],
        threshold: 0.5,
        samples: 1,
        text: String::new(),
        flips_if: String::new(),
        exemplars: Vec::new(),
    }
}

fn proof(value: f64) -> Proof {
    let compared = Compared {
        before: value,
        after: 1.0,
        saved: value - 1.0,
        interval: Some([value, value]),
        promised: Some(value),
    };
    let json = serde_json::json!({
        "outcome": "flat", "reason": "", "decided_ns": 0, "pairing": null, "hours": 1, "interactions": 1.0,
        "round_trips": null, "waiting_ms_p50": null, "waiting_ms_p95": null, "error_share": null,
        "interactions_per_day": null, "promise_kept": null
    });
    let proof: Proof = serde_json::from_value(json).expect("a proof");
    Proof { waiting_ms_p50: Some(compared), error_share: Some(compared), ..proof }
}

#[test]
fn whatever_the_numbers_pictures_stay_whole() {
    for value in NUMBERS {
        let frequency = frequency(value);
        let (time, day) = (calls::over_time(&frequency), calls::by_hour_of_day(&frequency));
        let spread =
            [Unit::Ms, Unit::Bytes].map(|unit| distribution::histogram("x", unit, &quantiles(value)));
        let rows =
            [handler("/a", value, Some(value)), handler("/b", 1.0, Some(1.0)), handler("/c", 5.0, None)];
        let map = map::handlers(&entries(&rows), map::Room::Wide, |_| "/handlers/1".to_owned());
        let repeats = |seconds| Repeats { seconds, repeats: 1, share: value, interval: [value, value] };
        let told = Cache {
            hits: None,
            misses: None,
            not_modified: None,
            cache_control: None,
            may_be_kept: None,
            comparable: 1,
            shared: vec![repeats(1), repeats(60)],
            private: vec![repeats(3_600)],
            absent: None,
        };
        let measured = interval::against_threshold(&evidence(value));
        let promise = promise::and_found(&proof(value));
        let small = interaction::in_small(&example("POST /api/cart", (value, value, value)));
        let pictures = [time, day, map, cache::curve(&told), measured, promise, small]
            .into_iter()
            .chain(spread)
            .flatten();
        pictures.for_each(|picture| check(&picture));
        check(&interaction::now_and_after(&example("POST /api/cart", (value, value, value))));
        check(&interaction::now_and_after(&example("POST /api/cart", (value, 1.0, -value))));
    }
}

#[test]
fn hostile_names_stay_text() {
    for name in HOSTILE.map(str::to_owned).into_iter().chain([long()]) {
        let callers =
            [CallerShare { class: name.clone(), calls: 1.0, share: 0.5, interval: [0.4, 0.6], succeeded: 1 }];
        let pages = [PageShare { route: name.clone(), calls: 1.0, share: 0.5 }];
        check(&shares::callers(&callers).expect("a picture"));
        check(&shares::pages(&pages).expect("a picture"));
        check(&distribution::histogram(&name, Unit::Ms, &quantiles(5.0)).expect("a picture"));
        check(&interaction::now_and_after(&example(&name, (50.0, 20.0, 30.0))));
        let row = handler(&name, 5.0, Some(5.0));
        let row = [row];
        check(&map::handlers(&entries(&row), map::Room::Narrow, |_| name.clone()).expect("a picture"));
        check(&interaction::in_small(&example(&name, (50.0, 20.0, 30.0))).expect("a picture"));
    }
}

#[test]
fn what_has_no_duration_is_left_out_and_said() {
    let rows = [handler("/a", 10.0, Some(5.0)), handler("/b", 10.0, None)];
    let map = map::handlers(&entries(&rows), map::Room::Wide, |row| format!("/handlers{}", row.route))
        .expect("a map");
    let svg = map.to_string();
    assert!(svg.contains("href=\"/handlers/a\"") && !svg.contains("/handlers/b"), "{svg}");
    assert!(map.desc().contains("1 are not shown"), "{}", map.desc());
    assert_eq!(map::handlers(&entries(&rows[1..]), map::Room::Narrow, |_| String::new()), None);
}

#[test]
fn no_mark_hides_another_and_each_move_bears_its_number() {
    let rows: Vec<HandlerReport> =
        (0..400).map(|number| handler(&format!("/api/{number}"), 10.0, Some(5.0))).collect();
    for room in [map::Room::Wide, map::Room::Narrow] {
        let picture = map::handlers(&entries(&rows), room, |row| row.route.clone()).expect("a map");
        let svg = picture.to_string();
        check(&picture);
        let circles: Vec<[f64; 3]> = svg.split("<circle ").skip(1).map(circle).collect();
        assert_eq!(circles.len(), 400);
        for (index, [x, y, r]) in circles.iter().enumerate() {
            for [other_x, other_y, _] in &circles[..index] {
                assert!((x - other_x).hypot(y - other_y) > 2.0 * r, "{room:?}: {x} {y}, {other_x} {other_y}");
            }
        }
        for number in 1..=400 {
            assert!(svg.contains(&format!(">{number}</text>")), "{room:?}: {number}");
        }
    }
}

#[test]
fn what_is_not_wanted_is_not_drawn_and_moves_nothing() {
    let rows = [handler("/a", 10.0, Some(5.0)), handler("/b", 100.0, Some(50.0))];
    let place = |svg: &str| svg.split("<circle ").nth(1).map(circle).expect("a mark");
    let draw = |entries: &[map::Entry<'_>]| {
        map::handlers(entries, map::Room::Wide, |row| row.route.clone()).expect("a map").to_string()
    };
    let some = |only: &str| -> Vec<map::Entry<'_>> {
        let wanted = |entry: map::Entry<'_>| entry.row.route == only;
        entries(&rows).into_iter().map(|entry| map::Entry { wanted: wanted(entry), ..entry }).collect()
    };
    let (one, other, both) = (draw(&some("/a")), draw(&some("/b")), draw(&entries(&rows)));
    assert!(both.contains("href=\"/a\"") && both.contains("href=\"/b\""));
    assert!(one.contains("href=\"/a\"") && !one.contains("href=\"/b\""));
    assert_ne!(place(&one), place(&other));
    let circles: Vec<[f64; 3]> = both.split("<circle ").skip(1).map(circle).collect();
    assert!(circles.contains(&place(&one)) && circles.contains(&place(&other)));
}

#[test]
fn what_became_worse_is_drawn_as_worse() {
    let worse = Compared { before: 100.0, after: 180.0, saved: -80.0, interval: None, promised: Some(50.0) };
    let picture =
        promise::and_found(&Proof { waiting_ms_p50: Some(worse), ..proof(0.0) }).expect("a picture");
    assert!(picture.desc().contains("100 ms before, 180 ms after, 50 ms promised"), "{}", picture.desc());
    assert!(picture.to_string().contains("#9E2A2B"));
    let nothing = Proof { waiting_ms_p50: None, error_share: None, ..proof(0.0) };
    assert_eq!(promise::and_found(&nothing), None);
}

/// `cx`, `cy` and `r` of a circle.
fn circle(tag: &str) -> [f64; 3] {
    ["cx", "cy", "r"].map(|name| {
        let rest = tag.split(&format!(" {name}=\"")).nth(1).expect("an attribute");
        rest.split('"').next().and_then(|number| number.parse().ok()).expect("a number")
    })
}

#[test]
fn the_time_saved_is_told_and_ids_are_of_one_picture_each() {
    let picture = interaction::now_and_after(&example("POST /api/cart", (65.0, 20.0, 45.0)));
    assert!(picture.desc().contains("45 ms saved, 1 round trip fewer"), "{}", picture.desc());
    let (one, other) = (picture.clone().with_id("a 1").to_string(), picture.with_id("b").to_string());
    assert!(one.contains("id=\"a-1-interaction-title\"") && other.contains("id=\"b-interaction-title\""));
}
