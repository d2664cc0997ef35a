//! Which requests in the code lead to which handlers, and which cannot be tied to one.

use std::collections::BTreeSet;

use foldhash::HashSet;
use pointsman_store::{CallSite, Definition, HandlerKind, How, Place, Side, Unresolved, Why};

use crate::actions::side;
use crate::code::Code;
use crate::handlers::Route;
use crate::module::Request;
use crate::url::{Base, HOLE, Leads, Piece, UrlPath, lead, path_of, texts};

const MOST_GUESSES: usize = 8;

/// Adds call sites to the handlers, and gives what could not be tied to one.
pub(crate) fn tie(
    code: &Code,
    routes: &[Route],
    handlers: &mut [Definition],
    base_path: Option<&str>,
    client: &HashSet<String>,
) -> Vec<Unresolved> {
    let mut unresolved = BTreeSet::new();
    for (file, module) in &code.modules {
        for request in &module.requests {
            let by_callee = request.callee.as_ref().and_then(|callee| code.method_of(file, callee));
            let method = request.method.as_deref().or(by_callee);
            let found = resolve(code, file, (request, method), routes, base_path);
            let site = |how| CallSite {
                place: Place { file: file.clone(), line: request.line },
                how,
                method: method.map(str::to_owned),
                side: side(file, client),
                refreshes: request.refreshes,
            };
            for answer in found {
                let why = match answer {
                    Answer::Route(route, how) => match answering(&routes[route], handlers, method) {
                        Ok(all) => {
                            all.into_iter().for_each(|at| handlers[at].call_sites.push(site(how)));
                            continue;
                        }
                        Err(()) if is_sure(request.how) => (Why::NoSuchMethod, vec![route]),
                        Err(()) => continue,
                    },
                    Answer::Open(Why::UrlAtRuntime, _) if side(file, client) == Side::Server => continue,
                    Answer::Open(why, routes) => (why, routes),
                };
                let (why, guesses) = why;
                let may_be =
                    guesses.iter().take(MOST_GUESSES).map(|at| routes[*at].pattern.as_str().to_owned());
                unresolved.insert(Unresolved {
                    place: Place { file: file.clone(), line: request.line },
                    how: request.how,
                    why,
                    may_be: may_be.collect(),
                });
            }
        }
    }
    for handler in handlers {
        handler.call_sites.sort();
        handler.call_sites.dedup();
    }
    unresolved.into_iter().collect()
}

/// Where one of a request's URLs leads.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Route(usize, How),
    Open(Why, Vec<usize>),
}

fn resolve(
    code: &Code,
    file: &str,
    (request, method): (&Request, Option<&str>),
    routes: &[Route],
    base_path: Option<&str>,
) -> BTreeSet<Answer> {
    let mut answers = BTreeSet::new();
    let mut anything = false;
    for url in request.urls.iter().flat_map(|url| code.filled(file, url, 0)) {
        for text in texts(&url) {
            anything |= text.chars().any(|letter| letter != HOLE);
            let Some(path) = path_of(&url, &text, base_path) else { continue };
            if path.base == Base::Foreign || path.parts.is_empty() {
                continue;
            }
            let how = match url.first() {
                // A client with a base of its own.
                Some(Piece::Text(_)) if request.how == How::Helper && is_client(request) => How::Axios,
                _ => request.how,
            };
            let mut leads = lead(&path, routes.iter().map(|route| &route.pattern).enumerate());
            if leads == Leads::Nowhere
                && let Some(inner) = below_api(request, method, &path)
            {
                leads = match lead(&inner, routes.iter().map(|route| &route.pattern).enumerate()) {
                    Leads::To(route) => Leads::To(route),
                    Leads::Several(_) | Leads::Nowhere => Leads::Nowhere,
                };
            }
            answers.extend(answer(leads, &path, request.how, how));
        }
    }
    if !anything && is_sure(request.how) && !matches!(request.how, How::Form | How::Swr | How::Query) {
        answers.insert(Answer::Open(Why::UrlAtRuntime, Vec::new()));
    }
    answers
}

/// `get("/links/1")` of an app whose own function puts `/api` before what it is given.
fn below_api(request: &Request, method: Option<&str>, path: &UrlPath) -> Option<UrlPath> {
    let first = path.parts.first()?;
    let may_be = request.how == How::Helper && method.is_some() && path.base == Base::Own;
    let known = first != "api" && !first.contains(HOLE);
    (may_be && known).then(|| {
        let parts = std::iter::once("api".to_owned()).chain(path.parts.iter().cloned()).collect();
        UrlPath { base: Base::Own, parts }
    })
}

fn answer(leads: Leads, path: &UrlPath, asked: How, how: How) -> Option<Answer> {
    match (leads, path.base) {
        (Leads::To(route), Base::Own) => Some(Answer::Route(route, how)),
        (Leads::To(route), _) if is_sure(asked) => Some(Answer::Open(Why::UnknownBase, vec![route])),
        // One unknown part alone is anything.
        (Leads::Several(_), _) if path.parts.iter().all(|part| part.starts_with(HOLE)) => None,
        (Leads::Several(several), Base::Own) if is_sure(asked) => {
            Some(Answer::Open(Why::SeveralRoutes, several))
        }
        (Leads::Several(several), _) if is_sure(asked) => Some(Answer::Open(Why::UnknownBase, several)),
        (Leads::Nowhere, Base::Own)
            if is_sure(asked) && path.parts.first().is_some_and(|part| part == "api") =>
        {
            Some(Answer::Open(Why::NoSuchRoute, Vec::new()))
        }
        _ => None,
    }
}

/// `api.get("/x")`: a member of an imported client.
fn is_client(request: &Request) -> bool {
    request.urls.iter().any(
        |url| matches!(url.first(), Some(Piece::Constant { name, .. }) if name.ends_with(crate::url::BASE)),
    )
}

/// Whether this is a request for certain, so that an unknown target is worth mentioning.
fn is_sure(how: How) -> bool {
    matches!(
        how,
        How::Fetch
            | How::Axios
            | How::Ky
            | How::Swr
            | How::Query
            | How::Beacon
            | How::EventSource
            | How::Form
    )
}

/// The handlers of a route that answer a method; all of them if the method is not known.
fn answering(route: &Route, handlers: &[Definition], method: Option<&str>) -> Result<Vec<usize>, ()> {
    let answers = |at: &usize| {
        let handler = &handlers[*at];
        match (method, handler.method.as_deref()) {
            (None, _) | (_, None) => true,
            (Some("HEAD"), Some(own)) => own == "HEAD" || own == "GET",
            (Some(asked), Some(own)) => asked == own,
        }
    };
    let all: Vec<usize> = route.handlers.iter().copied().filter(answers).collect();
    let known = |at: &usize| handlers[*at].kind == HandlerKind::PagesApi || handlers[*at].method.is_some();
    if all.is_empty() && route.handlers.iter().all(known) { Err(()) } else { Ok(all) }
}
