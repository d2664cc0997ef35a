//! Which Calls are of one client. A key that a session's cookie makes may change with the cookie: one browser then looks like
//! dozens of clients that each come from nowhere. Where telemetry also tells the key of the network, those are put together
//! again; where it does not, they are counted, so that nobody reads sequences from them.

use std::collections::{HashMap, VecDeque};

use pointsman_store::{Call, Caller, ClientKey, Form, Sign};

use super::Fact;
use super::call_facts::begins_session;
use super::pass::{Known, Pass};
use super::timeline::{Timeline, is_unsampled};

/// Calls of one client that are looked at in a pass. Somebody who clicks once a second for an hour makes 3,600; what has more
/// is a machine, and may have been sent to keep us busy.
const MOST: usize = 20_000;
/// Two keys of one browser may be seen side by side for so long: requests that were under way when the cookie changed, ns.
const HANDED_OVER: u64 = 5_000_000_000;
/// A key that is gone within this time is one of many of its client, or somebody who left at once, ns.
const SHORT_LIVED: u64 = 60_000_000_000;
/// The first request of a session comes so soon after the answer that began it, ns.
const SIGNED_IN: u64 = 30_000_000_000;

type Lines<'a> = HashMap<ClientKey, Vec<Known<'a>>, foldhash::fast::FixedState>;

/// One timeline per client, in no order; Calls without a key are on none, nor are those that the app made itself, which may
/// carry the cookies of the client for whom it made them. The Calls are ordered by start.
pub(super) fn timelines<'a>(pass: &mut Pass, calls: &[Known<'a>]) -> Vec<Timeline<'a>> {
    let mut by_network = Lines::default();
    // Each with whether nothing but its key says whose it is.
    let mut lines: Vec<(Vec<Known<'a>>, bool)> = Vec::new();
    let mut without_network = Lines::default();
    for known in calls.iter().filter(|known| is_unsampled(known.call) && known.call.caller != Caller::Server)
    {
        let Some(client) = known.call.client else { continue };
        match known.call.network {
            Some(network) => by_network.entry(network).or_default().push(*known),
            None => without_network.entry(client).or_default().push(*known),
        }
    }
    for of_network in by_network.into_values() {
        let keys = by_key(&of_network);
        if is_handed_over(&keys) {
            lines.push((of_network, false));
        } else {
            lines.extend(keys.into_values().map(|line| (line, true)));
        }
    }
    lines.extend(without_network.into_values().map(|line| (line, true)));
    // Each sign-in is the beginning of one key, so the order must not be that of a hash map.
    lines.sort_by_key(|(line, _)| line.first().map(|first| (first.call.start_ns, first.call.span)));
    let mut sign_ins = SignIns::of(calls);
    let skew = pass.settings.skew_tolerance_ns;
    let timeline = |(line, by_key): (Vec<Known<'a>>, bool)| {
        count_key(pass, &line, by_key, &mut sign_ins);
        Timeline::of(bounded(pass, line), skew)
    };
    lines.into_iter().map(timeline).collect()
}

fn by_key<'a>(calls: &[Known<'a>]) -> Lines<'a> {
    let mut keys = Lines::default();
    for known in calls {
        if let Some(client) = known.call.client {
            keys.entry(client).or_default().push(*known);
        }
    }
    keys
}

/// Whether each key takes the place of the one before: people who share an address are there at the same time. Without a session a
/// browser has the key of its address, before it signs in and again after it has signed out.
fn is_handed_over(keys: &Lines<'_>) -> bool {
    let of_address = |calls: &&Vec<Known<'_>>| calls.iter().all(|known| known.call.has(Sign::KeyOfAddress));
    // One browser has one of them.
    let one = keys.values().filter(of_address).count() == 1;
    let signed_out = |calls: &&Vec<Known<'_>>| one && of_address(calls);
    let of_sessions = keys.values().filter(|calls| !signed_out(calls));
    let mut lives: Vec<(u64, u64)> = of_sessions.map(|calls| life(calls)).collect();
    lives.sort_unstable();
    let mut last_seen = 0;
    let in_turn = lives.iter().all(|(first, last)| {
        let follows = first.saturating_add(HANDED_OVER) >= last_seen;
        last_seen = last_seen.max(*last);
        follows
    });
    let between = |start_ns: u64| {
        let begun = lives.partition_point(|(first, _)| first.saturating_add(HANDED_OVER) < start_ns);
        begun
            .checked_sub(1)
            .and_then(|at| lives.get(at))
            .is_none_or(|(_, last)| start_ns.saturating_add(HANDED_OVER) >= *last)
    };
    in_turn && keys.values().filter(signed_out).flatten().all(|known| between(known.call.start_ns))
}

/// The starts of the first and the last of some Calls, ns.
fn life(calls: &[Known<'_>]) -> (u64, u64) {
    let start = |known: Option<&Known<'_>>| known.map_or(0, |known| known.call.start_ns);
    (start(calls.first()), start(calls.last()))
}

/// The first Calls of a client, as many as are looked at; how many are left out is counted.
fn bounded<'a>(pass: &mut Pass, mut line: Vec<Known<'a>>) -> Vec<Known<'a>> {
    for left_out in line.iter().skip(MOST) {
        if let Some(mut about) = pass.about(*left_out) {
            about.count(Fact::LeftOutOfSequences);
        }
    }
    line.truncate(MOST);
    line
}

/// Counts a client by its key, and whether that came from nowhere and is soon gone after an answer that set a cookie: then the next
/// key is the same client's. A page that comes from a cache in front of the app is not seen to be loaded either, but sets none.
/// A key that a sign-in began comes from there, and some people leave within a minute.
fn count_key(pass: &mut Pass, line: &[Known<'_>], by_key: bool, sign_ins: &mut SignIns) {
    let Some(first) = line.first().filter(|first| has_cookie(first.call)) else { return };
    let (first_ns, last_ns) = life(line);
    let renews =
        |known: &Known<'_>| known.call.has(Sign::SetsCookie) || known.call.has(Sign::SetsSessionCookie);
    let from_nowhere =
        by_key && is_mid_flow(first.call) && line.iter().any(renews) && !sign_ins.began(first.call);
    let Some(mut about) = pass.about(*first) else { return };
    about.count(Fact::KeysBegun);
    if from_nowhere && last_ns.saturating_sub(first_ns) < SHORT_LIVED {
        about.exemplify(Fact::KeysBegunMidFlow);
    }
}

/// A session, as far as telemetry tells sessions from other cookies.
fn has_cookie(call: &Call) -> bool {
    call.caller == Caller::OwnUi
        && if call.has(Sign::SessionsTold) { call.has(Sign::SessionCookie) } else { call.has(Sign::Cookie) }
}

/// Whether the request came from a page that its client must have loaded before.
fn is_mid_flow(call: &Call) -> bool {
    !matches!(call.form, Form::Document | Form::ActionForm | Form::PagePost)
        && !call.has(Sign::Navigate)
        && call.page.is_some()
}

/// Answers that began a session and whose first request was not found yet, by network: their starts and ends, ns, oldest first.
#[derive(Default)]
struct SignIns(HashMap<Option<ClientKey>, VecDeque<(u64, u64)>, foldhash::fast::FixedState>);

impl SignIns {
    fn of(calls: &[Known<'_>]) -> Self {
        let mut sign_ins = Self::default();
        for Known { call, .. } in calls.iter().filter(|known| begins_session(known.call)) {
            let span = (call.start_ns, call.start_ns.saturating_add(call.duration_ns));
            sign_ins.0.entry(call.network).or_default().push_back(span);
        }
        sign_ins
    }

    /// Whether this first request of a key follows one of them, which then began no other. Asked in the order of the requests.
    fn began(&mut self, first: &Call) -> bool {
        let Some(of_network) = self.0.get_mut(&first.network) else { return false };
        while of_network.front().is_some_and(|(_, end)| end.saturating_add(SIGNED_IN) < first.start_ns) {
            of_network.pop_front();
        }
        let follows = of_network.front().is_some_and(|(start, _)| *start <= first.start_ns);
        if follows {
            of_network.pop_front();
        }
        follows
    }
}
