//! From paths to routes: which pattern a path fits, and which page answers paths of a form that the proxy rewrites. A path is
//! never shown as it is: what fits no route keeps its names only.

use std::collections::BTreeMap;

use pointsman_store::{ANY_ID, neutral_path};

/// The routes of an app's pages.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// Most specific first.
    patterns: Vec<String>,
    /// Which page was seen to answer paths of a form.
    learned: BTreeMap<String, String>,
    /// Whether the proxy puts a first segment in front that is not in the path (a locale, a tenant).
    prefixed: bool,
}

impl Routes {
    /// From the patterns that are known, and from page calls: `(route, form of the path, calls)` of those whose path alone
    /// does not tell their route.
    pub(crate) fn new(
        patterns: impl IntoIterator<Item = String>,
        seen: impl IntoIterator<Item = (String, String, f64)>,
    ) -> Self {
        let mut patterns: Vec<String> = patterns.into_iter().collect();
        // Static segments win over dynamic ones, these over catch-alls, as in Next.js.
        patterns
            .sort_by_key(|pattern| (pattern.split('/').map(looseness).collect::<Vec<_>>(), pattern.clone()));
        patterns.dedup();
        let mut calls: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        for (route, form, count) in seen {
            *calls.entry(form).or_default().entry(route).or_default() += count;
        }
        let most = |routes: BTreeMap<String, f64>| {
            routes.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(route, _)| route)
        };
        let learned: BTreeMap<String, String> =
            calls.into_iter().filter_map(|(form, routes)| Some((form, most(routes)?))).collect();
        let prefixed = learned.iter().any(|(form, route)| {
            !fits(route, form) && without_first(route).is_some_and(|rest| fits(&rest, form))
        });
        Self { patterns, learned, prefixed }
    }

    /// The route of a path, else its form. What is no path stays as it is.
    pub(crate) fn of(&self, path: &str) -> String {
        if !path.starts_with('/') {
            return path.to_owned();
        }
        let form = neutral_path(path);
        if let Some(learned) = self.learned.get(&form) {
            return learned.clone();
        }
        let found = self.patterns.iter().find(|pattern| fits(pattern, path));
        // What the proxy puts in front is not in the path: a page that begins with it fits only by chance.
        let by_chance = found.is_none_or(|pattern| is_loose(pattern) || pattern.starts_with("/["));
        let behind = |pattern: &&String| {
            without_first(pattern).is_some_and(|rest| !is_loose(&rest) && fits(&rest, path))
        };
        let behind = self.patterns.iter().filter(|_| self.prefixed && by_chance).find(behind);
        let found = behind.or(found);
        found.cloned().unwrap_or(form)
    }
}

/// Whether a path alone does not tell that this page answered it: then its form is worth remembering.
pub(crate) fn is_worth_learning(route: &str, path: &str) -> bool {
    !fits(route, path) || neutral_path(path).split('/').any(|segment| segment == ANY_ID)
}

/// A pattern behind a dynamic first segment.
fn without_first(pattern: &str) -> Option<String> {
    let rest = pattern.strip_prefix("/[")?;
    if rest.starts_with("...") || rest.starts_with('[') {
        return None;
    }
    let at = rest.find('/').unwrap_or(rest.len());
    let rest = rest.get(at..)?;
    Some(if rest.is_empty() { "/".to_owned() } else { rest.to_owned() })
}

fn is_loose(pattern: &str) -> bool {
    pattern.split('/').any(|segment| looseness(segment) >= 2)
}

fn looseness(segment: &str) -> u8 {
    match segment {
        s if s.starts_with("[[...") => 3,
        s if s.starts_with("[...") => 2,
        s if s.starts_with('[') => 1,
        _ => 0,
    }
}

/// Whether a path fits a pattern.
fn fits(pattern: &str, path: &str) -> bool {
    let mut path = path.split('/').filter(|segment| !segment.is_empty());
    for segment in pattern.split('/').filter(|segment| !segment.is_empty()) {
        match looseness(segment) {
            3 => return true,
            2 => return path.next().is_some(),
            1 if path.next().is_some() => {}
            0 if path.next() == Some(segment) => {}
            _ => return false,
        }
    }
    path.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(patterns: &[&str], seen: &[(&str, &str, f64)]) -> Routes {
        let seen = seen.iter().map(|(route, form, calls)| ((*route).to_owned(), (*form).to_owned(), *calls));
        Routes::new(patterns.iter().map(|pattern| (*pattern).to_owned()), seen)
    }

    #[test]
    fn the_most_specific_pattern_wins() {
        let all = ["/[lang]", "/", "/product/[id]", "/product/new", "/docs/[[...slug]]", "/files/[...path]"];
        let routes = routes(&all, &[]);
        for (path, route) in [
            ("/", "/"),
            ("/product/7", "/product/[id]"),
            ("/product/:id", "/product/[id]"),
            ("/product/7/", "/product/[id]"),
            ("/product/new", "/product/new"),
            ("/en", "/[lang]"),
            ("/docs", "/docs/[[...slug]]"),
            ("/docs/a/b", "/docs/[[...slug]]"),
            ("/files/a", "/files/[...path]"),
            ("/unknown/deep", "/unknown/deep"),
            ("other", "other"),
        ] {
            assert_eq!(routes.of(path), route, "{path}");
        }
    }

    #[test]
    fn a_path_that_fits_no_route_keeps_its_names_only() {
        let routes = routes(&["/settings"], &[]);
        assert_eq!(routes.of("/teams/7d84f1c2/websites"), "/teams/:id/websites");
        assert_eq!(routes.of("/u/ada@example.com"), "/u/:id");
    }

    #[test]
    fn what_the_proxy_rewrites_is_learned_from_page_calls() {
        let all = [
            "/[locale]/teams/[id]/websites",
            "/[locale]/[...notFound]",
            "/[locale]",
            "/[locale]/boards/[id]",
        ];
        let seen = [
            ("/[locale]/teams/[id]/websites", "/teams/:id/websites", 20.0),
            ("/[locale]/[...notFound]", "/teams/:id/websites", 1.0),
            ("/[locale]", "/", 9.0),
        ];
        let routes = routes(&all, &seen);
        assert_eq!(routes.of("/teams/7d84f1c2/websites"), "/[locale]/teams/[id]/websites");
        assert_eq!(routes.of("/"), "/[locale]");
        assert_eq!(
            routes.of("/boards/17"),
            "/[locale]/boards/[id]",
            "never seen, but the proxy puts a locale in front"
        );
        assert_eq!(routes.of("/en/boards/17"), "/[locale]/boards/[id]");
        assert_eq!(routes.of("/nothing/like/it"), "/[locale]/[...notFound]");
    }
}
