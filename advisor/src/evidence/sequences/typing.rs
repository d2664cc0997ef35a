//! Quick series of one action or mutation with changing arguments. Of reads by GET nothing like it can be told: their arguments are in their
//! queries, of which telemetry says nothing, not even the length.
//!
//! On a slow server the keystrokes wait in the queue for actions: then one follows the end of the one before, not its start.
//! Series whose pauses are one window longer are clicks, and how many of those look like typing is the base rate.

use std::collections::HashMap;

use pointsman_store::{Call, Fingerprint};

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, is_action_fetch, is_own_mutation};
use super::{SECOND, after, gap};

/// Changing arguments within this time of each other are typing, ns (action-typeahead).
const TYPING: i64 = SECOND.cast_signed();
/// Calls that make a series of typing.
const KEYSTROKES: usize = 3;

/// Counts typing on the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut by_handler: HashMap<Fingerprint, Vec<Known<'_>>, foldhash::fast::FixedState> = HashMap::default();
    let may_type = |call: &Call| is_action_fetch(call) || is_own_mutation(call);
    for known in line.calls.iter().filter(|known| may_type(known.call)) {
        by_handler.entry(known.handler).or_default().push(*known);
    }
    let queued = line.rhythm.queued();
    let pause = |a: &Known<'_>, b: &Known<'_>| after(b.call.start_ns, a.call.start_ns);
    let quick = |a: &Known<'_>, b: &Known<'_>| pause(a, b) <= TYPING || gap(a.call, b.call) < queued;
    let later = |a: &Known<'_>, b: &Known<'_>| !quick(a, b) && pause(a, b) <= 2 * TYPING;
    for calls in by_handler.values() {
        for series in calls.chunk_by(quick).filter(|series| is_typing(series)) {
            // Keystrokes whose order is not certain may be anything.
            let ordered = |pair: &[Known<'_>]| {
                line.within((pair[0].call, pair[1].call), pause(&pair[0], &pair[1]), 0, i64::MAX)
                    == Certainty::Holds
            };
            let fact = if series.windows(2).all(ordered) { Fact::Typed } else { Fact::UnorderedPairs };
            for known in series {
                if let Some(mut about) = pass.about(*known) {
                    about.exemplify(fact);
                }
            }
        }
        for known in calls.chunk_by(later).filter(|series| is_typing(series)).flatten() {
            if let Some(mut about) = pass.about(*known) {
                about.count(Fact::ControlTyped);
            }
        }
    }
}

/// Whether each Call has another argument than the one before, and mostly a longer one.
fn is_typing(series: &[Known<'_>]) -> bool {
    let steps = series.len().saturating_sub(1);
    let changes = |pair: &&[Known<'_>]| {
        pair[0].call.request_key.zip(pair[1].call.request_key).is_some_and(|(a, b)| a != b)
    };
    let grows = |pair: &&[Known<'_>]| pair[0].call.request_bytes < pair[1].call.request_bytes;
    let changing = series.windows(2).filter(changes).count();
    let growing = series.windows(2).filter(grows).count();
    series.len() >= KEYSTROKES && changing == steps && growing * 3 >= steps * 2
}
