//! The trace service of OTLP over gRPC: takes its message as bytes and hands it over.

use http::Request;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tonic::Status;
use tonic::body::Body;

use super::answer::partial_success;
use super::grpc_message::{self, Bounds, Unread, bad_data, later};
use super::grpc_unary::Export;
use crate::ingest::{Accepted, Intake, Rejected, Transport};

/// `TraceService`.
#[derive(Clone, Debug)]
pub(super) struct Traces {
    pub(super) intake: Intake,
    pub(super) bounds: Bounds,
}

impl Export for Traces {
    const SERVICE: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";

    async fn export(self, request: Request<Body>) -> Result<Vec<u8>, Status> {
        let (outcome, answer) = match self.accept(request).await {
            Ok(accepted) => {
                let partial_success = partial_success(&accepted);
                (accepted.outcome(), Ok(ExportTraceServiceResponse { partial_success }.encode_to_vec()))
            }
            Err(refusal) => (refusal.outcome(), Err(refusal.into())),
        };
        self.intake.count_request(Transport::Grpc.as_str(), outcome);
        answer
    }
}

/// Why a request was not taken.
enum Refusal {
    Unread(Unread),
    Rejected(Rejected),
}

impl Traces {
    async fn accept(&self, request: Request<Body>) -> Result<Accepted, Refusal> {
        let (parts, body) = request.into_parts();
        let message = grpc_message::read(&parts, body, self.bounds, &self.intake).await;
        let message = message.map_err(Refusal::Unread)?;
        self.intake.count_body(Transport::Grpc, message.received);
        let accepted = self.intake.accept_within(message.reservation, message.bytes, Transport::Grpc).await;
        accepted.map_err(Refusal::Rejected)
    }
}

impl Refusal {
    /// The word that metrics use.
    fn outcome(&self) -> &'static str {
        match self {
            Self::Unread(unread) => unread.outcome(),
            Self::Rejected(rejected) => rejected.outcome(),
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unread(unread) => unread.into(),
            Refusal::Rejected(Rejected::Malformed(error)) => bad_data(&error.to_string()),
            Refusal::Rejected(Rejected::Later(refused)) => later(&refused),
        }
    }
}
