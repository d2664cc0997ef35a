//! Unknown action ids that one client asks for over and over: a stale tab or a bot (rules.md, action-replay). How even the
//! gaps are does not matter.

use pointsman_store::Sign;

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::Timeline;
use super::{SECOND, after};

/// So many calls ...
const CALLS: usize = 20;
/// ... within this time, ns, are a replay and no person who tries again: one every two seconds.
const WITHIN: i64 = 2 * 19 * SECOND.cast_signed();

/// Counts the calls of unknown ids that came so fast. Their order does not matter, so neither do clocks.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let unknown = line.calls.iter().filter(|known| known.call.has(Sign::ActionNotFound));
    let unknown: Vec<Known<'_>> = unknown.copied().collect();
    // Everything before this place is counted already, or belongs to no such row.
    let mut counted = 0;
    for (begin, row) in unknown.windows(CALLS).enumerate() {
        let fast = row
            .first()
            .zip(row.last())
            .is_some_and(|(first, last)| after(last.call.start_ns, first.call.start_ns) <= WITHIN);
        if !fast {
            continue;
        }
        let end = begin + CALLS;
        for known in &unknown[counted.max(begin)..end] {
            if let Some(mut about) = pass.about(*known) {
                about.exemplify(Fact::Hammered);
            }
        }
        counted = end;
    }
}
