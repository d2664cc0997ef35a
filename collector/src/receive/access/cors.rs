//! CORS: pages of other origins may send, if they are on a list. It is off without one. The origins decide what a
//! browser lets a page do, not who may send: that is what tokens are for.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

/// Headers that a page may send, beside any `x-`.
const HEADERS: [&str; 6] =
    ["content-type", "content-encoding", "authorization", "traceparent", "tracestate", "baggage"];
/// Most headers that one question may name.
const MOST_HEADERS: usize = 64;
/// How long a browser may keep the answer to its question, s: two hours, the most that Chromium takes.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The origins whose pages may send.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origins {
    any: bool,
    listed: Vec<String>,
}

/// A text that is no origin.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0} is not a valid origin; write https://shop.example, with a port if it has one and without a path, or *"
)]
pub struct OriginsError(pub String);

impl Origins {
    /// Takes a list of origins; `*` is any.
    ///
    /// # Errors
    /// The first text that is neither `*` nor a scheme with a host and perhaps a port.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, OriginsError> {
        let mut origins = Self::default();
        for text in texts {
            if text == "*" {
                origins.any = true;
            } else {
                origins.listed.push(origin(text).ok_or_else(|| OriginsError(text.to_owned()))?);
            }
        }
        Ok(origins)
    }

    /// Whether CORS is off.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.any && self.listed.is_empty()
    }

    /// The header that lets a page of this origin in.
    fn allow(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        if self.any {
            return Some(HeaderValue::from_static("*"));
        }
        self.listed.iter().any(|listed| listed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }
}

/// An origin as browsers write it.
fn origin(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let authority = uri.authority()?;
    let written = format!("{}://{authority}", uri.scheme_str()?).to_ascii_lowercase();
    let whole = written == text.to_ascii_lowercase() && !authority.as_str().contains('@');
    whole.then_some(written)
}

/// Answers the questions of browsers and marks the answers that pages may read.
pub(in crate::receive) async fn cors(
    State(origins): State<Origins>,
    request: Request,
    next: Next,
) -> Response {
    let allowed = origins.allow(request.headers());
    let mut response = match &allowed {
        Some(_) if is_question(&request) => answer(request.headers()),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    // Caches must not show one origin what was meant for another.
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    response
}

fn is_question(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        && ["/v1/traces", "/v1/metrics", "/v1/logs"].contains(&request.uri().path())
}

fn answer(asked: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    let allowed = allowed_headers(asked);
    if let Ok(allowed) = HeaderValue::from_str(&allowed)
        && !allowed.is_empty()
    {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
    response
}

/// Of the headers that were asked for, those that OTLP uses.
fn allowed_headers(asked: &HeaderMap) -> String {
    let texts = asked.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter().filter_map(|value| value.to_str().ok());
    let names = texts.flat_map(|text| text.split(',')).map(|name| name.trim().to_ascii_lowercase());
    let allowed = names.filter(|name| {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        HEADERS.contains(&name.as_str()) || name.starts_with("x-") && name.bytes().all(is_token)
    });
    allowed.take(MOST_HEADERS).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_perhaps_a_port() {
        for good in ["*", "https://shop.example", "http://localhost:3000", "HTTPS://Shop.Example"] {
            assert!(!Origins::new([good]).unwrap().is_empty(), "{good}");
        }
        for bad in
            ["", "shop.example", "https://shop.example/", "https://shop.example/app", "https://", "null", "/"]
        {
            assert_eq!(Origins::new([bad]), Err(OriginsError(bad.to_owned())));
        }
        assert!(Origins::new(["https://me@shop.example"]).is_err());
        assert!(Origins::new([]).unwrap().is_empty());
    }
}
