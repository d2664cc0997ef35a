//! Equal answers to equal requests: what a cache could have answered.
//!
//! Exact within the pass: an hour with five minutes before it, the longest lifetime counted. Because each Call is
//! counted by the pass of its own hour, which sees those five minutes, sums over hours are exact as well.

use std::collections::HashMap;

use pointsman_store::{Call, Fingerprint, Form};

use super::timeline::{is_action_fetch, is_unsampled};
use super::{Fact, Known, Lifetime, Pass};

/// The longest lifetime, ns.
const LONGEST_NS: u64 = 300_000_000_000;

/// Counts potential cache hits among the reads of routes, and equal answers of actions.
pub(super) fn count(pass: &mut Pass, calls: &[Known<'_>]) {
    let mut by_request: HashMap<(Fingerprint, u64), Vec<Known<'_>>> = HashMap::new();
    for known in calls {
        if let Some((key, _)) = comparable(known.call) {
            by_request.entry((known.handler, key)).or_default().push(*known);
        }
    }
    for same_request in by_request.values() {
        for (index, known) in same_request.iter().enumerate() {
            compare(pass, *known, &same_request[..index]);
        }
    }
}

/// Request key and response hash of a Call that a cache might have answered.
fn comparable(call: &Call) -> Option<(u64, u64)> {
    let read = call.method == "GET" && call.form == Form::Plain && call.handler.kind.is_route();
    let eligible = (read || is_action_fetch(call)) && call.status == Some(200) && is_unsampled(call);
    eligible.then_some(call.request_key.zip(call.response_hash)).flatten()
}

/// Compares a Call with the earlier ones of the same request, which are ordered by start.
fn compare(pass: &mut Pass, known: Known<'_>, earlier: &[Known<'_>]) {
    let call = known.call;
    let Some(rollup) = pass.of(known) else { return };
    rollup.count(Fact::Comparable, call);
    let recent = || earlier.iter().rev().take_while(|e| call.start_ns - e.call.start_ns <= LONGEST_NS);
    let mut repeats = |previous: Option<&Known<'_>>, fact: fn(Lifetime) -> Fact| {
        let Some(previous) = previous.filter(|p| p.call.response_hash == call.response_hash) else { return };
        let age = call.start_ns - previous.call.start_ns;
        for lifetime in Lifetime::ALL.into_iter().filter(|l| age <= l.seconds() * 1_000_000_000) {
            rollup.count(fact(lifetime), call);
        }
    };
    repeats(recent().next(), Fact::RepeatOfAnyone);
    repeats(
        recent().find(|p| p.call.client == call.client && call.client.is_some()),
        Fact::RepeatOfSameClient,
    );
    let other =
        recent().find(|p| p.call.client.is_some() && call.client.is_some() && p.call.client != call.client);
    if let Some(other) = other {
        rollup.count(Fact::ComparedAcrossClients, call);
        if other.call.response_hash == call.response_hash {
            rollup.count(Fact::EqualAcrossClients, call);
        }
    }
}
