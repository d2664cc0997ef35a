//! The load of the page that a client is looking at, and which requests belong to it.

use pointsman_store::Form;

use super::super::pass::Known;
use super::super::timeline::{Certainty, Timeline, same_page, shows_page};
use super::{SECOND, gap};

/// A request this soon after the load of its page belongs to the load, ns (rules.md, action-read-on-load).
const SOON: i64 = 3 * SECOND.cast_signed();

/// The last load while a timeline is walked. A refresh of the page in view is no load.
#[derive(Default)]
pub(super) struct PageLoad<'a> {
    load: Option<Known<'a>>,
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
        self.load = Some(known);
        self.page = call.path.as_ref();
        true
    }

    /// The load, if there was one.
    pub(super) fn call(&self) -> Option<Known<'a>> {
        self.load
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
        let Some(load) = self.load.filter(|load| same_page(load.call.path.as_ref(), page)) else {
            return Certainty::Fails;
        };
        // It may begin before the load has ended, which is the later edge only.
        line.within((load.call, known.call), gap(load.call, known.call), i64::MIN, SOON)
    }
}
