//! Unknown action ids that one client asks for over and over: a stale tab or a bot (rules.md, action-replay).

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::Timeline;
use super::{SECOND, after};
use pointsman_store::Sign;

/// Calls in a row that make it a replay and no person trying again.
const CALLS: usize = 20;
/// The longest mean interval, ns: half a call a second.
const INTERVAL: i64 = 2 * SECOND.cast_signed();

/// Counts the calls of unknown ids that came in such rows. Their order does not matter, so neither do clocks.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let unknown = line.calls.iter().filter(|known| known.call.has(Sign::ActionNotFound));
    let unknown: Vec<Known<'_>> = unknown.copied().collect();
    for row in unknown.chunk_by(|a, b| after(b.call.start_ns, a.call.start_ns) <= INTERVAL) {
        if row.len() < CALLS {
            continue;
        }
        for known in row {
            if let Some(mut about) = pass.about(*known) {
                about.exemplify(Fact::Hammered);
            }
        }
    }
}
