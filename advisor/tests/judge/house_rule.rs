//! A team's house rule: verdicts stay within it, and what that costs is said.

use std::collections::HashMap;

use pointsman_advisor::life::{Policies, Policy, ReadsIn, WritesIn};
use pointsman_advisor::{HandlerReport, Settings, Verdict};
use pointsman_store::Form;

use crate::traffic::{MS, SECOND, Traffic, cart, visit};

fn rule(reads: Option<ReadsIn>, writes: Option<WritesIn>) -> Policies {
    let handlers = vec!["**".to_owned()];
    Policies::new([Policy { handlers, reads, writes, reason: "so we do it".to_owned(), ..Policy::default() }])
}

fn judged(traffic: &Traffic, name: &str, policies: &Policies) -> HandlerReport {
    let report = traffic.report_within(&Settings::default(), &HashMap::new(), &[], policies);
    let named = |it: &HandlerReport| {
        it.action.as_deref() == Some(name) || format!("{} {}", it.method, it.route) == name
    };
    report.handlers.into_iter().find(named).unwrap()
}

/// Three reads in series, right after the load of their page.
fn dashboard() -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..300 {
        let start = visit(number, 4);
        traffic.page("/dashboard", Form::Document, number, start);
        traffic.serial(&["getProfile", "getNews", "getAlerts"], "/dashboard", number, start + 400 * MS);
    }
    traffic
}

#[test]
fn writes_stay_in_routes_and_what_that_costs_is_said() {
    let traffic = cart(97);
    let free = judged(&traffic, "POST /api/cart", &Policies::default());
    assert_eq!((free.verdict, free.policy.as_ref()), (Verdict::MoveToServerAction, None));
    let bound = judged(&traffic, "POST /api/cart", &rule(None, Some(WritesIn::Route)));
    assert_eq!(bound.verdict, Verdict::Keep, "{}", bound.reason);
    assert!(bound.reason.contains("so we do it"), "{}", bound.reason);
    assert!(bound.barred, "a move that stood before ends at once");
    assert_eq!((bound.flips_if.as_str(), bound.benefit.as_ref()), ("", None));
    let policy = bound.policy.unwrap();
    assert_eq!((policy.verdict_without, policy.costs), (Verdict::MoveToServerAction, free.benefit));
    for other in [rule(None, Some(WritesIn::Action)), rule(Some(ReadsIn::Route), Some(WritesIn::Any))] {
        let judged = judged(&traffic, "POST /api/cart", &other);
        assert_eq!((judged.verdict, judged.policy), (Verdict::MoveToServerAction, None));
    }
}

#[test]
fn reads_go_where_the_team_has_them() {
    let traffic = dashboard();
    let to = |policies: &Policies| judged(&traffic, "getNews", policies);
    assert_eq!(to(&rule(Some(ReadsIn::Any), None)).verdict, Verdict::MoveToServerComponent);
    assert_eq!(to(&rule(Some(ReadsIn::Component), None)).verdict, Verdict::MoveToServerComponent);
    let routed = to(&rule(Some(ReadsIn::Route), None));
    assert_eq!(routed.verdict, Verdict::MoveToRouteHandler, "{}", routed.reason);
    assert_eq!(routed.policy.unwrap().verdict_without, Verdict::MoveToServerComponent);
    assert!(routed.steps.iter().any(|step| step.contains("route.ts")), "{:?}", routed.steps);
}

#[test]
fn reads_that_come_with_no_load_stay_where_only_components_may_read() {
    let mut traffic = Traffic::new();
    for number in 0..300 {
        let start = visit(number, 4);
        traffic.page("/compare", Form::Document, number, start);
        traffic.serial(&["getPrice", "getStock"], "/compare", number, start + 20 * SECOND);
    }
    let kept = judged(&traffic, "getStock", &rule(Some(ReadsIn::Component), None));
    assert_eq!(kept.verdict, Verdict::Keep, "{}", kept.reason);
    assert_eq!(kept.policy.unwrap().verdict_without, Verdict::MoveToRouteHandler);
}

#[test]
fn the_first_rule_that_fits_speaks_until_its_end() {
    let of = |glob: &str, writes, until_ns| Policy {
        handlers: vec![glob.to_owned()],
        writes: Some(writes),
        reason: "so".to_owned(),
        until_ns,
        ..Policy::default()
    };
    let rest = of("**", WritesIn::Route, None);
    for (first, verdict) in [
        (of("/api/cart", WritesIn::Any, None), Verdict::MoveToServerAction),
        (of("/api/other/**", WritesIn::Any, None), Verdict::Keep),
        (of("/api/cart", WritesIn::Any, Some(1)), Verdict::Keep),
    ] {
        let policies = Policies::new([first.clone(), rest.clone()]);
        assert_eq!(judged(&cart(97), "POST /api/cart", &policies).verdict, verdict, "{first:?}");
    }
}
