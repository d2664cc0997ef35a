//! What was recorded while tests ran: the shape of calls is judged, their number, their callers and what they would gain are not.

use std::collections::HashMap;

use pointsman_advisor::life::{Policies, Policy, ReadsIn};
use pointsman_advisor::rules::{NEED_TRAFFIC, RULES};
use pointsman_advisor::{HandlerReport, Report, Settings, Verdict};
use pointsman_store::{Form, Handler};

use crate::traffic::{MS, Traffic, visit};

/// Three reads in series, right after the load of their page; twelve visits, as a suite of tests makes them.
fn dashboard(environment: &str) -> Traffic {
    let mut traffic = Traffic::in_environment(environment);
    for number in 0..12 {
        let start = visit(number, 1);
        traffic.page("/dashboard", Form::Document, number, start);
        traffic.serial(&["getProfile", "getNews", "getAlerts"], "/dashboard", number, start + 400 * MS);
    }
    traffic
}

fn report(traffic: &Traffic, policies: &Policies) -> Report {
    traffic.report_within(&Settings::default(), &HashMap::new(), &[], policies)
}

fn row(report: &Report) -> &HandlerReport {
    report.handlers.iter().find(|row| row.action.as_deref() == Some("getNews")).unwrap()
}

#[test]
fn few_calls_show_a_shape_and_promise_nothing() {
    let tests = report(&dashboard(Handler::TESTS), &Policies::default());
    let news = row(&tests);
    assert_eq!((news.verdict, news.benefit.as_ref(), news.confidence), (Verdict::Keep, None, None));
    let shape = news.shape.as_ref().unwrap();
    assert_eq!(shape.verdict, Verdict::MoveToServerComponent, "{}", shape.rule);
    assert!(news.reason.contains("only traffic shows"), "{}", news.reason);
    assert_eq!((tests.changes.len(), tests.total.changes), (0, 0));

    let traffic = report(&dashboard("production"), &Policies::default());
    assert_eq!((row(&traffic).verdict, row(&traffic).shape.as_ref()), (Verdict::InsufficientEvidence, None));
}

#[test]
fn a_shape_stays_within_a_house_rule() {
    let handlers = vec!["**".to_owned()];
    let routed =
        Policy { handlers, reads: Some(ReadsIn::Route), reason: "so we do".into(), ..Policy::default() };
    let tests = report(&dashboard(Handler::TESTS), &Policies::new([routed]));
    let shape = row(&tests).shape.as_ref().map(|shape| shape.verdict);
    assert_ne!(shape, Some(Verdict::MoveToServerComponent));
}

#[test]
fn rules_that_need_traffic_look_at_nothing_and_the_others_count_what_they_looked_at() {
    for name in NEED_TRAFFIC {
        assert!(RULES.iter().any(|rule| rule.id == *name), "{name}");
    }
    let tests = report(&dashboard(Handler::TESTS), &Policies::default());
    let traffic = report(&dashboard("production"), &Policies::default());
    let looked = |report: &Report, id: &str| {
        let rule = report.rules.iter().find(|rule| rule.id == id).unwrap();
        (rule.handlers, rule.undecided)
    };
    for rule in &tests.rules {
        assert!(!NEED_TRAFFIC.contains(&rule.id.as_str()) || rule.handlers == 0, "{}", rule.id);
        assert!(rule.undecided <= rule.handlers, "{}", rule.id);
    }
    assert_eq!(looked(&tests, "action-read-on-load"), (3, 0));
    // Twelve calls are fewer than the rule needs of traffic.
    assert_eq!(looked(&traffic, "unauthenticated-action"), (3, 3));
    assert_eq!(looked(&tests, "unauthenticated-action"), (3, 0));
}

#[test]
fn the_page_about_ci_lists_the_rules_that_need_traffic() {
    let page = include_str!("../../../docs/ci.md");
    let listed =
        page.split("rules that need traffic are silent:").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    assert_eq!(listed, NEED_TRAFFIC);
}
