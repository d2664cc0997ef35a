//! Clocks of two instances: what they leave open is not counted, and what is counted holds however they differ.

use pointsman_advisor::evidence::{Fact, PassSettings, Rollup, roll_up};
use pointsman_store::{Call, Form, Hour, InstanceKey};
use proptest::prelude::*;

use crate::traffic::{DAY_0, MS, SECOND, Traffic};

const NOON: u64 = DAY_0 + 12 * Hour::NANOS;
const TOLERANCE: u64 = 50 * MS;

/// How often a fact is counted in the hour, over all handlers.
fn count(calls: &[Call], fact: Fact, skew_tolerance_ns: u64) -> u64 {
    let records = roll_up(Hour::of(NOON), calls, PassSettings { skew_tolerance_ns });
    records.iter().map(|record| Rollup::decode(&record.payload).unwrap().observed(fact)).sum()
}

/// A mutation answered by one instance, and a refresh `after` its start by another; it takes 40 ms.
fn pair(after: u64, instances: [Option<u64>; 2]) -> Vec<Call> {
    let mut traffic = Traffic::new();
    traffic.mutation("/api/cart", "/product/1", 1, NOON).instance = instances[0].map(InstanceKey);
    traffic.page("/product/1", Form::Rsc, 1, NOON + after).instance = instances[1].map(InstanceKey);
    traffic.calls
}

#[test]
fn a_pair_across_instances_counts_only_when_clocks_cannot_have_made_it() {
    let (same, other) = ([Some(1), Some(1)], [Some(1), Some(2)]);
    // The window of a refresh is from the mutation's start to 1 s after its end.
    for (after, instances, followed, followable, unordered) in [
        (20 * MS, same, 1, 1, 0),
        (20 * MS, [None, None], 1, 1, 0),
        (20 * MS, other, 0, 0, 1),
        (20 * MS, [Some(1), None], 0, 0, 1),
        (60 * MS, other, 1, 1, 0),
        (980 * MS, other, 1, 1, 0),
        (1_030 * MS, same, 1, 1, 0),
        (1_030 * MS, other, 0, 0, 1),
        (1_080 * MS, other, 0, 0, 1),
        (1_100 * MS, other, 0, 1, 0),
    ] {
        let calls = pair(after, instances);
        let counts = [Fact::FollowedByRefresh, Fact::Followable, Fact::UnorderedPairs];
        let counts = counts.map(|fact| count(&calls, fact, TOLERANCE));
        assert_eq!(counts, [followed, followable, unordered], "{} ms {instances:?}", after / MS);
    }
}

#[test]
fn a_refresh_that_seems_to_come_first_may_have_followed() {
    let mut calls = pair(60 * MS, [Some(1), Some(2)]);
    // The second instance's clock is 80 ms late.
    calls[1].start_ns -= 80 * MS;
    assert_eq!(count(&calls, Fact::Followable, TOLERANCE), 0);
    assert_eq!(count(&calls, Fact::UnorderedPairs, TOLERANCE), 1);
    assert_eq!(count(&calls, Fact::Followable, 0), 1);
    assert_eq!(count(&calls, Fact::FollowedByRefresh, 0), 0);
}

/// Visits two minutes apart, of which each step may be answered by either instance.
fn visits(gaps: &[(u64, bool, bool)]) -> Vec<Call> {
    let mut traffic = Traffic::new();
    for (number, (gap, first, second)) in gaps.iter().enumerate() {
        let (client, start) = (number as u64, NOON + SECOND + number as u64 * 120 * SECOND);
        let instance = |other: bool| Some(InstanceKey(u64::from(other)));
        match number % 3 {
            0 => {
                traffic.mutation("/api/cart", "/product/1", client, start).instance = instance(*first);
                traffic.page("/product/1", Form::Rsc, client, start + gap).instance = instance(*second);
            }
            1 => {
                for (at, other) in [(0, first), (*gap / 10, second)] {
                    traffic.action("getPrice", "/compare", client, start + at, 100).instance =
                        instance(*other);
                }
            }
            _ => {
                for (at, other) in [(0, first), (*gap, second)] {
                    let call = traffic.get("/api/catalog", client, start + at);
                    (call.instance, call.request_key, call.response_hash) =
                        (instance(*other), Some(1), Some(1));
                }
            }
        }
    }
    traffic.calls
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_is_counted_holds_however_the_clocks_differ(
        gaps in prop::collection::vec((0u64..2_200, any::<bool>(), any::<bool>()), 1..24),
        skew in -50i64..=50,
    ) {
        let gaps: Vec<_> = gaps.into_iter().map(|(ms, first, second)| (ms * MS, first, second)).collect();
        let told = visits(&gaps);
        let mut real = told.clone();
        for call in real.iter_mut().filter(|call| call.instance == Some(InstanceKey(1))) {
            call.start_ns = call.start_ns.saturating_add_signed(skew * MS.cast_signed());
        }
        for fact in [Fact::FollowedByRefresh, Fact::InBurst, Fact::Duplicates, Fact::ParallelReads] {
            let certain = count(&told, fact, TOLERANCE);
            prop_assert!(certain <= count(&real, fact, 0), "{fact:?}: {certain}");
        }
    }
}
