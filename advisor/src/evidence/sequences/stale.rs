//! Mutations after which the user saw old data: nothing was refreshed, and soon one page was loaded twice (rules.md,
//! mutation-then-stale).

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, same_page, shows_page};
use super::follow::can_be_followed;
use super::{SECOND, after, gap};

/// The user looks at the page within this time after the mutation, ns.
const LOOKS: i64 = 60 * SECOND.cast_signed();
/// ... and loads it again within this time, ns.
const LOADS_AGAIN: i64 = 30 * SECOND.cast_signed();
/// A refresh within this time after the mutation is the page's own, ns.
const OWN_REFRESH: i64 = 2 * SECOND.cast_signed();

/// Counts the mutations of routes of the timeline that left the user with old data.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mutations = line.calls.iter().enumerate();
    for (index, mutation) in mutations.filter(|(_, known)| known.call.handler.kind.is_route()) {
        if can_be_followed(mutation.call)
            && left_old_data(line, *mutation, &line.calls[index + 1..])
            && let Some(mut about) = pass.about(*mutation)
        {
            about.exemplify(Fact::FollowedByReload);
        }
    }
}

/// Whether one page was loaded twice soon after it, with no mutation between, and none was refreshed at once.
fn left_old_data(line: &Timeline<'_>, mutation: Known<'_>, later: &[Known<'_>]) -> bool {
    let within = |known: &&Known<'_>| gap(mutation.call, known.call) <= LOOKS + LOADS_AGAIN;
    let mut seen: Option<Known<'_>> = None;
    for known in later.iter().take_while(within) {
        if can_be_followed(known.call) {
            return false;
        }
        if !shows_page(known.call) {
            continue;
        }
        if gap(mutation.call, known.call) <= OWN_REFRESH {
            return false;
        }
        let again = seen.is_some_and(|first| {
            let pair = (first.call, known.call);
            same_page(first.call.path.as_ref(), known.call.path.as_ref())
                && line.within(pair, after(known.call.start_ns, first.call.start_ns), 1, LOADS_AGAIN)
                    == Certainty::Holds
        });
        if again {
            return true;
        }
        seen = Some(*known);
    }
    false
}
