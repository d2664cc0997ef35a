//! Findings against baselines and budgets, on reports that the tests make up.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's panic is its failure")]

use std::collections::HashMap;

use super::*;
use crate::report::{EvidenceKind, EvidenceRow, ReportInput, ReportedKind, blank_row, report};
use crate::settings::Settings;
use crate::windows::Gathering;

fn evidence(rule: &str, kind: EvidenceKind, weight: f64) -> EvidenceRow {
    EvidenceRow {
        rule: rule.into(),
        kind,
        weight,
        observed: 1.0,
        interval: [0.9, 1.0],
        threshold: 0.5,
        samples: 40,
        text: format!("{rule} was seen"),
        flips_if: String::new(),
        exemplars: Vec::new(),
    }
}

/// A report of a shop that holds these rows.
fn shop(rows: Vec<HandlerReport>) -> Report {
    let input = ReportInput {
        service: "shop",
        environment: None,
        generated_at_ns: 0,
        handlers: &HashMap::new(),
        windows: &Gathering::new(pointsman_store::Hour(1_000), 168).finish().unwrap(),
        standing: &HashMap::new(),
        facts: &[],
    };
    let mut report = report(&input, &Settings::default());
    for rule in &mut report.rules {
        rule.handlers = rows.len();
    }
    Report { handlers: rows, ..report }
}

fn improved(id: u64, rule: &str) -> HandlerReport {
    HandlerReport {
        improvements: vec![rule.into()],
        evidence: vec![evidence(rule, EvidenceKind::Improvement, 0.0)],
        ..blank_row(id, Verdict::Keep)
    }
}

fn moving(id: u64) -> HandlerReport {
    let rows = vec![
        evidence("mutate-then-refresh", EvidenceKind::For, 1.0),
        evidence("own-ui-only-mutation", EvidenceKind::For, 0.2),
        evidence("many-callers", EvidenceKind::Against, 0.2),
    ];
    HandlerReport { evidence: rows, ..blank_row(id, Verdict::MoveToServerAction) }
}

fn budgets(texts: &[&str]) -> Vec<Budget> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn keys(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|one| format!("{} {}", one.handler, one.rule)).collect()
}

const NO_NEW: &[&str] = &["no new *"];

#[test]
fn only_what_the_baseline_lacks_is_new() {
    let before = [shop(vec![improved(1, "cache-get"), moving(2)])];
    let first = check(&before, None, &[]);
    assert_eq!(first.result, Outcome::Passed);
    assert_eq!(keys(&first.new), ["POST /api/1 cache-get", "POST /api/2 mutate-then-refresh"]);
    let baseline = Baseline::after(&first, None);
    let same = check(&before, Some(&baseline), &budgets(NO_NEW));
    assert_eq!((same.result, same.new.len(), same.known.len()), (Outcome::Passed, 0, 2));

    let after = [shop(vec![improved(1, "cache-get"), moving(2), improved(3, "unsafe-get")])];
    let compared = check(&after, Some(&baseline), &budgets(NO_NEW));
    assert_eq!(
        (compared.result, keys(&compared.new)),
        (Outcome::Failed, vec!["POST /api/3 unsafe-get".into()])
    );
}

#[test]
fn what_was_not_judged_again_is_not_called_gone_and_stays_in_the_baseline_with_its_note() {
    let before = [shop(vec![improved(1, "cache-get"), improved(2, "cache-get"), improved(3, "cache-get")])];
    let mut baseline = Baseline::after(&check(&before, None, &[]), None);
    baseline.findings[2].note = Some("after the summer".into());
    let unsure = blank_row(3, Verdict::InsufficientEvidence);
    let after = check(&[shop(vec![blank_row(1, Verdict::Keep), unsure])], Some(&baseline), &[]);
    let names = |list: &[Known]| list.iter().map(|one| one.handler.clone()).collect::<Vec<_>>();
    assert_eq!(names(&after.gone), ["POST /api/1"]);
    assert_eq!(names(&after.not_judged), ["POST /api/2", "POST /api/3"]);
    let updated = Baseline::after(&after, Some(&baseline));
    assert_eq!(names(&updated.findings), ["POST /api/2", "POST /api/3"]);
    assert_eq!(updated.findings[1].note.as_deref(), Some("after the summer"));
}

#[test]
fn budgets_count_known_findings_or_new_ones() {
    let reports = [shop(vec![improved(1, "cache-get"), improved(2, "cache-get"), improved(3, "unsafe-get")])];
    let known = Baseline::after(&check(&[shop(vec![improved(1, "cache-get")])], None, &[]), None);
    for (budget, status, count) in [
        ("max cache-get 2", BudgetStatus::Kept, 2),
        ("max cache-get 1", BudgetStatus::Broken, 2),
        ("max *-get 2", BudgetStatus::Broken, 3),
        ("no new cache-get", BudgetStatus::Broken, 1),
        ("no new action-poll", BudgetStatus::Kept, 0),
    ] {
        let outcome = check(&reports, Some(&known), &budgets(&[budget])).budgets.remove(0);
        assert_eq!((outcome.status, outcome.count), (status, count), "{budget}: {}", outcome.text);
    }
}

#[test]
fn a_budget_that_nothing_could_be_measured_against_is_not_kept() {
    let mut one = shop(vec![blank_row(1, Verdict::Keep)]);
    let without = check(std::slice::from_ref(&one), None, &budgets(NO_NEW));
    assert_eq!((without.result, without.budgets[0].status), (Outcome::Undecided, BudgetStatus::Undecided));
    for rule in one.rules.iter_mut().filter(|rule| rule.id == "action-poll") {
        rule.undecided = rule.handlers;
    }
    let undecided = check(&[one.clone()], None, &budgets(&["max action-poll 0"]));
    assert_eq!(undecided.result, Outcome::Undecided, "{:?}", undecided.budgets);
    let others = check(&[one.clone()], None, &budgets(&["max action-* 0"]));
    assert_eq!(others.result, Outcome::Passed, "{:?}", others.budgets);
    one.environment = Some(pointsman_store::Handler::TESTS.into());
    let tests = check(&[one], None, &budgets(&["max cache-get 0"]));
    assert!(tests.undecided_because[0].contains("needs traffic"), "{:?}", tests.undecided_because);
}

#[test]
fn nothing_judged_is_not_passed() {
    let rare = HandlerReport { calls: 3.0, method: "GET".into(), ..blank_row(1, Verdict::Keep) };
    for (reports, begins) in [
        (vec![], "no API route"),
        (vec![shop(vec![rare])], "none of the 1"),
        (vec![shop(vec![blank_row(1, Verdict::InsufficientEvidence)])], "none of the 1"),
        (
            vec![Report {
                environment: Some("development".into()),
                ..shop(vec![blank_row(1, Verdict::Keep)])
            }],
            "the traces come from `next dev`",
        ),
    ] {
        let nothing = check(&reports, None, &[]);
        assert_eq!(nothing.result, Outcome::Undecided);
        assert!(nothing.undecided_because[0].starts_with(begins), "{:?}", nothing.undecided_because);
    }
}

#[test]
fn what_the_team_does_not_want_is_neither_new_nor_in_the_baseline() {
    let row = HandlerReport { state: Some("dismissed".into()), ..moving(1) };
    let compared = check(&[shop(vec![row])], None, &budgets(&["max mutate-then-refresh 0"]));
    assert_eq!((compared.result, keys(&compared.new)), (Outcome::Passed, Vec::<String>::new()));
    assert_eq!(compared.dismissed[0].dismissed.as_deref(), Some("dismissed"));
    assert!(Baseline::after(&compared, None).findings.is_empty());
    // Made already: no advice any more.
    let made = HandlerReport { state: Some("applied".into()), ..moving(1) };
    assert!(findings(&[shop(vec![made])]).is_empty());
}

#[test]
fn names_do_not_change_with_a_build() {
    let action = |action: &str, file: Option<&str>| HandlerReport {
        kind: ReportedKind::ServerAction,
        action: Some(action.into()),
        file: file.map(Into::into),
        ..blank_row(1, Verdict::Keep)
    };
    assert_eq!(handler(&action("save", Some("app/actions.ts"))), "app/actions.ts#save");
    assert_eq!(handler(&action("save", None)), "save of /api/1");
    assert_eq!(handler(&action(&"4a".repeat(21), None)), "action of /api/1");
    let page =
        HandlerReport { kind: ReportedKind::Page, method: "GET".into(), ..blank_row(2, Verdict::Keep) };
    assert_eq!(handler(&page), "page /api/2");
}

#[test]
fn budgets_are_read_or_refused_with_a_remedy() {
    for good in ["max unauthenticated-action 0", "no new action-poll", "no new *", "max  cache-*   3"] {
        assert!(good.parse::<Budget>().is_ok(), "{good}");
    }
    for (bad, says) in [
        ("", "is not a budget; write `max RULE NUMBER`"),
        ("max cache-get many", "many is not a number of findings"),
        ("max cache-get -1", "-1 is not a number of findings"),
        ("no new action-pol", "there is no such rule"),
        ("no new [", "write `max RULE NUMBER`"),
        ("at most 3", "is not a budget"),
    ] {
        let said = bad.parse::<Budget>().unwrap_err();
        assert!(said.contains(says), "{bad}: {said}");
    }
    assert_eq!("max  cache-*   3".parse::<Budget>().unwrap().to_string(), "max cache-* 3");
}
