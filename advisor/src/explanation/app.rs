//! What is known about the app: versions, builds, processes, routers.

use std::collections::{BTreeMap, BTreeSet};

use pointsman_store::{AppFact, HandlerKind};

use super::types::{App, Build, KnownAction, Seen};
use crate::report::{ReportInput, rfc3339};

/// Names under which processes are told, the first that is told counts.
const INSTANCES: [&str; 2] = ["pointsman.instance.id", "service.instance.id"];
/// Builds that are told, the newest ones.
const BUILDS: usize = 20;

pub(super) fn of(input: &ReportInput<'_>, action_body_limit: u64) -> App {
    let facts: Vec<&AppFact> =
        input.facts.iter().filter(|fact| fact.environment.as_deref() == input.environment).collect();
    App {
        next_versions: values(&facts, "pointsman.next.version"),
        builds: builds(&facts),
        instances: instances(&facts),
        routers: routers(input),
        action_body_limit,
    }
}

/// The values of a fact with the times at which each was seen, whatever the build, oldest first.
fn values(facts: &[&AppFact], name: &str) -> Vec<Seen> {
    let mut values: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.name == name) {
        let seen = values.entry(&fact.value).or_insert((fact.first_seen_ns, fact.last_seen_ns));
        *seen = (seen.0.min(fact.first_seen_ns), seen.1.max(fact.last_seen_ns));
    }
    let mut values: Vec<(&str, (u64, u64))> = values.into_iter().collect();
    values.sort_by_key(|(value, (first, _))| (*first, *value));
    let seen = |(value, (first, last)): (&str, (u64, u64))| Seen {
        value: value.to_owned(),
        first: rfc3339(first),
        last: rfc3339(last),
    };
    values.into_iter().map(seen).collect()
}

fn instances(facts: &[&AppFact]) -> Option<u64> {
    let of = |name: &str| {
        let values: BTreeSet<&str> =
            facts.iter().filter(|fact| fact.name == name).map(|fact| fact.value.as_str()).collect();
        values.len() as u64
    };
    INSTANCES.into_iter().map(of).find(|count| *count > 0)
}

/// The builds of an app, oldest first: the newest twenty.
#[must_use]
pub fn builds(facts: &[&AppFact]) -> Vec<Build> {
    let mut by_build: BTreeMap<&str, Vec<&AppFact>> = BTreeMap::new();
    for fact in facts {
        if let Some(build) = fact.build.as_deref() {
            by_build.entry(build).or_default().push(fact);
        }
    }
    let mut builds: Vec<(u64, Build)> = by_build
        .into_iter()
        .map(|(id, facts)| {
            let first = facts.iter().map(|fact| fact.first_seen_ns).min().unwrap_or_default();
            let last = facts.iter().map(|fact| fact.last_seen_ns).max().unwrap_or_default();
            let (instances, actions) = (instances(&facts), actions(&facts));
            (
                first,
                Build { id: id.to_owned(), first: rfc3339(first), last: rfc3339(last), instances, actions },
            )
        })
        .collect();
    builds.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.id.cmp(&y.id)));
    let older = builds.len().saturating_sub(BUILDS);
    builds.into_iter().skip(older).map(|(_, build)| build).collect()
}

fn actions(facts: &[&AppFact]) -> Vec<KnownAction> {
    let known = facts.iter().filter(|fact| fact.name == "next.action.id");
    let action = |fact: &&AppFact| match fact.value.split_once(' ') {
        Some((id, name)) => KnownAction { name: Some(name.to_owned()), id: id.to_owned() },
        None => KnownAction { name: None, id: fact.value.clone() },
    };
    known.map(action).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Routers by the kinds of Handlers that were called.
fn routers(input: &ReportInput<'_>) -> Vec<String> {
    let called =
        input.handlers.values().filter(|handler| handler.environment.as_deref() == input.environment);
    let kinds: BTreeSet<HandlerKind> = called.map(|handler| handler.kind).collect();
    let told = input.facts.iter().filter(|fact| fact.name == "pointsman.route.kind");
    let told: BTreeSet<&str> = told.map(|fact| fact.value.as_str()).collect();
    let app = kinds.contains(&HandlerKind::RouteHandler)
        || kinds.contains(&HandlerKind::ServerAction)
        || told.contains("app_page")
        || told.contains("app_route");
    let pages =
        kinds.contains(&HandlerKind::PagesApi) || told.contains("pages") || told.contains("pages_api");
    let router = |(name, there): (&str, bool)| there.then(|| name.to_owned());
    [("app", app), ("pages", pages)].into_iter().filter_map(router).collect()
}
