//! What would change a verdict is said only where it would, and what is missing only where it matters.

use pointsman_advisor::{HandlerReport, ReportedKind, Settings, Verdict};
use pointsman_store::{Call, Caller, Form, Sign};

use crate::traffic::{MS, Traffic, cart, visit};

fn gets(calls: u64, change: impl Fn(&mut Call)) -> HandlerReport {
    let mut traffic = Traffic::new();
    for number in 0..calls {
        change(traffic.get("/api/items", number, visit(number, 4)));
    }
    traffic.judged("GET /api/items")
}

#[test]
fn no_traffic_makes_a_get_move() {
    type Change = fn(&mut Call);
    let changes: [Change; 4] = [
        |_| {},
        |call| call.signs |= Sign::AllowsOrigin,
        |call| (call.caller, call.agent) = (Caller::External, Some("okhttp".into())),
        |call| call.caller = Caller::Unknown,
    ];
    for (calls, change) in changes.into_iter().flat_map(|change| [(7, change), (400, change)]) {
        let judged = gets(calls, change);
        assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
        assert_eq!((judged.flips_if.as_str(), judged.needs.len()), ("", 0), "{}", judged.reason);
    }
}

#[test]
fn few_calls_are_missing_calls_only_where_more_could_change_something() {
    let mut traffic = Traffic::new();
    for number in 0..12 {
        let start = visit(number, 4);
        traffic.mutation_with_refresh("/api/cart", "/product/1", number, start);
        traffic.action("deleteItem", "/cart", number, start + 500 * MS, 50);
        traffic.action("getItems", "/cart", number, start + 700 * MS, 50);
    }
    for name in ["POST /api/cart", "getItems"] {
        let judged = traffic.judged(name);
        assert_eq!(judged.verdict, Verdict::InsufficientEvidence, "{name}: {}", judged.reason);
        assert_eq!((judged.needs[0].have, judged.needs[0].want), (Some(12), Some(100)), "{name}");
        assert!(judged.flips_if.starts_with("88 more calls"), "{name}: {}", judged.flips_if);
    }
    let writes = traffic.judged("deleteItem");
    assert_eq!(writes.verdict, Verdict::Keep, "{}", writes.reason);
    assert_eq!((writes.flips_if.as_str(), writes.needs.len()), ("", 0));
}

#[test]
fn a_blocked_mutation_says_what_would_let_it_move_and_all_of_it() {
    let mut traffic = cart(97);
    traffic.calls.iter_mut().take(1).for_each(|call| call.signs |= Sign::AllowsOrigin);
    let judged = traffic.judged("POST /api/cart");
    assert_eq!(judged.blockers, ["cross-origin-caller"]);
    assert!(judged.flips_if.contains("cross-origin"), "{}", judged.flips_if);

    // Nothing follows it: without the blocker it would stay all the same.
    let mut quiet = cart(0);
    quiet.calls.iter_mut().take(1).for_each(|call| call.signs |= Sign::AllowsOrigin);
    let judged = quiet.judged("POST /api/cart");
    assert_eq!((judged.verdict, judged.flips_if.as_str()), (Verdict::Keep, ""), "{}", judged.reason);

    // Too few are followed: both would have to change.
    let mut few = cart(40);
    few.calls.iter_mut().take(1).for_each(|call| call.signs |= Sign::AllowsOrigin);
    let judged = few.judged("POST /api/cart");
    assert!(
        judged.flips_if.contains("cross-origin") && judged.flips_if.contains("mutate-then-refresh"),
        "{}",
        judged.flips_if
    );
}

#[test]
fn a_move_with_two_reasons_names_both() {
    let mut traffic = Traffic::new();
    for number in 0..300 {
        let start = visit(number, 4);
        traffic.page("/dashboard", Form::Document, number, start);
        traffic.serial(&["getNews", "getAlerts"], "/dashboard", number, start + 400 * MS);
    }
    let judged = traffic.judged("getNews");
    assert_eq!(judged.verdict, Verdict::MoveToServerComponent, "{}", judged.reason);
    assert!(judged.flips_if.contains("belong to a load"), "{}", judged.flips_if);
}

#[test]
fn development_is_never_judged() {
    let mut traffic = Traffic::in_environment("development");
    for number in 0..7 {
        traffic.mutation_with_refresh("/api/cart", "/product/1", number, visit(number, 4));
    }
    let judged = traffic.judged_with("POST /api/cart", &Settings::default());
    assert_eq!(judged.verdict, Verdict::Keep, "{}", judged.reason);
    assert!(judged.reason.contains("no moves are advised"), "{}", judged.reason);
    assert_eq!((judged.flips_if.as_str(), judged.needs.len()), ("", 0));
}

/// A shop all of whose answers allow other origins: GETs, a movable mutation, one without a reason.
fn blanket_cors() -> Traffic {
    let mut traffic = cart(97);
    for number in 0..600 {
        let start = visit(number, 4);
        for route in ["/api/a", "/api/b", "/api/c", "/api/d"] {
            traffic.get(route, number, start + 200 * MS);
        }
        traffic.mutation("/api/quiet", "/product/1", number, start + 400 * MS);
    }
    traffic.calls.iter_mut().for_each(|call| call.signs |= Sign::AllowsOrigin);
    traffic
}

#[test]
fn a_reason_that_most_routes_share_is_said_once_with_what_it_holds_back() {
    let report = blanket_cors().report(&Settings::default());
    let [shared] = report.shared_reasons.as_slice() else { panic!("{:?}", report.shared_reasons) };
    assert_eq!((shared.rule.as_str(), shared.routes, shared.of), ("cross-origin-caller", 6, 6));
    assert!(shared.text.contains("allowed other origins"), "{}", shared.text);
    let cart = report.handlers.iter().find(|row| row.route == "/api/cart").unwrap();
    assert_eq!(shared.would_move, std::slice::from_ref(&cart.id));
    assert!(cart.reason.contains("allowed other origins"), "it would move without it: {}", cart.reason);
    for row in
        report.handlers.iter().filter(|row| row.method == "GET" && row.kind == ReportedKind::RouteHandler)
    {
        assert!(row.reason.starts_with("it reads"), "{}: its own reason: {}", row.route, row.reason);
        assert_eq!(row.blockers, ["cross-origin-caller"], "what was seen stays in the evidence");
    }
}

#[test]
fn a_reason_of_a_few_is_theirs() {
    let mut traffic = blanket_cors();
    let others = |call: &&mut Call| call.handler.route != "/api/cart" && call.handler.route != "/api/a";
    let plain = Sign::HeadersCaptured;
    traffic.calls.iter_mut().filter(others).for_each(|call| {
        call.signs = pointsman_store::Signs::NONE | plain | Sign::ResponseHeadersCaptured | Sign::Cookie;
    });
    assert_eq!(traffic.report(&Settings::default()).shared_reasons, []);
}

#[test]
fn a_blocker_says_over_which_time_it_counts() {
    let mut traffic = cart(97);
    traffic.calls.iter_mut().take(1).for_each(|call| call.signs |= Sign::AllowsOrigin);
    let judged = traffic.judged("POST /api/cart");
    assert!(judged.reason.contains("in 4 days of retained data"), "{}", judged.reason);
}
