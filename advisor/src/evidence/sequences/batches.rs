//! Routes that one client calls in a loop: many times at once, with other arguments each time (docs/rules/batch-burst.md). Of actions
//! the serial bursts tell it.
//!
//! A loop sends as fast as the browser can. Somebody who types into a search box sends other arguments each time as well, one
//! with each keystroke, and of a GET nothing tells the two apart but their pace: rows that fingers could have made are no loop.

use std::collections::{BTreeSet, HashMap};

use pointsman_store::{Call, Caller, Fingerprint, Form};

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline};
use super::{MILLI, SECOND, after};

/// Calls of one Handler that make a batch.
const CALLS: usize = 4;
/// All of them begin within this time, ns.
const WITHIN: i64 = SECOND.cast_signed();
/// From one to the next it takes less than this on average, ns: the fastest typists need longer. [judgement]
const FINGERS: i64 = 80 * MILLI.cast_signed();

/// Counts the batches of the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut by_handler: HashMap<Fingerprint, Vec<Known<'_>>, foldhash::fast::FixedState> = HashMap::default();
    for known in line.calls.iter().filter(|known| is_of_own_code(known.call)) {
        by_handler.entry(known.handler).or_default().push(*known);
    }
    for calls in by_handler.values() {
        let mut rest = calls.as_slice();
        while let [first, ..] = rest {
            let together =
                rest.partition_point(|known| after(known.call.start_ns, first.call.start_ns) < WITHIN);
            let (row, later) = rest.split_at(together);
            if is_loop(row) {
                record(pass, line, row);
            }
            rest = later;
        }
    }
}

/// A request that the code of an own page sends: only that can be changed.
fn is_of_own_code(call: &Call) -> bool {
    call.handler.kind.is_route() && call.form == Form::Plain && call.caller == Caller::OwnUi
}

/// Whether the arguments differ: the same request again and again is a duplicate or a retry.
fn is_loop(row: &[Known<'_>]) -> bool {
    let different: BTreeSet<u64> = row.iter().filter_map(|known| known.call.request_key).collect();
    let (Some(first), Some(last)) = (row.first(), row.last()) else { return false };
    let pauses = i64::try_from(row.len().saturating_sub(1)).unwrap_or(i64::MAX);
    let took = after(last.call.start_ns, first.call.start_ns);
    row.len() >= CALLS && different.len() >= CALLS && took < FINGERS.saturating_mul(pauses)
}

fn record(pass: &mut Pass, line: &Timeline<'_>, row: &[Known<'_>]) {
    let (Some(first), Some(last)) = (row.first(), row.last()) else { return };
    let span = after(last.call.start_ns, first.call.start_ns);
    let certain = line.within((first.call, last.call), span, i64::MIN, WITHIN) == Certainty::Holds;
    for (index, known) in row.iter().enumerate() {
        let Some(mut about) = pass.about(*known) else { continue };
        if !certain {
            about.exemplify(Fact::UnorderedPairs);
            continue;
        }
        about.exemplify(Fact::InOwnBatch);
        if index == 0 {
            about.count(Fact::Batches);
        }
    }
}
