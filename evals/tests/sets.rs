//! The sets that advice is held to in every change: no wrong move, and no verdict that is not as labelled. All sets, and all of
//! the robustness, are in `make eval`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use pointsman_evals::run::{Outcome, Wanted, evaluate};

/// What is said about a set, without robustness.
fn evaluated(set: &str) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    assert!(folder.join(set).is_dir(), "the set {set} is missing");
    evaluate(&Wanted { folder, quick: true, only: vec![set.to_owned()], ..Wanted::default() }).unwrap()
}

/// A set whose every label holds.
fn holds(set: &str) {
    let outcome = evaluated(set);
    assert!(outcome.passed && !outcome.text.contains("not as labelled"), "{}", outcome.text);
}

#[test]
fn real_cases_are_judged_as_people_decided_them() {
    holds("cases");
}

#[test]
fn every_rule_speaks_above_its_threshold_and_is_silent_below() {
    holds("rules");
}

#[test]
fn no_trap_leads_to_wrong_advice() {
    holds("traps");
}
