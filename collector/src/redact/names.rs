//! What happens to which attribute, by its name. What may be stored is a list, of headers and of other names; every other
//! name is left out. What becomes of the text of a value is `text`'s business.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use super::allowed::ALLOWED;
use super::marks::Mark;

/// What happens to an attribute of some name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rule {
    pub(crate) treatment: Treatment,
    /// What it tells of a request, which may have to be kept when the attribute goes.
    pub(crate) mark: Option<Mark>,
}

/// What happens to the value of an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Treatment {
    /// It goes.
    Drop,
    /// It stays: a word, a number, a flag. A text that looks like an address, a URL with a query or an e-mail address
    /// does not stay as it is.
    Word,
    /// It stays as it is: the source says it, no request does. A pattern of the proxy may hold `?` and `#`.
    OfBuild,
    /// The user agent stays.
    Agent,
    /// A host stays, without a user before it.
    Host,
    /// A path or URL loses everything from the first `?`, `#` or `;`, and the segments that may name a person.
    Path,
    /// The page that called: a path if it is on the app's own host, else its origin.
    Referer,
    /// The name of a span loses what a path loses.
    SpanName,
    /// Only the first keyword of a statement or an operation stays.
    Keyword,
    /// A file stays if its path is relative, as the app's own are.
    File,
    /// Only the first word stays, before any parameter.
    FirstWord,
    /// Only that it was there stays.
    Presence,
    /// Only its keyed hash stays.
    Hash,
}

impl Treatment {
    /// Whether a number or a flag may stay as it is: of what only texts can be, it tells nothing that is meant.
    pub(crate) fn takes_numbers(self) -> bool {
        matches!(self, Self::Word | Self::OfBuild)
    }
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
const RESPONSE_HEADERS: [&str; 27] = [
    "access-control-allow-origin",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-type",
    "etag",
    "link",
    "location",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "vary",
    "x-action-redirect",
    "x-action-revalidated",
    "x-nextjs-action-not-found",
    "x-nextjs-cache",
    "x-nextjs-postponed",
    "x-nextjs-prerender",
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
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

/// Where the host that was asked may stand, as the browser knows it first.
const HOSTS: [&str; 5] = [
    "http.request.header.x-forwarded-host",
    "http.request.header.host",
    "server.address",
    "http.host",
    "net.host.name",
];

const REQUEST_HEADER: &str = "http.request.header.";
const RESPONSE_HEADER: &str = "http.response.header.";

/// What happens to an attribute that is on no list.
const UNKNOWN: Rule = Rule { treatment: Treatment::Drop, mark: None };

/// What happens to the attribute of this name, as it stands on the wire.
pub(crate) fn rule(key: &[u8]) -> Rule {
    static KNOWN: LazyLock<HashMap<Vec<u8>, Rule, RandomState>> =
        LazyLock::new(|| known().into_iter().map(|(key, rule)| (key.into_bytes(), rule)).collect());
    KNOWN.get(key).copied().unwrap_or(UNKNOWN)
}

/// The rules of all names that are known: those that may be stored, and those that tell something before they go.
fn known() -> HashMap<String, Rule> {
    let mut known = HashMap::new();
    for (prefix, headers) in
        [(REQUEST_HEADER, &REQUEST_HEADERS[..]), (RESPONSE_HEADER, &RESPONSE_HEADERS[..])]
    {
        for header in headers {
            let rule = Rule { treatment: of_header(header), mark: None };
            known.insert(format!("{prefix}{header}"), rule);
        }
    }
    for group in ALLOWED {
        let rule = Rule { treatment: group.treatment, mark: None };
        known.extend(group.names.iter().map(|name| ((*name).to_owned(), rule)));
    }
    for (key, mark) in marks() {
        known.entry(key).or_insert(UNKNOWN).mark = Some(mark);
    }
    // Older conventions wrote `_` for `-` in the names of headers.
    let older = known.iter().filter_map(|(key, rule)| {
        let (before, header) = key.split_once(".header.")?;
        Some((format!("{before}.header.{}", header.replace('-', "_")), *rule))
    });
    let older: Vec<_> = older.collect();
    known.extend(older);
    known
}

/// What tells something of a request.
fn marks() -> Vec<(String, Mark)> {
    let mut marks: Vec<(String, Mark)> = Vec::new();
    let mut add = |key: &str, mark| marks.push((key.to_owned(), mark));
    (0..).zip(ADDRESSES).for_each(|(rank, key)| add(key, Mark::Address(rank)));
    (0..).zip(AGENTS).for_each(|(rank, key)| add(key, Mark::Agent(rank)));
    (0..).zip(STATEMENTS).for_each(|(rank, key)| add(key, Mark::Statement(rank)));
    (0..).zip(HOSTS).for_each(|(rank, key)| add(key, Mark::Host(rank)));
    for name in API_KEY_HEADERS {
        add(&format!("{REQUEST_HEADER}{name}"), Mark::ApiKey);
    }
    for (rank, name) in (0..).zip(SIGNATURE_HEADERS) {
        add(&format!("{REQUEST_HEADER}{name}"), Mark::Signature(rank, name));
    }
    for (key, mark) in [
        ("http.request.header.cookie", Mark::Cookie),
        ("http.request.header.authorization", Mark::Authorization),
        ("http.request.header.referer", Mark::Referer),
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
        add(key, mark);
    }
    marks
}

/// What happens to the value of a header that is on one of the lists.
fn of_header(header: &str) -> Treatment {
    match header {
        "location" | "x-action-redirect" => Treatment::Path,
        "referer" => Treatment::Referer,
        "content-disposition" | "content-type" => Treatment::FirstWord,
        "host" | "x-forwarded-host" | "origin" => Treatment::Host,
        "user-agent" => Treatment::Agent,
        "etag" | "if-none-match" | "link" => Treatment::Presence,
        _ if header.contains("ratelimit") || header.contains("rate-limit") => Treatment::Presence,
        _ => Treatment::Word,
    }
}
