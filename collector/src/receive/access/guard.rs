//! Lets requests with a known token pass, and those with a signature until their body has arrived; the body of others is not
//! kept and takes no room. What a refusal looks like is different for each protocol; who is known is decided in `tokens` and
//! `signatures`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version};
use http_body_util::{BodyExt, Limited};
use tonic::Code;
use tower::{Layer, Service};

use super::seats::{Busy, Seat};
use super::signatures::{Shown, Signature};
use super::tokens::Unknown;
use super::{Access, Signatures, Tokens};
use crate::ingest::run_blocking;
use crate::metrics::Metrics;
use crate::receive::Protocol;
use crate::receive::answer::{Encoding, Problem};
use crate::receive::taken::Taken;

/// How much of a refused body is thrown away before the answer, bytes, and for how long it is waited for.
const LINGER_BYTES: usize = 64 << 10;
const LINGER: Duration = Duration::from_secs(1);

/// Hashing more than this, bytes, is done where nobody waits for it.
const HASHED_AT_ONCE: usize = 256 << 10;

/// Probes of service managers carry no token.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// Knows senders by their tokens and counts both kinds of requests.
#[derive(Clone, Debug)]
pub(in crate::receive) struct Guard {
    protocol: Protocol,
    tokens: Option<Arc<Tokens>>,
    signatures: Option<Arc<Signatures>>,
    metrics: Metrics,
}

/// The name of the token that a request has shown.
#[derive(Clone, Debug)]
pub(in crate::receive) struct KnownSender(pub(in crate::receive) Arc<str>);

impl Guard {
    pub(in crate::receive) fn new(protocol: Protocol, access: &Access, metrics: Metrics) -> Self {
        let (tokens, signatures) = (access.tokens.clone(), access.signatures.clone());
        Self { protocol, tokens, signatures, metrics }
    }

    /// Lets a request pass that shows a known token, and over HTTP one that shows a signature: whether that one is right is
    /// said by [`Self::check_body`], which whoever reads a body has to ask.
    fn check<B>(&self, request: &mut http::Request<B>) -> Result<(), Unknown> {
        let known = match self.shown_signature(request.headers()) {
            Shown::Digest(signature) => {
                request.extensions_mut().insert(signature);
                return Ok(());
            }
            Shown::Nonsense => Err(Unknown::WrongSignature),
            Shown::Nothing => match (&self.tokens, &self.signatures) {
                (None, None) => return Ok(()),
                (None, Some(_)) => Err(Unknown::Missing),
                (Some(tokens), _) => tokens.sender(request.headers()),
            },
        };
        let sender = self.counted(known)?;
        request.extensions_mut().insert(KnownSender(sender));
        Ok(())
    }

    /// gRPC has no signatures: what is signed there is not a body that anyone sees as it was sent.
    fn shown_signature(&self, headers: &HeaderMap) -> Shown {
        match (self.protocol, &self.signatures) {
            (Protocol::Http, Some(_)) => Signature::of(headers),
            _ => Shown::Nothing,
        }
    }

    /// Whether a body has the signature that its request has shown; one without a signature has passed already.
    pub(in crate::receive) async fn check_body(
        &self,
        extensions: &Extensions,
        body: &Bytes,
    ) -> Result<(), Unknown> {
        let (Some(signature), Some(signatures)) = (extensions.get::<Signature>(), &self.signatures) else {
            return Ok(());
        };
        let signer = if body.len() <= HASHED_AT_ONCE {
            signatures.signer(*signature, body)
        } else {
            let (signature, signatures, body) = (*signature, Arc::clone(signatures), body.clone());
            run_blocking(move || signatures.signer(signature, &body)).await
        };
        self.counted(signer.ok_or(Unknown::WrongSignature)).map(|_| ())
    }

    fn counted(&self, known: Result<Arc<str>, Unknown>) -> Result<Arc<str>, Unknown> {
        match &known {
            Ok(sender) => self.metrics.access.sender_requests.with_label_values(&[&**sender]).inc(),
            Err(unknown) => {
                let labels = [self.protocol.as_str(), unknown.as_str()];
                self.metrics.access.requests_unauthorized.with_label_values(&labels).inc();
            }
        }
        known
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
    let mut response = encoding.problem(&unknown.into());
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

impl From<Unknown> for Problem {
    fn from(unknown: Unknown) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, unknown.message())
    }
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
