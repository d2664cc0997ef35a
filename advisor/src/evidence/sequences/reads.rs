//! Reads of routes beside each other, those that were given up, and those that come with the load of a page; and mutations of
//! routes beside each other.

use pointsman_store::{Call, Caller, Form, Sign};

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, is_own_mutation};
use super::page_load::PageLoad;
use super::{after, gap};

/// Reads that are looked at after one that was given up.
const MOST: usize = 200;

/// Counts parallel reads, reads that were given up, and reads with a page load.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let reads: Vec<Known<'_>> = line.calls.iter().copied().filter(|known| is_read(known.call)).collect();
    beside_each_other(pass, line, &reads, None, Fact::ParallelReads);
    let changes = line.calls.iter().copied().filter(|known| is_own_mutation(known.call));
    let sequenced = Some(Fact::MutationsSequenced);
    beside_each_other(pass, line, &changes.collect::<Vec<_>>(), sequenced, Fact::ParallelMutations);
    superseded(pass, line, &reads);
    with_page_load(pass, line);
}

/// Counts Calls of one client that ran at the same time as another one of them.
fn beside_each_other(
    pass: &mut Pass,
    line: &Timeline<'_>,
    reads: &[Known<'_>],
    whole: Option<Fact>,
    parallel: Fact,
) {
    // Of all reads so far the one that ends last: only it can overlap a later one if any does.
    let mut latest: Option<Known<'_>> = None;
    for (index, known) in reads.iter().enumerate() {
        let beside = [latest, reads.get(index + 1).copied()].into_iter().flatten();
        let overlaps: Vec<Certainty> = beside.map(|other| overlap(line, other.call, known.call)).collect();
        if latest.is_none_or(|latest| latest.call.end_ns() < known.call.end_ns()) {
            latest = Some(*known);
        }
        let Some(mut about) = pass.about(*known) else { continue };
        whole.into_iter().for_each(|fact| about.count(fact));
        if overlaps.contains(&Certainty::Holds) {
            about.exemplify(parallel);
        }
        if overlaps.contains(&Certainty::Unclear) {
            about.exemplify(Fact::UnorderedPairs);
        }
    }
}

/// Reads that their client gave up and replaced by another one: it did not want the answer any more.
fn superseded(pass: &mut Pass, line: &Timeline<'_>, reads: &[Known<'_>]) {
    for (index, given_up) in reads.iter().enumerate().filter(|(_, read)| read.call.has(Sign::ClientGone)) {
        let replaced = line.rhythm.queued();
        let reach = given_up.call.end_ns().saturating_add(replaced.unsigned_abs());
        let later = reads.iter().skip(index + 1).take(MOST).take_while(|read| read.call.start_ns <= reach);
        let mut replacing = later.filter(|read| {
            read.handler == given_up.handler && read.call.request_key != given_up.call.request_key
        });
        let certain = replacing.next().is_some_and(|next| {
            line.within((given_up.call, next.call), gap(given_up.call, next.call), i64::MIN, replaced)
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

/// Reads soon after the load of the page that made them, and those one window later.
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
        if soon != Certainty::Unclear {
            about.count(Fact::ShiftedControls);
            if load.beside(line, *known, known.call.page.as_ref()).contains(&Fact::ControlSoonAfterLoad) {
                about.count(Fact::ControlSoonAfterLoad);
            }
        }
    }
}
