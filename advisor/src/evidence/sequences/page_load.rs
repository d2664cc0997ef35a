//! The load of the page that a client is looking at, and which requests belong to it.

use pointsman_store::Form;

use super::super::Fact;
use super::super::pass::Known;
use super::super::timeline::{Certainty, Timeline, same_page, shows_page};
use super::gap;

/// Pages whose last load is remembered: links in view are rarely more.
const PAGES: usize = 16;

/// The last load while a timeline is walked. A refresh of the page in view is no load.
#[derive(Default)]
pub(super) struct PageLoad<'a> {
    /// The last load of each of the pages loaded last, oldest first.
    loads: Vec<Known<'a>>,
    page: Option<&'a String>,
}

impl<'a> PageLoad<'a> {
    /// Takes note of a Call; returns whether it brought another page into view.
    pub(super) fn see(&mut self, known: Known<'a>) -> bool {
        let call = known.call;
        let refresh = call.form == Form::Rsc && same_page(self.page, call.path.as_ref());
        if !shows_page(call) || refresh {
            return false;
        }
        self.loads.retain(|load| !same_page(load.call.path.as_ref(), call.path.as_ref()));
        if self.loads.len() == PAGES {
            self.loads.remove(0);
        }
        self.loads.push(known);
        self.page = call.path.as_ref();
        true
    }

    /// The last load of a page. It need not be the last load of all: what looks like the load of another page may have been
    /// fetched ahead.
    pub(super) fn of(&self, page: Option<&String>) -> Option<Known<'a>> {
        self.loads.iter().rev().copied().find(|load| same_page(load.call.path.as_ref(), page))
    }

    /// A request tells which page is in view, even when its load came from the client's cache.
    pub(super) fn page_in_view(&mut self, page: Option<&'a String>) {
        self.page = page.or(self.page);
    }

    /// Whether a request of a page belongs to the page's load.
    pub(super) fn is_soon_before(
        &self,
        line: &Timeline<'_>,
        known: Known<'_>,
        page: Option<&String>,
    ) -> Certainty {
        let Some(load) = self.of(page) else { return Certainty::Fails };
        // It may begin before the load has ended, which is the later edge only.
        let soon = line.rhythm.load(load.call);
        line.within((load.call, known.call), gap(load.call, known.call), i64::MIN, soon)
    }

    /// Whether it would belong to it, had the load ended one window later; and whether it does, or would, if the client is
    /// a slow one.
    pub(super) fn beside(&self, line: &Timeline<'_>, known: Known<'_>, page: Option<&String>) -> Vec<Fact> {
        let Some(load) = self.of(page) else { return Vec::new() };
        let soon = line.rhythm.load(load.call);
        let slow = line.rhythm.if_slow(soon);
        let duration = load.call.duration_ns.cast_signed();
        let within = |least: i64, most: i64| {
            line.within((load.call, known.call), gap(load.call, known.call), least, most) == Certainty::Holds
        };
        let next =
            |window: i64| (window.saturating_add(1), window.saturating_mul(2).saturating_add(duration));
        let ((from, to), (slow_from, slow_to)) = (next(soon), next(slow));
        [
            (Fact::ControlSoonAfterLoad, within(from, to)),
            (Fact::PerhapsSoonAfterLoad, slow > soon && within(from, slow)),
            (Fact::ControlPerhapsSoonAfterLoad, slow > soon && within(slow_from, slow_to)),
        ]
        .into_iter()
        .filter_map(|(fact, holds)| holds.then_some(fact))
        .collect()
    }
}
