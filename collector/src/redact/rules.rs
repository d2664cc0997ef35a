//! What happens to which attribute. Headers pass by a list of names; everything else by what is known to be
//! personal, and by what a value looks like: a URL loses its query, an address goes.

use std::net::{IpAddr, SocketAddr};

use opentelemetry_proto::tonic::common::v1::KeyValue;

use super::text;

/// What happens to an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Treatment {
    /// It stays, unless its value looks like an address; a URL loses query, fragment and user.
    Keep,
    /// It stays with whatever it holds, except queries: the app's own host.
    KeepHost,
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
const REQUEST_HEADERS: [&str; 24] = [
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

/// What happens to the attribute of this name.
pub(super) fn treatment(key: &str) -> Treatment {
    if let Some(header) = key.strip_prefix("http.request.header.") {
        return header_treatment(&header.replace('_', "-"), &REQUEST_HEADERS);
    }
    if let Some(header) = key.strip_prefix("http.response.header.") {
        return header_treatment(&header.replace('_', "-"), &RESPONSE_HEADERS);
    }
    match key {
        "http.target" | "http.url" | "url.full" | "url.path" => Treatment::Path,
        "next.span_name" | "resource.name" | "operation.name" => Treatment::Name,
        "db.statement" | "db.query.text" | "sql.query" => Treatment::Statement,
        "server.address" | "net.host.name" | "net.host.ip" | "http.host" | "http.server_name" => {
            Treatment::KeepHost
        }
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
pub(super) fn names_a_person_or_machine(key: &str) -> bool {
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

/// Treats a text in place; whether it may stay.
pub(super) fn treat_text(treatment: Treatment, text: &mut String) -> bool {
    match treatment {
        Treatment::Drop => return false,
        Treatment::Keep if is_address(text) => return false,
        Treatment::Keep | Treatment::KeepHost => {
            if text.contains("://") || text.starts_with('/') {
                cut_url(text, &['?', '#']);
            }
        }
        Treatment::Path => cut_url(text, &['?', '#', ';']),
        Treatment::Name => cut_name(text),
        Treatment::Statement => *text = first_keyword(text),
        Treatment::FirstPart => truncate_at(text, &[';', ',']),
        Treatment::Presence => "1".clone_into(text),
    }
    true
}

fn is_address(text: &str) -> bool {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok()
}

/// Cuts what follows the path, and the user before the host.
fn cut_url(text: &mut String, ends: &[char]) {
    truncate_at(text, ends);
    let Some(scheme) = text.find("://") else { return };
    let authority = scheme + 3;
    let host_end =
        text.get(authority..).and_then(|rest| rest.find('/')).map_or(text.len(), |at| authority + at);
    if let Some(user_end) = text.get(authority..host_end).and_then(|part| part.rfind('@')) {
        text.replace_range(authority..=authority + user_end, "");
    }
}

fn truncate_at(text: &mut String, ends: &[char]) {
    if let Some(at) = text.find(ends) {
        text.truncate(at);
        text.truncate(text.trim_end().len());
    }
}

/// Cuts the query out of every word of a name: `GET /a?b=c` becomes `GET /a`.
pub(super) fn cut_name(name: &mut String) {
    if name.contains('?') {
        let words = name.split(' ').map(|word| word.split('?').next().unwrap_or_default());
        *name = words.collect::<Vec<_>>().join(" ");
    }
}

/// The first keyword of a statement in any query language: letters, after comments and brackets. For a
/// `WITH` the statement that follows it, and the one that writes if there are several.
pub(super) fn first_keyword(statement: &str) -> String {
    let mut rest = statement.trim_start();
    while let Some(comment) = rest.strip_prefix("/*").and_then(|rest| rest.split_once("*/")) {
        rest = comment.1.trim_start();
    }
    while let Some(comment) = rest.strip_prefix("--").and_then(|rest| rest.split_once('\n')) {
        rest = comment.1.trim_start();
    }
    let mut words = rest.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    if !first.eq_ignore_ascii_case("with") {
        return first.chars().take(32).collect();
    }
    let verbs = ["INSERT", "UPDATE", "DELETE", "MERGE", "SELECT"];
    let verb = words.filter_map(|word| verbs.iter().position(|verb| word.eq_ignore_ascii_case(verb))).min();
    verb.and_then(|verb| verbs.get(verb)).map_or_else(|| first.to_owned(), |verb| (*verb).to_owned())
}

/// The credentials whose values are about to go, as words of the telemetry contract.
pub(super) fn credentials(attributes: &[KeyValue]) -> Vec<String> {
    let header = |name: &str| text(attributes, &format!("http.request.header.{name}"));
    let mut found = Vec::new();
    if header("cookie").is_some() {
        found.push("cookie".to_owned());
    }
    if let Some(value) = header("authorization") {
        let scheme = value.split(' ').next().unwrap_or_default().to_ascii_lowercase();
        let word = match scheme.as_str() {
            "bearer" | "basic" => scheme,
            _ => "signature:authorization".to_owned(),
        };
        found.push(word);
    }
    if API_KEY_HEADERS.iter().any(|name| header(name).is_some()) {
        found.push("api-key".to_owned());
    }
    let signature = SIGNATURE_HEADERS.iter().find(|name| header(name).is_some());
    found.extend(signature.map(|name| format!("signature:{name}")));
    found
}
