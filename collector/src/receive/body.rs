//! Bodies of HTTP requests: read and inflated within limits. What they mean is not known here.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use tonic::Code;

use super::answer::Problem;
use super::inflate::{Compression, NotInflated};
use crate::ingest::{Full, Share, worked};

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

/// Inflates a body up to `limit` bytes, where it disturbs least; `share` grows with it.
pub(super) async fn inflate(
    compression: Compression,
    body: Bytes,
    limit: usize,
    mut share: Share,
    busy: impl Fn(Full) -> Problem,
) -> Result<(Bytes, Share), Problem> {
    if compression == Compression::None {
        return Ok((body, share));
    }
    worked(body.len(), move || compression.inflate(body, limit, &mut share).map(|body| (body, share)))
        .await
        .map_err(|refused| match refused {
            NotInflated::TooLarge => too_large("inflated body", limit),
            NotInflated::Malformed(reason) => Problem::bad_data(format!("the body is broken: {reason}")),
            NotInflated::Full(full) => busy(full),
        })
}

/// Reads a body up to `limit` bytes; `share` grows with it, so that all bodies together are bounded too.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    within: Duration,
    share: &mut Share,
    busy: impl Fn(Full) -> Problem,
) -> Result<Bytes, Problem> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > limit) {
        return Err(too_large("body", limit));
    }
    let reading = collect(body, declared.unwrap_or_default(), limit, share, busy);
    tokio::time::timeout(within, reading).await.unwrap_or_else(|_| {
        Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            Code::DeadlineExceeded,
            format!("the body did not arrive within {} s", within.as_secs()),
        ))
    })
}

async fn collect(
    mut body: Body,
    declared: usize,
    limit: usize,
    share: &mut Share,
    busy: impl Fn(Full) -> Problem,
) -> Result<Bytes, Problem> {
    share.grow_to(declared).map_err(&busy)?;
    let mut read = BytesMut::with_capacity(declared);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::bad_data(format!("the body cannot be read: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = read.len() + data.len();
        if length > limit {
            return Err(too_large("body", limit));
        }
        share.grow_to(length).map_err(&busy)?;
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

fn too_large(what: &str, limit: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        Code::ResourceExhausted,
        format!("the {what} is larger than the limit of {limit} bytes; send smaller batches"),
    )
}
