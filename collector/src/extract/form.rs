//! In which form a request reached its Handler.

use pointsman_store::{Form, HandlerKind};

use super::action::Via;
use super::requests::Request;
use super::shape::Shape;

/// The form of a request.
pub(super) fn find(request: &Request<'_>, shape: &Shape, kind: HandlerKind, action: Option<Via>) -> Form {
    match (kind, request.method.as_str()) {
        (_, "OPTIONS") => Form::Preflight,
        (HandlerKind::ServerAction, _) if action == Some(Via::Form) => Form::ActionForm,
        (HandlerKind::ServerAction, _) => Form::ActionFetch,
        (HandlerKind::Page, "GET" | "HEAD") => page(request),
        (HandlerKind::Page, "POST") => Form::PagePost,
        (HandlerKind::Page, _) if shape.rendered_body => Form::PagePost,
        _ => Form::Plain,
    }
}

/// Documents, and the requests of the client router.
fn page(request: &Request<'_>) -> Form {
    let header = |name| request.attributes.request_header(name).is_some();
    let rsc = header("rsc") || request.attributes.flag("next.rsc") == Some(true);
    let prefetch = header("next-router-prefetch") || header("next-router-segment-prefetch");
    if header("next-action") {
        Form::Internal
    } else if !rsc {
        Form::Document
    } else if prefetch {
        Form::Prefetch
    } else if request.headers_captured() {
        Form::Rsc
    } else {
        Form::RscOrPrefetch
    }
}
