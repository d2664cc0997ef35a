//! Lets requests with a known token pass; the body of others is not kept and takes no room. What a refusal looks like is
//! different for each protocol; who is known is decided in `tokens`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode, Version};
use http_body_util::{BodyExt, Limited};
use tonic::Code;
use tower::{Layer, Service};

use super::Tokens;
use super::seats::{Busy, Seat};
use super::tokens::Unknown;
use crate::metrics::Metrics;
use crate::receive::Protocol;
use crate::receive::answer::{Encoding, Problem};
use crate::receive::taken::Taken;

/// How much of a refused body is thrown away before the answer, bytes, and for how long it is waited for.
const LINGER_BYTES: usize = 64 << 10;
const LINGER: Duration = Duration::from_secs(1);

/// Probes of service managers carry no token.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// Knows senders by their tokens and counts both kinds of requests.
#[derive(Clone, Debug)]
pub(in crate::receive) struct Guard {
    protocol: Protocol,
    tokens: Option<Arc<Tokens>>,
    metrics: Metrics,
}

/// The name of the token that a request has shown.
#[derive(Clone, Debug)]
pub(in crate::receive) struct KnownSender(pub(in crate::receive) Arc<str>);

impl Guard {
    pub(in crate::receive) fn new(protocol: Protocol, tokens: Option<Arc<Tokens>>, metrics: Metrics) -> Self {
        Self { protocol, tokens, metrics }
    }

    fn check<B>(&self, request: &mut http::Request<B>) -> Result<(), Unknown> {
        let Some(tokens) = &self.tokens else { return Ok(()) };
        match tokens.sender(request.headers()) {
            Ok(sender) => {
                self.metrics.access.sender_requests.with_label_values(&[&*sender]).inc();
                request.extensions_mut().insert(KnownSender(sender));
                Ok(())
            }
            Err(unknown) => {
                let labels = [self.protocol.as_str(), unknown.as_str()];
                self.metrics.access.requests_unauthorized.with_label_values(&labels).inc();
                Err(unknown)
            }
        }
    }
}

/// The guard of OTLP over HTTP: 401, told in the encoding of the request.
pub(in crate::receive) async fn http_guard(
    State(guard): State<Guard>,
    mut request: Request,
    next: Next,
) -> Response {
    let Err(unknown) = guard.check(&mut request) else { return next.run(request).await };
    let encoding = Encoding::of(request.headers()).unwrap_or(Encoding::Json);
    if request.version() == Version::HTTP_2 {
        // An answer before the end of the request resets its stream (RFC 9113, 8.1), and clients as common as curl
        // 7.88 then lose the answer. Over HTTP/1.1 the connection takes care of that.
        let _ = tokio::time::timeout(LINGER, throw_away(request.into_body())).await;
    }
    let problem = Problem::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, unknown.message());
    let mut response = encoding.problem(&problem);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Reads a body to its end, or to where it is too long, and keeps nothing of it.
async fn throw_away(body: Body) {
    let mut body = Limited::new(body, LINGER_BYTES);
    while let Some(Ok(_)) = body.frame().await {}
}

/// The guard of OTLP over gRPC: UNAUTHENTICATED.
#[derive(Clone, Debug)]
pub(in crate::receive) struct GuardLayer(pub(in crate::receive) Guard);

/// A service behind the guard.
#[derive(Clone, Debug)]
pub(in crate::receive) struct Guarded<S> {
    inner: S,
    guard: Guard,
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, guard: self.0.clone() }
    }
}

impl<S> Service<http::Request<tonic::body::Body>> for Guarded<S>
where
    S: Service<http::Request<tonic::body::Body>, Response = http::Response<tonic::body::Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send + 'static>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<tonic::body::Body>) -> Self::Future {
        let busy = request.extensions().get::<Arc<Seat>>().map(|seat| Busy::new(Arc::clone(seat)));
        if !request.uri().path().starts_with(HEALTH)
            && let Err(unknown) = self.guard.check(&mut request)
        {
            let refusal = tonic::Status::unauthenticated(unknown.message()).into_http();
            return Box::pin(async { Ok(refusal) });
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| tonic::body::Body::new(Taken::new(body, busy, None))))
        })
    }
}
