//! Serial bursts: actions of one client that waited for each other, because Next.js' client sends one at a time.
//!
//! Seen from the server, each starts about when the one before ends (rules.md, action-serial-queue). It may start a
//! little earlier: the client has the result before the server has seen the response closed, and when the page is
//! rendered anew, before the rest of it has been streamed. Calls that really run side by side start together. The actions of a burst
//! were wanted at once: its first start stands for all of them when the question is whether they belong to the
//! load of the page.

use std::collections::BTreeSet;

use pointsman_store::Form;

use super::super::timeline::{Timeline, is_action_fetch, same_page, shows_page};
use super::super::{Fact, InteractionKind, Known, Measure, Pass};
use super::{MILLI, SECOND, after, gap, interaction};

/// An action that starts within this time after the end of the one before was waiting for it, ns: 50 ms and one
/// round trip. A person's next click comes later.
const QUEUED: i64 = 150 * MILLI.cast_signed();
/// An action this soon after the load of its page belongs to the load, ns.
const SOON: i64 = 3 * SECOND.cast_signed();
/// Calls of one Handler in a burst that make it a batch.
const BATCH: usize = 4;

/// Counts the bursts of the timeline and which actions belong to a page load.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let calls = &line.calls;
    let mut burst: Vec<Known<'_>> = Vec::new();
    let mut load = LastLoad::default();
    let mut soon = false;
    for known in calls {
        if !is_action_fetch(known.call) {
            if load.see(*known) {
                close(pass, &burst, soon);
                burst.clear();
            }
            continue;
        }
        let queued = burst.last().is_some_and(|last| waits_for(*last, *known));
        if !queued {
            close(pass, &burst, soon);
            burst.clear();
            soon = load.is_soon_before(*known);
        }
        load.page_in_view(*known);
        burst.push(*known);
    }
    close(pass, &burst, soon);
}

/// Whether an action was sent as soon as the one before had ended: neither together with it, that is before its
/// answer began or a quarter of it had passed, nor after a pause.
fn waits_for(last: Known<'_>, next: Known<'_>) -> bool {
    let quarter = last.call.duration_ns / 4;
    let answered = last.call.first_byte_ns.map_or(quarter, |first_byte| first_byte.min(quarter));
    after(next.call.start_ns, last.call.start_ns) >= answered.cast_signed()
        && gap(last.call, next.call) < QUEUED
        && same_page(last.call.path.as_ref(), next.call.path.as_ref())
}

/// Counts one finished burst; a single action is none, but may belong to a page load.
fn close(pass: &mut Pass, burst: &[Known<'_>], soon_after_load: bool) {
    let serial = burst.len() >= 2;
    let mut handlers = BTreeSet::new();
    for (index, known) in burst.iter().enumerate() {
        let own = burst.iter().filter(|other| other.handler == known.handler).count();
        let first_of_handler = handlers.insert(known.handler);
        let Some(rollup) = pass.of(*known) else { continue };
        let call = known.call;
        rollup.count(Fact::Sequenced, call);
        if soon_after_load {
            rollup.exemplify(Fact::SoonAfterLoad, call);
            if !serial {
                rollup.keep(interaction(InteractionKind::ActionOnLoad, burst, 0));
            }
        }
        if !serial {
            continue;
        }
        rollup.exemplify(Fact::InBurst, call);
        let waited = after(call.start_ns, burst[0].call.start_ns).max(0).cast_unsigned();
        rollup.measure(Measure::QueueWait, call, if index == 0 { 0 } else { waited / 1_000 });
        if own >= BATCH {
            rollup.exemplify(Fact::InOwnBatch, call);
        }
        if first_of_handler {
            rollup.count(Fact::Bursts, call);
            rollup.keep(interaction(InteractionKind::SerialActions, burst, 0));
            if own >= BATCH {
                rollup.count(Fact::Batches, call);
            }
        }
    }
}

/// The load of the page that the client is looking at. A refresh of the page in view is no load.
#[derive(Default)]
struct LastLoad<'a> {
    load: Option<Known<'a>>,
    page: Option<&'a String>,
}

impl<'a> LastLoad<'a> {
    /// Takes note of a Call that is no action; returns whether it brought another page into view.
    fn see(&mut self, known: Known<'a>) -> bool {
        let call = known.call;
        let refresh = call.form == Form::Rsc && same_page(self.page, call.path.as_ref());
        if !shows_page(call) || refresh {
            return false;
        }
        self.load = Some(known);
        self.page = call.path.as_ref();
        true
    }

    /// An action tells which page is in view, even when its load came from the client's cache.
    fn page_in_view(&mut self, action: Known<'a>) {
        self.page = action.call.path.as_ref().or(self.page);
    }

    fn is_soon_before(&self, action: Known<'_>) -> bool {
        self.load.is_some_and(|load| {
            same_page(load.call.path.as_ref(), action.call.path.as_ref())
                && gap(load.call, action.call) <= SOON
        })
    }
}
