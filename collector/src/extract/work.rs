//! What a request did beyond itself, from its child spans: reads and writes elsewhere, and requests to its
//! own app.

use std::collections::{BTreeMap, BTreeSet};

use pointsman_store::HandlerKind;

use super::requests::{Request, Requests, is_forwarded};
use super::shape::Shape;
use super::{kind, origin};
use crate::trace::Node;
use crate::wire::otlp::{CLIENT, PRODUCER};

/// What a request did beyond itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Work {
    pub(super) reads: bool,
    pub(super) writes: bool,
    pub(super) self_fetches: u32,
    pub(super) self_fetch_overhead_ns: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Read,
    Write,
}

/// First words of operations that read, lower case: SQL, MongoDB, Redis, DynamoDB, Prisma.
const READS: [&str; 50] = [
    "select",
    "show",
    "explain",
    "describe",
    "values",
    "find",
    "findone",
    "findfirst",
    "findfirstorthrow",
    "findmany",
    "findunique",
    "findunique_or_throw",
    "finduniqueorthrow",
    "aggregate",
    "count",
    "countdocuments",
    "estimateddocumentcount",
    "distinct",
    "groupby",
    "getmore",
    "listcollections",
    "listindexes",
    "get",
    "mget",
    "hget",
    "hmget",
    "hgetall",
    "hkeys",
    "hvals",
    "exists",
    "keys",
    "scan",
    "smembers",
    "sismember",
    "scard",
    "lrange",
    "llen",
    "zrange",
    "zrangebyscore",
    "zscore",
    "zcard",
    "ttl",
    "strlen",
    "getitem",
    "batchgetitem",
    "query",
    "transactgetitems",
    "head",
    "getobject",
    "search",
];

/// First words of operations that write.
const WRITES: [&str; 71] = [
    "insert",
    "update",
    "delete",
    "merge",
    "replace",
    "upsert",
    "truncate",
    "copy",
    "create",
    "alter",
    "drop",
    "insertone",
    "insertmany",
    "updateone",
    "updatemany",
    "deleteone",
    "deletemany",
    "replaceone",
    "findandmodify",
    "findoneandupdate",
    "findoneanddelete",
    "findoneandreplace",
    "bulkwrite",
    "createmany",
    "createmanyandreturn",
    "updatemanyandreturn",
    "executeraw",
    "set",
    "setex",
    "setnx",
    "psetex",
    "mset",
    "getset",
    "getdel",
    "append",
    "incr",
    "incrby",
    "incrbyfloat",
    "decr",
    "decrby",
    "del",
    "unlink",
    "expire",
    "expireat",
    "pexpire",
    "persist",
    "rename",
    "hset",
    "hmset",
    "hsetnx",
    "hdel",
    "hincrby",
    "lpush",
    "rpush",
    "lpop",
    "rpop",
    "lrem",
    "lset",
    "ltrim",
    "sadd",
    "srem",
    "spop",
    "zadd",
    "zrem",
    "zincrby",
    "xadd",
    "publish",
    "putitem",
    "updateitem",
    "deleteitem",
    "putobject",
];

/// Sums up what the spans below a request did.
pub(super) fn find(requests: &Requests<'_>, request: &Request<'_>) -> Work {
    let mut work = Work::default();
    let of_next = fetches_of_next(requests, request);
    for below in request.spans.iter().filter(|below| below.at != request.at && !of_next.contains(&below.at)) {
        if let Some(node) = requests.node(below.at) {
            match effect(node) {
                Some(Effect::Read) => work.reads = true,
                Some(Effect::Write) => work.writes = true,
                None => {}
            }
        }
    }
    for (fetch, ran_ns) in self_fetches(requests, request) {
        let took_ns = requests.node(fetch).map_or(0, Node::duration_ns);
        work.self_fetches = work.self_fetches.saturating_add(1);
        let beyond_ns = took_ns.saturating_sub(ran_ns);
        work.self_fetch_overhead_ns = work.self_fetch_overhead_ns.saturating_add(beyond_ns);
    }
    work
}

/// Whether a child span is known to write.
pub(super) fn writes(node: &Node<'_>) -> bool {
    effect(node) == Some(Effect::Write)
}

fn effect(node: &Node<'_>) -> Option<Effect> {
    let kind = node.span.kind;
    if kind == PRODUCER {
        return Some(Effect::Write);
    }
    let database = ["db.operation.name", "db.operation", "db.query.summary", "db.query.text", "db.statement"];
    if let Some(operation) = database.into_iter().find_map(|name| node.text(name)) {
        return of_operation(operation);
    }
    if node.span.name == b"prisma:client:operation" {
        return node.text("method").and_then(of_operation);
    }
    if kind != CLIENT {
        return None;
    }
    if let Some(operation) = node.text("rpc.method").filter(|_| node.text("rpc.system") == Some("aws-api")) {
        return of_operation(operation);
    }
    let method = node.text("http.request.method").or_else(|| node.text("http.method"))?;
    match method.to_ascii_uppercase().as_str() {
        "GET" | "HEAD" => Some(Effect::Read),
        "POST" | "PUT" | "PATCH" | "DELETE" => Some(Effect::Write),
        _ => None,
    }
}

/// The effect of an operation by its first word.
fn of_operation(operation: &str) -> Option<Effect> {
    let word = operation.split(|c: char| !c.is_ascii_alphabetic()).find(|word| !word.is_empty())?;
    let word = word.to_ascii_lowercase();
    if READS.contains(&word.as_str()) {
        Some(Effect::Read)
    } else {
        WRITES.contains(&word.as_str()).then_some(Effect::Write)
    }
}

/// Outgoing calls of a request that reached requests of its own service, each with how long the handlers
/// behind it ran. Where nothing but the called request tells of the outgoing call, it stands for it.
fn self_fetches(requests: &Requests<'_>, request: &Request<'_>) -> BTreeMap<usize, u64> {
    let mut fetches = BTreeMap::new();
    for called in &requests.all {
        let is_called_here = called
            .above
            .and_then(|above| requests.all.get(above))
            .is_some_and(|above| above.at == request.at);
        if is_called_here && !is_of_next(called) && ran_code(requests, called) {
            let fetch = outermost_call(requests, called, request).unwrap_or(called.at);
            *fetches.entry(fetch).or_insert(0) += ran_ns(requests, called);
        }
    }
    fetches
}

/// Whether code of the app answered. A file of the folder `public` has no function that could be called in its place, nor has a path
/// that nothing answers.
fn ran_code(requests: &Requests<'_>, called: &Request<'_>) -> bool {
    !called.is_asset() && kind::find(called, &Shape::of(requests, called)).kind != HandlerKind::Unmatched
}

/// Outgoing calls below a request that Next.js made by itself, not the app's code: above all to the target of an action's
/// redirect. Theirs is no work of the handler.
pub(super) fn fetches_of_next(requests: &Requests<'_>, request: &Request<'_>) -> BTreeSet<usize> {
    if request.spans.len() < 2 {
        return BTreeSet::new();
    }
    let called_here = |called: &&Request<'_>| {
        let above = called.above.and_then(|above| requests.all.get(above));
        above.is_some_and(|above| above.at == request.at) && is_of_next(called)
    };
    // Most traces hold one request only.
    let others = if requests.all.len() > 1 { requests.all.as_slice() } else { &[] };
    let mut found: BTreeSet<usize> = others
        .iter()
        .filter(called_here)
        .flat_map(|called| calls_between(requests, called, request))
        .collect();
    if request.forwarded {
        let again = request
            .spans
            .iter()
            .filter_map(|below| requests.node(below.at))
            .filter(|node| is_forwarded(node));
        found.extend(again.flat_map(|node| calls_above(requests, node.parent, request)));
        let spans = request.spans.iter().map(|below| below.at);
        found.extend(spans.filter(|at| requests.node(*at).is_some_and(|node| passes_on(node, request))));
    }
    if let Some(target) = redirected_to(request) {
        let fetches = request
            .spans
            .iter()
            .map(|below| below.at)
            .filter(|at| requests.node(*at).is_some_and(|node| fetches_redirect(node, target, request)));
        found.extend(fetches);
    }
    found
}

/// Where an action's answer sends its client; empty where it redirects and nothing says where to.
fn redirected_to<'a>(request: &Request<'a>) -> Option<&'a str> {
    let attributes = &request.attributes;
    let named =
        attributes.response_header("x-action-redirect").or_else(|| attributes.response_header("location"));
    let redirects =
        request.status() == Some(303) || attributes.response_header("x-action-redirect").is_some();
    (request.method == "POST" && redirects).then(|| named.unwrap_or_default())
}

/// Whether a span is Next.js' own fetch of a redirect's target from the app itself.
fn fetches_redirect(node: &Node<'_>, target: &str, request: &Request<'_>) -> bool {
    let path_of =
        |text: &str| text.split(['?', '#', ';']).next().unwrap_or_default().trim_end_matches('/').to_owned();
    fetched_from_itself(node, request)
        .is_some_and(|path| target.is_empty() || path_of(path) == path_of(target))
}

/// Whether a span is the POST by which Next.js passes an action on. Its other end may not be below it: the trace goes on from
/// the request.
fn passes_on(node: &Node<'_>, request: &Request<'_>) -> bool {
    let method = node.text("http.request.method").or_else(|| node.text("http.method"));
    method == Some("POST") && fetched_from_itself(node, request).is_some()
}

/// The path that a fetch of Next.js asks the app itself for; `None` for any other span.
fn fetched_from_itself<'a>(node: &'a Node<'_>, request: &Request<'_>) -> Option<&'a str> {
    if node.text("next.span_type") != Some("AppRender.fetch") {
        return None;
    }
    let url = node.text("url.full").or_else(|| node.text("http.url"))?;
    let (_, rest) = url.split_once("://")?;
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    origin::is_own_or_loopback(request, host).then_some(path)
}

/// The outgoing calls between two requests.
fn calls_between(requests: &Requests<'_>, called: &Request<'_>, caller: &Request<'_>) -> Vec<usize> {
    calls_above(requests, called.node.parent, caller)
}

/// The outgoing calls from a span up to a request.
fn calls_above(requests: &Requests<'_>, from: Option<usize>, caller: &Request<'_>) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = from;
    while let Some(here) = at.filter(|here| *here != caller.at) {
        let Some(node) = requests.node(here) else { break };
        let of_next = node.text("next.span_type") == Some("AppRender.fetch");
        found.extend((node.span.kind == CLIENT || of_next).then_some(here));
        at = node.parent;
    }
    found
}

/// Whether Next.js made the request, not the app's code: it fetches the target of an action's redirect from itself,
/// and forwards actions.
fn is_of_next(called: &Request<'_>) -> bool {
    let header = |name| called.attributes.request_header(name).is_some();
    header("rsc") || header("next-action") || called.attributes.flag("next.rsc") == Some(true)
}

/// Of the outgoing calls between two requests the one that the caller's own code made.
fn outermost_call(requests: &Requests<'_>, called: &Request<'_>, caller: &Request<'_>) -> Option<usize> {
    let mut clients = calls_between(requests, called, caller).into_iter();
    clients.rfind(|at| requests.node(*at).is_some_and(|node| node.span.kind == CLIENT))
}

/// How long the called handler itself ran. Where no handler ran (a page, an answer from a cache) all of the
/// answering counts, so that nothing is called overhead that might be work.
fn ran_ns(requests: &Requests<'_>, called: &Request<'_>) -> u64 {
    let below = || called.spans.iter().filter(|below| !below.beyond_call);
    let nodes = || below().filter_map(|below| requests.node(below.at));
    let handler = nodes().find(|node| {
        matches!(node.text("next.span_type"), Some("AppRouteRouteHandlers.runHandler" | "Node.runHandler"))
    });
    let inner = || {
        let inner =
            nodes().find(|node| node.text("next.route").is_some() && node.text("http.method").is_some());
        inner.unwrap_or(called.node)
    };
    handler.unwrap_or_else(inner).duration_ns()
}
