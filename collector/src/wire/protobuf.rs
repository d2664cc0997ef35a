//! The protobuf encoding of OTLP.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::DecodeError;

/// Reads a request in the protobuf encoding; no bytes are an empty request.
///
/// # Errors
/// When the bytes are not such a message.
pub fn decode_protobuf(bytes: &[u8]) -> Result<ExportTraceServiceRequest, DecodeError> {
    ExportTraceServiceRequest::decode(bytes)
        .map_err(|error| DecodeError::Protobuf { reason: error.to_string() })
}
