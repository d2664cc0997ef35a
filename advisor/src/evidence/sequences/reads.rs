//! Reads of routes beside each other: parallel ones and duplicates; and quick series with changing arguments.

use std::collections::BTreeMap;

use pointsman_store::{Call, Caller, Fingerprint, Form};

use super::super::timeline::{Timeline, is_action_fetch};
use super::super::{Fact, Known, Pass};
use super::SECOND;

/// The same request again within this time is a duplicate, ns (rules.md, duplicate-get).
const DUPLICATE: u64 = 2 * SECOND;
/// Changing arguments within this time of each other are typing, ns (rules.md, action-typeahead).
const TYPING: u64 = SECOND;
/// Calls that make a series of typing.
const KEYSTROKES: usize = 3;

/// Counts parallel and duplicate reads, and typing.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let reads: Vec<Known<'_>> = line.calls.iter().copied().filter(|known| is_read(known.call)).collect();
    let mut latest_end = 0;
    for (index, known) in reads.iter().enumerate() {
        let next_overlaps = reads.get(index + 1).is_some_and(|next| next.call.start_ns < known.call.end_ns());
        let previous_overlaps = known.call.start_ns < latest_end;
        latest_end = latest_end.max(known.call.end_ns());
        let Some(rollup) = pass.of(*known) else { continue };
        if next_overlaps || previous_overlaps {
            rollup.exemplify(Fact::ParallelReads, known.call);
        }
        let recent =
            reads[..index].iter().rev().take_while(|r| known.call.start_ns - r.call.start_ns <= DUPLICATE);
        let mut same =
            recent.filter(|r| r.handler == known.handler && r.call.request_key == known.call.request_key);
        if known.call.request_key.is_some() && same.next().is_some() {
            rollup.exemplify(Fact::Duplicates, known.call);
        }
    }
    typing(pass, line);
}

/// A read of a route by a browser on one of the app's own pages: only its code can be changed.
fn is_read(call: &Call) -> bool {
    call.method == "GET"
        && call.form == Form::Plain
        && call.handler.kind.is_route()
        && call.caller == Caller::OwnUi
}

/// Series of one Handler in quick succession, each with another argument and mostly a longer one.
fn typing(pass: &mut Pass, line: &Timeline<'_>) {
    let mut by_handler: BTreeMap<Fingerprint, Vec<Known<'_>>> = BTreeMap::new();
    for known in line.calls.iter().filter(|known| is_action_fetch(known.call) || is_read(known.call)) {
        by_handler.entry(known.handler).or_default().push(*known);
    }
    for calls in by_handler.values() {
        for series in calls.chunk_by(|a, b| b.call.start_ns - a.call.start_ns <= TYPING) {
            if is_typing(series) {
                for known in series {
                    if let Some(rollup) = pass.of(*known) {
                        rollup.exemplify(Fact::Typed, known.call);
                    }
                }
            }
        }
    }
}

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
