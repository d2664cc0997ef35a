//! Refresh loops: an action whose answer makes the page load again, which calls the action again, and so on without end. The page
//! comes by a request of the router, or in the answer itself: then the same request follows the answer at once. Only the rhythm is
//! seen here; why the answer makes the page load (a cookie, `revalidatePath`) is not.

use std::collections::HashMap;

use pointsman_store::{Fingerprint, Form, Sign};

use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, asks_for_page, is_action_fetch};
use super::super::{Dimension, Fact};
use super::{SECOND, after, gap};

/// Rounds that make a loop: the action, the page, and the action again.
const ROUNDS: usize = 4;
/// That many rounds take at most this long, ns. A person does not come back to an action so fast so often.
const WITHIN: i64 = 10 * SECOND.cast_signed();

/// Counts the loops on the timeline. It is enough that Calls are in their order: clocks that differ cannot make four rounds.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut open: HashMap<Fingerprint, Vec<Known<'_>>, foldhash::fast::FixedState> = HashMap::default();
    // When each page was loaded last.
    let mut loaded: HashMap<&str, u64, foldhash::fast::FixedState> = HashMap::default();
    for known in &line.calls {
        let page = known.call.path.as_deref().map(|path| path.trim_end_matches('/'));
        if known.call.form == Form::Rsc && asks_for_page(known.call) {
            page.and_then(|page| loaded.insert(page, known.call.start_ns));
        }
        if !is_action_fetch(known.call) || !known.call.has(Sign::DropsPrefetches) {
            continue;
        }
        let rounds = open.entry(known.handler).or_default();
        let again = page.and_then(|page| loaded.get(page).copied());
        let loaded_since = rounds.last().zip(again).is_some_and(|(last, load)| load >= last.call.start_ns);
        let goes_on =
            loaded_since || rounds.last().is_some_and(|last| follows_its_answer(line, *last, *known));
        if !goes_on && !rounds.is_empty() {
            record(pass, &std::mem::take(rounds));
        }
        rounds.push(*known);
    }
    for rounds in open.values() {
        record(pass, rounds);
    }
}

/// Whether the same request was sent as soon as an answer that brought the page was there. Calls with other arguments are a loop
/// over a list.
fn follows_its_answer(line: &Timeline<'_>, last: Known<'_>, next: Known<'_>) -> bool {
    let same = last.call.request_key.is_some() && last.call.request_key == next.call.request_key;
    let waited = gap(last.call, next.call);
    let at_once = line.within((last.call, next.call), waited, i64::MIN, line.rhythm.queued());
    same && last.call.has(Sign::Rerendered) && at_once == Certainty::Holds
}

/// Counts the Calls of a row that came so fast that no person makes them.
fn record(pass: &mut Pass, calls: &[Known<'_>]) {
    // A round is from one call to the next.
    let mut counted = 0;
    for (begin, row) in calls.windows(ROUNDS + 1).enumerate() {
        let fast = row
            .first()
            .zip(row.last())
            .is_some_and(|(first, last)| after(last.call.start_ns, first.call.start_ns) <= WITHIN);
        if !fast {
            continue;
        }
        let begins = counted <= begin;
        let end = begin + ROUNDS + 1;
        for (index, known) in calls.iter().enumerate().take(end).skip(counted.max(begin)) {
            let Some(mut about) = pass.about(*known) else { continue };
            about.exemplify(Fact::InRefreshLoop);
            if begins && index == begin {
                about.count(Fact::RefreshLoops);
            }
            if let Some(client) = known.call.client {
                about.tally(Dimension::LoopClient, &format!("{:016x}", client.0));
            }
        }
        counted = end;
    }
}
