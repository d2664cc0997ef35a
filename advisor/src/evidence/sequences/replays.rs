//! Unknown action ids that one client asks for over and over: a stale tab or a bot. How even the
//! gaps are does not matter. A page that calls its actions as fast all the time is no replay: that is its own pace.

use std::collections::VecDeque;

use pointsman_store::{Form, Sign};

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
    let unknown: Vec<(Known<'_>, bool)> = with_pace(line);
    // Everything before this place is counted already, or belongs to no such row.
    let mut counted = 0;
    for (begin, row) in unknown.windows(CALLS).enumerate() {
        let fast = row
            .first()
            .zip(row.last())
            .is_some_and(|((first, _), (last, _))| after(last.call.start_ns, first.call.start_ns) <= WITHIN);
        if !fast {
            continue;
        }
        let end = begin + CALLS;
        for (known, own_pace) in &unknown[counted.max(begin)..end] {
            let Some(mut about) = pass.about(*known) else { continue };
            about.exemplify(Fact::Hammered);
            if *own_pace {
                about.count(Fact::ControlHammered);
            }
        }
        counted = end;
    }
}

/// Calls of unknown ids, each with whether the client had called known actions as fast just before.
fn with_pace<'a>(line: &Timeline<'a>) -> Vec<(Known<'a>, bool)> {
    let mut known_ids: VecDeque<u64> = VecDeque::new();
    let mut unknown = Vec::new();
    // The pace before the last row of unknown ids: the row itself is no part of it.
    let mut own_pace = false;
    for known in line.calls.iter().filter(|known| known.call.form == Form::ActionFetch) {
        if known.call.has(Sign::ActionNotFound) {
            unknown.push((*known, own_pace));
            continue;
        }
        known_ids.push_back(known.call.start_ns);
        if known_ids.len() > CALLS {
            known_ids.pop_front();
        }
        let span = known_ids.front().map_or(i64::MAX, |first| after(known.call.start_ns, *first));
        own_pace = known_ids.len() == CALLS && span <= WITHIN;
    }
    unknown
}
