//! The one message of a unary gRPC request: read, taken out of its frame and inflated, within a limit on its size,
//! on the time it may take and on what all requests together may hold. What is in it is not known here.
//!
//! tonic could do this, but its codes are not OTLP's (a message that is too large gets OUT_OF_RANGE, which senders
//! repeat forever), it lets a zstd frame ask for a window of 128 MiB, and it reads the first member of a gzip stream
//! only, so that spans in a further one would be acknowledged and lost.
//!
//! Source: the gRPC documentation, "gRPC over HTTP2" and "Compression".

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;
use http::request::Parts;
use tonic::body::Body;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::collect::{Arrival, Unfinished, collect, who};
use super::inflate::{Compression, NotInflated};
use crate::ingest::{Intake, Refused, Reservation};

/// What stands before a message: whether it is compressed, and its length.
const FRAME: usize = 5;

/// How much a message may weigh and how long it may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bounds {
    /// As sent and inflated.
    pub(super) bytes: usize,
    /// Until all of it has arrived.
    pub(super) within: Duration,
}

/// A message as it can be decoded.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Bytes,
    /// The room that it takes.
    pub(super) reservation: Reservation,
    /// How much came over the wire.
    pub(super) received: usize,
}

/// Why there is no message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Unread {
    TooLarge { limit: usize },
    Malformed(String),
    Unsupported { coding: String },
    Later(Refused),
}

/// Reads the message of a request.
pub(super) async fn read(
    parts: &Parts,
    body: Body,
    bounds: Bounds,
    intake: &Intake,
) -> Result<Message, Unread> {
    let compression = compression(&parts.headers)?;
    let mut reservation = intake.reserve(who(&parts.extensions)).await?;
    let arrival = Arrival {
        declared: 0,
        limit: bounds.bytes.saturating_add(FRAME),
        within: bounds.within,
        announced: announced_with_frame,
    };
    let framed = collect(body, arrival, &parts.extensions, &mut reservation, intake).await;
    let framed = framed.map_err(|unfinished| match unfinished {
        Unfinished::TooLarge => Unread::TooLarge { limit: bounds.bytes },
        Unfinished::Broken(reason) => Unread::Malformed(format!("it cannot be read: {reason}")),
        Unfinished::Later(refused) => Unread::Later(refused),
    })?;
    let received = framed.len();
    let (compressed, message) = unframed(framed)?;
    if !compressed {
        return Ok(Message { bytes: message, reservation, received });
    }
    if compression == Compression::None {
        let reason = "its message is marked as compressed, and grpc-encoding does not say how";
        return Err(Unread::Malformed(reason.to_owned()));
    }
    let inflated = compression.inflate_within(message, bounds.bytes, reservation, intake).await;
    let (bytes, reservation) = inflated.map_err(|refused| match refused {
        NotInflated::TooLarge => Unread::TooLarge { limit: bounds.bytes },
        NotInflated::Malformed(reason) => Unread::Malformed(reason),
        NotInflated::Later(refused) => Unread::Later(refused),
    })?;
    Ok(Message { bytes, reservation, received })
}

/// What `grpc-encoding` names.
fn compression(headers: &HeaderMap) -> Result<Compression, Unread> {
    let Some(coding) = headers.get("grpc-encoding") else { return Ok(Compression::None) };
    Compression::named(coding.to_str().unwrap_or("?")).map_err(|coding| Unread::Unsupported { coding })
}

/// The length that a frame announces.
fn announced(read: &[u8]) -> Option<usize> {
    let (frame, _) = read.split_first_chunk::<FRAME>()?;
    let [_, length @ ..] = *frame;
    usize::try_from(u32::from_be_bytes(length)).ok()
}

/// The same with the frame itself.
fn announced_with_frame(read: &[u8]) -> Option<usize> {
    announced(read).map(|length| length.saturating_add(FRAME))
}

/// The message in its frame, and whether it is compressed.
fn unframed(mut framed: BytesMut) -> Result<(bool, Bytes), Unread> {
    let malformed = |reason: String| Err(Unread::Malformed(reason));
    let Some(length) = announced(&framed) else {
        return malformed("it holds no message".to_owned());
    };
    let compressed = match framed.get_u8() {
        0 => false,
        1 => true,
        flag => return malformed(format!("its compression flag is {flag}, which is neither 0 nor 1")),
    };
    framed.advance(FRAME - 1);
    if framed.len() != length {
        return malformed(format!("its one message has {} bytes and announces {length}", framed.len()));
    }
    Ok((compressed, framed.freeze()))
}

impl Unread {
    /// The word that metrics use.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Malformed(_) => "bad_data",
            Self::Unsupported { .. } => "unsupported",
            Self::Later(refused) => refused.outcome(),
        }
    }
}

impl From<Refused> for Unread {
    fn from(refused: Refused) -> Self {
        Self::Later(refused)
    }
}

impl From<Unread> for Status {
    /// A sender repeats what it is told UNAVAILABLE or DEADLINE_EXCEEDED for, and nothing else of these.
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooLarge { limit } => Self::resource_exhausted(format!(
                "the message is larger than the limit of {limit} bytes; send smaller batches"
            )),
            Unread::Malformed(reason) => bad_data(&format!("the request is broken: {reason}")),
            Unread::Unsupported { coding } => {
                let accepted = Compression::ACCEPTED;
                let message = format!("grpc-encoding {coding} is not supported; send one of {accepted}");
                let mut status = Self::unimplemented(message);
                let accepted = MetadataValue::from_static(accepted);
                status.metadata_mut().insert("grpc-accept-encoding", accepted);
                status
            }
            Unread::Later(refused) => later(&refused),
        }
    }
}

/// Backpressure as OTLP wants it: UNAVAILABLE (DEADLINE_EXCEEDED of what did not arrive), and when to try again.
pub(super) fn later(refused: &Refused) -> Status {
    let details = ErrorDetails::with_retry_info(Some(refused.retry_after()));
    let code =
        if matches!(refused, Refused::TooSlow { .. }) { Code::DeadlineExceeded } else { Code::Unavailable };
    Status::with_error_details(code, refused.to_string(), details)
}

/// What is broken stays so: INVALID_ARGUMENT, which senders do not repeat.
pub(super) fn bad_data(reason: &str) -> Status {
    let details = ErrorDetails::with_bad_request_violation("message", reason);
    Status::with_error_details(Code::InvalidArgument, reason, details)
}
