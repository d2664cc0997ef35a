//! Profiles of a service from its merged Rollups: what Handlers share is told to each of them here.

use std::sync::Arc;

use pointsman_store::{AppFact, Fingerprint, Handler, HandlerKind};

use super::app_build::AppBuild;
use super::surroundings;
use super::{Profile, Spans};
use crate::evidence::{Dimension, Fact, Recorded, Rollup};
use crate::input::ReportInput;
use crate::routes::Routes;
use crate::sampling::Weights;
use crate::settings::Settings;
use crate::stats::as_f64;
use crate::windows::ByHandler;

/// What the Handlers of an environment share: with it one of them can be read alone, over any span that is retained.
#[derive(Debug)]
pub(crate) struct Shared {
    routes: Routes,
    weights: Weights,
    body_limit: u64,
}

impl Shared {
    /// From all that is retained.
    pub(crate) fn of(input: &ReportInput<'_>, settings: &Settings) -> Self {
        Self {
            routes: routes(input),
            weights: weights(&input.windows.retained, settings),
            body_limit: body_limit(input.facts).unwrap_or(settings.action_body_limit),
        }
    }

    /// The Profile of one Handler whose Rollups of a span are merged; it knows nothing of the others.
    pub(crate) fn profile<'a>(
        &self,
        handler: (Fingerprint, Handler),
        rollup: &'a Rollup,
        days: f64,
    ) -> Profile<'a> {
        let spans = Spans { window: rollup, retained: rollup, recent: None, fortnight: None };
        let weighing = self.weights.of(&rollup.recorded);
        Profile::new(handler, spans, weighing, days, self.body_limit, |path| self.routes.of(path))
    }
}

/// The Profiles of all Handlers of the environment that were called in the window, by id.
pub(crate) fn profiles<'a>(input: &ReportInput<'a>, settings: &Settings) -> Vec<Profile<'a>> {
    let routes = routes(input);
    let weights = weights(&input.windows.window, settings);
    let days = days_covered(input);
    let body_limit = body_limit(input.facts).unwrap_or(settings.action_body_limit);
    let of_environment = |handler: &&Handler| handler.environment.as_deref() == input.environment;
    let mut profiles: Vec<Profile<'a>> = input
        .windows
        .window
        .iter()
        // A Handler that only preflights reached is evidence, not a Handler.
        .filter(|(_, window)| window.observed(Fact::Calls) > 0)
        .filter_map(|(id, window)| {
            let handler = input.handlers.get(id).filter(of_environment)?.clone();
            let spans = Spans {
                window,
                retained: input.windows.retained.get(id).unwrap_or(window),
                recent: input.windows.recent.get(id).map(Arc::as_ref),
                fortnight: input.windows.fortnight.get(id).map(Arc::as_ref),
            };
            let weighing = weights.of(&window.recorded);
            let route_of = |path: &str| routes.of(path);
            Some(Profile::new((*id, handler), spans, weighing, days, body_limit, route_of))
        })
        .collect();
    profiles.sort_by_key(|profile| profile.id);
    let build = Arc::new(AppBuild::newest(input.facts, input.environment));
    surroundings::tell(&mut profiles, input.facts, &build);
    profiles
}

/// The routes of the environment's pages: those that were seen, and those that the build has.
fn routes(input: &ReportInput<'_>) -> Routes {
    let of_environment = |handler: &&Handler| handler.environment.as_deref() == input.environment;
    let handlers = || input.handlers.values().filter(of_environment);
    let built = input.facts.iter().filter(|fact| {
        let api = fact.value == "/api" || fact.value.starts_with("/api/");
        fact.name == "pointsman.next.routes" && !api
    });
    let built = built.map(|fact| &fact.value).filter(|route| {
        route.starts_with('/') && !handlers().any(|known| known.kind.is_route() && known.route == **route)
    });
    let pages = handlers().filter(|handler| handler.kind == HandlerKind::Page);
    let patterns = pages.map(|page| &page.route).chain(built).cloned();
    let seen = input.windows.retained.iter().filter_map(|(id, rollup)| {
        let page = input.handlers.get(id).filter(of_environment)?;
        (page.kind == HandlerKind::Page).then_some((page, rollup))
    });
    let seen = seen.flat_map(|(page, rollup)| {
        let tallies = rollup.strata.iter().filter_map(|(_, stratum)| stratum.tally(Dimension::PageForm));
        tallies.flat_map(|tally| {
            tally.values().map(|(form, calls)| (page.route.clone(), form.to_owned(), as_f64(calls)))
        })
    });
    Routes::new(patterns, seen)
}

/// A process' requests are those of all its Handlers together.
fn weights(rollups: &ByHandler, settings: &Settings) -> Weights {
    let mut recorded = Recorded::default();
    rollups.values().for_each(|rollup| recorded.merge(&rollup.recorded));
    Weights::new(settings.sampling_ratio, &recorded)
}

/// Days of the window that telemetry of the service covers, at least 1.
pub(crate) fn days_covered(input: &ReportInput<'_>) -> f64 {
    let first = input.windows.retained.values().filter_map(|rollup| rollup.hours().first().copied()).min();
    let from = first.map_or(input.windows.from.0, |first| input.windows.from.0.max(first));
    (f64::from(input.windows.to.0.saturating_sub(from)) / 24.0).max(1.0)
}

/// `serverActions.bodySizeLimit` as the app told it last, bytes.
fn body_limit(facts: &[AppFact]) -> Option<u64> {
    let told = facts.iter().filter(|fact| fact.name == "pointsman.next.body_size_limit");
    told.max_by_key(|fact| fact.last_seen_ns)?.value.parse().ok()
}
