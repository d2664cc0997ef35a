//! Serial bursts: actions of one client that waited for each other, because Next.js' client sends one at a time.
//!
//! Seen from the server, each starts about when the one before ends. It may start a
//! little earlier: the client has the result before the server has seen the response closed, and when the page is
//! rendered anew, before the rest of it has been streamed. Calls that really run side by side start together. The
//! actions of a burst were wanted at once: its first start stands for all of them when the question is whether they
//! belong to the load of the page.
//!
//! Whether one waited is also asked with the answer of the one before moved one window later, see `base_rate`; and of clients
//! whose rhythm is not known, with a window that is long enough for a slow one.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use pointsman_store::{Call, Fingerprint, Sign};

use super::super::pass::{Known, Pass};
use super::super::rollup::About;
use super::super::timeline::{Certainty, Timeline, is_action_fetch, same_page};
use super::super::{Dimension, Fact, InteractionKind, Measure};
use super::page_load::PageLoad;
use super::{SECOND, after, interaction};
use crate::naming::{self, Named};

/// No request takes longer than this, ns: the other edges of windows that are open to one side.
const LONGEST: i64 = 3_600 * SECOND.cast_signed();
/// Calls of one Handler in a burst that make it a batch.
const BATCH: usize = 4;

/// An action, and what was found about its place in a row.
struct Action<'a> {
    known: Known<'a>,
    /// Its burst is certain.
    sequenced: bool,
    /// Facts that it shows; each is counted once.
    shown: BTreeSet<Fact>,
}

/// Actions that waited for each other, while they are gathered: a part of all actions.
struct Burst<'a> {
    actions: Range<usize>,
    /// The load that they belong to.
    load: Option<Known<'a>>,
    /// What the load's control window and a slow client's window hold.
    beside_load: Vec<Fact>,
    /// Whether what belongs to it, and to the load, is certain.
    certain: bool,
}

/// Counts the bursts of the timeline and which actions belong to a page load.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut actions: Vec<Action<'_>> = Vec::new();
    let mut burst: Option<Burst<'_>> = None;
    let mut load = PageLoad::default();
    for known in &line.calls {
        if !is_action_fetch(known.call) {
            if load.see(*known) {
                close(pass, burst.take(), &mut actions);
            }
            continue;
        }
        // The last action, unless another page has been shown since.
        let last = actions.last_mut().filter(|_| burst.is_some());
        let (queued, shown) = last.map_or((Certainty::Fails, BTreeSet::new()), |last| {
            let (queued, shown) = compare(line, last.known, *known);
            let of_both = shown.iter().copied().filter(|fact| *fact != Fact::OverlappingActions);
            last.shown.extend(of_both);
            (queued, shown)
        });
        let place = actions.len();
        actions.push(Action { known: *known, sequenced: false, shown });
        if queued == Certainty::Fails {
            close(pass, burst.take(), &mut actions);
        }
        let page = known.call.path.as_ref();
        let open = burst.get_or_insert_with(|| {
            let soon = load.is_soon_before(line, *known, page);
            Burst {
                actions: place..place,
                load: load.of(page).filter(|_| soon == Certainty::Holds),
                beside_load: load.beside(line, *known, page),
                certain: soon != Certainty::Unclear,
            }
        });
        open.certain &= queued != Certainty::Unclear;
        open.actions.end = place + 1;
        load.page_in_view(page);
    }
    close(pass, burst, &mut actions);
    for action in &actions {
        count_shown(pass, action);
    }
}

/// The time in which an action must begin to have waited for another one, ns from that one's start: from when its answer
/// began or a quarter of it had passed, to shortly after its end.
#[derive(Clone, Copy)]
struct Window {
    opens: i64,
    closes: i64,
}

impl Window {
    fn after(last: Known<'_>, queued: i64) -> Self {
        let quarter = last.call.duration_ns / 4;
        let opens = last.call.first_byte_ns.map_or(quarter, |first_byte| first_byte.min(quarter));
        let closes = last.call.duration_ns.cast_signed().saturating_add(queued);
        Self { opens: opens.cast_signed(), closes }
    }

    /// The window of the same length that begins where this one ends.
    fn next(self) -> Self {
        Self { opens: self.closes, closes: self.closes.saturating_add(self.closes - self.opens) }
    }

    /// Whether a Call began within. One nanosecond less: at the edge itself it is no longer queued.
    fn holds(self, line: &Timeline<'_>, last: Known<'_>, next: Known<'_>) -> Certainty {
        let (pair, since) = ((last.call, next.call), after(next.call.start_ns, last.call.start_ns));
        let later = line.within(pair, since, self.opens, LONGEST);
        later.and(line.within(pair, since, -LONGEST, self.closes - 1))
    }
}

/// Whether an action changes something, by its child spans, by the page that it rendered again, or by its name.
fn wrote(call: &Call) -> bool {
    let rendered = call.has(Sign::Rerendered) && !call.has(Sign::SetsCookie);
    let named = match &call.handler.action {
        Some(pointsman_store::Action::Export { name, .. }) => {
            matches!(naming::of_function(name), Named::Writes)
        }
        _ => false,
    };
    named || rendered || call.has(Sign::Writes)
}

/// Whether an action was sent as soon as the one before had ended, and what else the pair may be.
fn compare(line: &Timeline<'_>, last: Known<'_>, next: Known<'_>) -> (Certainty, BTreeSet<Fact>) {
    // What follows a write of another action may need it: that is an order, and no queue.
    let ordered = last.handler != next.handler && wrote(last.call);
    if ordered || !same_page(last.call.path.as_ref(), next.call.path.as_ref()) {
        return (Certainty::Fails, BTreeSet::new());
    }
    let window = Window::after(last, line.rhythm.queued());
    let slow = Window::after(last, line.rhythm.queued_if_slow());
    let waited = window.holds(line, last, next);
    let at_once = Window { opens: 0, closes: window.opens };
    let found = [
        (Fact::ControlInBurst, window.next().holds(line, last, next)),
        (Fact::PerhapsInBurst, slow.holds(line, last, next)),
        (Fact::ControlPerhapsInBurst, slow.next().holds(line, last, next)),
        (Fact::OverlappingActions, at_once.holds(line, last, next)),
    ];
    let certain = found.into_iter().filter(|(_, holds)| *holds == Certainty::Holds).map(|(fact, _)| fact);
    let shown = certain.filter(|fact| *fact != Fact::PerhapsInBurst || waited == Certainty::Fails);
    (waited, shown.collect())
}

/// Counts one finished burst; a single action is none, but may belong to a page load.
fn close(pass: &mut Pass, burst: Option<Burst<'_>>, all: &mut [Action<'_>]) {
    let Some(burst) = burst else { return };
    let Some(actions) = all.get_mut(burst.actions.clone()) else { return };
    let row: Vec<Known<'_>> = actions.iter().map(|action| action.known).collect();
    let mut of_handler: HashMap<Fingerprint, usize, foldhash::fast::FixedState> = HashMap::default();
    for known in &row {
        *of_handler.entry(known.handler).or_default() += 1;
    }
    let mut handlers = BTreeSet::new();
    for action in actions {
        let known = action.known;
        let own = of_handler.get(&known.handler).copied().unwrap_or_default();
        let first_of_handler = handlers.insert(known.handler);
        if burst.certain && burst.load.is_some() && own == 1 {
            pass.arguments.note(known);
        }
        let Some(mut about) = pass.about(known) else { continue };
        if !burst.certain {
            about.exemplify(Fact::UnorderedPairs);
            continue;
        }
        action.sequenced = true;
        about.count(Fact::Sequenced);
        action.shown.extend(burst.beside_load.iter().copied());
        if burst.load.is_some() {
            about.exemplify(Fact::SoonAfterLoad);
            about.tally(Dimension::LoadPage, &known.call.handler.route);
            action.shown.remove(&Fact::PerhapsSoonAfterLoad);
            about.count_many(Fact::RowsOfLoad, u64::from(own > 1));
        }
        let alone = row.len() < 2;
        if !alone {
            action.shown.remove(&Fact::PerhapsInBurst);
            count_queued(&mut about, known, &row, own);
        }
        if !first_of_handler {
            continue;
        }
        if !alone {
            about.count(Fact::Bursts);
            if own >= BATCH {
                about.count(Fact::Batches);
            }
            keep(pass, known, InteractionKind::SerialActions, &row);
        }
        if let Some(load) = burst.load {
            let with_load: Vec<Known<'_>> = std::iter::once(load).chain(row.iter().copied()).collect();
            keep(pass, known, InteractionKind::ActionOnLoad, &with_load);
        }
    }
}

/// Counts one action of several that waited for each other.
fn count_queued(about: &mut About<'_>, known: Known<'_>, row: &[Known<'_>], own: usize) {
    about.exemplify(Fact::InBurst);
    let first = row.first().map_or(known.call.start_ns, |first| first.call.start_ns);
    about.measure(Measure::QueueWait, after(known.call.start_ns, first).max(0).cast_unsigned() / 1_000);
    if own >= BATCH {
        about.exemplify(Fact::InOwnBatch);
    }
}

/// Counts what an action shows beside its burst.
fn count_shown(pass: &mut Pass, action: &Action<'_>) {
    let Some(mut about) = pass.about(action.known).filter(|_| action.sequenced) else { return };
    about.count(Fact::ShiftedControls);
    for fact in &action.shown {
        match fact {
            Fact::OverlappingActions => about.exemplify(*fact),
            _ => about.count(*fact),
        }
    }
}

fn keep(pass: &mut Pass, owner: Known<'_>, kind: InteractionKind, calls: &[Known<'_>]) {
    if let Some(rollup) = pass.of(owner) {
        rollup.keep(interaction(kind, calls, 0));
    }
}
