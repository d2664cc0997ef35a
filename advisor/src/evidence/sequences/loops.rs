//! Refresh loops: an action whose answer makes the router load the page again, which calls the action again, and so on
//! without end. Only the rhythm is seen here; why the answer makes the page load (a cookie, `revalidatePath`) is not.

use std::collections::HashMap;

use pointsman_store::{Fingerprint, Form, Sign};

use super::super::pass::{Known, Pass};
use super::super::timeline::{Timeline, is_action_fetch, same_page};
use super::super::{Dimension, Fact};
use super::{SECOND, after};

/// Rounds that make a loop: the action, the page, and the action again.
const ROUNDS: usize = 4;
/// That many rounds take at most this long, ns. A person does not come back to an action so fast so often.
const WITHIN: i64 = 10 * SECOND.cast_signed();

/// Calls of one action, each of which but the first came after the page had been loaded again since the one before.
#[derive(Default)]
struct Rounds<'a> {
    calls: Vec<Known<'a>>,
    /// Whether the page was loaded again since the last of them.
    loaded: bool,
}

/// Counts the loops on the timeline. It is enough that Calls are in their order: clocks that differ cannot make four rounds.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut open: HashMap<Fingerprint, Rounds<'_>, foldhash::fast::FixedState> = HashMap::default();
    for known in &line.calls {
        if known.call.form == Form::Rsc && known.call.method == "GET" {
            for rounds in open.values_mut() {
                rounds.loaded |= rounds
                    .calls
                    .last()
                    .is_some_and(|action| same_page(action.call.path.as_ref(), known.call.path.as_ref()));
            }
        }
        if !is_action_fetch(known.call) || !known.call.has(Sign::DropsPrefetches) {
            continue;
        }
        let rounds = open.entry(known.handler).or_default();
        if !std::mem::take(&mut rounds.loaded) && !rounds.calls.is_empty() {
            record(pass, &std::mem::take(&mut rounds.calls));
        }
        rounds.calls.push(*known);
    }
    for rounds in open.values() {
        record(pass, &rounds.calls);
    }
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
