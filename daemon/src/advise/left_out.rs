//! What the advisor left out because there was too much of it: services, environments and hours are named by whoever sends, and
//! every loop over them has an end.

use std::ops::AddAssign;

/// Services in their environments that one run judges, those called last; as many as the collector tells apart.
pub(super) const MOST_APPS: usize = 200;
/// Hours that one run of the daemon counts anew; the next run goes on.
pub(crate) const MOST_HOURS: u32 = 2_000;

/// How much was left out.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct LeftOut {
    /// Calls of an hour that had too many at one moment.
    pub(crate) calls: u64,
    /// Hours that could not be counted; they stay as they were and are tried again.
    pub(crate) hours_failed: u64,
    /// Hours that wait for the next run.
    pub(crate) hours_waiting: u64,
    /// Services in an environment that were not judged.
    pub(crate) apps: u64,
    /// Services whose reports could not be made.
    pub(crate) services_failed: u64,
}

impl LeftOut {
    /// Each with the word that metrics use.
    pub(crate) fn by_word(self) -> [(&'static str, u64); 5] {
        [
            ("calls", self.calls),
            ("hours_failed", self.hours_failed),
            ("hours_waiting", self.hours_waiting),
            ("apps", self.apps),
            ("services_failed", self.services_failed),
        ]
    }

    /// In words; `None` where nothing was left out.
    pub(crate) fn text(self) -> Option<String> {
        let parts = self.by_word().into_iter().filter(|(_, count)| *count > 0);
        let parts: Vec<String> =
            parts.map(|(word, count)| format!("{count} {}", word.replace('_', " "))).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

impl AddAssign for LeftOut {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.hours_failed += more.hours_failed;
        self.hours_waiting += more.hours_waiting;
        self.apps += more.apps;
        self.services_failed += more.services_failed;
    }
}
