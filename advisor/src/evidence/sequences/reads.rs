//! Reads of routes beside each other, and those that come with the load of a page; and
//! quick series of actions or mutations with changing arguments. The arguments of reads are in their queries, of which
//! telemetry tells nothing, not even the length: whether they grow is not known.

use std::collections::HashMap;

use pointsman_store::{Call, Caller, Fingerprint, Form, Sign};

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, is_action_fetch, is_own_mutation};
use super::page_load::PageLoad;
use super::{MILLI, SECOND, after, gap};

/// Changing arguments within this time of each other are typing, ns (rules.md, action-typeahead).
const TYPING: i64 = SECOND.cast_signed();
/// A read that was given up is replaced by one that begins at most this long after its end, ns.
const REPLACED: i64 = 150 * MILLI.cast_signed();
/// Calls that make a series of typing.
const KEYSTROKES: usize = 3;

/// Counts parallel reads, reads with a page load, and typing.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let reads: Vec<Known<'_>> = line.calls.iter().copied().filter(|known| is_read(known.call)).collect();
    beside_each_other(pass, line, &reads);
    superseded(pass, line, &reads);
    with_page_load(pass, line);
    typing(pass, line);
}

fn beside_each_other(pass: &mut Pass, line: &Timeline<'_>, reads: &[Known<'_>]) {
    // Of all reads so far the one that ends last: only it can overlap a later one if any does.
    let mut latest: Option<Known<'_>> = None;
    for (index, known) in reads.iter().enumerate() {
        let beside = [latest, reads.get(index + 1).copied()].into_iter().flatten();
        let overlaps: Vec<Certainty> = beside.map(|other| overlap(line, other.call, known.call)).collect();
        if latest.is_none_or(|latest| latest.call.end_ns() < known.call.end_ns()) {
            latest = Some(*known);
        }
        let Some(mut about) = pass.about(*known) else { continue };
        if overlaps.contains(&Certainty::Holds) {
            about.exemplify(Fact::ParallelReads);
        }
        if overlaps.contains(&Certainty::Unclear) {
            about.exemplify(Fact::UnorderedPairs);
        }
    }
}

/// Reads that their client gave up and replaced by another one: it did not want the answer any more.
fn superseded(pass: &mut Pass, line: &Timeline<'_>, reads: &[Known<'_>]) {
    for (index, given_up) in reads.iter().enumerate().filter(|(_, read)| read.call.has(Sign::ClientGone)) {
        let reach = given_up.call.end_ns().saturating_add(REPLACED.cast_unsigned());
        let later = reads.iter().skip(index + 1).take_while(|read| read.call.start_ns <= reach);
        let mut replacing = later.filter(|read| {
            read.handler == given_up.handler && read.call.request_key != given_up.call.request_key
        });
        let certain = replacing.next().is_some_and(|next| {
            line.within((given_up.call, next.call), gap(given_up.call, next.call), i64::MIN, REPLACED)
                == Certainty::Holds
        });
        if certain && let Some(mut about) = pass.about(*given_up) {
            about.exemplify(Fact::Superseded);
        }
    }
}

/// Whether two reads, of which neither begins much before the other, ran at the same time.
fn overlap(line: &Timeline<'_>, a: &Call, b: &Call) -> Certainty {
    let (first, second) = if a.start_ns <= b.start_ns { (a, b) } else { (b, a) };
    let shared = after(first.end_ns(), second.start_ns);
    line.within((first, second), shared, 1, i64::MAX)
}

/// A read of a route by a browser on one of the app's own pages: only its code can be changed.
pub(super) fn is_read(call: &Call) -> bool {
    call.method == "GET"
        && call.form == Form::Plain
        && call.handler.kind.is_route()
        && call.caller == Caller::OwnUi
}

/// Reads within three seconds of the load of the page that made them.
fn with_page_load<'a>(pass: &mut Pass, line: &Timeline<'a>) {
    let mut load = PageLoad::default();
    for known in &line.calls {
        if !is_read(known.call) {
            load.see(*known);
            continue;
        }
        let soon = load.is_soon_before(line, *known, known.call.page.as_ref());
        let Some(mut about) = pass.about(*known).filter(|_| known.call.page.is_some()) else { continue };
        match soon {
            Certainty::Unclear => about.exemplify(Fact::UnorderedPairs),
            Certainty::Fails => about.count(Fact::ReadsSequenced),
            Certainty::Holds => {
                about.count(Fact::ReadsSequenced);
                about.exemplify(Fact::ReadsSoonAfterLoad);
            }
        }
    }
}

/// Series of one action or mutation in quick succession, each with another argument and mostly a longer one.
fn typing(pass: &mut Pass, line: &Timeline<'_>) {
    let mut by_handler: HashMap<Fingerprint, Vec<Known<'_>>, foldhash::fast::FixedState> = HashMap::default();
    let may_type = |call: &Call| is_action_fetch(call) || is_own_mutation(call);
    for known in line.calls.iter().filter(|known| may_type(known.call)) {
        by_handler.entry(known.handler).or_default().push(*known);
    }
    for calls in by_handler.values() {
        for series in calls.chunk_by(|a, b| after(b.call.start_ns, a.call.start_ns) <= TYPING) {
            if !is_typing(series) {
                continue;
            }
            // Keystrokes whose order is not certain may be anything.
            let ordered = |pair: &[Known<'_>]| {
                let later = after(pair[1].call.start_ns, pair[0].call.start_ns);
                line.within((pair[0].call, pair[1].call), later, 0, TYPING) == Certainty::Holds
            };
            let fact = if series.windows(2).all(ordered) { Fact::Typed } else { Fact::UnorderedPairs };
            for known in series {
                if let Some(mut about) = pass.about(*known) {
                    about.exemplify(fact);
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
