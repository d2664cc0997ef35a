//! A Profile: the merged Rollups of one Handler, ready to judge. Numbers leave it weighed for sampling; what is
//! not known leaves it as `None`. How Profiles are put together is in `gather`, what a Handler does with data in `access`,
//! what a name says in the crate's `naming`.

mod access;
mod app_build;
mod excess;
mod gather;
mod habits;
mod moved;
mod others;
mod surroundings;

use std::collections::{BTreeMap, BTreeSet};

use pointsman_store::{Action, Caller, Fingerprint, Handler, HandlerKind};

use crate::evidence::{Dimension, Fact, Interaction, InteractionKind, Measure, Rollup, Stratum};
use crate::sampling::{Basis, Weighing};
use crate::stats::{Distribution, Estimate, Interval, as_f64};

pub use access::{Access, Grounds, Seen};
pub use app_build::AppBuild;
pub(crate) use excess::Excess;
pub(crate) use gather::{Shared, days_covered, profiles};
pub use habits::Habits;
pub(crate) use habits::keys_change;
pub use others::{CookieWriter, Others};
pub use surroundings::{NextVersion, Surroundings};

/// One Handler's evidence over a window, and over all that is retained.
#[derive(Clone, Debug)]
pub struct Profile<'a> {
    /// The Handler's fingerprint.
    pub id: Fingerprint,
    /// Who it is; for an action `route` is its commonest page.
    pub handler: Handler,
    /// Days that the window covers, at least 1.
    pub days: f64,
    /// Pages that call it, by route, most calls first; of an action those that it was posted to.
    pub pages: Vec<(String, f64)>,
    /// The same for Calls of an action that belong to the load of the page.
    pub load_pages: Vec<(String, f64)>,
    /// The same for Calls of an action after which its client asked for the page again.
    pub refreshed_pages: Vec<(String, f64)>,
    /// What stands around it.
    pub surroundings: Surroundings,
    /// The app's own limit on the bodies of actions, bytes.
    pub body_limit: u64,
    spans: Spans<'a>,
    window: &'a Rollup,
    weighing: Weighing,
}

/// The merged Rollups of one Handler over the spans that a judgement looks at; `None` where it was not called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spans<'a> {
    pub(crate) window: &'a Rollup,
    pub(crate) retained: &'a Rollup,
    pub(crate) recent: Option<&'a Rollup>,
    pub(crate) fortnight: Option<&'a Rollup>,
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
    /// Observed calls, by anybody.
    pub calls: u64,
    /// ... of these, in fast rows by one client.
    pub hammered: u64,
    /// ... of these, by the own UI, of ids that some build had: anybody may make up others.
    pub of_builds: u64,
    /// Distinct clients (client-days) of the own UI, estimated.
    pub clients: f64,
    /// Hours in which the own UI had some ...
    pub hours: usize,
    /// ... from the first to the last.
    pub span_hours: u32,
}

impl Share {
    /// A share of so many observations of which this many are of equal weight.
    pub(crate) fn of(observed: f64, trials: f64, samples: u64) -> Self {
        let observed = observed.clamp(0.0, 1.0);
        Self { observed, interval: Interval::wilson(observed * trials, trials), samples }
    }

    /// That share of so many.
    pub(crate) fn times(self, all: f64) -> Estimate {
        Estimate { value: self.observed * all, low: self.interval.low * all, high: self.interval.high * all }
    }
}

impl<'a> Profile<'a> {
    /// Puts a Profile together. `handler.route` is replaced by the commonest page when it is an action.
    fn new(
        (id, mut handler): (Fingerprint, Handler),
        spans: Spans<'a>,
        weighing: Weighing,
        days: f64,
        body_limit: u64,
        route_of: impl Fn(&str) -> String,
    ) -> Self {
        let days = days.max(1.0);
        let pages = Vec::new();
        let mut profile = Self {
            id,
            handler: handler.clone(),
            days,
            pages,
            load_pages: Vec::new(),
            refreshed_pages: Vec::new(),
            surroundings: Surroundings::default(),
            body_limit,
            spans,
            window: spans.window,
            weighing,
        };
        let of_action = handler.kind == HandlerKind::ServerAction;
        let by_route = |dimension| {
            let mut pages: BTreeMap<String, f64> = BTreeMap::new();
            for (path, calls) in profile.values(dimension) {
                *pages.entry(route_of(&path)).or_default() += calls;
            }
            by_size(pages)
        };
        let pages = by_route(if of_action { Dimension::Route } else { Dimension::Page });
        let load_pages = by_route(Dimension::LoadPage);
        let refreshed_pages = by_route(Dimension::RefreshedPage);
        if of_action && let Some((route, _)) = pages.first() {
            handler.route.clone_from(route);
        }
        profile.pages = pages;
        profile.load_pages = load_pages;
        profile.refreshed_pages = refreshed_pages;
        profile.handler = handler;
        profile
    }

    /// The same Handler over the last day; `None` when it was not called.
    pub(crate) fn over_recent(&self) -> Option<Self> {
        let window = self.spans.recent?;
        Some(Self { window, days: 1.0, ..self.clone() })
    }

    /// The same Handler over the last fortnight.
    pub(crate) fn over_fortnight(&self) -> Option<Self> {
        /// Days of a fortnight.
        const DAYS: f64 = 14.0;
        let window = self.spans.fortnight?;
        let days = f64::from(self.days_retained()).clamp(1.0, DAYS);
        Some(Self { window, days, ..self.clone() })
    }

    /// How often the fact was seen in the window, weighed for sampling.
    #[must_use]
    pub fn count(&self, fact: Fact) -> f64 {
        self.strata(fact).map(|(observed, weight)| observed * weight).sum()
    }

    /// How often the fact was seen in the window, with what sampling leaves open.
    #[must_use]
    pub fn estimate(&self, fact: Fact) -> Estimate {
        Estimate::sum(self.strata(fact).map(|(observed, weight)| Estimate::of_sample(observed, weight)))
    }

    /// How often a day, with what sampling leaves open.
    #[must_use]
    pub fn estimate_per_day(&self, fact: Fact) -> Estimate {
        self.estimate(fact).divided_by(self.days)
    }

    /// How often the fact was observed in the window, unweighed: the sample.
    #[must_use]
    pub fn observed(&self, fact: Fact) -> u64 {
        self.window.observed(fact)
    }

    /// How often the fact was observed in all that is retained, unweighed.
    #[must_use]
    pub fn ever(&self, fact: Fact) -> u64 {
        self.spans.retained.observed(fact)
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
        Some(Share::of(observed, self.equal_trials(whole), samples))
    }

    /// The share of a fact in itself and others together; `None` when none of them was observed.
    #[must_use]
    pub(crate) fn share_of_sum(&self, part: Fact, others: &[Fact]) -> Option<Share> {
        let sum = |of: &dyn Fn(Fact) -> f64| of(part) + others.iter().map(|fact| of(*fact)).sum::<f64>();
        let total = sum(&|fact| self.count(fact));
        let samples = self.observed(part) + others.iter().map(|fact| self.observed(*fact)).sum::<u64>();
        (samples > 0)
            .then(|| Share::of(self.count(part) / total, sum(&|fact| self.equal_trials(fact)), samples))
    }

    /// Observations of equal weight that say as much as these: (sum w)^2 / sum w^2. Source: L. Kish, "Survey
    /// Sampling", 1965.
    fn equal_trials(&self, fact: Fact) -> f64 {
        let squares: f64 = self.strata(fact).map(|(observed, weight)| observed * weight * weight).sum();
        self.count(fact).powi(2) / squares.max(f64::MIN_POSITIVE)
    }

    /// Observations of a fact with their weight.
    fn strata(&self, fact: Fact) -> impl Iterator<Item = (f64, f64)> {
        let counted = move |(threshold, stratum): (Option<u64>, &Stratum)| {
            (as_f64(stratum.count(fact)), self.weighing.of(threshold))
        };
        self.window.strata.iter().map(counted)
    }

    /// The share of Calls by a class of caller.
    #[must_use]
    pub fn callers(&self) -> BTreeMap<Caller, f64> {
        let total = self.count(Fact::Calls);
        let share = |caller| (caller, self.count(Fact::by(caller)) / total);
        Caller::ALL.into_iter().filter(|c| self.observed(Fact::by(*c)) > 0).map(share).collect()
    }

    /// The share of requests whose caller is known, those among them that left no trace; `None` without Calls.
    #[must_use]
    pub fn callers_known(&self) -> Option<f64> {
        let unknown = self.share(Fact::by(Caller::Unknown), Fact::Calls)?;
        Some((1.0 - unknown.observed) * (1.0 - self.missing()))
    }

    /// Share of the requests that left no trace, though every one should have, by the package's own count.
    #[must_use]
    pub fn missing(&self) -> f64 {
        self.weighing.missing
    }

    /// A share of its own Calls less what reads and pages of the same app show of the same kind: what a proxy or a session's
    /// library does to every answer is no effect of one Handler. Nothing is left where it happens everywhere.
    #[must_use]
    pub fn beyond_the_apps(&self, share: Share) -> Share {
        let elsewhere = self.surroundings.cookies_elsewhere.unwrap_or_default();
        let less = if self.surroundings.cookies_are_ambient() { 1.0 } else { elsewhere };
        let beyond = |of: f64| (of - less).max(0.0);
        let interval = Interval { low: beyond(share.interval.low), high: beyond(share.interval.high) };
        Share { observed: beyond(share.observed), interval, ..share }
    }

    /// A distribution in the window, weighed for sampling; empty when nothing was measured.
    #[must_use]
    pub fn distribution(&self, measure: Measure) -> Distribution {
        let parts = self.window.strata.iter();
        Distribution::of(parts.filter_map(|(t, s)| Some((s.measure(measure)?, self.weighing.of(t)))))
    }

    /// A quantile of a distribution in the window; `None` when nothing was measured.
    #[must_use]
    pub fn quantile(&self, measure: Measure, q: f64) -> Option<f64> {
        self.distribution(measure).quantile(q)
    }

    /// Values of a dimension with their weighed counts, most frequent first; values beyond what is told apart come as
    /// `other`.
    #[must_use]
    pub fn values(&self, dimension: Dimension) -> Vec<(String, f64)> {
        let mut values: BTreeMap<String, f64> = BTreeMap::new();
        for (threshold, stratum) in self.window.strata.iter() {
            let weight = self.weighing.of(threshold);
            let Some(tally) = stratum.tally(dimension) else { continue };
            for (value, count) in tally.values() {
                *values.entry(value.to_owned()).or_default() += weight * as_f64(count);
            }
            if tally.other() > 0 {
                *values.entry("other".to_owned()).or_default() += weight * as_f64(tally.other());
            }
        }
        by_size(values)
    }

    /// Values of a dimension that are told apart, with how often each was observed in the window, unweighed.
    #[must_use]
    pub fn observed_values(&self, dimension: Dimension) -> Vec<(String, u64)> {
        let mut values: BTreeMap<String, u64> = BTreeMap::new();
        for (_, stratum) in self.window.strata.iter() {
            for (value, count) in stratum.tally(dimension).into_iter().flat_map(|tally| tally.values()) {
                *values.entry(value.to_owned()).or_default() += count;
            }
        }
        values.into_iter().collect()
    }

    /// Values of a dimension in all that is retained, most frequent first.
    #[must_use]
    pub fn values_ever(&self, dimension: Dimension) -> Vec<String> {
        let mut values: BTreeMap<String, f64> = BTreeMap::new();
        for (_, stratum) in self.spans.retained.strata.iter() {
            for (value, count) in stratum.tally(dimension).into_iter().flat_map(|tally| tally.values()) {
                *values.entry(value.to_owned()).or_default() += as_f64(count);
            }
        }
        by_size(values).into_iter().map(|(value, _)| value).collect()
    }

    /// Trace ids that show a fact, from the window or else from all that is retained.
    #[must_use]
    pub fn exemplars(&self, fact: Fact) -> Vec<String> {
        let within: Vec<String> = self.window.exemplars.of(fact).map(|trace| trace.to_string()).collect();
        if within.is_empty() {
            self.spans.retained.exemplars.of(fact).map(|trace| trace.to_string()).collect()
        } else {
            within
        }
    }

    /// Kept examples of a kind of sequence.
    pub fn interactions(&self, kind: InteractionKind) -> impl Iterator<Item = &Interaction> {
        self.window.interactions(kind)
    }

    /// Distinct clients (client-days) of the window, estimated.
    #[must_use]
    pub fn clients(&self) -> f64 {
        self.window.clients.estimate()
    }

    /// Different UTC days of the window on which it was called.
    #[must_use]
    pub fn days_seen(&self) -> u32 {
        let days: BTreeSet<u32> = self.window.hours().iter().map(|hour| hour / 24).collect();
        u32::try_from(days.len()).unwrap_or(u32::MAX)
    }

    /// Calls of each hour of the window, hours since the epoch, weighed for sampling.
    #[must_use]
    pub fn by_hour(&self) -> BTreeMap<u32, f64> {
        let mut hours: BTreeMap<u32, f64> = BTreeMap::new();
        for (threshold, stratum) in self.window.strata.iter() {
            for (hour, calls) in stratum.hours() {
                *hours.entry(*hour).or_default() += as_f64(*calls) * self.weighing.of(threshold);
            }
        }
        hours
    }

    /// UTC days of all that is retained, from the first Call to the last.
    #[must_use]
    pub fn days_retained(&self) -> u32 {
        let hours = self.spans.retained.hours();
        hours.last().zip(hours.first()).map_or(0, |(last, first)| last / 24 - first / 24 + 1)
    }

    /// What the weight of the Calls rests on.
    #[must_use]
    pub fn sampling_basis(&self) -> Basis {
        let declared = self.window.strata.iter().all(|(threshold, _)| threshold.is_some());
        if declared { Basis::Declared } else { self.weighing.basis }
    }

    /// Whether every Call counts once, so that sequences can be read.
    #[must_use]
    pub fn is_unsampled(&self) -> bool {
        self.window.strata.iter().all(|(threshold, _)| self.weighing.of(threshold) <= 1.0)
    }

    /// Whether what clients do in a row can be read: every Call counts once, and the keys of clients last.
    #[must_use]
    pub fn shows_sequences(&self) -> bool {
        self.is_unsampled() && !self.surroundings.habits.keys_change
    }

    /// Time for which an Interaction holds the queue for actions, ms: none where clients do not queue them.
    #[must_use]
    pub(crate) fn queue_ms(&self, held_ms: f64) -> f64 {
        if self.surroundings.habits.side_by_side.is_some() { 0.0 } else { held_ms }
    }

    /// The `maxDuration` of the page that calls it most, s: that of its actions. `None` where it sets none, or nothing is known.
    #[must_use]
    pub(crate) fn page_limit_s(&self) -> Option<f64> {
        let (page, _) = self.pages.first()?;
        self.surroundings.build.max_duration_s(page).map(as_f64)
    }

    /// An action's exported name, or else its id; and its file where that is known.
    #[must_use]
    pub fn action_and_file(&self) -> (Option<String>, Option<String>) {
        let (name, file) = self.handler.action.as_ref().map_or((None, None), Action::name_and_file);
        (name.map(str::to_owned), file.map(str::to_owned))
    }
}

fn by_size(values: BTreeMap<String, f64>) -> Vec<(String, f64)> {
    let mut sorted: Vec<(String, f64)> = values.into_iter().collect();
    sorted.sort_by(|(name, count), (other_name, other)| other.total_cmp(count).then(name.cmp(other_name)));
    sorted
}
