//! A move that stands is left later than it would be entered, and thresholds can be set for some handlers only.

use std::collections::{BTreeMap, HashMap};

use pointsman_advisor::{HandlerReport, Override, RuleSettings, Settings, Verdict};
use pointsman_store::Fingerprint;

use crate::traffic::{Traffic, cart};

fn judged(traffic: &Traffic, settings: &Settings, standing: Option<Verdict>) -> HandlerReport {
    let id = traffic.calls[0].handler.fingerprint();
    let standing: HashMap<Fingerprint, Verdict> = standing.map(|verdict| (id, verdict)).into_iter().collect();
    let report = traffic.report_where(settings, &standing, &[]);
    report.handlers.into_iter().find(|handler| handler.id == id.to_string()).unwrap()
}

#[test]
fn what_would_not_be_entered_is_not_left_at_once() {
    let settings = Settings::default();
    let stands = Some(Verdict::MoveToServerAction);
    for (refreshed, entered, kept) in [(70, true, true), (45, false, true), (25, false, false)] {
        let traffic = cart(refreshed);
        let is_move = |standing| judged(&traffic, &settings, standing).verdict.is_move();
        assert_eq!(is_move(None), entered, "{refreshed} %, new");
        assert_eq!(is_move(stands), kept, "{refreshed} %, standing");
        // Another verdict that stands lowers nothing.
        assert_eq!(is_move(Some(Verdict::Keep)), entered, "{refreshed} %, kept before");
    }
}

#[test]
fn a_rule_can_be_set_for_some_handlers_only() {
    let rule = |set: RuleSettings| BTreeMap::from([("mutate-then-refresh".to_owned(), set)]);
    let off = RuleSettings { enabled: Some(false), ..RuleSettings::default() };
    let settings = |glob: &str, set| Settings {
        overrides: vec![Override { handlers: vec![glob.to_owned()], rules: rule(set) }],
        ..Settings::default()
    };
    let traffic = cart(97);
    assert!(judged(&traffic, &settings("/api/admin/**", off), None).verdict.is_move());
    assert!(!judged(&traffic, &settings("/api/**", off), None).verdict.is_move());
    let strict = RuleSettings { threshold: Some(0.99), ..RuleSettings::default() };
    assert!(!judged(&traffic, &settings("POST /api/cart", strict), None).verdict.is_move());
}

#[test]
fn a_rule_in_the_shadow_is_counted_and_says_nothing() {
    let shadow = RuleSettings { shadow: Some(true), ..RuleSettings::default() };
    let settings = Settings {
        rules: BTreeMap::from([("mutate-then-refresh".to_owned(), shadow)]),
        ..Settings::default()
    };
    let report = cart(97).report(&settings);
    assert_eq!(report.shadow.get("mutate-then-refresh"), Some(&1));
    let cart = report.handlers.iter().find(|handler| handler.route == "/api/cart").unwrap();
    assert_eq!(cart.verdict, Verdict::Keep);
    assert!(cart.evidence.iter().all(|row| row.rule != "mutate-then-refresh"));
}
