//! What happens to which attribute, by its name. Headers pass by a list; everything else by what is known to be
//! personal. What a text looks like is looked at elsewhere.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use super::marks::Mark;
use crate::extract::build_span;

/// What happens to an attribute of some name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rule {
    pub(crate) treatment: Treatment,
    /// What it tells of a request, which may have to be kept when the attribute goes.
    pub(crate) mark: Option<Mark>,
}

/// What happens to the texts of an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Treatment {
    /// It stays, unless its value looks like an address; a URL loses query, fragment and user.
    Keep,
    /// It stays with whatever it holds, except queries: the app's own host.
    KeepHost,
    /// It stays as it is: the source says it, no request does. A pattern of the proxy may hold `?` and `#`.
    OfBuild,
    /// It goes.
    Drop,
    /// It loses everything from the first `?`, `#` or `;`.
    Path,
    /// A name loses the queries in it.
    Name,
    /// Only the first keyword of a statement stays.
    Statement,
    /// Only the part before the first `;` stays.
    FirstPart,
    /// Only that it was there stays.
    Presence,
}

/// Request headers whose values are kept: those of the telemetry contract, and sizes.
const REQUEST_HEADERS: [&str; 25] = [
    "accept",
    "access-control-request-method",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "if-none-match",
    "next-action",
    "next-router-prefetch",
    "next-router-segment-prefetch",
    "origin",
    "purpose",
    "range",
    "referer",
    "rsc",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-purpose",
    "service-worker",
    "user-agent",
    "x-action-forwarded",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-middleware-prefetch",
];

/// Response headers whose values are kept.
const RESPONSE_HEADERS: [&str; 17] = [
    "access-control-allow-origin",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-type",
    "etag",
    "link",
    "location",
    "retry-after",
    "vary",
    "x-action-redirect",
    "x-action-revalidated",
    "x-nextjs-action-not-found",
    "x-nextjs-cache",
    "x-nextjs-postponed",
    "x-nextjs-prerender",
];

/// Headers that carry an API key.
const API_KEY_HEADERS: [&str; 5] = ["x-api-key", "api-key", "apikey", "x-auth-token", "x-access-token"];

/// Headers in which webhooks carry their signature.
const SIGNATURE_HEADERS: [&str; 19] = [
    "stripe-signature",
    "svix-signature",
    "svix-id",
    "webhook-signature",
    "x-hub-signature-256",
    "x-hub-signature",
    "x-slack-signature",
    "x-shopify-hmac-sha256",
    "x-twilio-signature",
    "paypal-transmission-sig",
    "upstash-signature",
    "linear-signature",
    "x-signature",
    "x-signature-ed25519",
    "x-webhook-signature",
    "x-vercel-signature",
    "x-gitlab-token",
    "x-telegram-bot-api-secret-token",
    "x-square-hmacsha256-signature",
];

/// Where a client's address may stand: forwarded ones first, because behind a proxy the peer is the proxy.
const ADDRESSES: [&str; 11] = [
    "http.request.header.x-forwarded-for",
    "http.request.header.forwarded",
    "http.request.header.x-real-ip",
    "http.request.header.cf-connecting-ip",
    "http.request.header.true-client-ip",
    "client.address",
    "http.client_ip",
    "client.socket.address",
    "network.peer.address",
    "net.sock.peer.addr",
    "net.peer.ip",
];

/// Where the user agent may stand.
const AGENTS: [&str; 3] = ["user_agent.original", "http.user_agent", "http.request.header.user-agent"];

/// Where a statement of a database may stand.
const STATEMENTS: [&str; 2] = ["db.query.text", "db.statement"];

const REQUEST_HEADER: &str = "http.request.header.";
const RESPONSE_HEADER: &str = "http.response.header.";

/// What happens to the attribute of this name.
pub(crate) fn rule(key: &str) -> Rule {
    static KNOWN: LazyLock<HashMap<String, Rule, RandomState>> = LazyLock::new(known);
    KNOWN.get(key).copied().unwrap_or_else(|| Rule { treatment: treatment(key), mark: None })
}

/// The rules of all names that tell something, and of those that often occur.
fn known() -> HashMap<String, Rule, RandomState> {
    let mut known = HashMap::default();
    let mut add = |key: &str, mark: Option<Mark>| {
        let rule = Rule { treatment: treatment(key), mark };
        // Older conventions wrote `_` for `-` in the names of headers.
        if let Some((before, header)) = key.split_once(".header.") {
            known.insert(format!("{before}.header.{}", header.replace('-', "_")), rule);
        }
        known.insert(key.to_owned(), rule);
    };
    REQUEST_HEADERS.iter().for_each(|name| add(&format!("{REQUEST_HEADER}{name}"), None));
    RESPONSE_HEADERS.iter().for_each(|name| add(&format!("{RESPONSE_HEADER}{name}"), None));
    (0..).zip(ADDRESSES).for_each(|(rank, key)| add(key, Some(Mark::Address(rank))));
    (0..).zip(AGENTS).for_each(|(rank, key)| add(key, Some(Mark::Agent(rank))));
    (0..).zip(STATEMENTS).for_each(|(rank, key)| add(key, Some(Mark::Statement(rank))));
    for name in API_KEY_HEADERS {
        add(&format!("{REQUEST_HEADER}{name}"), Some(Mark::ApiKey));
    }
    for (rank, name) in (0..).zip(SIGNATURE_HEADERS) {
        add(&format!("{REQUEST_HEADER}{name}"), Some(Mark::Signature(rank, name)));
    }
    for (key, mark) in [
        ("http.request.header.cookie", Mark::Cookie),
        ("http.request.header.authorization", Mark::Authorization),
        ("http.response.header.set-cookie", Mark::SetCookie),
        ("http.target", Mark::Url),
        ("http.url", Mark::Url),
        ("url.full", Mark::Url),
        ("url.query", Mark::Query),
        ("pointsman.client.key", Mark::HasClientKey),
        ("pointsman.key.scope", Mark::HasKeyScope),
        ("pointsman.request.credentials", Mark::HasCredentials),
        ("pointsman.request.query_names", Mark::HasQueryNames),
        ("pointsman.response.sets_cookie", Mark::HasSetsCookie),
    ] {
        add(key, Some(mark));
    }
    known
}

fn treatment(key: &str) -> Treatment {
    if let Some(header) = key.strip_prefix(REQUEST_HEADER) {
        return header_treatment(&header.replace('_', "-"), &REQUEST_HEADERS);
    }
    if let Some(header) = key.strip_prefix(RESPONSE_HEADER) {
        return header_treatment(&header.replace('_', "-"), &RESPONSE_HEADERS);
    }
    match key {
        "http.target" | "http.url" | "url.full" | "url.path" => Treatment::Path,
        "next.span_name" | "resource.name" | "operation.name" => Treatment::Name,
        "db.statement" | "db.query.text" | "sql.query" => Treatment::Statement,
        "server.address" | "net.host.name" | "net.host.ip" | "http.host" | "http.server_name" => {
            Treatment::KeepHost
        }
        _ if build_span::is_list(key) => Treatment::OfBuild,
        _ if goes(key) => Treatment::Drop,
        _ => Treatment::Keep,
    }
}

fn header_treatment(header: &str, kept: &[&str]) -> Treatment {
    match header {
        "referer" | "location" | "x-action-redirect" => Treatment::Path,
        "content-disposition" | "link" => Treatment::FirstPart,
        "if-none-match" => Treatment::Presence,
        "host" | "x-forwarded-host" | "origin" => Treatment::KeepHost,
        _ if kept.contains(&header) => Treatment::Keep,
        _ if header.contains("ratelimit") || header.contains("rate-limit") => Treatment::Presence,
        _ => Treatment::Drop,
    }
}

fn goes(key: &str) -> bool {
    const EXACT: [&str; 25] = [
        "url.query",
        "url.fragment",
        "client.address",
        "client.port",
        "client.socket.address",
        "http.client_ip",
        "network.peer.address",
        "network.peer.port",
        "net.sock.peer.addr",
        "net.sock.peer.name",
        "net.sock.peer.port",
        "net.peer.ip",
        "source.address",
        "exception.message",
        "exception.stacktrace",
        "error.message",
        "error.stack",
        "session.id",
        "session.previous_id",
        "db.user",
        "db.connection_string",
        "graphql.document",
        "graphql.source",
        "message",
        "next.request.query",
    ];
    const PREFIXES: [&str; 8] = [
        "enduser.",
        "user.",
        "db.query.parameter.",
        "db.operation.parameter.",
        "db.statement.",
        "db.postgresql.values",
        "graphql.variables",
        "http.request.body.text",
    ];
    EXACT.contains(&key)
        || PREFIXES.iter().any(|prefix| key.starts_with(prefix))
        || names_a_person_or_machine(key)
}

/// Attributes of a resource that say who runs it, with which arguments, on which hardware.
pub(crate) fn names_a_person_or_machine(key: &str) -> bool {
    const NAMES: [&str; 8] = [
        "process.command",
        "process.command_args",
        "process.command_line",
        "process.owner",
        "process.executable.path",
        "process.working_directory",
        "host.ip",
        "host.mac",
    ];
    NAMES.contains(&key) || key.starts_with("process.environment_variable.")
}
