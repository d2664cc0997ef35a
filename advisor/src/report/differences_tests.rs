//! What changed: each row of the table is a Handler then and now, and the list in which it is told.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::life::{Outcome, Record};
use crate::report::{Sampled, Total, Window, blank_row};
use crate::settings::Settings;

/// A Handler in words: `-` is absent; else verdict, state or `.`, gain and its interval's half width or `.`, improvements.
fn row(id: usize, words: &str) -> Option<HandlerReport> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let [verdict, state, gain, improvements @ ..] = words.as_slice() else { return None };
    let verdict = match *verdict {
        "action" => Verdict::MoveToServerAction,
        "route" => Verdict::MoveToRouteHandler,
        "keep" => Verdict::Keep,
        "unknown" => Verdict::InsufficientEvidence,
        other => panic!("{other} is no verdict"),
    };
    let numbers = gain.split_once('~').map(|(gain, around)| {
        let number = |word: &str| word.parse::<f64>().unwrap_or_else(|_| panic!("{word} is no number"));
        (number(gain), number(around))
    });
    Some(HandlerReport {
        state: Some((*state).to_owned()).filter(|state| state != "."),
        improvements: improvements.iter().map(|&rule| rule.to_owned()).collect(),
        benefit: numbers.map(|(gain, around)| benefit(gain, around)),
        ..blank_row(id as u64, verdict)
    })
}

fn benefit(round_trips: f64, around: f64) -> Benefit {
    Benefit {
        interactions_per_day: round_trips,
        round_trips_per_interaction: 1.0,
        requests_per_interaction: 0.0,
        round_trips_per_day: round_trips,
        ms_per_interaction_p50: 0.0,
        ms_per_interaction_p95: None,
        queue_ms_per_interaction: None,
        bytes_per_day: 0.0,
        origin_requests_per_day: 0.0,
        interval: BTreeMap::from([(
            "round_trips_per_day".to_owned(),
            [round_trips - around, round_trips + around],
        )]),
        assumed: None,
    }
}

fn report(rows: impl IntoIterator<Item = HandlerReport>, recommendations: Vec<Life>) -> Report {
    Report {
        schema: "pointsman.report/v1".into(),
        generated_at: "2026-01-02T06:05:00Z".into(),
        window: Window { from: "2025-12-26T06:00:00Z".into(), to: "2026-01-02T06:00:00Z".into() },
        service: "shop".into(),
        environment: None,
        days_covered: 7.0,
        next_version: None,
        sampling: Sampled { declared: true, text: String::new() },
        changes: Vec::new(),
        handlers: rows.into_iter().collect(),
        total: Total::default(),
        shared_reasons: Vec::new(),
        shared_improvements: Vec::new(),
        recommendations,
        record: Record::default(),
        policies: Vec::new(),
        shadow: BTreeMap::new(),
        unknown_actions: Vec::new(),
        preflights: 0,
        source: None,
        settings: Settings::default(),
        rules: Vec::new(),
        since_last_report: None,
    }
}

fn life(id: usize, state: State) -> Life {
    let proof = Proof {
        outcome: Outcome::Improved,
        reason: "fewer round trips".into(),
        decided_ns: 7,
        pairing: None,
        hours: 48,
        interactions: 500.0,
        round_trips: None,
        waiting_ms_p50: None,
        waiting_ms_p95: None,
        error_share: None,
        interactions_per_day: None,
        promise_kept: Some(true),
    };
    Life {
        id: format!("{id:016x}"),
        verdict: Verdict::MoveToServerAction,
        change: None,
        kind: ReportedKind::RouteHandler,
        route: format!("/api/{id}"),
        operation: None,
        method: "POST".into(),
        action: None,
        file: None,
        state,
        since: "2026-01-01T06:00:00Z".into(),
        reason: "it is said here".into(),
        until: None,
        proposed: "2025-12-01T06:00:00Z".into(),
        promised: Some(benefit(10.0, 1.0)),
        applied: None,
        successor: None,
        proof: (state == State::Verified).then_some(proof),
        history: Vec::new(),
    }
}

/// Where everything is told: the lists with the last digit of each id and its improvements.
fn told(changes: &Differences) -> String {
    let entry = |one: &HandlerDifference| {
        let number = one.id.trim_start_matches('0');
        format!(" {}{}", number, one.improvements.iter().map(|rule| format!("+{rule}")).collect::<String>())
    };
    let list = |(name, list): (&str, &[HandlerDifference])| {
        (!list.is_empty()).then(|| format!("{name}{}", list.iter().map(entry).collect::<String>()))
    };
    changes.lists().into_iter().filter_map(list).collect::<Vec<_>>().join("; ")
}

#[test]
fn each_change_is_told_in_its_list() {
    for (before, after, expected) in [
        ("-", "action proposed 10~1", "new 1"),
        ("-", "keep . .", ""),
        ("-", "keep . . cache-get", "new 1+cache-get"),
        ("-", "action dismissed 10~1", ""),
        ("keep . .", "action proposed 10~1", "new 1"),
        ("unknown . .", "action proposed 10~1 batch", "new 1+batch"),
        ("unknown . .", "keep . .", "changed 1"),
        ("keep . . a b", "keep . . b c", "new 1+c; gone 1+a"),
        ("action proposed 10~1", "route proposed 10~1", "changed 1"),
        ("action proposed 10~1", "action accepted 10~1", "changed 1"),
        ("action snoozed 10~1", "action proposed 10~1", "changed 1"),
        ("action proposed 10~1", "action proposed 12~1", ""),
        ("action proposed 10~1", "action proposed 20~1", "changed 1"),
        ("action proposed 10~5", "action proposed 20~6", ""),
        ("action proposed 0.1~0", "action proposed 0.9~0", ""),
        ("action dismissed 10~1", "action dismissed 90~1", ""),
        ("action proposed 10~1", "keep . .", "gone 1"),
        ("action proposed 10~1", "-", "gone 1"),
        ("action dismissed 10~1", "-", ""),
        ("action dismissed 10~1", "keep . .", "changed 1"),
        ("keep . . a", "-", "gone 1+a"),
        ("keep . .", "-", ""),
    ] {
        let [then, now] = [before, after].map(|words| report(row(1, words), Vec::new()));
        assert_eq!(told(&differences(&then, &now)), expected, "{before} -> {after}");
    }
}

#[test]
fn a_move_that_was_made_is_told_once_with_what_came_of_it() {
    let moving = "action proposed 10~1";
    for (before, was, after, is, expected) in [
        (moving, Some(State::Proposed), "-", State::Applied, "applied 1"),
        (moving, Some(State::Proposed), "keep . .", State::Applied, "applied 1"),
        (moving, Some(State::Accepted), "action applied 10~1", State::Applied, "applied 1"),
        ("-", None, "-", State::Applied, "applied 1"),
        ("-", Some(State::Applied), "-", State::Applied, ""),
        ("-", Some(State::Applied), "-", State::Verified, "verified 1"),
        (moving, Some(State::Accepted), "-", State::Verified, "verified 1"),
        ("-", Some(State::Verified), "-", State::Verified, ""),
        (moving, Some(State::Proposed), "-", State::Expired, "gone 1"),
    ] {
        let then = report(row(1, before), was.map(|state| life(1, state)).into_iter().collect());
        let now = report(row(1, after), vec![life(1, is)]);
        let found = differences(&then, &now);
        assert_eq!(told(&found), expected, "{before} {was:?} -> {after} {is:?}");
        for one in &found.verified {
            assert!(one.proof.is_some() && one.promised.is_some(), "{one:?}");
        }
        for one in &found.gone {
            assert_eq!(one.reason, "it is said here");
        }
    }
}

#[test]
fn of_many_changes_the_first_fifty_are_told_and_the_others_counted() {
    let now = report((1..=70).filter_map(|id| row(id, "action proposed 10~1")), Vec::new());
    let found = differences(&report([], Vec::new()), &now);
    assert_eq!((found.new.len(), found.left_out), (50, 20));
    assert_eq!(found.new.first().map(|one| one.route.as_str()), Some("/api/1"));
    assert!(!found.is_empty());
}

fn any_row() -> impl Strategy<Value = String> {
    let state = prop::sample::select(vec!["proposed", "accepted", "dismissed", "snoozed", "applied"]);
    let rules = prop::collection::btree_set(prop::sample::select(vec!["a", "b", "c"]), 0..3)
        .prop_map(|rules| rules.into_iter().collect::<Vec<_>>().join(" "));
    let moves = (prop::sample::select(vec!["action", "route"]), state, 1..100_u8, rules.clone())
        .prop_map(|(verdict, state, gain, rules)| format!("{verdict} {state} {gain}~1 {rules}"));
    let kept = rules.prop_map(|rules| format!("keep . . {rules}"));
    prop_oneof![Just("-".to_owned()), moves, kept, Just("unknown . .".to_owned())]
}

fn any_report() -> impl Strategy<Value = Report> {
    let states = prop::collection::vec(prop::option::of(prop::sample::select(State::ALL.to_vec())), 6);
    (prop::collection::vec(any_row(), 6), states).prop_map(|(rows, states)| {
        let rows = rows.iter().enumerate().filter_map(|(id, words)| row(id + 1, words));
        let lives = states.into_iter().enumerate().filter_map(|(id, state)| Some(life(id + 1, state?)));
        report(rows.collect::<Vec<_>>(), lives.collect())
    })
}

proptest! {
    #[test]
    fn a_report_has_not_changed_since_itself(one in any_report()) {
        prop_assert!(differences(&one, &one).is_empty());
    }

    #[test]
    fn what_is_told_can_be_read_back_and_no_move_is_told_twice(one in any_report(), other in any_report()) {
        let found = differences(&one, &other);
        let json = serde_json::to_string(&found).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(serde_json::from_str::<Differences>(&json).ok(), Some(found.clone()));
        for made in found.applied.iter().chain(&found.verified) {
            let named = |list: &[HandlerDifference]| {
                list.iter().any(|one| one.id == made.id && one.improvements.is_empty()
                    && one.before.as_ref().map(|it| it.verdict) == Some(Verdict::MoveToServerAction))
            };
            prop_assert!(!named(&found.gone), "{found:?}");
        }
    }
}
