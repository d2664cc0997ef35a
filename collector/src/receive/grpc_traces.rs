//! The trace service of OTLP over gRPC: takes its message as bytes and hands it over.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tonic::body::Body;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::codec::EnabledCompressionEncodings;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tower::Service;

use super::answer::partial_success;
use super::grpc_raw::Raw;
use super::grpc_room::{Taken, later};
use crate::ingest::{Intake, Rejected, Transport};

/// `TraceService`, with its one method `Export`.
#[derive(Clone, Debug)]
pub(super) struct Traces {
    intake: Intake,
    max_message_bytes: usize,
}

impl Traces {
    /// Its one method.
    pub(super) const EXPORT: &'static str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    pub(super) fn new(intake: Intake, max_message_bytes: usize) -> Self {
        Self { intake, max_message_bytes }
    }
}

impl NamedService for Traces {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl UnaryService<Bytes> for Traces {
    type Response = Vec<u8>;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, Status>> + Send>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let intake = self.intake.clone();
        let taken = request.extensions().get::<Taken>().and_then(Taken::share);
        Box::pin(async move {
            match intake.accept_in(taken, request.into_inner(), Transport::Grpc).await {
                Ok(accepted) => {
                    let partial_success = partial_success(&accepted);
                    Ok(Response::new(ExportTraceServiceResponse { partial_success }.encode_to_vec()))
                }
                Err(Rejected::Malformed(error)) => Err(bad_data(&error.to_string())),
                Err(Rejected::Later(refused)) => Err(later(&refused)),
            }
        })
    }
}

impl Service<http::Request<Body>> for Traces {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != Self::EXPORT {
            let unknown = Status::unimplemented(format!("{} is not here", request.uri().path()));
            return Box::pin(async move { Ok(unknown.into_http()) });
        }
        let traces = self.clone();
        let mut accepted = EnabledCompressionEncodings::default();
        accepted.enable(Gzip);
        accepted.enable(Zstd);
        let mut grpc = Grpc::new(Raw)
            .apply_compression_config(accepted, EnabledCompressionEncodings::default())
            .apply_max_message_size_config(Some(self.max_message_bytes), None);
        Box::pin(async move { Ok(grpc.unary(traces, request).await) })
    }
}

/// What is broken stays so: INVALID_ARGUMENT, which senders do not repeat.
fn bad_data(reason: &str) -> Status {
    let details = ErrorDetails::with_bad_request_violation("message", reason);
    Status::with_error_details(Code::InvalidArgument, reason, details)
}
