//! Gains: what kept interactions would have been spared, and that nothing is counted twice.

use std::collections::HashMap;

use pointsman_advisor::{Benefit, Report, Settings};
use pointsman_store::{AppFact, Form, Sign};

use crate::traffic::{MS, SECOND, Traffic, visit};

fn next(version: &str) -> AppFact {
    AppFact {
        service: "shop".into(),
        environment: Some("production".into()),
        build: None,
        name: "pointsman.next.version".into(),
        value: version.into(),
        first_seen_ns: 0,
        last_seen_ns: 1,
    }
}

fn report(traffic: &Traffic, version: Option<&str>) -> Report {
    let facts: Vec<AppFact> = version.map(next).into_iter().collect();
    traffic.report_where(&Settings::default(), &HashMap::new(), &facts)
}

fn benefit(report: &Report, name: &str) -> Benefit {
    let named = |h: &&pointsman_advisor::HandlerReport| h.action.as_deref() == Some(name) || h.route == name;
    report.handlers.iter().find(named).unwrap().benefit.clone().unwrap()
}

/// A cart on a page with ten links, which were fetched ahead when it was loaded: each refresh is followed by ten prefetches, and then the user goes to another page,
/// whose prefetches are its own.
fn cart_with_links() -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        traffic.page("/product/1", Form::Document, number, start - 30 * SECOND);
        traffic.page("/other", Form::Prefetch, number, start - 30 * SECOND + 150 * MS);
        traffic.mutation_with_refresh("/api/cart", "/product/1", number, start);
        for link in 0..10 {
            traffic.page("/other", Form::Prefetch, number, start + (200 + link) * MS);
        }
        traffic.page("/checkout", Form::Rsc, number, start + 2 * SECOND);
        for link in 0..3 {
            traffic.page("/other", Form::Prefetch, number, start + (2_100 + link) * MS);
        }
    }
    traffic
}

#[test]
fn prefetches_are_saved_by_refresh_and_raised_by_revalidation() {
    let traffic = cart_with_links();
    for (version, requests) in [(Some("16.4.6"), 11.0), (Some("15.5.0"), -3.0), (None, -3.0)] {
        let report = report(&traffic, version);
        let gain = benefit(&report, "/api/cart");
        assert!((gain.requests_per_interaction - requests).abs() < 1e-9, "{version:?}: {gain:?}");
        assert_eq!(gain.round_trips_per_interaction, 1.0);
        let cart = report.handlers.iter().find(|handler| handler.route == "/api/cart").unwrap();
        assert!(cart.verdict.is_move() && cart.reason.contains("prefetches"), "{}", cart.reason);
        let refresh = cart.steps.iter().any(|step| step.contains("call `refresh()`"));
        assert_eq!(refresh, version != Some("15.5.0"), "{:?}", cart.steps);
    }
}

#[test]
fn waiting_is_what_lies_between_the_requests_of_one_interaction() {
    let gain = benefit(&report(&cart_with_links(), Some("16.4.6")), "/api/cart");
    // The refresh begins 20 ms after the mutation has ended.
    assert!((gain.ms_per_interaction_p50 - 20.0).abs() < 0.1, "{gain:?}");
    assert_eq!(gain.interval["ms_per_interaction_p50"], [20.0, 20.0]);
    assert_eq!(gain.assumed, None);
}

#[test]
fn actions_that_wait_for_each_other_gain_once() {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        traffic.serial(&["getA", "getB", "getC"], "/compare", number, visit(number, 4));
    }
    let report = report(&traffic, None);
    let each = benefit(&report, "getA");
    assert_eq!(each.round_trips_per_interaction, 2.0);
    // 3 x 100 ms, 10 ms apart, end after 320 ms; together after 100.
    assert!((each.ms_per_interaction_p50 - 220.0).abs() < 0.1, "{each:?}");
    assert_eq!(report.total.moves, 3);
    assert!((report.total.round_trips_per_day - each.round_trips_per_day).abs() < 1e-6, "{:?}", report.total);
    assert_eq!(report.total.overlapping.len(), 1);
    assert_eq!(report.total.overlapping[0].len(), 3);
}

#[test]
fn reads_on_load_are_spared_a_request_each_and_the_same_waiting() {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let start = visit(number, 4);
        traffic.page("/desk", Form::Document, number, start);
        traffic.serial(&["getA", "getB"], "/desk", number, start + 200 * MS);
    }
    let report = report(&traffic, None);
    // The page ends after 50 ms; the first begins at 200, the second at 310.
    for (name, ms) in [("getA", 150.0), ("getB", 260.0)] {
        let gain = benefit(&report, name);
        assert!((gain.ms_per_interaction_p50 - ms).abs() < 0.1, "{name}: {gain:?}");
        assert_eq!((gain.round_trips_per_interaction, gain.requests_per_interaction), (1.0, 1.0));
    }
    let (total, each) = (&report.total, benefit(&report, "getB"));
    assert!((total.round_trips_per_day - 2.0 * each.round_trips_per_day).abs() < 1e-6, "{total:?}");
    let waiting = each.interactions_per_day * 0.26;
    assert!((total.waiting_s_per_day - waiting).abs() < 0.5, "{total:?}");
}

#[test]
fn what_nothing_measures_is_assumed_and_says_so() {
    let mut traffic = Traffic::new();
    for number in 0..600 {
        let call = traffic.mutation("/api/subscribe", "/news", number, visit(number, 4));
        call.status = Some(303);
        call.signs |= Sign::Navigate;
        traffic.page("/news", Form::Document, number, visit(number, 4) - 20 * SECOND).signs |=
            Sign::AppRouter;
    }
    let gain = benefit(&report(&traffic, None), "/api/subscribe");
    let assumed = gain.assumed.unwrap();
    assert_eq!((assumed.round_trip_ms, assumed.ms_per_interaction_p50), (60.0, 60.0));
    assert_eq!((gain.ms_per_interaction_p50, gain.ms_per_interaction_p95), (0.0, None));
}

#[test]
fn reads_of_one_burst_are_one_change_and_every_move_is_in_one() {
    let mut traffic = cart_with_links();
    for number in 0..600 {
        traffic.serial(
            &["getPrice", "getStock", "getShipping"],
            "/compare",
            10_000 + number,
            visit(number, 6),
        );
    }
    let report = report(&traffic, Some("16.4.6"));
    let titles: Vec<&str> = report.changes.iter().map(|change| change.title.as_str()).collect();
    assert_eq!(titles.len(), 2, "{titles:#?}");
    assert!(titles.contains(&"Fetch price, shipping and stock in parallel on /compare"), "{titles:#?}");
    let mut listed: Vec<&String> = report.changes.iter().flat_map(|change| &change.handlers).collect();
    let mut moves: Vec<&String> =
        report.handlers.iter().filter(|row| row.verdict.is_move()).map(|row| &row.id).collect();
    listed.sort();
    moves.sort();
    assert_eq!(listed, moves, "each in exactly one");
    for row in report.handlers.iter().filter(|row| row.verdict.is_move()) {
        let change = report.changes.iter().find(|change| Some(&change.id) == row.change.as_ref()).unwrap();
        assert!(change.handlers.contains(&row.id), "{row:?}");
    }
    let compare = report.changes.iter().find(|change| change.handlers.len() == 3).unwrap();
    let (one, together) = (benefit(&report, "getPrice"), compare.benefit.clone().unwrap());
    assert!((one.round_trips_per_day - together.round_trips_per_day).abs() < 1e-9, "{one:?} {together:?}");
    assert_eq!((report.total.moves, report.total.changes), (4, 2));
}
