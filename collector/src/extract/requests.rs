//! Which spans are requests, and which spans belong to each. One request is one Call however many SERVER
//! spans it has. Whether a request is a Call, and of what, is not decided here.

use std::borrow::Cow;
use std::rc::Rc;

use super::attributes::Attributes;
use crate::trace::{Node, Trace};
use crate::wire::otlp::{CLIENT, SERVER};

/// Scope of the spans that the npm package makes around each request.
pub(super) const OWN_SCOPE: &str = "@pointsman/nextjs";

/// All requests of a Trace.
#[derive(Debug)]
pub(super) struct Requests<'a> {
    pub(super) trace: &'a Trace<'a>,
    pub(super) all: Vec<Request<'a>>,
}

/// One request that the app answered.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// Index of the span that stands for it.
    pub(super) at: usize,
    /// The span that stands for it.
    pub(super) node: &'a Node<'a>,
    /// Whether that is an own span of the npm package.
    pub(super) own: bool,
    /// What its SERVER spans say.
    pub(super) attributes: Attributes<'a>,
    /// HTTP method, upper case.
    pub(super) method: String,
    /// Path without query.
    pub(super) path: Option<String>,
    /// The path of the page whose data the Pages Router's client asked for.
    pub(super) data_of: Option<String>,
    /// The spans below it that belong to no other request, by start time, itself included.
    pub(super) spans: Vec<Below>,
    /// Index in [`Requests::all`] of the nearest request of the same service above it.
    pub(super) above: Option<usize>,
    /// Whether it began before that request ended: nobody but the app itself can have sent it.
    pub(super) within_above: bool,
    /// Whether Next.js passed it on to another worker of the app.
    pub(super) forwarded: bool,
    /// Whether a request span of Next.js belongs to it, its own one included.
    reached_next: bool,
}

/// A span that belongs to a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Below {
    /// Index in [`Trace::nodes`].
    pub(super) at: usize,
    /// Whether an outgoing call lies between it and the request.
    pub(super) beyond_call: bool,
}

/// To which request a span belongs.
#[derive(Clone, Copy)]
struct Owner {
    request: usize,
    beyond_call: bool,
}

impl<'a> Requests<'a> {
    /// Finds the requests of a Trace.
    pub(super) fn of(trace: &'a Trace<'a>) -> Self {
        let mut found = Self { trace, all: Vec::new() };
        let mut owners = vec![None; trace.nodes.len()];
        for at in trace.parents_first() {
            let Some(node) = trace.nodes.get(at) else { continue };
            let owner = found.place(at, node, &owners);
            if let Some(owner) = owner
                && let Some(request) = found.all.get_mut(owner.request)
            {
                request.spans.push(Below { at, beyond_call: owner.beyond_call });
                request.forwarded |= at != request.at && is_own(node) && is_forwarded(node);
                request.reached_next |= is_of_next(node);
            }
            if let Some(slot) = owners.get_mut(at) {
                *slot = owner;
            }
        }
        for request in &mut found.all {
            request.spans.sort_by_key(|below| below.at);
            // Outer spans come first: they started first, or they are the parents of the others.
            request.attributes.add(&request.node.span.attributes);
            for below in request.spans.iter().filter(|below| !below.beyond_call) {
                if let Some(node) = trace.nodes.get(below.at).filter(|node| answers(node)) {
                    request.attributes.add(&node.span.attributes);
                    request.path = request.path.take().or_else(|| path(node).map(Cow::into_owned));
                }
            }
        }
        found
    }

    /// The request that a span belongs to, a new one if it begins one; `None` if it belongs to none.
    fn place(&mut self, at: usize, node: &'a Node<'a>, owners: &[Option<Owner>]) -> Option<Owner> {
        let parent = node.parent.and_then(|parent| Some((parent, self.trace.nodes.get(parent)?)));
        let same_service = parent.is_some_and(|(_, parent)| {
            Rc::ptr_eq(&parent.origin.resource, &node.origin.resource)
                || parent.origin.service() == node.origin.service()
        });
        let inherited = parent.filter(|_| same_service).and_then(|(parent, _)| *owners.get(parent)?);
        let begins = if is_own(node) {
            !is_forwarded(node)
        } else {
            answers(node) && inherited.is_none_or(|owner| self.is_another(node, owner))
        };
        if begins && let Some(request) = self.request(at, node, inherited) {
            self.all.push(request);
            return Some(Owner { request: self.all.len() - 1, beyond_call: false });
        }
        let mut owner = inherited?;
        owner.beyond_call |= node.span.kind == CLIENT || is_own(node);
        Some(owner)
    }

    /// Whether a SERVER span below a request is a request of its own: the spans below an own span never
    /// are; otherwise one that is called from it, or answers another method or path. A server around Next.js may cut its own
    /// part off the path (`app.use('/docs', handle)` of Express): the first request that Next.js sees there is the same one.
    fn is_another(&self, node: &Node<'_>, owner: Owner) -> bool {
        let Some(request) = self.all.get(owner.request).filter(|request| !request.own) else { return false };
        let other_method = || method(node).is_some_and(|method| known_method(method) != request.method);
        let other_path =
            || path(node).zip(request.path.as_deref()).is_some_and(|(path, outer)| *path != *outer);
        owner.beyond_call || other_method() || (!request.mounts(node) && other_path())
    }

    fn request(&self, at: usize, node: &'a Node<'a>, inherited: Option<Owner>) -> Option<Request<'a>> {
        let above = inherited.map(|owner| owner.request);
        let path = path(node).map(Cow::into_owned);
        let above_end = above.and_then(|above| self.all.get(above)).map(|above| above.node.end_ns());
        Some(Request {
            at,
            node,
            own: is_own(node),
            attributes: Attributes::default(),
            method: known_method(method(node)?),
            data_of: path.as_deref().and_then(page_of_data),
            path,
            spans: Vec::new(),
            above,
            within_above: above_end.is_some_and(|end| node.start_ns() <= end),
            forwarded: false,
            reached_next: false,
        })
    }

    /// The span at an index.
    pub(super) fn node(&self, at: usize) -> Option<&'a Node<'a>> {
        self.trace.nodes.get(at)
    }
}

impl Request<'_> {
    /// Whether a span is the first one with which Next.js takes over a request that another server received.
    fn mounts(&self, node: &Node<'_>) -> bool {
        let during = (self.node.start_ns()..=self.node.end_ns()).contains(&node.start_ns());
        during && !self.reached_next && is_of_next(node)
    }

    /// Response status code.
    pub(super) fn status(&self) -> Option<u16> {
        let code = self.attributes.count("http.response.status_code");
        let code = code.or_else(|| self.attributes.count("http.status_code"))?;
        u16::try_from(code).ok().filter(|code| (100..600).contains(code))
    }

    /// Whether it asked for a file of the build, which is no Handler's work.
    pub(super) fn is_asset(&self) -> bool {
        let path = self.path.as_deref().unwrap_or_default();
        // A rewrite or a base path may stand before it.
        path.contains("/_next/") && self.data_of.is_none()
    }

    /// Whether request headers were captured, so that an absent one was really absent.
    pub(super) fn headers_captured(&self) -> bool {
        self.own || self.attributes.any_request_header()
    }
}

fn is_server(node: &Node<'_>) -> bool {
    node.span.kind == SERVER
}

fn is_own(node: &Node<'_>) -> bool {
    is_server(node) && node.origin.scope_name() == OWN_SCOPE
}

/// Whether a span is one of those that Next.js makes around a request: `BaseServer.handleRequest`, and around it
/// `Next.request` in newer versions.
fn is_of_next(node: &Node<'_>) -> bool {
    matches!(node.text("next.span_type"), Some("BaseServer.handleRequest" | "Next.request"))
}

/// Whether a span stands for an answered HTTP request of a JavaScript app. Next.js marks the span around
/// its proxy with `next.bubble`: it is no request, its status is always 200.
fn answers(node: &Node<'_>) -> bool {
    let language = || node.origin.text("telemetry.sdk.language");
    (is_server(node) || is_of_next(node))
        && method(node).is_some()
        && !node.flag("next.bubble")
        && language().is_none_or(|language| matches!(language, "nodejs" | "webjs" | ""))
}

/// Next.js passes an action that the posted page does not have on to the worker that has it: the same
/// request once more.
pub(super) fn is_forwarded(node: &Node<'_>) -> bool {
    let mut names = node.span.attributes.iter().map(|attribute| attribute.key);
    names.any(|name| {
        matches!(name, b"http.request.header.x-action-forwarded" | b"http.request.header.x_action_forwarded")
    })
}

fn method<'a>(node: &Node<'a>) -> Option<&'a str> {
    let method = node.text("http.request.method").or_else(|| node.text("http.method"));
    method.filter(|method| !method.is_empty())
}

/// The path of the page whose data a path names: `/shop/1` for `/_next/data/<build>/shop/1.json`.
fn page_of_data(path: &str) -> Option<String> {
    let (before, data) = path.split_once("/_next/data/")?;
    let (_, page) = data.strip_suffix(".json")?.split_once('/')?;
    let page = if page == "index" { "" } else { page };
    Some(if before.is_empty() || !page.is_empty() { format!("{before}/{page}") } else { before.to_owned() })
}

/// The path of a SERVER span, without query.
fn path<'a>(node: &Node<'a>) -> Option<Cow<'a, str>> {
    let names = ["url.path", "http.target", "url.full", "http.url"];
    let text = names.into_iter().find_map(|name| node.text(name).filter(|text| !text.is_empty()))?;
    let text = text.split(['?', '#']).next()?;
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => text,
    };
    Some(Cow::Borrowed(path))
}

/// A method as the conventions write it; what HTTP does not know is `_OTHER`.
pub(super) fn known_method(method: &str) -> String {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    let known = KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(method.trim()));
    known.unwrap_or("_OTHER").to_owned()
}
