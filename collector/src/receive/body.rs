//! Bodies of HTTP requests: read and inflated within limits. What they mean is not known here.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use tonic::Code;

use super::answer::Problem;
use crate::ingest::{Full, Share};

/// The largest window a zstd frame may ask for, as a power of two: 8 MiB, what its strongest usual level takes.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
    Deflate,
}

impl Compression {
    /// What `content-encoding` names.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(value) = headers.get(CONTENT_ENCODING) else { return Ok(Self::None) };
        let word = value.to_str().unwrap_or("?").trim().to_ascii_lowercase();
        match word.as_str() {
            "" | "identity" => Ok(Self::None),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            "deflate" | "zlib" => Ok(Self::Deflate),
            _ => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Code::InvalidArgument,
                format!("content-encoding {word} is not supported; send gzip, zstd, deflate or none"),
            )),
        }
    }

    /// Inflates a body, up to `limit` bytes.
    pub(super) fn inflate(self, body: Bytes, limit: usize) -> Result<Bytes, Problem> {
        let compressed: &[u8] = &body;
        let inflated = match self {
            Self::None => return Ok(body),
            // Concatenated members are one body (RFC 1952, 2.2).
            Self::Gzip => bounded(flate2::bufread::MultiGzDecoder::new(compressed), body.len(), limit),
            Self::Deflate => bounded(flate2::bufread::ZlibDecoder::new(compressed), body.len(), limit),
            Self::Zstd => zstd::Decoder::with_buffer(compressed).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                bounded(decoder, body.len(), limit)
            }),
        };
        match inflated {
            Ok(inflated) if inflated.len() > limit => Err(too_large("inflated body", limit)),
            Ok(inflated) => Ok(inflated.into()),
            Err(error) => {
                Err(Problem::bad_data(format!("the body cannot be inflated as {}: {error}", self.as_str())))
            }
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::None => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Deflate => "deflate",
        }
    }
}

/// Reads at most one byte more than `limit`, so that too much can be told from enough.
fn bounded(from: impl Read, compressed: usize, limit: usize) -> std::io::Result<Vec<u8>> {
    // Span data shrinks about six times.
    let mut inflated = Vec::with_capacity(compressed.saturating_mul(6).min(limit));
    from.take(limit as u64 + 1).read_to_end(&mut inflated)?;
    Ok(inflated)
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_zstd_frame_that_asks_for_a_huge_window_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(&vec![7; 100_000]).unwrap();
        let body = Bytes::from(encoder.finish().unwrap());
        let problem = Compression::Zstd.inflate(body, 1 << 20).unwrap_err();
        assert_eq!(problem.status, StatusCode::BAD_REQUEST);
    }
}
