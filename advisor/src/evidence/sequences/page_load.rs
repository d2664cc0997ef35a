//! The load of the page that a client is looking at, and which requests belong to it.

use pointsman_store::Form;

use super::super::pass::Known;
use super::super::timeline::{Certainty, Timeline, same_page, shows_page};
use super::{SECOND, gap};

/// A request this soon after the load of its page belongs to the load, ns (rules.md, action-read-on-load).
const SOON: i64 = 3 * SECOND.cast_signed();
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
        line.within((load.call, known.call), gap(load.call, known.call), i64::MIN, SOON)
    }
}
