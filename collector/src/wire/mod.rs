//! OTLP on the wire. All that follows works on the protobuf encoding, borrowed: `fields` and `writer` know the
//! encoding, `otlp` the messages, `json` rewrites the other encoding, `pieces` cuts what is large, [`file`](mod@file) finds the
//! requests in a recording.
//! Compression, sockets and files are not here; what a span may contain is decided by [`crate::admit`].

pub(crate) mod fields;
pub mod file;
mod json;
mod json_message;
mod json_unicode;
mod json_value;
pub(crate) mod otlp;
pub(crate) mod pieces;
mod protobuf;
pub(crate) mod recorded;
pub(crate) mod spanless;
pub(crate) mod writer;

pub use json::{Converted, convert_json, json_to_protobuf};
pub use protobuf::check_protobuf;

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

impl From<fields::Malformed> for DecodeError {
    fn from(malformed: fields::Malformed) -> Self {
        Self::Protobuf { reason: malformed.0.to_owned() }
    }
}
