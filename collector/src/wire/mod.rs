//! Bytes to OTLP requests. Compression, sockets and files are not here; what a span may contain is decided
//! by [`crate::admit`].

pub mod file;
mod json;
mod json_value;
mod protobuf;

pub use json::decode_json;
pub use protobuf::decode_protobuf;

/// A body that is not an OTLP trace request. The text names what was expected, where it broke and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not the protobuf encoding.
    #[error("not an OTLP trace request in protobuf: {reason}; is the body JSON, or still compressed?")]
    Protobuf {
        /// What the decoder met.
        reason: String,
    },
    /// Not the JSON encoding.
    #[error("not an OTLP trace request in JSON: line {line}, column {column}: {reason}")]
    Json {
        /// Line within the body, from 1.
        line: usize,
        /// Column within the line, from 1; 0 when the body ended too early.
        column: usize,
        /// What the decoder met.
        reason: String,
    },
}
