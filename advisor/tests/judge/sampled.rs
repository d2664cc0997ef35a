//! Sampling: which figures are corrected, by what, and which abstain.

use std::collections::HashMap;
use std::sync::Arc;

use pointsman_advisor::evidence::{Rollup, roll_up};
use pointsman_advisor::{
    ByHandler, Explanation, Explanations, ReportInput, Settings, Verdict, Windows, explanations,
};
use pointsman_store::{Call, Hour, InstanceKey, Sampling};

use crate::traffic::{DAY_0, MINUTE, Traffic};

/// Every tenth trace is kept: 0.9 of 2^56.
const THRESHOLD: u64 = 0xe6_6666_6666_6666;

/// 2,000 mutations with their refreshes, answered by two processes that count their requests.
fn traffic() -> Vec<Call> {
    let mut traffic = Traffic::new();
    for number in 0..2_000 {
        traffic.mutation_with_refresh("/api/cart", "/product/1", number, DAY_0 + number * MINUTE / 4);
    }
    let mut seen = [0, 0];
    for call in &mut traffic.calls {
        let instance = call.start_ns % 2;
        let count = &mut seen[usize::try_from(instance).unwrap()];
        *count += 1;
        (call.instance, call.requests_seen) = (Some(InstanceKey(instance)), Some(*count));
    }
    traffic.calls
}

fn told(calls: &[Call], settings: &Settings) -> Explanations {
    let (from, to) = (Hour::of(DAY_0), Hour(Hour::of(DAY_0).0 + 24));
    let mut rollups: HashMap<_, Rollup> = HashMap::new();
    for hour in (from.0..to.0).map(Hour) {
        for record in roll_up(hour, &crate::traffic::around(calls, hour), settings.of_pass()) {
            rollups.entry(record.handler).or_default().merge_encoded(&record.payload).unwrap();
        }
    }
    let handlers = calls.iter().map(|call| (call.handler.fingerprint(), (*call.handler).clone())).collect();
    let rollups: ByHandler = rollups.into_iter().map(|(id, rollup)| (id, Arc::new(rollup))).collect();
    let windows = Windows { from, to, window: rollups.clone(), retained: rollups, ..Windows::default() };
    let input = ReportInput {
        service: "shop",
        environment: Some("production"),
        generated_at_ns: to.start_ns(),
        handlers: &handlers,
        windows: &windows,
        standing: &HashMap::new(),
        facts: &[],
    };
    explanations(&input, settings)
}

fn cart(calls: &[Call], settings: &Settings) -> Explanation {
    told(calls, settings).handlers.into_iter().find(|handler| handler.route == "/api/cart").unwrap()
}

/// A tenth of the calls, by their traces.
fn tenth(calls: Vec<Call>) -> Vec<Call> {
    let kept = |call: &Call| u16::from_be_bytes([call.trace.0[8], call.trace.0[9]]) % 10 == 3;
    calls.into_iter().filter(kept).collect()
}

fn declaring(mut calls: Vec<Call>) -> Vec<Call> {
    calls.iter_mut().for_each(|call| call.sampling = Sampling::Threshold(THRESHOLD));
    calls
}

fn not_counting(mut calls: Vec<Call>) -> Vec<Call> {
    calls.iter_mut().for_each(|call| call.requests_seen = None);
    calls
}

#[test]
fn each_way_to_know_the_weight_gives_the_calls_there_were() {
    let ratio = Settings { sampling_ratio: Some(0.1), ..Settings::default() };
    let default = Settings::default();
    for (calls, settings, basis) in [
        (declaring(tenth(traffic())), &default, "declared"),
        (tenth(traffic()), &ratio, "configured"),
        (not_counting(tenth(traffic())), &ratio, "configured"),
        (tenth(traffic()), &default, "counted"),
    ] {
        let cart = cart(&calls, settings);
        assert_eq!(cart.frequency.sampling.basis, basis);
        let [low, high] = cart.frequency.interval;
        assert!(cart.frequency.observed < 300, "{}", cart.frequency.observed);
        assert!(
            (low..=high).contains(&2_000.0) && low > 1_500.0 && high < 2_600.0,
            "{basis}: {low} to {high}"
        );
        let absent = "only some traces are recorded";
        assert!(cart.sequences.absent.is_some_and(|why| why.starts_with(absent)), "{basis}");
        assert!(cart.sequences.counts.is_none(), "{basis}");
        assert_eq!(cart.frequency.clients, None, "{basis}");
    }
}

#[test]
fn nothing_declared_and_nothing_counted_weighs_once_and_says_so() {
    let cart = cart(&not_counting(tenth(traffic())), &Settings::default());
    assert_eq!(cart.frequency.sampling.basis, "undeclared");
    assert_eq!(cart.frequency.calls, f64::from(u32::try_from(cart.frequency.observed).unwrap()));
}

#[test]
fn a_complete_count_by_the_package_leaves_every_figure_as_it_is() {
    for calls in [traffic(), not_counting(traffic())] {
        let cart = cart(&calls, &Settings::default());
        assert_eq!((cart.frequency.calls, cart.frequency.interval), (2_000.0, [2_000.0; 2]));
        assert_eq!(cart.sequences.counts.map(|counts| counts.followed_by_refresh), Some(2_000));
    }
}

#[test]
fn each_process_is_weighed_by_its_own_count() {
    // One process records everything, the other a tenth.
    let mixed = |call: &Call| {
        call.instance == Some(InstanceKey(0))
            || u16::from_be_bytes([call.trace.0[8], call.trace.0[9]]) % 10 == 3
    };
    let calls: Vec<Call> = traffic().into_iter().filter(mixed).collect();
    let cart = cart(&calls, &Settings::default());
    assert_eq!(cart.frequency.sampling.basis, "counted");
    assert!((cart.frequency.calls - 2_000.0).abs() < 250.0, "{}", cart.frequency.calls);
}

#[test]
fn a_sample_moves_nothing_that_only_a_sequence_could_move() {
    let mut traffic = Traffic::new();
    for number in 0..400 {
        traffic.mutation_with_refresh("/api/cart", "/product/1", number, crate::traffic::visit(number, 4));
    }
    let needs = |traffic: &Traffic, settings: &Settings| {
        let judged = traffic.judged_with("POST /api/cart", settings);
        let codes = judged.needs.iter().map(|need| need.code.to_string()).collect::<Vec<_>>();
        (judged.verdict, codes)
    };
    let whole = needs(&traffic, &Settings::default());
    assert_eq!(whole, (Verdict::MoveToServerAction, vec![]));
    let half = Settings { sampling_ratio: Some(0.5), ..Settings::default() };
    let sampled = needs(&traffic, &half);
    assert_eq!(sampled, (Verdict::InsufficientEvidence, vec!["every_trace".to_owned()]));
}
