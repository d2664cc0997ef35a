//! Who may see the pages and the API, and who may change something. Which tokens there are is the configuration's business.
//!
//! Three dangers are met here. A stranger on the network: a token, as soon as there are tokens. Another site that makes a
//! browser of this machine ask for it under a name of its own (DNS rebinding): without tokens, only IP addresses,
//! `localhost` and the configured names are served. Another site that lets such a browser send a form (CSRF): a change needs a
//! bearer token, which no form sends, or an `Origin` that is this very host.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::problem::Problem;
use super::{mcp, pages};
use crate::config::Keys;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who may come in. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    keys: Keys,
    hosts: Arc<[String]>,
}

/// How a request has shown that it may come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shown {
    /// A bearer token: no browser sends one by itself.
    Bearer,
    /// A password: browsers send it with every request.
    Password,
    /// Nothing was asked.
    Nothing,
}

impl Access {
    pub(crate) fn new(keys: Keys, hosts: &[String]) -> Self {
        Self { keys, hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect() }
    }

    /// Lets in who may read and, of requests that change something, who may change.
    fn check(&self, request: &Request) -> Result<(), Problem> {
        let shown = self.shown(request.headers(), request.uri().path())?;
        let host = host(request);
        if shown == Shown::Nothing && !host.as_ref().is_some_and(|host| self.is_own(host.host())) {
            return Err(Problem::new(
                StatusCode::MISDIRECTED_REQUEST,
                "without a token these pages are served under an IP address or localhost only; name further hosts in \
                 pages.hosts of the configuration, or set tokens",
            ));
        }
        if request.uri().path() == mcp::PATH {
            return from_an_agent(request.headers(), host.as_ref());
        }
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
        if changes && shown != Shown::Bearer && !is_same_origin(request.headers(), host.as_ref()) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "a change must come from these pages themselves (its Origin is another one, or none), or show a token as \
                 `authorization: Bearer TOKEN`",
            ));
        }
        Ok(())
    }

    fn shown(&self, headers: &HeaderMap, path: &str) -> Result<Shown, Problem> {
        let Some(tokens) = &self.keys.pages else { return Ok(Shown::Nothing) };
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Err(unauthorized(
                "a token is needed here: as the password that the browser asks for, with any name, or as `authorization: Bearer TOKEN`",
            ));
        };
        let credentials = credentials(value.as_bytes()).filter(|_| values.next().is_none());
        let metrics = self.keys.metrics.as_ref().filter(|_| path == "/metrics");
        let known = credentials.and_then(|(shown, token)| {
            let holder = tokens.holder(&token).or_else(|| metrics?.holder(&token));
            holder.map(|_| shown)
        });
        known.ok_or_else(|| unauthorized("this is not a token that is known here"))
    }

    fn is_own(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok()
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.hosts.contains(&host)
    }
}

/// The guard of everything but health.
pub(super) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    match access.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => refuse(problem, request.uri().path()),
    }
}

fn refuse(problem: Problem, path: &str) -> Response {
    let status = problem.status();
    let mut response = if path.starts_with("/api/") || path == mcp::PATH {
        problem.into_response()
    } else {
        pages::problem(&problem)
    };
    if status == StatusCode::UNAUTHORIZED {
        for scheme in ["Basic realm=\"Pointsman\", charset=\"UTF-8\"", "Bearer"] {
            response.headers_mut().append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
    }
    response
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

/// The token that a request shows: a bearer token (RFC 6750) or a password (RFC 7617).
fn credentials(value: &[u8]) -> Option<(Shown, Vec<u8>)> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = value.split_at(space);
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some((Shown::Bearer, rest.to_vec()));
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(rest).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    Some((Shown::Password, decoded.get(colon + 1..)?.to_vec()))
}

/// The host that the request is for.
fn host(request: &Request) -> Option<Authority> {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()?.parse().ok());
    request.uri().authority().cloned().or(named)
}

/// Agents ask with POST, also to read, and send no `Origin`, which browsers do with each POST: whoever sends one must be a page of
/// our own, whatever it shows.
fn from_an_agent(headers: &HeaderMap, host: Option<&Authority>) -> Result<(), Problem> {
    let from_browser = headers.contains_key(header::ORIGIN) || headers.contains_key(SEC_FETCH_SITE);
    if from_browser && !is_same_origin(headers, host) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "this comes from another site: its Origin is not the daemon's own",
        ));
    }
    Ok(())
}

/// Whether a browser says that one of our own pages sent this. The scheme is not compared: a proxy may speak TLS.
fn is_same_origin(headers: &HeaderMap, host: Option<&Authority>) -> bool {
    let foreign = headers.get(SEC_FETCH_SITE).is_some_and(|site| site != "same-origin");
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let authority = origin.and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    !foreign && authority.zip(host).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host.as_str()))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use pointsman_collector::receive::access::Tokens;

    use super::*;

    const TOKEN: &str = "0123456789abcdef";
    const SCRAPE: &str = "fedcba9876543210";

    fn access(tokens: bool) -> Access {
        let load = |text: &str| Tokens::load(None, Some(("T", text))).unwrap().map(Arc::new);
        let keys = Keys {
            pages: tokens.then(|| load(&format!("ops {TOKEN}"))).flatten(),
            metrics: tokens.then(|| load(&format!("prometheus {SCRAPE}"))).flatten(),
        };
        Access::new(keys, &["Pointsman.example".to_owned()])
    }

    fn asked(access: &Access, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        access.check(&request).err().map_or(200, |problem| problem.status().as_u16())
    }

    #[test]
    fn without_tokens_only_own_names_are_served() {
        let open = access(false);
        for (host, status) in [
            ("127.0.0.1:4400", 200),
            ("[::1]:4400", 200),
            ("localhost:4400", 200),
            ("pointsman.localhost", 200),
            ("pointsman.example", 200),
            ("POINTSMAN.example:80", 200),
            ("rebound.example:4400", 421),
            ("localhost.evil.example", 421),
            ("", 421),
        ] {
            assert_eq!(asked(&open, "GET", "/", &[("host", host)]), status, "{host}");
        }
        assert_eq!(asked(&open, "GET", "/", &[]), 421);
    }

    #[test]
    fn changes_come_from_the_pages_themselves() {
        let host = ("host", "127.0.0.1:4400");
        let origin = |origin| ("origin", origin);
        let own = origin("http://127.0.0.1:4400");
        for (headers, status) in [
            (&[host, own][..], 200),
            (&[host, own, ("sec-fetch-site", "same-origin")], 200),
            (&[host, own, ("sec-fetch-site", "cross-site")], 403),
            (&[host, own, ("sec-fetch-site", "same-site")], 403),
            (&[host, origin("http://127.0.0.1:3000")], 403),
            (&[host, origin("https://evil.example")], 403),
            (&[host, origin("null")], 403),
            (&[host], 403),
            (&[host, ("authorization", "Bearer 0123456789abcdef")], 403),
        ] {
            assert_eq!(asked(&access(false), "POST", "/handlers/1", headers), status, "{headers:?}");
        }
    }

    #[test]
    fn a_token_opens_as_bearer_or_as_password() {
        let closed = access(true);
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        for (value, status) in [
            (format!("Bearer {TOKEN}"), 200),
            (format!("bearer  {TOKEN}"), 200),
            (basic(&format!("anyone:{TOKEN}")), 200),
            (basic(&format!(":{TOKEN}")), 200),
            (basic(TOKEN), 401),
            (basic(&format!("{TOKEN}:")), 401),
            (format!("Bearer {SCRAPE}"), 401),
            ("Basic !!!".to_owned(), 401),
            ("Digest x".to_owned(), 401),
            (TOKEN.to_owned(), 401),
        ] {
            let headers = [("host", "anything.example"), ("authorization", value.as_str())];
            assert_eq!(asked(&closed, "GET", "/", &headers), status, "{value}");
        }
        assert_eq!(asked(&closed, "GET", "/", &[("host", "127.0.0.1")]), 401);
        let scrape = format!("Bearer {SCRAPE}");
        assert_eq!(asked(&closed, "GET", "/metrics", &[("host", "x"), ("authorization", &scrape)]), 200);
        // A password is sent by browsers on their own, whoever makes them; a bearer token is not.
        let password = basic(&format!("a:{TOKEN}"));
        let bearer = format!("Bearer {TOKEN}");
        let post = |headers: &[(&str, &str)]| asked(&closed, "POST", "/handlers/1", headers);
        assert_eq!(post(&[("host", "x"), ("authorization", &bearer)]), 200);
        assert_eq!(post(&[("host", "x"), ("authorization", &password)]), 403);
        assert_eq!(post(&[("host", "x"), ("authorization", &password), ("origin", "https://x")]), 200);
    }
}
