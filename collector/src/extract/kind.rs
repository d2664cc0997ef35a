//! What kind of code answered, and its route. Whether a POST on a page was an action is `action`'s business.

use pointsman_store::HandlerKind;

use super::UNMATCHED;
use super::requests::Request;
use super::shape::{Shape, is_error_route, is_not_found_route};
use super::signs;

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

/// What no route was looked up for: all of it together, but for the page of an action that a proxy redirected before.
fn unrouted(request: &Request<'_>) -> Found {
    match &request.path {
        Some(page) if signs::redirected_by_proxy(request) => {
            Found { kind: HandlerKind::Page, route: page.clone() }
        }
        _ => Found { kind: HandlerKind::Unmatched, route: UNMATCHED.to_owned() },
    }
}

/// The route that matched; `None` where Next.js knew none.
fn route(request: &Request<'_>, shape: &Shape) -> Option<String> {
    let named = request.attributes.any_text(&["http.route", "next.route"]);
    match named.or(shape.handler_route.as_deref()) {
        Some(route) if is_not_found_route(route) => None,
        // The error page took the place of what failed.
        Some(route) if is_error_route(route) => {
            match shape.handler_route.as_ref().or(shape.looked_up.as_ref()) {
                Some(failed) => Some(failed.clone()),
                None if request.status() == Some(404) => None,
                None => request.path.clone(),
            }
        }
        Some(route) => Some(route.to_owned()),
        None => None,
    }
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
    if declared_page || rsc || page_media {
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
