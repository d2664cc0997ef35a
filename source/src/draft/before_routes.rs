//! Whether what runs before routes (`proxy.ts`, `middleware.ts`) checks requests to a route that it would not check for an action: an
//! action answers at its page's path.

use super::desk::{Desk, Why};
use super::matcher::matches;
use crate::resolve::join;
use crate::syntax::{BeforeRoutes, Matchers};

/// Files whose code runs before routes and pages.
const FILES: [&str; 2] = ["middleware", "proxy"];

/// An error if requests to a route, by one method, may be checked in another way than those to its pages, by the other; else what is
/// worth knowing.
pub(super) fn same_for(
    desk: &Desk<'_>,
    (method, then): (&str, &str),
    route: &str,
    pages: &[String],
) -> Result<Option<String>, Why> {
    let Some(file) = file(desk) else { return Ok(None) };
    let BeforeRoutes { matchers, may_differ, reads_method } =
        desk.look(&file, |source| Ok(source.before_routes()))?;
    if runs_for(&matchers, route) == Some(false) {
        return Ok(Some(format!("{file} does not run for {route}, so its matcher says")));
    }
    if let Some(why) = may_differ {
        return Err(format!("{file}{why}, so it may check requests to {route} and not those to the page"));
    }
    if reads_method && method != then {
        return Err(format!("{file} looks at the method, which would be {then} instead of {method}"));
    }
    if pages.is_empty() && matchers != Matchers::All {
        return Err(format!("{file} runs for some paths only, and no page that calls {route} is known"));
    }
    let unchecked = pages.iter().find(|page| runs_for(&matchers, &sample(page)) != Some(true));
    match unchecked {
        Some(page) => Err(format!("{file} may run for {route} and not for {page}")),
        None => Ok(Some(format!("{file} runs for {route} and for the page, and does the same for both"))),
    }
}

fn file(desk: &Desk<'_>) -> Option<String> {
    let root = &desk.reading.source.app.root;
    let names = FILES.iter().flat_map(|name| ["ts", "js", "mjs"].map(|end| format!("{name}.{end}")));
    let files = names.flat_map(|name| [name.clone(), format!("src/{name}")]);
    files.filter_map(|inner| join(root, &inner)).find(|file| desk.reading.repository.has(file))
}

/// Whether it runs for a path; `None` if that is not known.
fn runs_for(matchers: &Matchers, path: &str) -> Option<bool> {
    let Matchers::OneOf(patterns) = matchers else {
        return (*matchers == Matchers::All).then_some(true);
    };
    let all: Vec<Option<bool>> = patterns.iter().map(|pattern| matches(pattern, path)).collect();
    if all.contains(&Some(true)) { Some(true) } else { all.iter().all(Option::is_some).then_some(false) }
}

/// A path that a page's pattern stands for.
fn sample(page: &str) -> String {
    let parts = page.split('/').map(|part| if part.starts_with('[') { "1" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
