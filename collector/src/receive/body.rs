//! Bodies of HTTP requests: read and inflated within limits. What they mean is not known here.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{Extensions, HeaderMap, StatusCode};
use tonic::Code;

use super::answer::Problem;
use super::collect::{Arrival, Unfinished, collect};
use super::inflate::{Compression, NotInflated};
use crate::ingest::{Intake, Reservation};

/// What `content-encoding` names.
pub(super) fn compression(headers: &HeaderMap) -> Result<Compression, Problem> {
    let Some(value) = headers.get(CONTENT_ENCODING) else { return Ok(Compression::None) };
    Compression::named(value.to_str().unwrap_or("?")).map_err(|word| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::InvalidArgument,
            format!("content-encoding {word} is not supported; send gzip, zstd, deflate or none"),
        )
    })
}

/// Inflates a body up to `limit` bytes, where it disturbs least; the reservation grows with it.
pub(super) async fn inflate(
    compression: Compression,
    body: Bytes,
    limit: usize,
    reservation: Reservation,
    intake: &Intake,
) -> Result<(Bytes, Reservation), Problem> {
    compression.inflate_within(body, limit, reservation, intake).await.map_err(|refused| match refused {
        NotInflated::TooLarge => too_large("inflated body", limit),
        NotInflated::Malformed(reason) => Problem::bad_data(format!("the body is broken: {reason}")),
        NotInflated::Later(refused) => refused.into(),
    })
}

/// Reads a body up to `limit` bytes; the reservation grows with it, so that all bodies together are bounded too.
pub(super) async fn read(
    (headers, extensions): (&HeaderMap, &Extensions),
    body: Body,
    (limit, within): (usize, Duration),
    reservation: &mut Reservation,
    intake: &Intake,
) -> Result<Bytes, Problem> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > limit) {
        return Err(too_large("body", limit));
    }
    let arrival = Arrival { declared: declared.unwrap_or_default(), limit, within, announced: |_| None };
    let read = collect(body, arrival, extensions, reservation, intake).await;
    read.map(BytesMut::freeze).map_err(|unfinished| match unfinished {
        Unfinished::TooLarge => too_large("body", limit),
        Unfinished::Broken(reason) => Problem::bad_data(format!("the body cannot be read: {reason}")),
        Unfinished::Later(refused) => refused.into(),
    })
}

fn too_large(what: &str, limit: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        Code::ResourceExhausted,
        format!("the {what} is larger than the limit of {limit} bytes; send smaller batches"),
    )
}
