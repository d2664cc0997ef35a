//! A URL as far as source code tells it, and which route it leads to. Not here: how it is found in the code.

use crate::route::{Pattern, Segment};

/// A piece of a URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Piece {
    /// Text that is written.
    Text(String),
    /// One of these texts: the type of a variable says so.
    Choice(Vec<String>),
    /// A constant of another module: the import's module, and the name (`API`, `ROUTES.cart`).
    Constant { source: String, name: String },
    /// Known only while the program runs. What is written in its place (`host`, `process.env.APP_URL`) may tell that it
    /// is the app's own address.
    Hole(String),
}

/// A URL, piece by piece.
pub(crate) type Url = Vec<Piece>;

/// The name of the constant that holds the `baseURL` of an HTTP client (`api.get("/x")`).
pub(crate) const BASE: &str = "$base";

/// How many URLs one expression may stand for; beyond that nothing is said.
pub(crate) const MOST_URLS: usize = 16;

/// What begins a URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Base {
    /// The path itself.
    Own,
    /// Something unknown.
    Unknown,
    /// Another server.
    Foreign,
}

/// A URL cut at its slashes. Each part is a text with [`HOLE`]s.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UrlPath {
    pub base: Base,
    pub parts: Vec<String>,
}

/// Stands for what is known only while the program runs.
pub(crate) const HOLE: char = '\u{0}';

/// Words in the name of a variable that holds the app's own address.
const OWN: [&str; 14] = [
    "origin",
    "host",
    "app_url",
    "appurl",
    "site_url",
    "siteurl",
    "webapp",
    "web_url",
    "vercel_url",
    "base_url",
    "baseurl",
    "domain",
    "base_path",
    "basepath",
];

/// Words in the name of a constant that holds the app's own address, even if its value is that of production.
const CERTAINLY_OWN: [&str; 7] =
    ["app_domain", "app_url", "appurl", "site_url", "siteurl", "webapp", "app_origin"];

/// Whether a constant of this name is the app's own address, whatever its value is.
pub(crate) fn is_own_address(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    CERTAINLY_OWN.iter().any(|word| name.contains(word))
}

/// All texts that a URL without constants may be, with [`HOLE`]s, and the name of what it begins with if that is a hole.
pub(crate) fn texts(url: &Url) -> Vec<String> {
    let mut all = vec![String::new()];
    for piece in url {
        match piece {
            Piece::Text(text) => all.iter_mut().for_each(|one| one.push_str(text)),
            Piece::Hole(_) | Piece::Constant { .. } => all.iter_mut().for_each(|one| one.push(HOLE)),
            Piece::Choice(choices) => {
                let longer =
                    |one: &String| choices.iter().map(|choice| format!("{one}{choice}")).collect::<Vec<_>>();
                all = all.iter().flat_map(longer).take(MOST_URLS).collect();
            }
        }
    }
    all
}

/// Cuts one of a URL's [`texts`] into its path. `None` for what is no path: relative addresses, `data:`, `blob:`.
pub(crate) fn path_of(url: &Url, text: &str, base_path: Option<&str>) -> Option<UrlPath> {
    let text = text.split(['?', '#']).next()?;
    let (base, path) = match text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) {
        Some(rest) => {
            let (host, path) = rest.split_once('/')?;
            let own = host.contains(HOLE) || host.starts_with("localhost") || host.starts_with("127.0.0.1");
            let base = if !own {
                Base::Foreign
            } else if host.contains(HOLE) {
                named_base(url)
            } else {
                Base::Own
            };
            (base, path)
        }
        None if text.starts_with(HOLE) => {
            let (before, path) = text.split_once('/')?;
            // `${base}api/x` says too little, `${id}.json` is a file.
            if before.chars().any(|letter| letter != HOLE) {
                return None;
            }
            (named_base(url), path)
        }
        None => (Base::Own, text.strip_prefix('/').filter(|rest| !rest.starts_with('/'))?),
    };
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    // A slash at the end, and what may be a query: `/api/x${query}`.
    while parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    if let Some(base_path) = base_path.filter(|path| !path.is_empty()) {
        let of_base: Vec<&str> = base_path.trim_matches('/').split('/').collect();
        if parts.iter().map(String::as_str).take(of_base.len()).eq(of_base.iter().copied()) {
            parts.drain(..of_base.len());
        }
    }
    Some(UrlPath { base, parts })
}

fn named_base(url: &Url) -> Base {
    let hint = url.iter().find_map(|piece| match piece {
        Piece::Hole(hint) => Some(hint.to_ascii_lowercase()),
        Piece::Constant { name, .. } => Some(name.to_ascii_lowercase()),
        Piece::Text(_) | Piece::Choice(_) => None,
    });
    let hint = hint.unwrap_or_default();
    if OWN.iter().any(|word| hint.contains(word)) { Base::Own } else { Base::Unknown }
}

/// How well a route answers a path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fit {
    /// A hole of the path stands where the route has text: it may be this route.
    May,
    /// The route takes the rest of the path, whatever it is.
    Rest,
    /// The route has a parameter in this place.
    Parameter,
    /// The same text.
    Same,
}

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To this route.
    To(usize),
    /// To one of these.
    Several(Vec<usize>),
    /// To none.
    Nowhere,
}

/// The route that answers a path as Next.js chooses it: from left to right, text before a parameter before a rest.
pub(crate) fn lead<'a>(path: &UrlPath, routes: impl Iterator<Item = (usize, &'a Pattern)>) -> Leads {
    let mut fits: Vec<(Vec<Fit>, usize)> =
        routes.filter_map(|(at, route)| Some((fit(&path.parts, route)?, at))).collect();
    fits.sort_by(|one, other| other.0.cmp(&one.0));
    let Some((best, route)) = fits.first() else { return Leads::Nowhere };
    // A hole in place of text: it may be this text, or what another route calls so.
    if best.contains(&Fit::May) {
        let several: Vec<usize> = fits.iter().map(|(_, route)| *route).collect();
        return Leads::Several(several);
    }
    Leads::To(*route)
}

fn fit(parts: &[String], route: &Pattern) -> Option<Vec<Fit>> {
    let mut fits = Vec::with_capacity(parts.len());
    let mut rest = parts;
    for segment in route.segments() {
        let (part, after) = match rest.split_first() {
            Some((part, after)) => (Some(part.as_str()), after),
            None => (None, rest),
        };
        match segment {
            Segment::Text(text) => fits.push(fit_text(part?, text, after.is_empty())?),
            Segment::Parameter => fits.push(part.map(|_| Fit::Parameter)?),
            Segment::Rest => {
                part?;
                fits.push(Fit::Rest);
                return Some(fits);
            }
            Segment::OptionalRest => {
                fits.push(Fit::Rest);
                return Some(fits);
            }
        }
        rest = after;
    }
    rest.is_empty().then_some(fits)
}

fn fit_text(part: &str, text: &str, last: bool) -> Option<Fit> {
    if part == text {
        return Some(Fit::Same);
    }
    let (before, after) = part.split_once(HOLE)?;
    // `/api/x${query}`: what follows the last part of a path is a query, as a rule.
    if last && after.chars().all(|letter| letter == HOLE) && before == text {
        return Some(Fit::Same);
    }
    let after = after.rsplit(HOLE).next().unwrap_or_default();
    let whole = text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after);
    whole.then_some(Fit::May)
}
