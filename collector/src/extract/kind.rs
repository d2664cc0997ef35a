//! What kind of code answered, and its route. Whether a POST on a page was an action is `action`'s business.

use pointsman_store::{Handler, HandlerKind, neutral_path};

use super::requests::Request;
use super::shape::{NOT_FOUND_PAGE, Shape, is_error_route, is_not_found_route};

/// Kind and route of the code that answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) kind: HandlerKind,
    pub(super) route: String,
}

/// Finds kind and route: by what the package says, then by what ran, then by how the answer looks.
pub(super) fn find(request: &Request<'_>, shape: &Shape) -> Found {
    let Some(route) = route(request, shape) else {
        return unrouted(request);
    };
    let kind = declared(request).or_else(|| ran(shape)).unwrap_or_else(|| guessed(request, shape, &route));
    let file = route.strip_suffix("/route").filter(|_| kind == HandlerKind::RouteHandler);
    // The suffix is the file's name only where the router says so: a page may end in it too.
    let route = match file.filter(|_| shape.app_handler.is_some() || declared(request).is_some()) {
        Some("") => "/".to_owned(),
        Some(bare) => bare.to_owned(),
        None => route,
    };
    Found { kind, route }
}

/// What no route was looked up for: all of it together, but for what was redirected before, and files.
fn unrouted(request: &Request<'_>) -> Found {
    let route = match request.status() {
        Some(300..=399) => Handler::REDIRECTED,
        Some(200 | 206) if asks_for_a_file(request) => Handler::PUBLIC_FILES,
        _ => Handler::UNMATCHED,
    };
    Found { kind: HandlerKind::Unmatched, route: route.to_owned() }
}

/// Whether the last segment of its path has an extension.
fn asks_for_a_file(request: &Request<'_>) -> bool {
    let path = request.path.as_deref().unwrap_or_default();
    let extension =
        path.rsplit('/').next().and_then(|last| last.rsplit_once('.')).map(|(_, extension)| extension);
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    reads && extension.is_some_and(|extension| (1..=12).contains(&extension.len()))
}

/// The page that an action was posted from which no route answered: the not-found page, or the page that the proxy or an
/// error kept from being looked up, of which nothing but names is told.
pub(super) fn page_without_route(request: &Request<'_>) -> String {
    let named = request.attributes.any_text(&["http.route", "next.route"]);
    match &request.path {
        Some(path) if !named.is_some_and(is_not_found_route) && request.status() != Some(404) => {
            neutral_path(path)
        }
        _ => NOT_FOUND_PAGE.to_owned(),
    }
}

/// The route that matched; `None` where Next.js knew none.
fn route(request: &Request<'_>, shape: &Shape) -> Option<String> {
    let named = request.attributes.any_text(&["http.route", "next.route"]);
    match named.or(shape.handler_route.as_deref()) {
        Some(route) if is_not_found_route(route) => None,
        // The error page took the place of what failed.
        Some(route) if is_error_route(route) => {
            // Never the path: it is the visitor's, and names no route.
            shape.handler_route.as_ref().or(shape.looked_up.as_ref()).cloned()
        }
        // In the Pages Router such names are ordinary segments.
        Some(route) if shape.pages_handler.is_some() || shape.rendered_document => Some(route.to_owned()),
        Some(route) => Some(without_groups(route)),
        None => None,
    }
}

/// A route of the App Router without its groups and slots, which are folders and no part of any path. Next.js names a route
/// handler by its folders where it calls it itself, as for the pictures that `next/image` takes from the app.
fn without_groups(route: &str) -> String {
    let is_folder = |segment: &&str| {
        segment.starts_with('@') || (segment.starts_with('(') && segment.ends_with(')') && segment.len() > 2)
    };
    if !route.split('/').any(|segment| is_folder(&segment)) {
        return route.to_owned();
    }
    let kept: Vec<&str> = route.split('/').filter(|segment| !is_folder(segment)).collect();
    let joined = kept.join("/");
    if joined.is_empty() { "/".to_owned() } else { joined }
}

/// What the package says. After an error it may say `pages`, because the error page is one: then the spans
/// know better.
fn declared(request: &Request<'_>) -> Option<HandlerKind> {
    match request.attributes.text("pointsman.route.kind")? {
        "app_route" => Some(HandlerKind::RouteHandler),
        "pages_api" => Some(HandlerKind::PagesApi),
        "app_page" => Some(HandlerKind::Page),
        _ => None,
    }
}

fn ran(shape: &Shape) -> Option<HandlerKind> {
    if shape.app_handler.is_some() {
        Some(HandlerKind::RouteHandler)
    } else if shape.pages_handler.is_some() {
        Some(HandlerKind::PagesApi)
    } else if shape.rendered_body || shape.built_tree || shape.rendered_document {
        Some(HandlerKind::Page)
    } else {
        None
    }
}

/// Nothing ran: the answer came from a cache, or was a refusal. Of cached answers those of a route handler
/// begin with `startResponse`, HTML does not; RSC does too, but says that it is RSC.
fn guessed(request: &Request<'_>, shape: &Shape, route: &str) -> HandlerKind {
    let declared_page = request.attributes.text("pointsman.route.kind") == Some("pages");
    let rsc = request.attributes.flag("next.rsc") == Some(true)
        || request.attributes.request_header("rsc").is_some();
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    let media = request.attributes.media_type();
    let page_media = matches!(media.as_deref(), Some("text/html" | "text/x-component"));
    if declared_page || rsc || page_media || request.data_of.is_some() {
        HandlerKind::Page
    } else if reads && (shape.first_byte_ns.is_some() || media.is_some()) || below_api(route) {
        HandlerKind::RouteHandler
    } else {
        HandlerKind::Page
    }
}

/// Where both routers keep their API routes by convention.
fn below_api(route: &str) -> bool {
    route == "/api" || route.starts_with("/api/")
}
