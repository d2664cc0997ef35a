//! The sets that advice is held to in every change: no wrong move, and no verdict that is not as labelled. Of the large set of
//! rules every third scenario is played, which takes a minute without optimisation; all sets, and all of the robustness, are in
//! `make eval`, and `make eval QUICK=1` takes as long.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use pointsman_evals::run::{Outcome, Wanted, evaluate};

/// What is said about every so manieth scenario of a set, without robustness.
fn evaluated(set: &str, every: usize) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    assert!(folder.join(set).is_dir(), "the set {set} is missing");
    evaluate(&Wanted { folder, quick: true, only: vec![set.to_owned()], every, ..Wanted::default() }).unwrap()
}

/// A set whose every label holds.
fn holds(set: &str, every: usize) {
    let outcome = evaluated(set, every);
    assert!(outcome.passed && !outcome.text.contains("not as labelled"), "{}", outcome.text);
}

#[test]
fn real_cases_are_judged_as_people_decided_them() {
    holds("cases", 1);
}

#[test]
fn every_rule_speaks_above_its_threshold_and_is_silent_below() {
    holds("rules", 3);
}

#[test]
fn no_trap_leads_to_wrong_advice() {
    holds("traps", 1);
}
