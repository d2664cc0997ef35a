//! Serial bursts: actions of one client that waited for each other, because Next.js' client sends one at a time.
//!
//! Seen from the server, each starts about when the one before ends (rules.md, action-serial-queue). It may start a
//! little earlier: the client has the result before the server has seen the response closed, and when the page is
//! rendered anew, before the rest of it has been streamed. Calls that really run side by side start together. The
//! actions of a burst were wanted at once: its first start stands for all of them when the question is whether they
//! belong to the load of the page.

use std::collections::BTreeSet;

use super::super::pass::{Known, Pass};
use super::super::rollup::About;
use super::super::timeline::{Certainty, Timeline, is_action_fetch, same_page};
use super::super::{Dimension, Fact, InteractionKind, Measure};
use super::page_load::PageLoad;
use super::{MILLI, SECOND, after, gap, interaction};

/// An action that starts within this time after the end of the one before was waiting for it, ns: 50 ms and one
/// round trip. A person's next click comes later.
const QUEUED: i64 = 150 * MILLI.cast_signed();
/// No request takes longer than this, ns: the other edges of windows that are open to one side.
const LONGEST: i64 = 3_600 * SECOND.cast_signed();
/// Calls of one Handler in a burst that make it a batch.
const BATCH: usize = 4;

/// Actions that waited for each other, while they are gathered.
struct Burst<'a> {
    actions: Vec<Known<'a>>,
    /// The load that they belong to.
    load: Option<Known<'a>>,
    /// Whether what belongs to it, and to the load, is certain.
    certain: bool,
}

/// Counts the bursts of the timeline and which actions belong to a page load.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut burst: Option<Burst<'_>> = None;
    let mut load = PageLoad::default();
    for known in &line.calls {
        if !is_action_fetch(known.call) {
            if load.see(*known) {
                close(pass, burst.take());
            }
            continue;
        }
        let last = burst.as_ref().and_then(|burst| burst.actions.last().copied());
        let queued = last.map_or(Certainty::Fails, |last| waits_for(line, last, *known));
        if queued == Certainty::Fails {
            close(pass, burst.take());
        }
        let page = known.call.path.as_ref();
        let open = burst.get_or_insert_with(|| {
            let soon = load.is_soon_before(line, *known, page);
            Burst {
                actions: Vec::new(),
                load: load.of(page).filter(|_| soon == Certainty::Holds),
                certain: soon != Certainty::Unclear,
            }
        });
        open.certain &= queued != Certainty::Unclear;
        open.actions.push(*known);
        load.page_in_view(page);
    }
    close(pass, burst);
}

/// Whether an action was sent as soon as the one before had ended: neither together with it, that is before its
/// answer began or a quarter of it had passed, nor after a pause.
fn waits_for(line: &Timeline<'_>, last: Known<'_>, next: Known<'_>) -> Certainty {
    if !same_page(last.call.path.as_ref(), next.call.path.as_ref()) {
        return Certainty::Fails;
    }
    let quarter = last.call.duration_ns / 4;
    let answered = last.call.first_byte_ns.map_or(quarter, |first_byte| first_byte.min(quarter));
    let pair = (last.call, next.call);
    let later =
        line.within(pair, after(next.call.start_ns, last.call.start_ns), answered.cast_signed(), LONGEST);
    // One nanosecond less: at the edge itself it is no longer queued.
    later.and(line.within(pair, gap(last.call, next.call), -LONGEST, QUEUED - 1))
}

/// Counts one finished burst; a single action is none, but may belong to a page load.
fn close(pass: &mut Pass, burst: Option<Burst<'_>>) {
    let Some(burst) = burst else { return };
    let mut handlers = BTreeSet::new();
    for known in &burst.actions {
        let own = burst.actions.iter().filter(|other| other.handler == known.handler).count();
        let first_of_handler = handlers.insert(known.handler);
        let Some(mut about) = pass.about(*known) else { continue };
        if !burst.certain {
            about.exemplify(Fact::UnorderedPairs);
            continue;
        }
        about.count(Fact::Sequenced);
        if burst.load.is_some() {
            about.exemplify(Fact::SoonAfterLoad);
            about.tally(Dimension::LoadPage, &known.call.handler.route);
        }
        let alone = burst.actions.len() < 2;
        if !alone {
            count_queued(&mut about, *known, &burst, own);
        }
        if !first_of_handler {
            continue;
        }
        if !alone {
            about.count(Fact::Bursts);
            if own >= BATCH {
                about.count(Fact::Batches);
            }
            keep(pass, *known, InteractionKind::SerialActions, &burst.actions);
        }
        if let Some(load) = burst.load {
            let with_load: Vec<Known<'_>> =
                std::iter::once(load).chain(burst.actions.iter().copied()).collect();
            keep(pass, *known, InteractionKind::ActionOnLoad, &with_load);
        }
    }
}

/// Counts one action of several that waited for each other.
fn count_queued(about: &mut About<'_>, known: Known<'_>, burst: &Burst<'_>, own: usize) {
    about.exemplify(Fact::InBurst);
    let waited = after(known.call.start_ns, burst.actions[0].call.start_ns).max(0).cast_unsigned();
    about.measure(Measure::QueueWait, waited / 1_000);
    if own >= BATCH {
        about.exemplify(Fact::InOwnBatch);
    }
}

fn keep(pass: &mut Pass, owner: Known<'_>, kind: InteractionKind, calls: &[Known<'_>]) {
    if let Some(rollup) = pass.of(owner) {
        rollup.keep(interaction(kind, calls, 0));
    }
}
