//! What one client did in a row: refreshes after mutations, queued actions, what comes with the load of a page, polls,
//! repeated and parallel reads, typing. Of two Calls whose order is not certain nothing is counted but that.

mod batches;
mod bursts;
mod controls;
mod follow;
mod loops;
mod navigations;
mod page_load;
mod polls;
mod prefetches;
mod reads;
mod repeated;
mod replays;
mod retries;
mod sessions;
mod stale;
mod typing;

use pointsman_store::Call;

use super::pass::{Known, Pass};
use super::timeline::Timeline;
use super::{Interaction, InteractionKind, Step};

/// One second, ns.
const SECOND: u64 = 1_000_000_000;
/// One millisecond, ns.
const MILLI: u64 = 1_000_000;

/// Counts every sequence on one client's timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let prefetches = prefetches::Prefetches::of(line);
    follow::count(pass, line, &prefetches);
    controls::count(pass, line);
    prefetches.count(pass);
    navigations::count(pass, line);
    bursts::count(pass, line);
    batches::count(pass, line);
    polls::count(pass, line);
    reads::count(pass, line);
    repeated::count(pass, line);
    loops::count(pass, line);
    retries::count(pass, line);
    sessions::count(pass, line);
    stale::count(pass, line);
    typing::count(pass, line);
    replays::count(pass, line);
}

/// An Interaction of these Calls, which are ordered by start.
fn interaction(kind: InteractionKind, calls: &[Known<'_>], prefetches: u32) -> Interaction {
    let begin = calls.first().map_or(0, |known| known.call.start_ns);
    let step = |known: &Known<'_>| Step {
        handler: known.handler,
        trace: known.call.trace,
        start_us: (known.call.start_ns - begin) / 1_000,
        duration_us: known.call.duration_ns / 1_000,
        request_bytes: known.call.request_bytes,
        response_bytes: known.call.response_bytes,
    };
    Interaction { kind, steps: calls.iter().map(step).collect(), prefetches }
}

/// Signed difference of two times, ns.
fn after(later_ns: u64, earlier_ns: u64) -> i64 {
    later_ns.cast_signed().saturating_sub(earlier_ns.cast_signed())
}

/// Time from the end of one Call to the start of another, ns; negative when they overlap.
fn gap(first: &Call, second: &Call) -> i64 {
    after(second.start_ns, first.end_ns())
}
