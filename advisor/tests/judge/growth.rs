//! One client may send as much as it likes: what a pass costs grows with it, not with its square, and is bounded.

use std::time::{Duration, Instant};

use pointsman_advisor::Settings;
use pointsman_advisor::evidence::{Fact, Rollup, roll_up};
use pointsman_store::{Form, Hour, Sign};

use crate::traffic::{DAY_0, MS, Traffic};

const NOON: u64 = DAY_0 + 12 * Hour::NANOS;

/// So many Calls of one client within the hour: mutations, refreshes, actions, prefetches, reads and what fails, all of one
/// page, as close together as an hour allows.
fn flood(calls: u64, every: u64) -> Traffic {
    let mut traffic = Traffic::new();
    for number in 0..calls {
        let start = NOON + number * every;
        match number % 8 {
            0 => traffic.mutation("/api/cart", "/board", 1, start),
            1 => traffic.page("/board", Form::Rsc, 1, start),
            2 | 3 => traffic.action("getPrice", "/board", 1, start, 200),
            4 => traffic.page("/board", Form::Prefetch, 1, start),
            5 => traffic.get("/api/price", 1, start),
            6 => traffic.mutation("/api/cart", "/board", 1, start),
            _ => traffic.action("getStock", "/board", 1, start, 9),
        };
        let call = traffic.calls.last_mut().unwrap();
        (call.request_key, call.response_hash) = (Some(number % 3), Some(number % 5));
        match number % 8 {
            3 => call.signs |= Sign::DropsPrefetches,
            5 => call.signs |= Sign::ClientGone,
            6 => call.status = Some(500),
            _ => {}
        }
    }
    traffic
}

/// The shortest of some passes: a busy machine makes some of them longer.
fn took(traffic: &Traffic) -> Duration {
    let pass = || {
        let begun = Instant::now();
        let _ = roll_up(Hour::of(NOON), &traffic.calls, Settings::default().of_pass());
        begun.elapsed()
    };
    (0..5).map(|_| pass()).min().unwrap()
}

#[test]
fn twice_the_calls_take_twice_the_time() {
    // All within a minute, where everything may be related to everything.
    for every in [MS, 80 * MS] {
        let times = [10_000, 20_000, 40_000].map(|calls| took(&flood(calls, every)));
        // Four times as many: four times as long, sixteen times if each looked at each.
        assert!(times[2] < times[0] * 9, "{times:?}");
    }
}

#[test]
fn what_is_left_out_is_counted() {
    let traffic = flood(25_000, 80 * MS);
    let mut all = Rollup::default();
    for record in roll_up(Hour::of(NOON), &traffic.calls, Settings::default().of_pass()) {
        all.merge_encoded(&record.payload).unwrap();
    }
    assert_eq!((all.observed(Fact::Calls), all.observed(Fact::LeftOutOfSequences)), (25_000, 5_000));
}
