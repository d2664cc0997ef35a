//! Around every trace request over gRPC: room is taken before it is read, and two codes that tonic gives to a
//! request it could not read, before any of our code sees it, are put right. OTLP senders repeat a request on
//! OUT_OF_RANGE forever, and a message that is too large or broken stays so.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue, Request, Response};
use tonic::Code;
use tonic::body::Body;
use tower::{Layer, Service};

use super::grpc_room::{Metered, refusal};
use super::grpc_traces::Traces;
use crate::ingest::{Intake, Refused, Transport};

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Layer for [`Edge`].
#[derive(Clone, Debug)]
pub(super) struct EdgeLayer(pub(super) Intake);

/// Takes room before the inner service, rewrites its codes, and counts trace requests that could not be read.
#[derive(Clone, Debug)]
pub(super) struct Edge<S> {
    inner: S,
    intake: Intake,
}

impl<S> Layer<S> for EdgeLayer {
    type Service = Edge<S>;

    fn layer(&self, inner: S) -> Edge<S> {
        Edge { inner, intake: self.0.clone() }
    }
}

impl<S> Service<Request<Body>> for Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send + 'static>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path() != Traces::EXPORT {
            return Box::pin(self.inner.call(request));
        }
        let intake = self.intake.clone();
        let request = match metered(request, &intake) {
            Ok(request) => request,
            Err(refused) => {
                let refusal = refusal(&refused, &intake).into_http();
                return Box::pin(async { Ok(refusal) });
            }
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            if let Some(outcome) = put_right(&mut response) {
                intake.count_request(Transport::Grpc.as_str(), outcome);
            }
            Ok(response)
        })
    }
}

/// The request with a body that takes room as it is read, and with what it has taken.
fn metered(request: Request<Body>, intake: &Intake) -> Result<Request<Body>, Refused> {
    let (mut parts, body) = request.into_parts();
    let (body, taken) = Metered::new(body, intake.clone())?;
    parts.extensions.insert(taken);
    Ok(Request::from_parts(parts, Body::new(body)))
}

/// Gives a request that could not be read the code it deserves, and the word that metrics use; `None` for all
/// others. Such a request is answered with headers only: its status stands there.
fn put_right<B>(response: &mut Response<B>) -> Option<&'static str> {
    let status = response.headers_mut().get_mut(&GRPC_STATUS)?;
    let (code, outcome) = match Code::from_bytes(status.as_bytes()) {
        // Our service says neither: these are tonic's words for a message that is too large,
        Code::OutOfRange | Code::ResourceExhausted => (Code::ResourceExhausted, "too_large"),
        // and for one that cannot be inflated.
        Code::Internal => (Code::InvalidArgument, "bad_data"),
        _ => return None,
    };
    *status = HeaderValue::from(code as i32);
    Some(outcome)
}
