//! How often each Handler of an environment was called, hour by hour, and from which pages: by this it is told that one
//! fades and another one comes. What is concluded from it stands in `applied`.

use std::collections::BTreeMap;

use pointsman_store::{Fingerprint, Handler, HandlerKind};

use super::history::Promise;
use crate::evidence::{Rollup, weight_of};
use crate::profile::profiles;
use crate::report::{HandlerReport, ReportInput};
use crate::settings::Settings;
use crate::stats::as_f64;

/// Hours of a promise's rates: a week, so that no weekday counts more than another.
const RATE_HOURS: u32 = 7 * 24;

/// Calls by the hour, of all that is retained.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// First hour in which anything was called.
    pub(super) from: u32,
    /// First hour after all of them.
    pub(super) to: u32,
    pub(super) courses: BTreeMap<Fingerprint, Course>,
}

/// One Handler's calls.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) handler: Handler,
    /// Calls by hour since the epoch, weighed by what their traces declare.
    pub(super) hours: BTreeMap<u32, f64>,
    /// Pages that call it, by route, with their share of its calls from known pages; those of the report's window.
    pub(super) pages: Vec<(String, f64)>,
}

impl Traffic {
    /// Reads it from what a report is made of.
    #[must_use]
    pub fn of(input: &ReportInput<'_>, settings: &Settings) -> Self {
        let mut courses = BTreeMap::new();
        for (id, rollup) in &input.windows.retained {
            let of_environment = |handler: &&Handler| handler.environment.as_deref() == input.environment;
            if let Some(handler) = input.handlers.get(id).filter(of_environment) {
                let course = Course { handler: handler.clone(), hours: hours(rollup), pages: Vec::new() };
                courses.insert(*id, course);
            }
        }
        for profile in profiles(input, settings) {
            if let Some(course) = courses.get_mut(&profile.id) {
                course.pages = shares(&profile.pages);
                if course.pages.is_empty() && course.handler.kind == HandlerKind::ServerAction {
                    course.pages = vec![(profile.handler.route.clone(), 1.0)];
                }
            }
        }
        let to = input.windows.to.0;
        let from = courses.values().filter_map(|course| course.hours.keys().next().copied()).min();
        Self { from: from.unwrap_or(to), to, courses }
    }

    /// Hours from the first call of all to the end.
    #[must_use]
    pub fn hours(&self) -> u32 {
        self.to.saturating_sub(self.from)
    }

    /// What a move promises, with the rates by which its fading will be told.
    pub(super) fn promise(&self, id: Fingerprint, row: &HandlerReport) -> Promise {
        let begin = self.from.max(self.to.saturating_sub(RATE_HOURS));
        let course = self.courses.get(&id);
        let pages: Vec<String> = course
            .map(|course| course.pages.iter().map(|(page, _)| page.clone()).collect())
            .unwrap_or_default();
        Promise {
            benefit: row.benefit.clone(),
            confidence: row.confidence,
            effort: row.effort.clone(),
            steps: row.steps.clone(),
            warnings: row.warnings.clone(),
            calls_per_day: course.map_or(0.0, |course| course.per_day(begin, self.to)),
            others_per_day: self.others_per_day(id, begin, self.to),
            page_calls_per_day: self.page_calls_per_day(&pages, begin, self.to),
            pages,
        }
    }

    /// Calls of all other Handlers.
    pub(super) fn others_per_day(&self, id: Fingerprint, from: u32, to: u32) -> f64 {
        self.courses
            .iter()
            .filter(|(other, _)| **other != id)
            .map(|(_, course)| course.per_day(from, to))
            .sum()
    }

    /// Calls of the pages with these routes; `None` where none of them is known.
    pub(super) fn page_calls_per_day(&self, routes: &[String], from: u32, to: u32) -> Option<f64> {
        let pages = self.courses.values().filter(|course| {
            course.handler.kind == HandlerKind::Page && routes.contains(&course.handler.route)
        });
        let rates: Vec<f64> = pages.map(|page| page.per_day(from, to)).collect();
        (!rates.is_empty()).then(|| rates.iter().sum())
    }
}

impl Course {
    /// Calls per day from one hour to another; a span of less than a day counts as a day, as in a report.
    pub(super) fn per_day(&self, from: u32, to: u32) -> f64 {
        let calls: f64 = self.hours.range(from..to.max(from)).map(|(_, calls)| calls).sum();
        calls / (f64::from(to.saturating_sub(from)) / 24.0).max(1.0)
    }

    /// The hour of its first call.
    pub(super) fn first(&self) -> Option<u32> {
        self.hours.keys().next().copied()
    }
}

fn hours(rollup: &Rollup) -> BTreeMap<u32, f64> {
    let mut hours: BTreeMap<u32, f64> = BTreeMap::new();
    for (threshold, stratum) in rollup.strata.iter() {
        let weight = threshold.map_or(1.0, weight_of);
        for (hour, calls) in stratum.hours() {
            *hours.entry(*hour).or_default() += as_f64(*calls) * weight;
        }
    }
    hours
}

fn shares(pages: &[(String, f64)]) -> Vec<(String, f64)> {
    let all: f64 = pages.iter().map(|(_, calls)| calls).sum();
    pages.iter().map(|(page, calls)| (page.clone(), calls / all.max(f64::MIN_POSITIVE))).collect()
}
