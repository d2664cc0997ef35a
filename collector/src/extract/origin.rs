//! Hosts and pages: on which host a request arrived, which page sent it, and whether that is the same host.

use super::requests::Request;

/// Whether `origin` names the request's own host; `None` when there is no `origin`, or one that names no
/// host, or the host is not known.
pub(super) fn same_host(request: &Request<'_>) -> Option<bool> {
    let origin = request.attributes.request_header("origin")?;
    if is_of_app(origin) {
        return Some(false);
    }
    compare(request, host_of(origin)?)
}

/// Whether an origin is that of an app or an extension, which have schemes of their own (`capacitor://localhost`,
/// `file://`): whatever host stands there, it is not the request's.
fn is_of_app(origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https")
    })
}

/// Whether an extension of the browser sent it: no page of the app has such an origin.
pub(super) fn is_of_extension(request: &Request<'_>) -> bool {
    let scheme = request.attributes.request_header("origin").and_then(|origin| origin.split_once("://"));
    scheme.is_some_and(|(scheme, _)| scheme.to_ascii_lowercase().ends_with("-extension"))
}

/// Compares a host with the request's own: the forwarded one first, for that is the one that users see.
/// Where no header was captured the server's address counts, by its name only: behind a proxy the port is
/// another.
fn compare(request: &Request<'_>, host: &str) -> Option<bool> {
    let attributes = &request.attributes;
    let forwarded = attributes.request_header("x-forwarded-host").and_then(|hosts| hosts.split(',').next());
    let own = forwarded.or_else(|| attributes.request_header("host")).map(str::trim);
    if let Some(own) = own.filter(|own| !own.is_empty()) {
        return Some(without_default_port(host).eq_ignore_ascii_case(without_default_port(own)));
    }
    let server = attributes.any_text(&["server.address", "http.host", "net.host.name"])?;
    Some(without_port(host).eq_ignore_ascii_case(without_port(server)))
}

/// Whether telemetry says by which host the app was reached.
pub(super) fn is_host_known(request: &Request<'_>) -> bool {
    compare(request, "").is_some()
}

/// Path of the page on the same host that sent the request; a script or a style sheet is no page.
pub(super) fn page(request: &Request<'_>) -> Option<String> {
    referer_path(request).filter(|path| !is_script(path) && !path.ends_with(".css"))
}

/// Path of what on the same host sent the request: a page, the script of a worker, a style sheet.
fn referer_path(request: &Request<'_>) -> Option<String> {
    let referer = request.attributes.request_header("referer")?.split(['?', '#']).next()?;
    if referer.starts_with('/') && !referer.starts_with("//") {
        return Some(referer.to_owned());
    }
    let host = host_of(referer).filter(|host| compare(request, host) == Some(true))?;
    let at = referer.find(host)? + host.len();
    let path = referer.get(at..)?;
    Some(if path.is_empty() { "/" } else { path }.to_owned())
}

/// Host of the page on another origin that sent the request; of an app the whole origin.
pub(super) fn foreign_host(request: &Request<'_>) -> Option<String> {
    let attributes = &request.attributes;
    let site = attributes.request_header("sec-fetch-site");
    if matches!(site, Some("same-origin" | "none")) {
        return None;
    }
    let origin = attributes.request_header("origin");
    if let Some(app) = origin.filter(|origin| is_of_app(origin)) {
        return Some(app.to_ascii_lowercase());
    }
    let sender =
        origin.and_then(host_of).or_else(|| attributes.request_header("referer").and_then(host_of))?;
    (compare(request, sender) == Some(false)).then(|| sender.to_ascii_lowercase())
}

/// Whether a service worker sent the request: the browser fetching the worker's script says so, and what the worker asks
/// for by itself names its script in place of a page.
pub(super) fn is_of_worker(request: &Request<'_>) -> bool {
    let attributes = &request.attributes;
    let fetches_script = attributes.request_header("service-worker").is_some()
        || attributes.request_header("sec-fetch-dest") == Some("serviceworker");
    fetches_script || referer_path(request).is_some_and(|path| is_script(&path))
}

/// Whether the browser asked ahead of a navigation that may never come. Source: HTML, "speculative loading", and older
/// `purpose: prefetch`.
pub(super) fn is_speculative(request: &Request<'_>) -> bool {
    let says = |name| request.attributes.request_header(name).is_some_and(|value| value.contains("prefetch"));
    says("sec-purpose") || says("purpose")
}

/// Whether a path is that of a script: no page ends so.
fn is_script(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| matches!(ending, "js" | "mjs" | "cjs"))
}

/// Whether the request came to this machine itself.
pub(super) fn is_loopback(request: &Request<'_>) -> bool {
    let attributes = &request.attributes;
    let header = attributes.request_header("x-forwarded-host").or_else(|| attributes.request_header("host"));
    let host = header.or_else(|| attributes.any_text(&["server.address", "http.host", "net.host.name"]));
    host.map(without_port).is_some_and(names_loopback)
}

/// Whether a host is the request's own, or this machine, where an app reaches itself.
pub(super) fn is_own_or_loopback(request: &Request<'_>, host: &str) -> bool {
    compare(request, host) == Some(true) || names_loopback(without_port(host))
}

fn names_loopback(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.") || matches!(host, "::1" | "[::1]" | "0.0.0.0")
}

/// Host and port of a URL.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    (!host.is_empty()).then_some(host)
}

fn without_default_port(host: &str) -> &str {
    host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(host)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
            if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
        }
        _ => host,
    }
}
