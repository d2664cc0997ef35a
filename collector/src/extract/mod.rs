//! A Trace becomes Calls and facts about the app. What a Call means for anybody's code is not decided here.
//!
//! `requests` finds which spans are requests and what lies below each; `attributes` reads the telemetry
//! contract; `kind`, `action`, `form`, `agent`, `caller`, `work`, `children` and `signs` each answer one question about a
//! request; `facts` reads what is true of the app.

mod action;
mod agent;
mod attributes;
pub(crate) mod build_span;
mod caller;
mod children;
pub(crate) mod facts;
mod form;
mod kind;
mod operation;
mod origin;
mod requests;
mod sampling;
mod shape;
mod signs;
mod texts;
mod work;

use std::sync::Arc;

use pointsman_store::{Action, AppFact, Call, ClientKey, Handler, HandlerKind, InstanceKey, Sign};
use sha2::{Digest, Sha256};

use crate::trace::Trace;
use requests::{Request, Requests};
use shape::Shape;
use texts::Texts;

/// What a Trace tells.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Extraction {
    /// Its Calls, by start time.
    pub calls: Vec<Call>,
    /// What it says about the app.
    pub facts: Vec<AppFact>,
    /// Facts that were left out because a trace may tell only so many.
    pub facts_left_out: usize,
    /// Texts of Calls that were cut because they were too long.
    pub texts_cut: usize,
}

/// Finds the Calls of a Trace and the facts in it.
#[must_use]
pub fn calls(trace: &Trace<'_>) -> Extraction {
    let requests = Requests::of(trace);
    let mut texts = Texts::default();
    let found =
        requests.all.iter().filter_map(|request| Some((request, call(&requests, request, &mut texts)?)));
    let found: Vec<_> = found.collect();
    let (facts, facts_left_out) = facts::facts(trace, &found);
    let mut calls: Vec<_> = found.into_iter().map(|(_, call)| call).collect();
    calls.sort_by_key(|call| (call.start_ns, call.span));
    // They wait for their commit with those of many other traces, most of which have one.
    calls.shrink_to_fit();
    Extraction { calls, facts, facts_left_out, texts_cut: texts.cut }
}

/// The Call of a request; `None` for what is no Call: assets, and what has not ended.
fn call(requests: &Requests<'_>, request: &Request<'_>, texts: &mut Texts) -> Option<Call> {
    let node = request.node;
    let attributes = &request.attributes;
    if !node.has_ended() || request.is_asset() {
        return None;
    }
    let shape = Shape::of(requests, request);
    let found = kind::find(request, &shape);
    let method = request.method.clone();
    let status = request.status();
    let (found, action) = with_action(found, request, &shape);
    let kind = if action.is_some() { HandlerKind::ServerAction } else { found.kind };
    let form = form::find(request, &shape, kind, action.as_ref().map(|action| action.via));
    let agent = attributes.agent().map(agent::read);
    let caller = caller::find(request, agent.as_ref().map(|agent| agent.program), found.kind, status);
    let work = work::find(requests, request);
    let children = children::find(requests, request);
    let request_bytes = request_bytes(request);
    let malformed = action.as_ref().is_some_and(|action| action.malformed);
    let action = action.map(|action| action.identity);
    let signs = signs::find(&signs::Seen {
        request,
        shape: &shape,
        kind,
        action: action.as_ref(),
        malformed,
        work: &work,
        status,
        request_bytes,
        waterfall: children.one_after_the_other,
    });
    let unknown_action = signs.has(Sign::ActionNotFound).then(|| facts::action_id(request)).flatten();
    let handler = Handler {
        service: texts.bounded(node.origin.service().to_owned(), texts::NAME),
        environment: texts.optional(facts::environment(&node.origin).map(str::to_owned), texts::NAME),
        kind,
        operation: texts.optional(operation::find(request, kind, &found.route), texts::NAME),
        route: texts.bounded(found.route, texts::NAME),
        method: handler_method(kind, request),
        action: action.map(|action| bounded_action(action, texts)),
    };
    Some(Call {
        handler: Arc::new(handler),
        trace: requests.trace.id,
        span: node.id,
        start_ns: node.start_ns(),
        duration_ns: node.duration_ns(),
        method,
        status,
        form,
        caller,
        agent: agent.and_then(|agent| agent.family),
        client: attributes.hex("pointsman.client.key").map(ClientKey),
        instance: facts::instance(request).map(|name| InstanceKey(key_of(&name))),
        path: texts.optional(request.data_of.clone().or_else(|| request.path.clone()), texts::PATH),
        page: texts.optional(origin::page(request), texts::PATH),
        request_bytes,
        response_bytes: response_bytes(request),
        request_key: attributes.hex("pointsman.request.key"),
        response_hash: attributes.hex("pointsman.response.hash"),
        media_type: texts.optional(attributes.media_type(), texts::WORD),
        signature: texts.optional(attributes.signature().map(str::to_owned), texts::WORD),
        origin: texts.optional(origin::foreign_host(request), texts::HOST),
        first_byte_ns: first_byte_ns(request, &shape),
        self_fetches: work.self_fetches,
        self_fetch_overhead_ns: work.self_fetch_overhead_ns,
        database_ns: children.database_ns,
        outgoing_ns: children.outgoing_ns,
        child_ns: children.both_ns,
        sampling: sampling::of(node.trace_state()),
        requests_seen: attributes.count("pointsman.requests.seen"),
        writes: attributes.count("pointsman.response.writes"),
        body_ns: attributes.count("pointsman.response.body_ns"),
        network: attributes.hex("pointsman.client.network_key").map(ClientKey),
        unknown_action: texts.optional(unknown_action, texts::WORD),
        use_cache_hits: small(attributes.count("pointsman.use_cache.hits")),
        use_cache_misses: small(attributes.count("pointsman.use_cache.misses")),
        use_cache_fills: small(attributes.count("pointsman.use_cache.fills")),
        signs,
    })
}

fn bounded_action(action: Action, texts: &mut Texts) -> Action {
    match action {
        Action::Export { file, name } => {
            Action::Export { file: texts.bounded(file, texts::NAME), name: texts.bounded(name, texts::NAME) }
        }
        Action::Id(id) => Action::Id(texts.bounded(id, texts::WORD)),
        Action::Unnamed | Action::NotFound => action,
    }
}

/// The action that a page was asked for, with its page. Actions posted from pages that no route answered (the not-found page;
/// what the proxy redirected) are known by their own names only.
fn with_action(
    found: kind::Found,
    request: &Request<'_>,
    shape: &Shape,
) -> (kind::Found, Option<action::Found>) {
    let action = || action::find(request, shape);
    match found.kind {
        HandlerKind::Page => (found, action()),
        HandlerKind::Unmatched => match action().filter(action::Found::is_named) {
            Some(action) => {
                let route = kind::page_without_route(request);
                (kind::Found { kind: HandlerKind::Page, route }, Some(action))
            }
            None => (found, None),
        },
        _ => (found, None),
    }
}

/// The method that identifies the Handler: HEAD counts under GET, a preflight under what it asks for.
fn handler_method(kind: HandlerKind, request: &Request<'_>) -> String {
    if kind == HandlerKind::Unmatched {
        return Handler::UNMATCHED.to_owned();
    }
    match request.method.as_str() {
        "HEAD" => "GET".to_owned(),
        "OPTIONS" => {
            let asked = request.attributes.request_header("access-control-request-method");
            asked.map_or_else(|| "OPTIONS".to_owned(), requests::known_method)
        }
        method => method.to_owned(),
    }
}

fn request_bytes(request: &Request<'_>) -> Option<u64> {
    let attributes = &request.attributes;
    let length = || attributes.request_header("content-length")?.trim().parse().ok();
    attributes
        .count("http.request.body.size")
        .or_else(|| attributes.count("http.request_content_length"))
        .or_else(length)
}

fn response_bytes(request: &Request<'_>) -> Option<u64> {
    let attributes = &request.attributes;
    let length = || attributes.response_header("content-length")?.trim().parse().ok();
    attributes
        .count("http.response.body.size")
        .or_else(|| attributes.count("http.response_content_length"))
        .or_else(length)
}

/// From the request's start to the first byte of the response, ns: as the package counted it on the wire, else as Next.js
/// says when it began to answer.
fn first_byte_ns(request: &Request<'_>, shape: &Shape) -> Option<u64> {
    let of_next = || shape.first_byte_ns.map(|at| at.saturating_sub(request.node.start_ns()));
    request.attributes.count("pointsman.response.first_byte_ns").or_else(of_next)
}

/// A count that a sender may have made larger than anything counts.
fn small(count: Option<u64>) -> Option<u32> {
    count.map(|count| u32::try_from(count).unwrap_or(u32::MAX))
}

/// A stable 64-bit key of a name.
fn key_of(name: &str) -> u64 {
    let digest = Sha256::digest(name.as_bytes());
    digest.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
}
