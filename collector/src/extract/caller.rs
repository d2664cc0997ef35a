//! Who called, as a class. The first line that applies decides:
//!
//! | evidence | class | why |
//! |---|---|---|
//! | below a request of the same service in the trace, begun before that one ended | server | only the app itself can do so; such requests may copy the browser's headers |
//! | the user agent is that of a crawler, probe, monitor or scanner | bot | nobody pretends to be one |
//! | `sec-fetch-site: same-origin` | own_ui | pages cannot forge it, others have no reason to |
//! | `sec-fetch-site: none` | own_ui | the user navigated: address bar, bookmark |
//! | `sec-fetch-site: same-site` or `cross-site` | cross_origin | a page of another origin, or a link on it |
//! | fetch of Node.js (`sec-fetch-mode`, no `sec-fetch-site`) to a loopback host | server | the app calls itself without a trace |
//! | a webhook's signature | external | browsers sign nothing |
//! | user agent is no browser's | external | libraries, apps, scripts, other servers |
//! | headers were captured and there is no user agent | external | browsers always send one |
//! | `origin` is another host than the request's | cross_origin | browsers send it with every foreign fetch |
//! | `origin` is the request's own host | own_ui | |
//! | `referer` is a page of the same host | own_ui | plain HTTP and old Safari send no `sec-fetch` |
//! | headers of the client router (`rsc`, `next-action`) | own_ui | only a page of the app sends them |
//! | a browser's name, yet no `sec-fetch`, and nothing was found there | bot | scanners |
//! | anything else, and user agents without captured headers | unknown | |

use pointsman_store::{Caller, HandlerKind};

use super::agent::{Program, program};
use super::origin;
use super::requests::Request;

/// The class of who sent a request.
pub(super) fn find(request: &Request<'_>, kind: HandlerKind, status: Option<u16>) -> Caller {
    let agent = request.attributes.agent().map(program);
    None.or_else(|| by_trace(request))
        .or_else(|| (agent == Some(Program::Bot)).then_some(Caller::Bot))
        .or_else(|| by_fetch_metadata(request))
        .or_else(|| by_machine(request, agent))
        .or_else(|| by_page(request))
        .or_else(|| by_failure(request, agent, kind, status))
        .unwrap_or(Caller::Unknown)
}

fn by_trace(request: &Request<'_>) -> Option<Caller> {
    (request.above.is_some() && request.within_above).then_some(Caller::Server)
}

fn by_fetch_metadata(request: &Request<'_>) -> Option<Caller> {
    match request.attributes.request_header("sec-fetch-site")? {
        "same-origin" | "none" => Some(Caller::OwnUi),
        "same-site" | "cross-site" => Some(Caller::CrossOrigin),
        _ => None,
    }
}

/// Evidence that no browser called.
fn by_machine(request: &Request<'_>, agent: Option<Program>) -> Option<Caller> {
    let node_mode =
        request.attributes.request_header("sec-fetch-mode").is_some() || !request.headers_captured();
    match agent {
        Some(Program::NodeFetch) if node_mode && origin::is_loopback(request) => Some(Caller::Server),
        _ if request.attributes.signature().is_some() => Some(Caller::External),
        Some(Program::NodeFetch | Program::Library) => Some(Caller::External),
        None if request.headers_captured() => Some(Caller::External),
        _ => None,
    }
}

/// Evidence of the page that a browser was on.
fn by_page(request: &Request<'_>) -> Option<Caller> {
    let header = |name| request.attributes.request_header(name);
    match origin::same_host(request) {
        Some(true) => return Some(Caller::OwnUi),
        Some(false) => return Some(Caller::CrossOrigin),
        None => {}
    }
    if origin::page(request).is_some() {
        return Some(Caller::OwnUi);
    }
    if origin::foreign_host(request).is_some() {
        return Some(Caller::CrossOrigin);
    }
    let router =
        ["rsc", "next-action", "next-router-prefetch"].into_iter().any(|name| header(name).is_some());
    router.then_some(Caller::OwnUi)
}

fn by_failure(
    request: &Request<'_>,
    agent: Option<Program>,
    kind: HandlerKind,
    status: Option<u16>,
) -> Option<Caller> {
    let missed = kind == HandlerKind::Unmatched || matches!(status, Some(404 | 405 | 410));
    let scanner = agent == Some(Program::Browser) && request.headers_captured() && missed;
    let no_mode = request.attributes.request_header("sec-fetch-mode").is_none();
    (scanner && no_mode).then_some(Caller::Bot)
}

#[cfg(test)]
#[path = "caller_tests.rs"]
mod tests;
