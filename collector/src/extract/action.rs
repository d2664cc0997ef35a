//! Whether a request to a page was a server action, and which one.

use pointsman_store::Action;

use super::requests::Request;
use super::shape::Shape;

/// A server action that a request asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) identity: Action,
    pub(super) via: Via,
    /// The id was not one that Next.js makes.
    pub(super) malformed: bool,
}

/// How an action was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Via {
    /// By JavaScript, with the header `next-action`.
    Fetch,
    /// By a form without JavaScript.
    Form,
}

/// The action that a POST to a page asked for; `None` for any other request.
pub(super) fn find(request: &Request<'_>, shape: &Shape) -> Option<Found> {
    if request.method != "POST" {
        return None;
    }
    let attributes = &request.attributes;
    let header = attributes.request_header("next-action");
    let id = attributes.text("next.action.id").or(header);
    let via = match (attributes.text("pointsman.action.via"), header) {
        (Some("form"), None) => Via::Form,
        (Some("header"), _) | (_, Some(_)) => Via::Fetch,
        // A name or an id without a word on how it came.
        _ if attributes.request_header("sec-fetch-mode") == Some("navigate") => Via::Form,
        _ => Via::Fetch,
    };
    let export = export(request);
    if id.is_none() && export.is_none() {
        return unnamed(request, shape);
    }
    let malformed = id.is_some_and(|id| !is_well_formed(id));
    let identity = match (export, id) {
        _ if malformed => Action::NotFound,
        (None, Some(id)) if is_unknown(request, shape, id, via) => Action::NotFound,
        (Some(export), _) => export,
        (None, Some(id)) => Action::Id(id.to_ascii_lowercase()),
        (None, None) => Action::Unnamed,
    };
    Some(Found { identity, via, malformed })
}

/// Name and file, where the app's manifest gave them. A name without a file tells actions apart only where the npm package
/// says it: it sends no name that two actions of a build have.
fn export(request: &Request<'_>) -> Option<Action> {
    let attributes = &request.attributes;
    let name = attributes.any_text(&["code.function.name", "code.function"])?;
    let file = attributes.any_text(&["code.file.path", "code.filepath"]).or(request.own.then_some(""))?;
    (attributes.has("next.action.id") || attributes.request_header("next-action").is_some())
        .then(|| Action::Export { file: file.to_owned(), name: name.to_owned() })
}

/// Ids are hex: 40 digits in Next.js 14, 42 from 15 on.
fn is_well_formed(id: &str) -> bool {
    matches!(id.len(), 40 | 42) && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether the app did not know an id for which telemetry has no name.
fn is_unknown(request: &Request<'_>, shape: &Shape, id: &str, via: Via) -> bool {
    let attributes = &request.attributes;
    if attributes.response_header("x-nextjs-action-not-found").is_some() {
        return true;
    }
    let html = attributes.media_type().as_deref() == Some("text/html");
    match (via, request.status()) {
        // Next.js 16.4 and later; before, 404 too: an action that calls notFound() renders the page.
        (_, Some(409)) => true,
        (Via::Fetch, Some(404)) => !shape.built_tree,
        // Next.js 14 answers the page as if nothing had been asked.
        (Via::Fetch, Some(200)) => html,
        // Next.js 14 and 15 answer the error page, as for an action that throws. Ids of 42 digits are those
        // of 15, whose manifest names every action it has.
        (Via::Form, Some(500)) => id.len() == 42 && html,
        _ => false,
    }
}

impl Found {
    /// Whether it is known which action it was without knowing the page it was posted to.
    pub(super) fn is_named(&self) -> bool {
        matches!(self.identity, Action::Export { .. } | Action::Id(_))
    }
}

/// Plain Next.js spans: a POST to a page that rendered no HTML was an action called by JavaScript. With
/// HTML nothing tells a form without JavaScript from any other POST, unless Next.js says that an action ran.
fn unnamed(request: &Request<'_>, shape: &Shape) -> Option<Found> {
    let told = request.own || request.attributes.media_type().as_deref() == Some("text/html");
    let rendered = shape.rendered_body || shape.rendered_document;
    if shape.ran_action {
        let via = if rendered { Via::Form } else { Via::Fetch };
        return Some(Found { identity: Action::Unnamed, via, malformed: false });
    }
    let refused = request.status() == Some(405);
    let silent = !told && !rendered && !refused;
    silent.then_some(Found { identity: Action::Unnamed, via: Via::Fetch, malformed: false })
}
