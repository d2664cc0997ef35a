//! What is in the build that an app runs: flags, prerendered routes, limits of time, actions. Advice follows it. Every list may
//! be unknown, which is not the same as empty. For which paths the proxy runs is not asked here: its spans show where it ran.

use std::collections::{BTreeMap, BTreeSet};

use pointsman_store::AppFact;

/// Names of the lists.
const FLAGS: &str = "pointsman.next.flags";
const PRERENDERED: &str = "pointsman.next.prerendered";
const MAX_DURATIONS: &str = "pointsman.next.max_durations";
const ACTIONS: &str = "pointsman.next.actions";
const ROUTES: &str = "pointsman.next.routes";
const ALL: [&str; 5] = [FLAGS, PRERENDERED, MAX_DURATIONS, ACTIONS, ROUTES];

/// What is still in a build is told again every hour, by each process; what was not for so long, ns, is in it no more.
const TOLD_AGAIN_NS: u64 = 2 * 3_600_000_000_000;

/// What is known of the newest build; by default nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AppBuild {
    lists: BTreeMap<&'static str, BTreeSet<String>>,
}

impl AppBuild {
    /// That of the build that was seen last in the environment.
    pub(super) fn newest(facts: &[AppFact], environment: Option<&str>) -> Self {
        let of_environment = |fact: &&AppFact| fact.environment.as_deref() == environment;
        let listed = |fact: &AppFact| ALL.into_iter().find(|name| *name == fact.name);
        let told = || facts.iter().filter(of_environment).filter_map(|fact| Some((listed(fact)?, fact)));
        let Some((_, newest)) = told().max_by_key(|(_, fact)| fact.last_seen_ns) else {
            return Self::default();
        };
        let in_it = |fact: &AppFact| {
            fact.build == newest.build
                && fact.last_seen_ns.saturating_add(TOLD_AGAIN_NS) >= newest.last_seen_ns
        };
        let mut lists: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for (name, fact) in told().filter(|(_, fact)| in_it(fact)) {
            let list = lists.entry(name).or_default();
            // An empty value is a list that is known to be empty.
            if !fact.value.is_empty() {
                list.insert(fact.value.clone());
            }
        }
        Self { lists }
    }

    /// Whether Cache Components are on: then `dynamic`, `revalidate`, `fetchCache` and `runtime` of a route segment are build
    /// errors. `None` where the flags are not known.
    #[must_use]
    pub fn has_cache_components(&self) -> Option<bool> {
        Some(self.lists.get(FLAGS)?.contains("cacheComponents"))
    }

    /// Whether the build has any Server Action; `None` where its actions are not known.
    #[must_use]
    pub fn has_actions(&self) -> Option<bool> {
        Some(!self.lists.get(ACTIONS)?.is_empty())
    }

    /// Whether a route was prerendered; `None` where that is not known.
    #[must_use]
    pub fn is_prerendered(&self, route: &str) -> Option<bool> {
        Some(self.lists.get(PRERENDERED)?.contains(route))
    }

    /// The `maxDuration` of a route, s; `None` where it has none, or nothing is known.
    #[must_use]
    pub fn max_duration_s(&self, route: &str) -> Option<u64> {
        let durations = self.lists.get(MAX_DURATIONS)?.iter();
        durations
            .filter_map(|entry| entry.rsplit_once('='))
            .find(|(of, _)| *of == route)
            .and_then(|(_, seconds)| seconds.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(build: &str, name: &str, value: &str, last_seen_ns: u64) -> AppFact {
        AppFact {
            service: "shop".to_owned(),
            environment: None,
            build: Some(build.to_owned()),
            name: name.to_owned(),
            value: value.to_owned(),
            first_seen_ns: 0,
            last_seen_ns,
        }
    }

    #[test]
    fn the_newest_build_counts_and_what_it_does_not_list_is_unknown() {
        let facts = [
            fact("old", FLAGS, "cacheComponents", 1),
            fact("old", ACTIONS, "app/a.ts#save", 1),
            fact("new", FLAGS, "", 2),
            fact("new", MAX_DURATIONS, "/api/generate=60", 2),
            fact("new", PRERENDERED, "/about", 2),
        ];
        let build = AppBuild::newest(&facts, None);
        assert_eq!(build.has_cache_components(), Some(false));
        assert_eq!(build.has_actions(), None, "the newest build does not say");
        assert_eq!(build.max_duration_s("/api/generate"), Some(60));
        assert_eq!((build.is_prerendered("/about"), build.is_prerendered("/")), (Some(true), Some(false)));
        assert_eq!(AppBuild::newest(&facts, Some("production")), AppBuild::default(), "another environment");
        assert_eq!(AppBuild::default().has_actions(), None);
    }
}
