//! Yes-or-no facts about a Call. Which of them speak for or against anything is decided elsewhere.

use pointsman_store::{Action, HandlerKind, Sign, Signs};

use super::agent;
use super::facts;
use super::origin;
use super::requests::Request;
use super::response_bytes;
use super::shape::Shape;
use super::work::Work;

/// What is known of a request when its signs are read.
pub(super) struct Seen<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) shape: &'a Shape,
    pub(super) kind: HandlerKind,
    pub(super) action: Option<&'a Action>,
    pub(super) malformed: bool,
    pub(super) work: &'a Work,
    pub(super) status: Option<u16>,
    pub(super) request_bytes: Option<u64>,
    pub(super) waterfall: bool,
}

/// What an action accepts unless the app says otherwise, bytes: Next.js' `serverActions.bodySizeLimit`.
const BODY_LIMIT: u64 = 1 << 20;

/// What nginx and those who follow it answer in place of an app whose client went away.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// All signs of a request.
pub(super) fn find(seen: &Seen<'_>) -> Signs {
    let mut signs = Signs::NONE;
    credentials(seen, &mut signs);
    of_client(seen, &mut signs);
    of_request(seen, &mut signs);
    of_response(seen, &mut signs);
    of_action(seen, &mut signs);
    let request = seen.request;
    signs.set(Sign::OwnSpan, request.own);
    signs.set(Sign::HeadersCaptured, request.headers_captured());
    signs.set(Sign::ResponseHeadersCaptured, request.own || request.attributes.any_response_header());
    signs.set(Sign::SharedKey, request.attributes.text("pointsman.key.scope") == Some("shared"));
    signs.set(Sign::Reads, seen.work.reads);
    signs.set(Sign::Writes, seen.work.writes);
    signs.set(Sign::CalledByOwnServer, request.above.is_some() && request.within_above);
    signs.set(Sign::ProxyRan, seen.shape.proxy_ran);
    signs.set(Sign::Failed, failed(seen));
    signs.set(Sign::ClientGone, client_gone(seen));
    signs.set(Sign::BodyTooLarge, body_too_large(seen));
    signs.set(Sign::Waterfall, seen.waterfall);
    signs.set(Sign::PagesRouter, seen.kind == HandlerKind::Page && by_pages_router(seen));
    signs.set(Sign::AppRouter, seen.kind == HandlerKind::Page && by_app_router(seen));
    signs
}

/// Whether the client went away before the response was finished; why it did, nothing tells: Chromium aborts some actions
/// that have succeeded.
fn client_gone(seen: &Seen<'_>) -> bool {
    let aborted = seen.request.own && seen.request.node.text("error.type") == Some("aborted");
    aborted || seen.status == Some(CLIENT_CLOSED_REQUEST)
}

/// Whether the body was larger than what was accepted: a route says 413, an action fails with 500.
fn body_too_large(seen: &Seen<'_>) -> bool {
    let over = || {
        let limit = facts::body_limit(seen.request).unwrap_or(BODY_LIMIT);
        seen.request_bytes.is_some_and(|bytes| bytes > limit)
    };
    match seen.status {
        Some(413) => true,
        Some(500) => seen.kind == HandlerKind::ServerAction && over(),
        _ => false,
    }
}

fn failed(seen: &Seen<'_>) -> bool {
    // OpenTelemetry's StatusCode ERROR; a client's fault (4xx) leaves a server's span unset.
    let error = seen.request.node.failed();
    match seen.status {
        Some(status) => status >= 500 || (error && status < 400),
        None => error,
    }
}

fn credentials(seen: &Seen<'_>, signs: &mut Signs) {
    // The package sends an empty list where a request carried none.
    signs.set(Sign::CredentialsTold, seen.request.attributes.has("pointsman.request.credentials"));
    for word in seen.request.attributes.credentials() {
        match word {
            "cookie" => *signs |= Sign::Cookie,
            // A session's cookie is a cookie, whether its sender says so twice or not.
            "session" => *signs = *signs | Sign::Cookie | Sign::SessionCookie,
            "bearer" => *signs |= Sign::Bearer,
            "basic" => *signs |= Sign::Basic,
            "api-key" => *signs |= Sign::ApiKey,
            _ => {}
        }
    }
}

/// What the package says of how it tells clients and sessions apart.
fn of_client(seen: &Seen<'_>, signs: &mut Signs) {
    const SETS_SESSION: &str = "pointsman.response.sets_session_cookie";
    let attributes = &seen.request.attributes;
    let basis = attributes.text("pointsman.client.key_basis");
    if basis == Some("session") {
        *signs = *signs | Sign::Cookie | Sign::SessionCookie;
    }
    let told = attributes.has(SETS_SESSION) || basis.is_some() || signs.has(Sign::SessionCookie);
    signs.set(Sign::SessionsTold, told);
    signs.set(Sign::SetsSessionTold, attributes.has(SETS_SESSION));
    signs.set(Sign::SetsSessionCookie, attributes.flag(SETS_SESSION) == Some(true));
    signs.set(Sign::KeyOfSession, basis == Some("session"));
    signs.set(Sign::KeyOfAddress, basis == Some("address"));
    signs.set(Sign::ForwardedUntrusted, attributes.flag("pointsman.client.forwarded") == Some(true));
    signs.set(Sign::RemoteUnsampled, attributes.flag("pointsman.remote.unsampled") == Some(true));
}

fn of_request(seen: &Seen<'_>, signs: &mut Signs) {
    let attributes = &seen.request.attributes;
    let header = |name| attributes.request_header(name);
    let embedded = header("sec-fetch-dest").is_some_and(is_embedded) || header("range").is_some();
    signs.set(Sign::Navigate, header("sec-fetch-mode") == Some("navigate"));
    signs.set(Sign::NoCors, header("sec-fetch-mode") == Some("no-cors"));
    signs.set(Sign::Subresource, embedded);
    signs.set(Sign::Conditional, header("if-none-match").is_some());
    signs.set(Sign::Worker, origin::is_of_worker(seen.request));
    let by_router =
        header("next-router-prefetch").or_else(|| header("next-router-segment-prefetch")).is_some();
    signs.set(Sign::Speculative, origin::is_speculative(seen.request));
    signs.set(Sign::Prefetched, by_router || origin::is_speculative(seen.request));
    signs.set(Sign::NullOrigin, header("origin") == Some("null"));
    signs.set(Sign::UnlikeItsBrowser, is_unlike_its_browser(seen.request));
    signs.set(Sign::HostTold, origin::is_host_known(seen.request));
    signs.set(Sign::OriginMismatch, origin::same_host(seen.request) == Some(false));
    let names = attributes.texts("pointsman.request.query_names");
    let link = |name: &&str| matches!(*name, "code" | "state" | "token" | "session_id");
    signs.set(Sign::LinkQuery, names.iter().any(link));
}

/// Whether it changes something and names a browser and the app's own origin over HTTPS, but not the site from which it comes, as
/// that browser does with every request. Only the package is known to capture that.
fn is_unlike_its_browser(request: &Request<'_>) -> bool {
    let header = |name| request.attributes.request_header(name);
    request.own
        && matches!(&*request.method, "POST" | "PUT" | "PATCH" | "DELETE")
        && header("origin").is_some_and(|origin| origin.starts_with("https://"))
        && ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"]
            .into_iter()
            .all(|name| header(name).is_none())
        && origin::same_host(request) == Some(true)
        && request.attributes.agent().is_some_and(agent::names_its_site)
}

/// Destinations of the Fetch standard that embed a resource into a page.
fn is_embedded(destination: &str) -> bool {
    matches!(
        destination,
        "audio"
            | "audioworklet"
            | "embed"
            | "fencedframe"
            | "font"
            | "frame"
            | "iframe"
            | "image"
            | "manifest"
            | "object"
            | "paintworklet"
            | "script"
            | "serviceworker"
            | "sharedworker"
            | "style"
            | "track"
            | "video"
            | "worker"
            | "xslt"
    )
}

fn of_response(seen: &Seen<'_>, signs: &mut Signs) {
    let attributes = &seen.request.attributes;
    let header = |name| attributes.response_header(name);
    let has = |name| header(name).is_some();
    let disposition = header("content-disposition");
    let attached = disposition.is_some_and(|value| value.trim_start().starts_with("attachment"));
    let media = attributes.media_type();
    let stream = media.as_deref().is_some_and(is_stream_or_binary);
    let limited = attributes
        .response_header_names()
        .any(|name| name.contains("ratelimit") || name.contains("rate-limit"));
    signs.set(Sign::Disposition, disposition.is_some());
    signs.set(Sign::StreamOrBinary, stream || attached || seen.status == Some(206));
    signs.set(Sign::CacheHit, header("x-nextjs-cache").is_some_and(|value| matches!(value, "HIT" | "STALE")));
    signs.set(Sign::CacheMiss, header("x-nextjs-cache") == Some("MISS"));
    signs.set(Sign::CacheControl, has("cache-control"));
    signs.set(Sign::CacheAllowed, header("cache-control").is_some_and(allows_caching));
    signs.set(
        Sign::SetsCookie,
        has("set-cookie") || attributes.flag("pointsman.response.sets_cookie") == Some(true),
    );
    signs.set(Sign::AllowsOrigin, has("access-control-allow-origin"));
    signs.set(Sign::HeaderContract, has("retry-after") || has("link") || limited);
}

/// Bodies that only a route can answer.
fn is_stream_or_binary(media: &str) -> bool {
    const EXACT: [&str; 16] = [
        "text/event-stream",
        "text/csv",
        "text/calendar",
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/json-seq",
        "application/stream+json",
        "application/x-json-stream",
        "multipart/x-mixed-replace",
        "application/octet-stream",
        "application/pdf",
        "application/zip",
        "application/gzip",
        "application/x-tar",
        "application/vnd.apple.mpegurl",
    ];
    let family = media.split('/').next().unwrap_or_default();
    EXACT.contains(&media)
        || matches!(family, "image" | "audio" | "video" | "font")
        || media.starts_with("application/vnd.openxmlformats")
        || media.starts_with("application/vnd.ms-")
}

/// Whether `cache-control` lets anyone keep the answer. Source: RFC 9111, section 5.2.2.
fn allows_caching(value: &str) -> bool {
    let mut allowed = false;
    for directive in value.split(',') {
        let directive = directive.trim().to_ascii_lowercase();
        match directive.split_once('=') {
            Some(("s-maxage" | "max-age", seconds)) => {
                allowed |= seconds.trim_matches('"').parse::<u64>().is_ok_and(|seconds| seconds > 0);
            }
            None if directive == "public" => allowed = true,
            None if directive == "no-store" => return false,
            _ => {}
        }
    }
    allowed
}

/// An action's answer up to this size, bytes, holds a result and no page, whatever `x-action-revalidated` says: the header
/// alone comes also where another worker answered, or where a cookie of the proxy made Next.js think that something
/// changed. [judgement] A result alone was measured at 60 to 130 bytes.
const SMALL_ANSWER: u64 = 1_000;

fn of_action(seen: &Seen<'_>, signs: &mut Signs) {
    if seen.kind != HandlerKind::ServerAction {
        return;
    }
    let attributes = &seen.request.attributes;
    let not_found = seen.action == Some(&Action::NotFound);
    signs.set(Sign::ActionMalformed, seen.malformed);
    signs.set(Sign::ActionNotFound, not_found && !seen.malformed);
    let header = attributes.response_header("x-action-redirect").is_some();
    let moved = matches!(seen.status, Some(301..=303 | 307 | 308));
    let by_proxy = redirected_by_proxy(seen.request);
    signs.set(Sign::RedirectedByProxy, by_proxy);
    signs.set(Sign::Redirected, (header || moved) && !by_proxy);
    signs.set(Sign::CachedFunction, is_cached_function(seen.request));
    signs.set(Sign::Forwarded, seen.request.forwarded);
    let content = attributes.media_type().as_deref() == Some("text/x-component");
    signs.set(Sign::RedirectedWithContent, header && content);
    let revalidated = attributes.response_header("x-action-revalidated").map(revalidated);
    let bytes =
        attributes.count("pointsman.response.uncompressed_size").or_else(|| response_bytes(seen.request));
    let came_along = bytes.is_none_or(|bytes| bytes > SMALL_ANSWER);
    signs.set(Sign::Rerendered, seen.shape.built_tree || (revalidated == Some(true) && came_along));
    let only_refreshed = attributes.response_header("x-action-revalidated").map(str::trim) == Some("2");
    signs.set(Sign::DropsPrefetches, revalidated == Some(true) && !only_refreshed);
}

/// Whether a proxy redirected an action's request: actions called by JavaScript name their own redirects in
/// `x-action-redirect`, whatever the status.
pub(super) fn redirected_by_proxy(request: &Request<'_>) -> bool {
    let attributes = &request.attributes;
    let told = request.own || attributes.any_response_header();
    let called = request.method == "POST" && attributes.request_header("next-action").is_some();
    let moved = matches!(request.status(), Some(301..=303 | 307 | 308));
    told && called && moved && attributes.response_header("x-action-redirect").is_none()
}

/// Whether an action's id names a `'use cache'` function. Source: next `server-reference-info.js`: the first bit of ids
/// of 42 digits.
fn is_cached_function(request: &Request<'_>) -> bool {
    let attributes = &request.attributes;
    let id = attributes.text("next.action.id").or_else(|| attributes.request_header("next-action"));
    let first = id.filter(|id| id.len() == 42).and_then(|id| u8::from_str_radix(id.get(..2)?, 16).ok());
    first.is_some_and(|byte| byte & 0x80 != 0)
}

/// Whether the App Router rendered the page: by what is declared, by its spans, or because only it answers RSC. Its client asks
/// for RSC before it knows whose page a link leads to: a document that the Pages Router rendered for that stays its own.
fn by_app_router(seen: &Seen<'_>) -> bool {
    let rendered = seen.shape.rendered_body || seen.shape.built_tree;
    let attributes = &seen.request.attributes;
    let rsc = attributes.request_header("rsc").is_some() || attributes.flag("next.rsc") == Some(true);
    rendered
        || rsc && !seen.shape.rendered_document
        || attributes.text("pointsman.route.kind") == Some("app_page")
}

fn by_pages_router(seen: &Seen<'_>) -> bool {
    seen.shape.rendered_document || seen.request.attributes.text("pointsman.route.kind") == Some("pages")
}

/// Whether `x-action-revalidated` says that something was: a number from Next.js 16.1 on, before that
/// `[[paths],tag,cookie]` with every answer.
fn revalidated(value: &str) -> bool {
    match value.trim() {
        "" | "0" => false,
        list if list.starts_with('[') => list.bytes().any(|byte| matches!(byte, b'1'..=b'9' | b'"')),
        _ => true,
    }
}
