//! Equal answers to equal requests: what a cache could have answered.
//!
//! A Call repeats when the Call before it with the same request key, within the lifetime, got the same response hash.
//! Exact within the pass: an hour with five minutes before it, the longest lifetime counted. Because each Call is
//! counted by the pass of its own hour, which sees those five minutes, sums over hours are exact as well. In an hour
//! with more Calls than are compared, a part of the request keys, chosen by hash, stands for all: each of them with
//! all its Calls, so that shares stay right up to chance: of n keys, a standard error of the share of 1 / sqrt(n) at most.
//!
//! What a real cache would answer is a little less: its lifetime begins when it stores an answer, not with each hit.

use std::collections::HashMap;

use pointsman_store::{Call, ClientKey, Fingerprint, Form, Sampling};

use super::pass::{Known, Pass};
use super::timeline::{is_action_fetch, is_unsampled};
use super::{Fact, Lifetime};

/// The longest lifetime, ns.
const LONGEST_NS: u64 = 300_000_000_000;

/// Calls that are compared in one pass: 32 MiB of them.
const MOST: usize = 400_000;

/// What may be compared, while it is gathered.
#[derive(Default)]
pub(super) struct Repeats {
    seen: HashMap<(Fingerprint, u64), Vec<Seen>, foldhash::fast::FixedState>,
    count: usize,
    /// How often the part of the keys that is looked at was halved.
    halved: u32,
}

/// What is compared of a Call.
#[derive(Clone, Copy)]
struct Seen {
    start_ns: u64,
    response_hash: u64,
    client: Option<ClientKey>,
    sampling: Sampling,
}

impl Repeats {
    /// Notes a Call if a cache might have answered it.
    pub(super) fn note(&mut self, Known { call, handler }: Known<'_>) {
        let Some((key, response_hash)) = comparable(call) else { return };
        if !looked_at(key, self.halved) {
            return;
        }
        let Call { start_ns, client, sampling, .. } = *call;
        self.seen.entry((handler, key)).or_default().push(Seen { start_ns, response_hash, client, sampling });
        self.count += 1;
        // One key may have them all: then it is compared as it is.
        if self.count > MOST && self.seen.len() > 1 {
            self.halved += 1;
            self.seen.retain(|(_, key), _| looked_at(*key, self.halved));
            self.count = self.seen.values().map(Vec::len).sum();
        }
    }

    /// Counts potential cache hits among the reads of routes, and equal answers of actions.
    pub(super) fn count(&mut self, pass: &mut Pass) {
        for ((handler, _), same_request) in &mut self.seen {
            same_request.sort_unstable_by_key(|seen| (seen.start_ns, seen.response_hash, seen.client));
            for (index, seen) in same_request.iter().enumerate() {
                compare(pass, *handler, *seen, same_request.get(..index).unwrap_or_default());
            }
        }
    }
}

/// Keys are hashes already; their high bits choose, so that the same keys are chosen in every hour.
fn looked_at(key: u64, halved: u32) -> bool {
    key.leading_zeros() >= halved
}

/// Request key and response hash of a Call that a cache might have answered.
fn comparable(call: &Call) -> Option<(u64, u64)> {
    let read = call.method == "GET" && call.form == Form::Plain && call.handler.kind.is_route();
    let eligible = (read || is_action_fetch(call)) && call.status == Some(200) && is_unsampled(call);
    eligible.then_some(call.request_key.zip(call.response_hash)).flatten()
}

/// Compares a Call with the earlier ones of the same request, which are ordered by start.
fn compare(pass: &mut Pass, handler: Fingerprint, seen: Seen, earlier: &[Seen]) {
    let Some(rollup) = pass.at(handler, seen.start_ns) else { return };
    let stratum = rollup.strata.of(seen.sampling);
    let mut count = |fact| stratum.add(fact, 1);
    count(Fact::Comparable);
    let recent = || earlier.iter().rev().take_while(|other| seen.start_ns - other.start_ns <= LONGEST_NS);
    let mut repeats = |previous: Option<&Seen>, fact: fn(Lifetime) -> Fact| {
        let Some(previous) = previous.filter(|it| it.response_hash == seen.response_hash) else { return };
        let age = seen.start_ns - previous.start_ns;
        for lifetime in Lifetime::ALL.into_iter().filter(|l| age <= l.seconds() * 1_000_000_000) {
            count(fact(lifetime));
        }
    };
    repeats(recent().next(), Fact::repeat_of_anyone);
    repeats(
        recent().find(|it| it.client == seen.client && seen.client.is_some()),
        Fact::repeat_of_same_client,
    );
    let other = recent().find(|it| it.client.is_some() && seen.client.is_some() && it.client != seen.client);
    if let Some(other) = other {
        count(Fact::ComparedAcrossClients);
        if other.response_hash == seen.response_hash {
            count(Fact::EqualAcrossClients);
        }
    }
}
