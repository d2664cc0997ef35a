//! What a request did beyond itself, from its child spans: reads and writes elsewhere, and requests to its
//! own app.

use std::collections::BTreeMap;

use super::requests::{Request, Requests};
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
    for below in request.spans.iter().filter(|below| below.at != request.at) {
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
        if is_called_here && !is_of_next(called) {
            let fetch = outermost_call(requests, called, request).unwrap_or(called.at);
            *fetches.entry(fetch).or_insert(0) += ran_ns(requests, called);
        }
    }
    fetches
}

/// Whether Next.js made the request, not the app's code: it fetches the target of an action's redirect from itself,
/// and forwards actions.
fn is_of_next(called: &Request<'_>) -> bool {
    let header = |name| called.attributes.request_header(name).is_some();
    header("rsc") || header("next-action") || called.attributes.flag("next.rsc") == Some(true)
}

/// Of the outgoing calls between two requests the one that the caller's own code made.
fn outermost_call(requests: &Requests<'_>, called: &Request<'_>, caller: &Request<'_>) -> Option<usize> {
    let mut outermost = None;
    let mut at = called.node.parent;
    while let Some(here) = at.filter(|here| *here != caller.at) {
        let node = requests.node(here)?;
        if node.span.kind == CLIENT {
            outermost = Some(here);
        }
        at = node.parent;
    }
    outermost
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
