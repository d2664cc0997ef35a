//! Puts right two codes that tonic gives to a request it could not read, before any of our code sees it. OTLP
//! senders repeat a request on OUT_OF_RANGE forever, and a message that is too large or broken stays so.

use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue, Request, Response};
use tonic::Code;
use tower::{Layer, Service};

use crate::ingest::{Intake, Transport};

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Layer for [`OtlpCodes`].
#[derive(Clone, Debug)]
pub(super) struct OtlpCodesLayer(pub(super) Intake);

/// Rewrites the codes of the answers of a gRPC service, and counts trace requests that could not be read.
#[derive(Clone, Debug)]
pub(super) struct OtlpCodes<S> {
    inner: S,
    intake: Intake,
}

impl<S> Layer<S> for OtlpCodesLayer {
    type Service = OtlpCodes<S>;

    fn layer(&self, inner: S) -> OtlpCodes<S> {
        OtlpCodes { inner, intake: self.0.clone() }
    }
}

impl<S, Sent, Answered> Service<Request<Sent>> for OtlpCodes<S>
where
    S: Service<Request<Sent>, Response = Response<Answered>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send + 'static>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Sent>) -> Self::Future {
        let intake = (request.uri().path() == TRACES).then(|| self.intake.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            if let (Some(outcome), Some(intake)) = (put_right(&mut response), intake) {
                intake.count_request(Transport::Grpc.as_str(), outcome);
            }
            Ok(response)
        })
    }
}

/// Gives a request that could not be read the code it deserves, and the word that metrics use; `None` for all
/// others. Such a request is answered with headers only: its status stands there.
fn put_right<B>(response: &mut Response<B>) -> Option<&'static str> {
    let status = response.headers_mut().get_mut(&GRPC_STATUS)?;
    let (code, outcome) = match Code::from_bytes(status.as_bytes()) {
        // Our services say neither: these are tonic's words for a message that is too large,
        Code::OutOfRange | Code::ResourceExhausted => (Code::ResourceExhausted, "too_large"),
        // and for one that is no protobuf.
        Code::Internal => (Code::InvalidArgument, "bad_data"),
        _ => return None,
    };
    *status = HeaderValue::from(code as i32);
    Some(outcome)
}
