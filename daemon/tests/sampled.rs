//! The recorded storefront, sampled: a hundred times a tenth of its traces is kept, each time other ones, and the
//! frequencies that follow must hold what really happened, as often as their intervals promise. Prints a table.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use pointsman_advisor::evidence::{Rollup, roll_up};
use pointsman_advisor::{ByHandler, Estimate, Explanations, ReportInput, Settings, Windows, explanations};
use pointsman_store::{Call, Hour, Sampling, Store, TraceId};

use support::{fixture, pointsman};

const RUNS: u64 = 100;
const WEIGHT: f64 = 10.0;
/// A tenth of 2^56 is kept, the rest rejected.
const THRESHOLD: u64 = (1 << 56) / 10 * 9;

/// How a sampled span tells its weight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    /// By its `tracestate`.
    Declared,
    /// By nothing; the user has set the ratio.
    Configured,
    /// By the package's count of requests.
    Counted,
}

/// Every Call of the recording.
async fn recorded() -> Vec<Call> {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("calls.db");
    let run = pointsman(&db, ["replay".as_ref(), fixture("storefront").as_os_str()]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let store = Store::open(&db).await.unwrap();
    let calls = store.calls("storefront", 0, i64::MAX.cast_unsigned()).await.unwrap();
    store.close().await;
    calls
}

/// What is told about these Calls, whatever their hours.
fn told(calls: &[Call], settings: &Settings) -> Explanations {
    let hours: BTreeSet<u32> = calls.iter().map(|call| Hour::of(call.start_ns).0).collect();
    let mut rollups: HashMap<_, Rollup> = HashMap::new();
    for hour in hours.iter().copied().map(Hour) {
        for record in roll_up(hour, calls, settings.of_pass()) {
            rollups.entry(record.handler).or_default().merge_encoded(&record.payload).unwrap();
        }
    }
    let handlers = calls.iter().map(|call| (call.handler.fingerprint(), (*call.handler).clone())).collect();
    let rollups: ByHandler = rollups.into_iter().map(|(id, rollup)| (id, Arc::new(rollup))).collect();
    let windows = Windows {
        from: Hour(*hours.first().unwrap()),
        to: Hour(hours.last().unwrap() + 1),
        window: rollups.clone(),
        retained: rollups,
        ..Windows::default()
    };
    let input = ReportInput {
        service: "storefront",
        environment: Some("production"),
        generated_at_ns: 0,
        handlers: &handlers,
        windows: &windows,
        standing: &HashMap::new(),
        facts: &[],
    };
    explanations(&input, settings)
}

/// The Calls of a tenth of the traces, chosen by the seed.
fn tenth(calls: &[Call], seed: u64, told: Told) -> Vec<Call> {
    let chosen = |trace: TraceId| {
        let [a, b, c, d, e, f, g, h, ..] = trace.0;
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) >> 8 >= THRESHOLD
    };
    let mut kept: Vec<Call> = calls.iter().filter(|call| chosen(call.trace)).cloned().collect();
    for call in &mut kept {
        match told {
            Told::Declared => call.sampling = Sampling::Threshold(THRESHOLD),
            Told::Configured => call.requests_seen = None,
            Told::Counted => {}
        }
    }
    kept
}

#[tokio::test]
async fn a_tenth_of_the_traces_gives_the_same_frequencies_within_their_intervals() {
    let calls = recorded().await;
    let whole = told(&calls, &Settings::default());
    let truth: BTreeMap<&str, f64> =
        whole.handlers.iter().map(|handler| (handler.id.as_str(), handler.frequency.calls)).collect();
    for (how, ratio) in [(Told::Declared, None), (Told::Configured, Some(0.1)), (Told::Counted, None)] {
        let settings = Settings { sampling_ratio: ratio, ..Settings::default() };
        let (mut held, mut all_held): (BTreeMap<&str, u64>, u64) = (BTreeMap::new(), 0);
        for seed in 0..RUNS {
            let sample = tenth(&calls, seed, how);
            let sampled = told(&sample, &settings);
            let told: HashMap<&str, [f64; 2]> = sampled
                .handlers
                .iter()
                .map(|handler| (handler.id.as_str(), handler.frequency.interval))
                .collect();
            for (id, calls) in &truth {
                // A handler of which nothing was recorded is not told; what none means is told by the same formula.
                let none = Estimate::of_sample(0.0, WEIGHT);
                let [low, high] = told.get(id).copied().unwrap_or([none.low, none.high]);
                *held.entry(*id).or_default() += u64::from((low..=high).contains(calls));
            }
            let observed: u64 = sampled.handlers.iter().map(|handler| handler.frequency.observed).sum();
            let all = Estimate::of_sample(observed as f64, WEIGHT);
            all_held += u64::from((all.low..=all.high).contains(&truth.values().sum()));
        }
        println!("\n{how:?}: in how many of {RUNS} runs the interval held the truth");
        for handler in &whole.handlers {
            let name =
                format!("{} {} {}", handler.method, handler.route, handler.action.as_deref().unwrap_or(""));
            println!("  {:>4}  {:>6} calls  {name}", held[handler.id.as_str()], truth[handler.id.as_str()]);
        }
        let total: u64 = held.values().sum();
        let pairs = RUNS * truth.len() as u64;
        println!("  {all_held:>4}  all calls together; over all handlers {total} of {pairs}");
        assert!(total * 100 >= pairs * 95, "{how:?}: {total} of {pairs} intervals hold the truth");
        assert!(all_held >= 95, "{how:?}: {all_held} of {RUNS} intervals of all calls hold the truth");
        for (id, held) in held {
            // With an honest 95 % fewer than 89 of 100 come once in a hundred such tables.
            assert!(held >= 89, "{how:?}, {id}: only {held} of {RUNS} intervals hold the truth");
        }
    }
}
