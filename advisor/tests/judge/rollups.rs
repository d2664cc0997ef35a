//! Rollups: the same whatever the order of arrival, the same however the hours are cut, and merged exactly.

use std::collections::HashMap;

use pointsman_advisor::Settings;
use pointsman_advisor::evidence::{Fact, Rollup, roll_up};
use pointsman_store::{Call, Fingerprint, Form, Hour};
use proptest::prelude::*;

use crate::traffic::{DAY_0, MS, SECOND, Traffic, around};

/// Two hours of mixed traffic around an hour's edge; `seed` chooses what comes when.
fn mixed(seed: u64, visits: u64) -> Vec<Call> {
    let mut traffic = Traffic::new();
    for number in 0..visits {
        let random = (number + 1).wrapping_mul(seed | 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let start = DAY_0 + 23 * Hour::NANOS + random % (2 * Hour::NANOS);
        let client = random % 5;
        match random % 4 {
            0 => traffic.mutation_with_refresh("/api/cart", "/product/1", client, start),
            1 => traffic.serial(&["getPrice", "getStock"], "/compare", client, start),
            2 => {
                let call = traffic.get("/api/catalog", client, start);
                (call.request_key, call.response_hash) = (Some(1), Some(random % 2));
            }
            _ => {
                traffic.page("/compare", Form::Document, client, start);
            }
        }
    }
    traffic.calls
}

fn merged(calls: &[Call], hours: impl IntoIterator<Item = Hour>) -> HashMap<Fingerprint, Rollup> {
    let mut all: HashMap<Fingerprint, Rollup> = HashMap::new();
    for hour in hours {
        for record in roll_up(hour, &around(calls, hour), Settings::default().of_pass()) {
            all.entry(record.handler).or_default().merge_encoded(&record.payload).unwrap();
        }
    }
    all
}

fn hours() -> [Hour; 2] {
    let first = Hour::of(DAY_0 + 23 * Hour::NANOS);
    [first, Hour(first.0 + 1)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_order_of_arrival_gives_the_same(seed in any::<u64>(), visits in 1u64..80, turn in 0usize..80) {
        let calls = mixed(seed, visits);
        let mut turned = calls.clone();
        turned.rotate_left(turn % calls.len());
        turned.reverse();
        prop_assert_eq!(merged(&calls, hours()), merged(&turned, hours()));
    }

    #[test]
    fn merging_is_associative_and_commutative(seed in any::<u64>(), visits in 1u64..80) {
        let calls = mixed(seed, visits);
        let parts: Vec<Vec<Call>> = calls.chunks(calls.len().div_ceil(3)).map(<[Call]>::to_vec).collect();
        let parts: Vec<HashMap<Fingerprint, Rollup>> = parts.iter().map(|part| merged(part, hours())).collect();
        let join = |order: &[usize]| {
            let mut all: HashMap<Fingerprint, Rollup> = HashMap::new();
            for (id, rollup) in order.iter().filter_map(|index| parts.get(*index)).flatten() {
                all.entry(*id).or_default().merge(rollup).unwrap();
            }
            all
        };
        prop_assert_eq!(join(&[0, 1, 2]), join(&[2, 0, 1]));
    }

    /// What a cache could have answered is compared across clients, so it is left out here.
    #[test]
    fn merging_is_one_pass_over_the_union_of_clients(seed in any::<u64>(), visits in 1u64..80, first in 0u64..5) {
        let mut calls = mixed(seed, visits);
        calls.iter_mut().for_each(|call| call.request_key = None);
        let of_first = |call: &&Call| call.client == calls[0].client || call.client.is_some_and(|key| key.0 % 5 < first);
        let (some, others): (Vec<&Call>, Vec<&Call>) = calls.iter().partition(of_first);
        let owned = |part: Vec<&Call>| part.into_iter().cloned().collect::<Vec<Call>>();
        let mut joined = merged(&owned(some), hours());
        for (id, rollup) in merged(&owned(others), hours()) {
            joined.entry(id).or_default().merge(&rollup).unwrap();
        }
        prop_assert_eq!(joined, merged(&calls, hours()));
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_and_never_a_panic(
        seed in any::<u64>(), harm in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), end in any::<prop::sample::Index>(),
    ) {
        for record in roll_up(hours()[0], &around(&mixed(seed, 30), hours()[0]), Settings::default().of_pass()) {
            let mut payload = record.payload;
            for (place, byte) in &harm {
                let place = place.index(payload.len());
                payload[place] = *byte;
            }
            if let Ok(read) = Rollup::decode(&payload) {
                prop_assert_eq!(Rollup::decode(&read.encode()).unwrap(), read);
            }
            let end = end.index(payload.len());
            let _ = Rollup::decode(&payload[..end]);
        }
    }

    #[test]
    fn every_call_is_counted_by_exactly_one_hour(seed in any::<u64>(), visits in 1u64..80) {
        let calls = mixed(seed, visits);
        let total: u64 = merged(&calls, hours())
            .values()
            .map(|rollup| rollup.observed(Fact::Calls))
            .sum();
        prop_assert_eq!(total, calls.iter().filter(|c| hours().contains(&Hour::of(c.start_ns))).count() as u64);
    }
}

#[test]
fn a_pair_across_the_edge_of_an_hour_is_found_once() {
    let mut traffic = Traffic::new();
    let edge = DAY_0 + 24 * Hour::NANOS;
    traffic.mutation_with_refresh("/api/cart", "/product/1", 1, edge - 50 * MS);
    traffic.serial(&["getPrice", "getStock"], "/compare", 2, edge - 100 * MS);
    let count = |fact: Fact| -> u64 {
        merged(&traffic.calls, hours()).values().map(|rollup| rollup.observed(fact)).sum()
    };
    assert_eq!(count(Fact::FollowedByRefresh), 1);
    assert_eq!(count(Fact::InBurst), 2);
}

#[test]
fn potential_hits_are_exact_within_each_lifetime() {
    use pointsman_advisor::evidence::Lifetime;
    let mut traffic = Traffic::new();
    // Equal answers 0, 5, 35 and 235 s after the first; then one that changed.
    for (after, hash) in [(0, 1), (5, 1), (35, 1), (235, 1), (240, 2)] {
        let call = traffic.get("/api/catalog", after, DAY_0 + 23 * Hour::NANOS + after * SECOND);
        (call.request_key, call.response_hash) = (Some(1), Some(hash));
    }
    let rollups = merged(&traffic.calls, hours());
    let rollup = rollups.values().next().unwrap();
    let repeats = |lifetime| rollup.observed(Fact::repeat_of_anyone(lifetime));
    assert_eq!(Lifetime::ALL.map(repeats), [0, 1, 2, 3]);
    assert_eq!(rollup.observed(Fact::ComparedAcrossClients), 4);
    assert_eq!(rollup.observed(Fact::EqualAcrossClients), 3);
}
