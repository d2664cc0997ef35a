//! How changes read: each kind of change once, also with a name that means harm.
#![allow(clippy::needless_pass_by_value, reason = "values are made where they are passed")]

use serde_json::{Value, json};

use super::*;

fn benefit(round_trips: f64) -> Value {
    json!({
        "interactions_per_day": 1.0, "round_trips_per_interaction": 1.0, "requests_per_interaction": 0.0,
        "round_trips_per_day": round_trips, "ms_per_interaction_p50": 0.0, "ms_per_interaction_p95": null,
        "queue_ms_per_interaction": null, "bytes_per_day": 0.0, "origin_requests_per_day": 0.0,
        "interval": {}, "assumed": null
    })
}

fn situation(verdict: &str, state: Option<&str>, round_trips: f64) -> Value {
    json!({ "verdict": verdict, "state": state, "benefit": (round_trips > 0.0).then(|| benefit(round_trips)) })
}

fn entry(route: &str, before: Value, after: Value, improvements: &[&str]) -> Value {
    let proof = json!({
        "outcome": "improved", "reason": "fewer round trips", "decided_ns": 1, "pairing": null, "hours": 48,
        "interactions": 500.0, "waiting_ms_p50": null, "waiting_ms_p95": null, "error_share": null,
        "round_trips": { "before": 2.0, "after": 1.0, "saved": 1.0, "interval": null, "promised": 1.2 },
        "interactions_per_day": null, "promise_kept": true
    });
    json!({
        "id": "00000000000000ab", "kind": "route_handler", "method": "POST", "route": route, "action": null,
        "file": null, "before": before, "after": after, "improvements": improvements, "reason": "so it is",
        "promised": benefit(40.0), "proof": proof
    })
}

fn differences() -> Differences {
    let action = "move_to_server_action";
    let proposed = |gain| situation(action, Some("proposed"), gain);
    let lists = json!({
        "since": "2026-11-25T06:00:00Z",
        "new": [
            entry("/a", Value::Null, proposed(40.0), &[]),
            entry("/b", situation("keep", None, 0.0), situation("keep", None, 0.0), &["cache-get"]),
            entry("/<b>\u{202e}\u{1b}[31m", Value::Null, proposed(0.0), &["batch-burst"]),
        ],
        "changed": [
            entry("/a", proposed(40.0), situation(action, Some("snoozed"), 40.0), &[]),
            entry("/a", proposed(40.0), proposed(90.0), &[]),
            entry("/a", proposed(40.0), situation("move_to_route_handler", Some("proposed"), 1.0), &[]),
            entry("/a", situation("insufficient_evidence", None, 0.0), situation("keep", None, 0.0), &[]),
        ],
        "gone": [
            entry("/a", proposed(40.0), Value::Null, &[]),
            entry("/b", situation("keep", None, 0.0), situation("keep", None, 0.0), &["cache-get"]),
        ],
        "applied": [entry("/a", proposed(40.0), situation(action, Some("applied"), 40.0), &[])],
        "verified": [entry("/a", Value::Null, situation(action, Some("verified"), 40.0), &[])],
        "left_out": 3
    });
    serde_json::from_value(lists).unwrap()
}

#[test]
fn each_change_is_one_sentence() {
    let lists = told(&differences());
    let lines = lists.iter().flat_map(|(title, lines)| {
        lines.iter().map(move |line| format!("{title} {}: {}", line.name, line.text))
    });
    let expected = [
        "New POST /a: move to a server action, which saves about 40 round trips a day (so it is)",
        "New POST /b: let a cache answer it",
        "New POST /<b>\\u{202e}\\u{1b}[31m: move to a server action (so it is)",
        "New POST /<b>\\u{202e}\\u{1b}[31m: send the calls of one burst as one",
        "Changed POST /a: snoozed, was proposed (so it is)",
        "Changed POST /a: saves about 90 round trips a day, was about 40 round trips a day",
        "Changed POST /a: now \u{201c}move to a route handler\u{201d}, was \u{201c}move to a server action\u{201d} (so it is)",
        "Changed POST /a: now \u{201c}keep\u{201d}, was \u{201c}not enough evidence\u{201d} (so it is)",
        "Gone POST /a: move to a server action is no longer advised (so it is)",
        "Gone POST /b: no longer needed: let a cache answer it",
        "Applied POST /a: done, promised to save about 40 round trips a day; before and after are being compared",
        "Verified POST /a: improved: saved 1 round trip (1.2 promised) per interaction; the promise held",
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn a_line_says_how_much_has_changed_since_when() {
    let differences = differences();
    assert_eq!(
        in_short_at(&differences, &TimeZone::UTC),
        "4 new, 4 changed, 2 gone, 1 applied, 1 verified, 3 more that are not listed since 25 Nov 2026, 06:00 UTC"
    );
    let none = Differences { since: "2026-11-25T06:00:00Z".to_owned(), ..Differences::default() };
    assert_eq!(in_short_at(&none, &TimeZone::UTC), "nothing has changed since 25 Nov 2026, 06:00 UTC");
    assert!(told(&none).is_empty());
}

#[test]
fn of_a_change_with_several_handlers_there_is_one_line() {
    let part = json!({ "id": "c0123456789", "title": "Fetch price and stock in parallel on /compare",
        "benefit": benefit(64.0), "promised": benefit(70.0), "proof": null });
    let of = |id: &str, state: &str| {
        let mut one = entry("/a", Value::Null, situation("move_to_route_handler", Some(state), 64.0), &[]);
        one["id"] = json!(id);
        one["change"] = part.clone();
        one
    };
    let lists = json!({
        "since": "2026-11-25T06:00:00Z", "new": [of("01", "proposed"), of("02", "proposed")], "changed": [], "gone": [],
        "applied": [of("03", "applied"), of("04", "applied")], "verified": [], "left_out": 0
    });
    let lists: Differences = serde_json::from_value(lists).unwrap();
    let told: Vec<String> = told(&lists)
        .iter()
        .flat_map(|(_, lines)| {
            lines.iter().map(|line| format!("{} {}: {}", line.anchor(), line.name, line.text))
        })
        .collect();
    let title = "c0123456789 Fetch price and stock in parallel on /compare";
    let expected = [
        format!("{title}: saves about 64 round trips a day (so it is)"),
        format!(
            "{title}: done, promised to save about 70 round trips a day; before and after are being compared"
        ),
    ];
    assert_eq!(told, expected);
    assert_eq!(in_short_at(&lists, &TimeZone::UTC), "1 new, 1 applied since 25 Nov 2026, 06:00 UTC");
}
