//! What is counted of one client's repeated reads and of refresh loops. Both sides of each line.

use pointsman_advisor::Settings;
use pointsman_advisor::evidence::{Dimension, Fact, Rollup, roll_up};
use pointsman_store::{Form, Hour, Sign};

use crate::traffic::{DAY_0, MS, SECOND, Traffic};

const NOON: u64 = DAY_0 + 12 * Hour::NANOS + 60 * SECOND;

fn rollup(traffic: &Traffic) -> Rollup {
    let mut all = Rollup::default();
    for record in roll_up(Hour::of(NOON), &traffic.calls, Settings::default().of_pass()) {
        all.merge_encoded(&record.payload).unwrap();
    }
    all
}

/// A read at some second with this answer.
fn read(traffic: &mut Traffic, second: u64, answer: u64) {
    let call = traffic.get("/api/user", 1, NOON + second * SECOND);
    (call.request_key, call.response_hash) = (Some(1), Some(answer));
}

#[test]
fn a_repeat_is_unchanged_changed_or_comes_after_a_write() {
    const REPEATS: [Fact; 5] = [
        Fact::Duplicates,
        Fact::UnchangedRepeats,
        Fact::ChangedRepeats,
        Fact::RefetchedAfterWrite,
        Fact::ChangedAfterWrite,
    ];
    type Between = fn(&mut Traffic);
    let nothing: Between = |_| {};
    let sign_out: Between = |traffic| {
        traffic.mutation("/api/sign-out", "/", 1, NOON + SECOND / 2);
    };
    let failed: Between =
        |traffic| traffic.mutation("/api/sign-out", "/", 1, NOON + SECOND / 2).status = Some(500);
    let action: Between = |traffic| {
        traffic.action("signOut", "/", 1, NOON + SECOND / 2, 20);
    };
    let somebody_else: Between = |traffic| {
        traffic.mutation("/api/sign-out", "/", 2, NOON + SECOND / 2);
    };
    for (what, second, answer, between, expected) in [
        ("twice at once", 1, 7, nothing, [1, 1, 0, 0, 0]),
        ("twice at once, another answer", 1, 8, nothing, [0, 0, 1, 0, 0]),
        ("within a minute", 30, 7, nothing, [0, 1, 0, 0, 0]),
        ("within a minute, changed", 30, 8, nothing, [0, 0, 1, 0, 0]),
        ("after a minute", 90, 7, nothing, [0, 0, 0, 0, 0]),
        ("after its own write", 1, 8, sign_out, [0, 0, 0, 1, 1]),
        ("after its own write, the same answer", 1, 7, sign_out, [0, 0, 0, 1, 0]),
        ("after its own action", 1, 8, action, [0, 0, 0, 1, 1]),
        ("after a write that failed", 1, 7, failed, [1, 1, 0, 0, 0]),
        ("after somebody else's write", 1, 7, somebody_else, [1, 1, 0, 0, 0]),
    ] {
        let mut traffic = Traffic::new();
        read(&mut traffic, 0, 7);
        between(&mut traffic);
        read(&mut traffic, second, answer);
        let all = rollup(&traffic);
        assert_eq!(REPEATS.map(|fact| all.observed(fact)), expected, "{what}");
        assert_eq!(all.observed(Fact::ReadsCompared), 2, "{what}");
    }
}

#[test]
fn what_cannot_be_compared_repeats_nothing() {
    let mut traffic = Traffic::new();
    read(&mut traffic, 0, 7);
    read(&mut traffic, 1, 7);
    traffic.calls[1].response_hash = None;
    let all = rollup(&traffic);
    assert_eq!((all.observed(Fact::ReadsCompared), all.observed(Fact::Duplicates)), (1, 0));
}

/// An action whose answer makes the page load again, so often, each round taking so long.
fn rounds(count: u64, ms: u64, change: fn(&mut pointsman_store::Call)) -> Rollup {
    let mut traffic = Traffic::new();
    for round in 0..=count {
        let start = NOON + round * ms * MS;
        let action = traffic.action("getNotifications", "/desk", 3, start, 60);
        action.signs |= Sign::DropsPrefetches;
        change(action);
        let page = traffic.page("/desk", Form::Rsc, 3, start + ms * MS / 2);
        change(page);
    }
    rollup(&traffic)
}

#[test]
fn a_loop_is_four_rounds_in_ten_seconds() {
    let header = |call: &mut pointsman_store::Call| call.signs = pointsman_store::Signs::NONE;
    let head = |call: &mut pointsman_store::Call| {
        if call.form == Form::Rsc {
            call.method = "HEAD".into();
        }
    };
    for (what, all, expected) in [
        ("four rounds", rounds(4, 2_000, |_| {}), [5, 1]),
        ("three rounds", rounds(3, 2_000, |_| {}), [0, 0]),
        ("too slow", rounds(4, 3_000, |_| {}), [0, 0]),
        ("one long loop", rounds(40, 300, |_| {}), [41, 1]),
        ("without the header", rounds(9, 500, header), [0, 0]),
        ("a HEAD is no load", rounds(9, 500, head), [0, 0]),
    ] {
        let counts = [Fact::InRefreshLoop, Fact::RefreshLoops].map(|fact| all.observed(fact));
        assert_eq!(counts, expected, "{what}");
        let clients: usize = all
            .strata
            .iter()
            .filter_map(|(_, stratum)| stratum.tally(Dimension::LoopClient))
            .map(|tally| tally.values().count())
            .sum();
        assert_eq!(clients, usize::from(expected[1] > 0), "{what}");
    }
}
