//! From paths to routes: which page pattern a path belongs to.

/// The patterns of an app's pages, most specific first.
pub(super) struct Routes {
    patterns: Vec<String>,
}

impl Routes {
    /// The patterns of the pages that were seen.
    pub(super) fn new(patterns: impl IntoIterator<Item = String>) -> Self {
        let mut patterns: Vec<String> = patterns.into_iter().collect();
        // Static segments win over dynamic ones, these over catch-alls, as in Next.js.
        patterns
            .sort_by_key(|pattern| (pattern.split('/').map(looseness).collect::<Vec<_>>(), pattern.clone()));
        Self { patterns }
    }

    /// The pattern that matches a path, or the path itself.
    pub(super) fn of(&self, path: &str) -> String {
        let matching = self.patterns.iter().find(|pattern| matches(pattern, path));
        matching.cloned().unwrap_or_else(|| path.to_owned())
    }
}

fn looseness(segment: &str) -> u8 {
    match segment {
        s if s.starts_with("[[...") => 3,
        s if s.starts_with("[...") => 2,
        s if s.starts_with('[') => 1,
        _ => 0,
    }
}

fn matches(pattern: &str, path: &str) -> bool {
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

    #[test]
    fn the_most_specific_pattern_wins() {
        let routes =
            ["/[lang]", "/", "/product/[id]", "/product/new", "/docs/[[...slug]]", "/files/[...path]"];
        let routes = Routes::new(routes.map(str::to_owned));
        for (path, route) in [
            ("/", "/"),
            ("/product/7", "/product/[id]"),
            ("/product/7/", "/product/[id]"),
            ("/product/new", "/product/new"),
            ("/en", "/[lang]"),
            ("/docs", "/docs/[[...slug]]"),
            ("/docs/a/b", "/docs/[[...slug]]"),
            ("/files/a", "/files/[...path]"),
            ("/unknown/deep", "/unknown/deep"),
        ] {
            assert_eq!(routes.of(path), route, "{path}");
        }
    }
}
