//! What clients fetch ahead once more: after an action that made them drop what they had, and after a refresh. What they
//! never had is not fetched again, so the links of a page that a redirect leads to do not count.

use std::collections::{HashMap, HashSet};

use pointsman_store::{Fingerprint, Form, Sign};

use super::super::Fact;
use super::super::pass::Pass;
use super::super::timeline::{Timeline, may_write, shows_page};
use super::after;
use super::controls::parts;

/// Prefetches after an action that make it worth a word (overwide-revalidation).
const MANY: u32 = 5;
/// Requests that are looked at on either side of an action.
const MOST: usize = 500;

/// The prefetches of a timeline.
pub(super) struct Prefetches<'l> {
    line: &'l Timeline<'l>,
    /// Of each prefetch, where on the timeline its client had got the same path first; `None` for all other Calls.
    first: Vec<Option<usize>>,
    ahead_ns: u64,
}

impl<'l> Prefetches<'l> {
    pub(super) fn of(line: &'l Timeline<'l>) -> Self {
        let mut known: HashMap<&str, usize, foldhash::fast::FixedState> = HashMap::default();
        let first = |place: usize| {
            let call = line.calls[place].call;
            let ahead = call.form == Form::Prefetch;
            let fetches = (ahead || shows_page(call)) && call.succeeded() == Some(true);
            let path = call.path.as_deref().filter(|_| fetches)?;
            let first = *known.entry(path).or_insert(place);
            ahead.then_some(first)
        };
        let first = (0..line.calls.len()).map(first).collect();
        Self { line, first, ahead_ns: line.rhythm.ahead().unsigned_abs() }
    }

    /// Whether a Call fetches ahead what its client had got before a place on the timeline.
    fn is_again(&self, at: usize, before: usize) -> bool {
        self.first[at].is_some_and(|first| first < before)
    }

    /// How many there are of what the client had before in the seconds after a Call, until it is shown the next page: what
    /// follows then is that page's.
    pub(super) fn again_after(&self, place: usize) -> u32 {
        let Some(first) = self.line.calls.get(place) else { return 0 };
        let until = first.call.end_ns().saturating_add(self.ahead_ns);
        let window = (place + 1..self.line.calls.len()).take(MOST);
        let window = window
            .take_while(|at| self.line.calls[*at].call.start_ns < until)
            .take_while(|at| !shows_page(self.line.calls[*at].call));
        count(window.filter(|at| self.is_again(*at, place)))
    }

    /// The same in a time of the same length before the Call, as far back as nothing lies in it that prefetches follow; and how
    /// much of that time there is, in thousandths.
    fn again_before(&self, place: usize) -> (u32, u64) {
        let Some(call) = self.line.calls.get(place).map(|known| known.call) else { return (0, 0) };
        let length = call.duration_ns.saturating_add(self.ahead_ns);
        let from = call.start_ns.saturating_sub(length);
        let (mut begins, mut all_seen, mut earliest) = (from, place <= MOST, 0);
        for at in (0..place).rev().take(MOST) {
            let other = self.line.calls[at].call;
            let caused = shows_page(other) || may_write(other);
            if caused || other.start_ns < from {
                begins = if caused { other.end_ns().clamp(from, call.start_ns) } else { from };
                (all_seen, earliest) = (true, at + 1);
                break;
            }
        }
        if !all_seen {
            return (0, 0);
        }
        let again = (earliest..place).filter(|at| self.is_again(*at, earliest));
        (count(again), parts(after(call.start_ns, begins), length.cast_signed()))
    }

    /// Counts rows of prefetches of one page: a list whose links all lead to it makes long ones.
    fn count_rows(&self, pass: &mut Pass) {
        let mut rows: HashSet<Fingerprint, foldhash::fast::FixedState> = HashSet::default();
        let mut paths: HashSet<&str, foldhash::fast::FixedState> = HashSet::default();
        for known in &self.line.calls {
            if shows_page(known.call) || known.call.has(Sign::DropsPrefetches) {
                rows.clear();
                paths.clear();
            }
            let path = known.call.path.as_deref().filter(|_| known.call.form == Form::Prefetch);
            // Each path once, in however many parts it comes.
            if !path.is_some_and(|path| paths.insert(path)) {
                continue;
            }
            let begins = rows.insert(known.handler);
            let Some(mut about) = pass.about(*known) else { continue };
            about.count(Fact::PrefetchesInRows);
            if begins {
                about.count(Fact::PrefetchRows);
            }
        }
    }

    /// Counts rows, and what the client fetched ahead once more after actions that made it drop what it had.
    pub(super) fn count(&self, pass: &mut Pass) {
        self.count_rows(pass);
        let dropping = self.line.calls.iter().enumerate();
        for (place, known) in dropping.filter(|(_, known)| known.call.has(Sign::DropsPrefetches)) {
            let (again, before) = (self.again_after(place), self.again_before(place));
            let Some(mut about) = pass.about(*known) else { continue };
            about.count_many(Fact::PrefetchesAfterDrop, u64::from(again));
            if again >= MANY {
                about.exemplify(Fact::DropsPrefetchesAndRefetches);
            }
            let (before, known) = before;
            if known == 0 {
                continue;
            }
            about.count_many(Fact::DropControls, known);
            about.count_many(Fact::ControlPrefetches, u64::from(before));
            if before >= MANY {
                about.count(Fact::ControlDropRefetches);
            }
        }
    }
}

fn count(places: impl Iterator<Item = usize>) -> u32 {
    u32::try_from(places.count()).unwrap_or(u32::MAX)
}
