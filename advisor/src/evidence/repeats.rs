//! Equal answers to equal requests: what a cache could have answered.
//!
//! A Call repeats when the Call before it with the same request key, within the lifetime, got the same response hash.
//! Exact within the pass: an hour with five minutes before it, the longest lifetime counted. Because each Call is
//! counted by the pass of its own hour, which sees those five minutes, sums over hours are exact as well. In an hour
//! with more Calls than are compared, a part of the request keys, chosen by hash, stands for all: each of them with
//! all its Calls, so that shares stay right up to chance: of n keys, a standard error of the share of 1 / sqrt(n) at most.
//!
//! Whether people get the same answer is a question of its own: what everyone gets may change over time. A difference between
//! two clients is explained by time only if nobody gets the old answer afterwards, nobody had the new one before, and each of
//! the two went to two clients at least. At both ends of the pass that may not be known: then the pair is not compared.
//!
//! What a real cache would answer is a little less: its lifetime begins when it stores an answer, not with each hit.

use std::collections::HashMap;

use pointsman_store::{Call, ClientKey, Fingerprint, Form, Sampling, Sign};

use super::call_facts::has_token;
use super::pass::{Known, Pass};
use super::timeline::{is_action_fetch, is_unsampled};
use super::{Fact, Lifetime};

/// The longest lifetime, ns.
const LONGEST_NS: u64 = 300_000_000_000;

/// Calls that are compared in one pass: 25 MiB of them.
const MOST: usize = 400_000;

/// An answer up to this size, bytes, to a request with credentials may be equal to others because it is empty (`[]`,
/// `{ "items": [] }`): it proves nothing. [judgement]
const EMPTY: u64 = 64;

/// The keys are halved so often at most. An hour in which even so many fewer have too many Calls has a few requests that
/// come again and again: then the Calls beyond the limit are not compared, and less is told than there is.
const FEWEST: u32 = 16;

/// What may be compared, while it is gathered.
#[derive(Default)]
pub(super) struct Repeats {
    seen: Vec<Seen>,
    /// How often the part of the keys that is looked at was halved.
    halved: u32,
}

/// What is compared of a Call. Sorted by this, Calls of one request lie together in the order of their starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    handler: Fingerprint,
    key: u64,
    start_ns: u64,
    response_hash: u64,
    client: Option<ClientKey>,
    sampling: Sampling,
    /// Whether an equal answer says nothing about it.
    empty: bool,
}

impl Repeats {
    /// Notes a Call if a cache might have answered it.
    pub(super) fn note(&mut self, Known { call, handler }: Known<'_>) {
        let Some((key, response_hash)) = comparable(call) else { return };
        if !looked_at(key, self.halved) || self.seen.len() > MOST {
            return;
        }
        let Call { start_ns, client, sampling, .. } = *call;
        let empty = is_empty(call);
        self.seen.push(Seen { handler, key, start_ns, response_hash, client, sampling, empty });
        while self.seen.len() > MOST && self.halved < FEWEST {
            self.halved += 1;
            self.seen.retain(|seen| looked_at(seen.key, self.halved));
        }
    }

    /// Counts potential cache hits among the reads of routes, and equal answers of actions and POSTs.
    pub(super) fn count(&mut self, pass: &mut Pass) {
        self.seen.sort_unstable();
        for same_request in self.seen.chunk_by(|a, b| (a.handler, a.key) == (b.handler, b.key)) {
            let mut earlier = Earlier::default();
            for seen in same_request {
                compare(pass, *seen, &earlier);
                earlier.note(*seen);
            }
            between_people(pass, same_request);
        }
    }
}

/// The Calls of one request so far, as far as later ones are compared with them: looking at each of them for each other one
/// would take a day for what one client sends in an hour.
#[derive(Default)]
struct Earlier {
    last: Option<Seen>,
    by_client: HashMap<ClientKey, Seen, foldhash::fast::FixedState>,
    /// The last one that tells its client, and the last of another client than that.
    known: Option<Seen>,
    other: Option<Seen>,
}

impl Earlier {
    fn note(&mut self, seen: Seen) {
        self.last = Some(seen);
        let Some(client) = seen.client else { return };
        self.by_client.insert(client, seen);
        if self.known.is_some_and(|known| known.client != seen.client) {
            self.other = self.known;
        }
        self.known = Some(seen);
    }

    fn of(&self, client: Option<ClientKey>) -> Option<Seen> {
        self.by_client.get(&client?).copied()
    }

    /// The last of any client but this one.
    fn of_others(&self, client: Option<ClientKey>) -> Option<Seen> {
        client.and_then(|_| self.known.filter(|known| known.client != client).or(self.other))
    }
}

/// Keys are hashes already; their high bits choose, so that the same keys are chosen in every hour.
fn looked_at(key: u64, halved: u32) -> bool {
    key.leading_zeros() >= halved
}

/// Request key and response hash of a Call that a cache might have answered.
fn comparable(call: &Call) -> Option<(u64, u64)> {
    // A POST may be a search: equal answers to equal bodies help to find that out.
    let asks = matches!(call.method.as_str(), "GET" | "POST");
    let read = asks && call.form == Form::Plain && call.handler.kind.is_route();
    let eligible = (read || is_action_fetch(call)) && call.status == Some(200) && is_unsampled(call);
    eligible.then_some(call.request_key.zip(call.response_hash)).flatten()
}

/// Whether the answer may be equal to others because there is nothing in it yet. Of unknown size it may.
fn is_empty(call: &Call) -> bool {
    let credentials = call.has(Sign::Cookie) || has_token(call);
    credentials && call.response_bytes.is_none_or(|bytes| bytes <= EMPTY)
}

/// Who got each answer of one request, and when.
#[derive(Default)]
struct Span {
    first: usize,
    last: usize,
    client: Option<ClientKey>,
    several: bool,
}

/// Compares what different clients got for one request; the Calls are ordered by start.
fn between_people(pass: &mut Pass, same_request: &[Seen]) {
    let mut answers: HashMap<u64, Span, foldhash::fast::FixedState> = HashMap::default();
    for (index, seen) in same_request.iter().enumerate() {
        let first = Span { first: index, last: index, client: seen.client, several: false };
        let span = answers.entry(seen.response_hash).or_insert(first);
        span.last = index;
        span.several |= span.client != seen.client;
    }
    for (index, pair) in (1..).zip(same_request.windows(2)) {
        let [before, seen] = pair else { continue };
        let near = seen.start_ns - before.start_ns <= LONGEST_NS;
        if !near || before.client == seen.client || before.client.is_none() || seen.client.is_none() {
            continue;
        }
        let equal = before.response_hash == seen.response_hash;
        let both = answers.get(&before.response_hash).zip(answers.get(&seen.response_hash));
        let change = both.map_or(Change::Unknown, |(old, new)| change(old, new, index, same_request.len()));
        if (equal && seen.empty) || (!equal && change == Change::Unknown) {
            continue;
        }
        let Some(rollup) = pass.at(seen.handler, seen.start_ns) else { continue };
        let stratum = rollup.strata.of(seen.sampling);
        stratum.add(Fact::ComparedBetweenPeople, 1);
        if !equal && change == Change::BetweenPeople {
            stratum.add(Fact::DifferedBetweenPeople, 1);
        }
    }
}

/// Why two clients in a row got different answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Everyone got another one from then on.
    OverTime,
    /// It depends on who asks.
    BetweenPeople,
    /// The Calls before or after, which would tell, are not in the pass.
    Unknown,
}

/// What an answer and the one after it show, where the later one came at this place among so many.
fn change(old: &Span, new: &Span, at: usize, of: usize) -> Change {
    let in_turn = old.last < at && new.first == at;
    let (before, after) = (old.several || old.first == 0, new.several || new.last + 1 == of);
    match in_turn {
        true if old.several && new.several => Change::OverTime,
        true if before && after => Change::Unknown,
        _ => Change::BetweenPeople,
    }
}

/// Compares a Call with the earlier ones of the same request.
fn compare(pass: &mut Pass, seen: Seen, earlier: &Earlier) {
    let Some(rollup) = pass.at(seen.handler, seen.start_ns) else { return };
    let stratum = rollup.strata.of(seen.sampling);
    let mut count = |fact| stratum.add(fact, 1);
    count(Fact::Comparable);
    let recent = |other: &Seen| seen.start_ns - other.start_ns <= LONGEST_NS;
    let mut repeats = |previous: Option<Seen>, fact: fn(Lifetime) -> Fact| {
        let previous = previous.filter(recent).filter(|it| it.response_hash == seen.response_hash);
        let Some(previous) = previous else { return };
        let age = seen.start_ns - previous.start_ns;
        for lifetime in Lifetime::ALL.into_iter().filter(|l| age <= l.seconds() * 1_000_000_000) {
            count(fact(lifetime));
        }
    };
    repeats(earlier.last, Fact::repeat_of_anyone);
    repeats(earlier.of(seen.client), Fact::repeat_of_same_client);
    if let Some(other) = earlier.of_others(seen.client).filter(recent) {
        count(Fact::ComparedAcrossClients);
        if other.response_hash == seen.response_hash {
            count(Fact::EqualAcrossClients);
        }
    }
}
