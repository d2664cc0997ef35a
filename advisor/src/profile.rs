//! A Profile: the merged Rollups of one Handler, ready to judge. Numbers leave it weighed for sampling; what is
//! not known leaves it as `None`.

use std::collections::BTreeMap;

use pointsman_store::{Action, Caller, Fingerprint, Handler, HandlerKind};

use crate::evidence::{Dimension, Fact, Interaction, InteractionKind, Measure, Rollup};
use crate::stats::{Interval, Sketch, as_f64};

/// 2^56: sampling thresholds are fractions of it (OpenTelemetry, tracestate probability sampling).
const THRESHOLD_RANGE: f64 = (1u64 << 56) as f64;

/// One Handler's evidence over a window, and over all that is retained.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The Handler's fingerprint.
    pub id: Fingerprint,
    /// Who it is; for an action `route` is its commonest page.
    pub handler: Handler,
    /// Days that the window covers, at least 1.
    pub days: f64,
    /// Pages that call it, by route, most calls first.
    pub pages: Vec<(String, f64)>,
    /// Of an action: calls of unknown action ids on its page, and by how many clients.
    pub unknown_ids: UnknownIds,
    window: Rollup,
    retained: Rollup,
    sampling_ratio: Option<f64>,
}

/// A share of a whole with its 95 % interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Share {
    /// The observed share, weighed for sampling.
    pub observed: f64,
    /// Its Wilson interval, from the observations as they were made.
    pub interval: Interval,
    /// Observations behind it: the whole.
    pub samples: u64,
}

/// Calls of action ids that the app did not know, on one page.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct UnknownIds {
    /// Observed calls.
    pub calls: u64,
    /// Distinct clients, estimated.
    pub clients: f64,
}

/// What an action does with data, as far as its traces and its name tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// It only reads: no effect was seen, and reading was.
    Reads,
    /// It changes something.
    Writes,
    /// Neither is certain: mails, queues and logs leave no trace either.
    Unclear,
}

impl Profile {
    /// Puts a Profile together. `handler.route` is replaced by the commonest page when it is an action.
    #[must_use]
    pub fn new(
        id: Fingerprint,
        mut handler: Handler,
        window: Rollup,
        retained: Rollup,
        days: f64,
        sampling_ratio: Option<f64>,
        route_of: impl Fn(&str) -> String,
    ) -> Self {
        let mut profile = Self {
            id,
            handler: handler.clone(),
            days: days.max(1.0),
            pages: Vec::new(),
            unknown_ids: UnknownIds::default(),
            window,
            retained,
            sampling_ratio,
        };
        let mut pages: BTreeMap<String, f64> = BTreeMap::new();
        for (path, calls) in profile.values(Dimension::Page) {
            *pages.entry(route_of(&path)).or_default() += calls;
        }
        profile.pages = by_size(pages);
        if handler.kind == HandlerKind::ServerAction
            && let Some((route, _)) = profile.values(Dimension::Route).into_iter().next()
        {
            handler.route = route;
        }
        profile.handler = handler;
        profile
    }

    /// How often the fact was seen in the window, weighed for sampling.
    #[must_use]
    pub fn count(&self, fact: Fact) -> f64 {
        self.window.strata.iter().map(|(t, s)| self.weight(*t) * number(s.facts.get(&fact).copied())).sum()
    }

    /// How often the fact was observed in the window, unweighed: the sample.
    #[must_use]
    pub fn observed(&self, fact: Fact) -> u64 {
        observed(&self.window, fact)
    }

    /// How often the fact was observed in all that is retained, unweighed.
    #[must_use]
    pub fn ever(&self, fact: Fact) -> u64 {
        observed(&self.retained, fact)
    }

    /// How often a day, weighed for sampling.
    #[must_use]
    pub fn per_day(&self, fact: Fact) -> f64 {
        self.count(fact) / self.days
    }

    /// The share of one fact in another; `None` when the whole was never observed.
    #[must_use]
    pub fn share(&self, part: Fact, whole: Fact) -> Option<Share> {
        let samples = self.observed(whole);
        let total = self.count(whole);
        if samples == 0 || total <= 0.0 {
            return None;
        }
        let observed = (self.count(part) / total).clamp(0.0, 1.0);
        let trials = number(Some(samples));
        Some(Share { observed, interval: Interval::wilson(observed * trials, trials), samples })
    }

    /// The share of Calls by a class of caller.
    #[must_use]
    pub fn callers(&self) -> BTreeMap<Caller, f64> {
        let total = self.count(Fact::Calls);
        let share = |caller| (caller, self.count(Fact::By(caller)) / total);
        Caller::ALL.into_iter().filter(|c| self.observed(Fact::By(*c)) > 0).map(share).collect()
    }

    /// The share of Calls whose caller is known; `None` without Calls.
    #[must_use]
    pub fn callers_known(&self) -> Option<f64> {
        self.share(Fact::By(Caller::Unknown), Fact::Calls).map(|unknown| 1.0 - unknown.observed)
    }

    /// A quantile of a distribution in the window; `None` when nothing was measured.
    #[must_use]
    pub fn quantile(&self, measure: Measure, q: f64) -> Option<f64> {
        let parts =
            self.window.strata.iter().filter_map(|(t, s)| Some((s.measures.get(&measure)?, self.weight(*t))));
        Sketch::weighted_quantile(parts, q)
    }

    /// Values of a dimension with their weighed counts, most frequent first.
    #[must_use]
    pub fn values(&self, dimension: Dimension) -> Vec<(String, f64)> {
        let mut values: BTreeMap<String, f64> = BTreeMap::new();
        for (threshold, stratum) in &self.window.strata {
            for (value, count) in stratum.values.get(&dimension).into_iter().flatten() {
                *values.entry(value.clone()).or_default() += self.weight(*threshold) * number(Some(*count));
            }
        }
        by_size(values)
    }

    /// Values of a dimension in all that is retained, most frequent first.
    #[must_use]
    pub fn values_ever(&self, dimension: Dimension) -> Vec<String> {
        let mut values: BTreeMap<String, f64> = BTreeMap::new();
        for stratum in self.retained.strata.values() {
            for (value, count) in stratum.values.get(&dimension).into_iter().flatten() {
                *values.entry(value.clone()).or_default() += number(Some(*count));
            }
        }
        by_size(values).into_iter().map(|(value, _)| value).collect()
    }

    /// Trace ids that show a fact, from the window or else from all that is retained.
    #[must_use]
    pub fn exemplars(&self, fact: Fact) -> Vec<String> {
        let traces = self.window.exemplars.get(&fact).or_else(|| self.retained.exemplars.get(&fact));
        traces.into_iter().flatten().map(ToString::to_string).collect()
    }

    /// Kept examples of a kind of sequence.
    pub fn interactions(&self, kind: InteractionKind) -> impl Iterator<Item = &Interaction> {
        self.window.interactions.get(&kind).into_iter().flatten().map(|(_, interaction)| interaction)
    }

    /// Distinct clients (client-days) of the window, estimated.
    #[must_use]
    pub fn clients(&self) -> f64 {
        self.window.clients.estimate()
    }

    /// Different UTC days of the window on which it was called.
    #[must_use]
    pub fn days_seen(&self) -> u32 {
        let days: std::collections::BTreeSet<u32> = self.window.hours.iter().map(|hour| hour / 24).collect();
        u32::try_from(days.len()).unwrap_or(u32::MAX)
    }

    /// UTC days of all that is retained, from the first Call to the last.
    #[must_use]
    pub fn days_retained(&self) -> u32 {
        let hours = &self.retained.hours;
        hours.last().zip(hours.first()).map_or(0, |(last, first)| last / 24 - first / 24 + 1)
    }

    /// Whether all spans of the window declare how they were sampled.
    #[must_use]
    pub fn sampling_declared(&self) -> bool {
        self.sampling_ratio.is_some() || self.window.strata.keys().all(Option::is_some)
    }

    /// Whether every Call counts once, so that sequences can be read.
    #[must_use]
    pub fn is_unsampled(&self) -> bool {
        self.window.strata.keys().all(|threshold| self.weight(*threshold) <= 1.0)
    }

    /// Whether the action reads, writes, or cannot be told (rules.md, action-read-only).
    #[must_use]
    pub fn seen(&self) -> Seen {
        /// Share of Calls that may show an effect in an action that reads.
        const EFFECTS: f64 = 0.05;
        /// Calls below which child spans prove nothing.
        const ENOUGH: u64 = 20;
        let total = self.count(Fact::Calls).max(1.0);
        let effects =
            [Fact::Rerendered, Fact::SetsCookie, Fact::Redirected, Fact::WriteWork, Fact::FormPosts];
        if effects.into_iter().any(|fact| self.count(fact) / total > EFFECTS) {
            return Seen::Writes;
        }
        let name = match &self.handler.action {
            Some(Action::Export { name, .. }) => verb(name),
            _ => Seen::Unclear,
        };
        let reads =
            self.observed(Fact::ReadWork) >= ENOUGH && self.count(Fact::ReadWork) / total > 1.0 - EFFECTS;
        match name {
            Seen::Unclear if reads => Seen::Reads,
            seen => seen,
        }
    }

    fn weight(&self, threshold: Option<u64>) -> f64 {
        match (threshold, self.sampling_ratio) {
            (Some(threshold), _) => THRESHOLD_RANGE / (THRESHOLD_RANGE - number(Some(threshold))).max(1.0),
            (None, Some(ratio)) if ratio > 0.0 => 1.0 / ratio,
            (None, _) => 1.0,
        }
    }
}

/// What the first word of a name says; the words are those of rules.md, action-read-only, and their opposites.
fn verb(name: &str) -> Seen {
    const READS: [&str; 12] =
        ["get", "list", "fetch", "search", "load", "find", "count", "read", "query", "lookup", "check", "is"];
    const WRITES: [&str; 26] = [
        "add",
        "create",
        "update",
        "delete",
        "remove",
        "set",
        "toggle",
        "save",
        "submit",
        "post",
        "send",
        "subscribe",
        "insert",
        "put",
        "edit",
        "change",
        "clear",
        "mark",
        "publish",
        "upload",
        "archive",
        "pay",
        "place",
        "cancel",
        "invite",
        "log",
    ];
    let first = name.find(|c: char| c.is_uppercase() || c == '_').map_or(name, |end| &name[..end]);
    if READS.contains(&first) {
        Seen::Reads
    } else if WRITES.contains(&first) {
        Seen::Writes
    } else {
        Seen::Unclear
    }
}

fn observed(rollup: &Rollup, fact: Fact) -> u64 {
    rollup.strata.values().filter_map(|stratum| stratum.facts.get(&fact)).sum()
}

fn by_size(values: BTreeMap<String, f64>) -> Vec<(String, f64)> {
    let mut sorted: Vec<(String, f64)> = values.into_iter().collect();
    sorted.sort_by(|(name, count), (other_name, other)| other.total_cmp(count).then(name.cmp(other_name)));
    sorted
}

/// How often something was counted; what a Rollup does not name was counted zero times.
fn number(count: Option<u64>) -> f64 {
    as_f64(count.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_reading_from_writing_only_by_its_first_word() {
        for (name, seen) in [
            ("getProfile", Seen::Reads),
            ("list", Seen::Reads),
            ("removeItem", Seen::Writes),
            ("getaway", Seen::Unclear),
            ("bigData", Seen::Unclear),
            ("$$RSC_SERVER_ACTION_0", Seen::Unclear),
        ] {
            assert_eq!(verb(name), seen, "{name}");
        }
    }
}
