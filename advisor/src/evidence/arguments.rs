//! Whether the server can know the arguments of an action that comes with the load of its page. A page's render knows its URL and
//! who asks; what the browser remembers, or reads from its clock and its sensors, it does not.
//!
//! Arguments are compared by the request key of loads of one path: with the same client's load before, and with another client's.
//! Equal ones are the server's to know. Different ones of one client, or of two visitors without a session, come from the
//! browser, or from a query that is not reported. Different ones of two people who are signed in may follow from who they are, or from
//! their browsers: they are counted apart, so that the few that are equal by chance prove nothing. What different clients have is also
//! counted by itself: where some of them have the same arguments and others do not, neither the path nor who asks decides it. Exact
//! within the pass, as `repeats` is.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use pointsman_store::{Caller, ClientKey, Fingerprint, InstanceKey, Sampling, Sign};

use super::Fact;
use super::call_facts::is_signed_in;
use super::pass::{Known, Pass};

/// Loads that are compared in one pass: 6 MiB of them. Beyond that less is told than there is.
const MOST: usize = 100_000;

/// Loads, while they are gathered.
#[derive(Default)]
pub(super) struct Arguments {
    loads: Vec<Load>,
}

/// An action that came once with the load of its page. Sorted by this, those of one path lie together in the order of their
/// starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Load {
    handler: Fingerprint,
    path: u64,
    start_ns: u64,
    key: u64,
    client: Option<ClientKey>,
    /// The process of which the key is; `None` where all have the same secret.
    process: Option<InstanceKey>,
    signed_in: bool,
    sampling: Sampling,
}

impl Arguments {
    /// Notes an action that came with the load of its page, the only one of its Handler there.
    pub(super) fn note(&mut self, Known { call, handler }: Known<'_>) {
        let (Some(key), Some(path)) = (call.request_key, &call.path) else { return };
        if self.loads.len() >= MOST || call.caller != Caller::OwnUi {
            return;
        }
        self.loads.push(Load {
            handler,
            path: FixedState::default().hash_one(path.trim_end_matches('/')),
            start_ns: call.start_ns,
            key,
            client: call.client,
            process: call.instance.filter(|_| !call.has(Sign::SharedKey)),
            signed_in: is_signed_in(call),
            sampling: call.sampling,
        });
    }

    /// Counts what the comparisons show.
    pub(super) fn count(mut self, pass: &mut Pass) {
        self.loads.sort_unstable();
        for same_path in self.loads.chunk_by(|a, b| (a.handler, a.path) == (b.handler, b.path)) {
            let mut by_client: HashMap<Option<ClientKey>, Load, FixedState> = HashMap::default();
            let mut last: Option<Load> = None;
            for load in same_path {
                let before = by_client.insert(load.client, *load).filter(|_| load.client.is_some());
                let others = last.filter(|last| last.client != load.client || load.client.is_none());
                let facts = [
                    before.or(last).and_then(|before| compared(before, *load)),
                    others.and_then(|other| shared(other, *load)),
                ];
                if let Some(rollup) = pass.at(load.handler, load.start_ns) {
                    let counters = rollup.strata.of(load.sampling);
                    facts.into_iter().flatten().for_each(|fact| counters.add(fact, 1));
                }
                last = Some(*load);
            }
        }
    }
}

fn compared(before: Load, load: Load) -> Option<Fact> {
    let same_client = before.client == load.client && load.client.is_some();
    if before.process != load.process {
        return None;
    }
    if before.key == load.key {
        Some(Fact::LoadArgumentsEqual)
    } else if same_client || !(before.signed_in || load.signed_in) {
        Some(Fact::LoadArgumentsDiffer)
    } else {
        Some(Fact::LoadArgumentsVary)
    }
}

/// Whether another client's load had the same arguments.
fn shared(other: Load, load: Load) -> Option<Fact> {
    let comparable = other.process == load.process;
    comparable.then_some(if other.key == load.key {
        Fact::LoadArgumentsShared
    } else {
        Fact::LoadArgumentsNotShared
    })
}
