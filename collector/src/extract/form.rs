//! In which form a request reached its Handler.

use pointsman_store::{Form, HandlerKind};

use super::action::Via;
use super::origin;
use super::requests::Request;
use super::shape::Shape;

/// The form of a request.
pub(super) fn find(request: &Request<'_>, shape: &Shape, kind: HandlerKind, action: Option<Via>) -> Form {
    match (kind, request.method.as_str()) {
        (_, "OPTIONS") => Form::Preflight,
        (HandlerKind::ServerAction, _) if action == Some(Via::Form) => Form::ActionForm,
        (HandlerKind::ServerAction, _) => Form::ActionFetch,
        (_, "HEAD") => Form::Probe,
        (HandlerKind::Page, "GET") => page(request),
        (HandlerKind::Page, "POST") => Form::PagePost,
        (HandlerKind::Page, _) if shape.rendered_body => Form::PagePost,
        _ => Form::Plain,
    }
}

/// Documents, and the requests of the client router.
fn page(request: &Request<'_>) -> Form {
    let header = |name| request.attributes.request_header(name).is_some();
    let rsc = header("rsc") || request.data_of.is_some() || request.attributes.flag("next.rsc") == Some(true);
    let prefetch = header("next-router-prefetch") || header("next-router-segment-prefetch");
    // The client router's headers on a request of the app itself: nobody but Next.js sends them from there.
    let of_next = rsc && request.above.is_some() && request.within_above;
    if header("next-action") || of_next {
        Form::Internal
    } else if !rsc {
        document(request)
    } else if prefetch || origin::is_speculative(request) {
        Form::Prefetch
    } else if request.headers_captured() {
        Form::Rsc
    } else {
        Form::RscOrPrefetch
    }
}

/// A document is what a tab or a frame asked for, or what holds HTML where nothing says who asked: an image that a proxy
/// redirected to a page, or a script that fetched the page's HTML, shows nobody a page.
fn document(request: &Request<'_>) -> Form {
    let attributes = &request.attributes;
    let shown = match attributes.request_header("sec-fetch-dest") {
        Some(destination) => matches!(destination, "document" | "iframe" | "frame" | "fencedframe"),
        None => attributes
            .media_type()
            .is_none_or(|media| matches!(&*media, "text/html" | "application/xhtml+xml")),
    };
    match shown {
        true if origin::is_speculative(request) => Form::Speculation,
        true => Form::Document,
        false => Form::Plain,
    }
}
