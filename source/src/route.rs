//! Which route a file stands for, by Next.js's conventions on names of files and folders, and the routes' patterns.

use std::fmt::Write;

/// A part of a route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Segment {
    /// `cart`.
    Text(String),
    /// `[id]`.
    Parameter,
    /// `[...path]`.
    Rest,
    /// `[[...path]]`.
    OptionalRest,
}

/// A route (`/api/orders/[id]`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pattern {
    written: String,
    segments: Vec<Segment>,
}

impl Pattern {
    fn of<'a>(folders: impl Iterator<Item = &'a str>) -> Self {
        let mut written = String::new();
        let mut segments = Vec::new();
        for folder in folders {
            // Without the percent signs that let a folder's name begin with an underscore.
            let folder = folder.replace("%5F", "_").replace("%5f", "_");
            let inner = folder.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            segments.push(match inner {
                Some(inner) if inner.starts_with("[...") => Segment::OptionalRest,
                Some(inner) if inner.starts_with("...") => Segment::Rest,
                Some(_) => Segment::Parameter,
                None => Segment::Text(folder.clone()),
            });
            let _ = write!(written, "/{folder}");
        }
        if written.is_empty() {
            written.push('/');
        }
        Self { written, segments }
    }

    /// As telemetry and people write it.
    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

/// What a file is to Next.js.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// `app/**/route.ts`.
    Route(Pattern),
    /// `app/sitemap.ts` and the like, which answer GET with their default export.
    Metadata(Pattern),
    /// `pages/api/**`.
    PagesApi(Pattern),
    /// A page of the Pages Router, which runs in browsers too.
    PagesPage,
    /// Anything else.
    Plain,
}

/// Files of the App Router that answer at a path of their own.
const METADATA: [(&str, &str); 3] =
    [("sitemap", "sitemap.xml"), ("robots", "robots.txt"), ("manifest", "manifest.webmanifest")];

/// The role of a file; `file` is relative to the app's root. `extensions` are those of pages (`tsx`, `page.tsx`).
pub(crate) fn role(file: &str, extensions: &[String]) -> Role {
    let file = file.strip_prefix("src/").unwrap_or(file);
    let stem = |name: &str| -> Option<String> {
        let ends = extensions.iter().filter_map(|end| name.strip_suffix(end.as_str())?.strip_suffix('.'));
        ends.min_by_key(|stem| stem.len()).map(str::to_owned)
    };
    if let Some(path) = file.strip_prefix("app/") {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(stem) = stem(name) else { return Role::Plain };
        let folders: Vec<&str> = folders.split('/').filter(|folder| !folder.is_empty()).collect();
        // A folder whose name begins so is private.
        if folders.iter().any(|folder| folder.starts_with('_')) {
            return Role::Plain;
        }
        if stem == "route" {
            return Role::Route(Pattern::of(visible(&folders).into_iter()));
        }
        let metadata = METADATA.iter().find(|(name, _)| *name == stem);
        if let Some((_, served)) = metadata {
            let folders = visible(&folders);
            return Role::Metadata(Pattern::of(folders.into_iter().chain([*served])));
        }
        return Role::Plain;
    }
    if let Some(path) = file.strip_prefix("pages/") {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(stem) = stem(name) else { return Role::Plain };
        let folders = folders.split('/').filter(|folder| !folder.is_empty());
        let last = Some(stem.as_str()).filter(|stem| *stem != "index");
        if path.starts_with("api/") || (folders.clone().next().is_none() && stem == "api") {
            return Role::PagesApi(Pattern::of(folders.chain(last)));
        }
        return Role::PagesPage;
    }
    Role::Plain
}

/// The route of a page of the App Router; `None` for any other file. `file` is relative to the app's root.
pub(crate) fn page_route(file: &str) -> Option<String> {
    let file = file.strip_prefix("src/").unwrap_or(file);
    let path = file.strip_prefix("app/")?;
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_page = ["tsx", "jsx", "ts", "js"].iter().any(|end| name.strip_suffix(end) == Some("page."));
    let folders: Vec<&str> = folders.split('/').filter(|folder| !folder.is_empty()).collect();
    is_page.then(|| Pattern::of(visible(&folders).into_iter()).written)
}

/// The folders that are part of the path: route groups `(shop)` and slots `@modal` are not; an intercepting folder
/// `(.)photo` stands for what it intercepts.
fn visible<'a>(folders: &[&'a str]) -> Vec<&'a str> {
    let mut path: Vec<&str> = Vec::new();
    for folder in folders {
        if folder.starts_with('@') {
            continue;
        }
        let mut rest = *folder;
        if let Some(after) = rest.strip_prefix("(...)") {
            path.clear();
            rest = after;
        } else {
            while let Some(after) = rest.strip_prefix("(..)") {
                path.pop();
                rest = after;
            }
            rest = rest.strip_prefix("(.)").unwrap_or(rest);
        }
        if rest.starts_with('(') && rest.ends_with(')') {
            continue;
        }
        path.push(rest);
    }
    path
}
