//! One answer to a reader: a large one is compressed once, and sent compressed or inflated piece by piece, whichever the
//! reader can take. Who draws it, and when, is decided elsewhere.

use std::io::{BufRead, Read};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, response};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::bufread::{GzDecoder, GzEncoder};
use pointsman_store::hex;
use sha2::{Digest, Sha256};

use crate::render::safe;

/// Smaller answers are sent as they are, bytes.
const SMALL: usize = 8 << 10;
/// No answer is larger, bytes.
const LARGEST: usize = 256 << 20;
/// An inflated answer is sent in pieces of this size, bytes.
const PIECE: usize = 32 << 10;

/// An answer, as large as it may be.
#[derive(Clone)]
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    content: Content,
}

#[derive(Clone)]
pub(super) enum Content {
    Small(Bytes),
    /// Compressed by gzip; its length without that.
    Packed(Bytes, usize),
}

/// What a request says about the answer that it can take.
pub(super) struct Asked {
    takes_gzip: bool,
    known_tags: Vec<String>,
}

impl Asked {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let listed = |name| {
            let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).map(str::trim)
        };
        let is_wanted = |coding: &str| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            matches!(name.trim(), "gzip" | "x-gzip" | "*") && weight.is_none_or(|weight| weight > 0.0)
        };
        Self {
            takes_gzip: listed(header::ACCEPT_ENCODING).any(is_wanted),
            known_tags: listed(header::IF_NONE_MATCH)
                .map(|tag| tag.trim_start_matches("W/").to_owned())
                .collect(),
        }
    }

    fn knows(&self, tag: &str) -> bool {
        let tag = tag.trim_start_matches("W/");
        self.known_tags.iter().any(|known| known == "*" || known == tag)
    }
}

/// What makes an answer large, and its length before it was compressed.
pub(super) type Packed = Option<(Vec<u8>, usize)>;

impl Answer {
    /// Takes a response to pieces; a large one is compressed, and its content comes beside it.
    pub(super) async fn of(response: Response) -> anyhow::Result<(Self, Packed)> {
        let (response::Parts { status, mut headers, .. }, body) = response.into_parts();
        let mut body = to_bytes(body, LARGEST).await?;
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_json = kind.starts_with("application/json") || kind.starts_with("application/problem+json");
        if is_json && !body.is_empty() {
            let text = safe::json(String::from_utf8(body.into())?);
            headers.remove(header::CONTENT_LENGTH);
            body = text.into();
        }
        if status == StatusCode::OK && !body.is_empty() && !headers.contains_key(header::ETAG) {
            let tag = tag(&body);
            headers.insert(header::ETAG, HeaderValue::from_str(&tag)?);
        }
        if body.len() < SMALL {
            return Ok((Self { status, headers, content: Content::Small(body) }, None));
        }
        let length = body.len();
        headers.remove(header::CONTENT_LENGTH);
        let mut packed = Vec::with_capacity(length / 8);
        GzEncoder::new(body.as_ref(), Compression::fast()).read_to_end(&mut packed)?;
        packed.shrink_to_fit();
        Ok((Self { status, headers, content: Content::Small(Bytes::new()) }, Some((packed, length))))
    }

    /// The same with this content.
    pub(super) fn with(self, content: Content) -> Self {
        Self { content, ..self }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.status == StatusCode::OK
    }

    /// How much memory it holds.
    pub(super) fn bytes(&self) -> usize {
        match &self.content {
            Content::Small(bytes) | Content::Packed(bytes, _) => bytes.len(),
        }
    }

    /// The same with bytes of its own, which take no room of those on their way.
    pub(super) fn owned(&self) -> Self {
        let content = match &self.content {
            Content::Small(bytes) => Content::Small(Bytes::copy_from_slice(bytes)),
            Content::Packed(bytes, length) => Content::Packed(Bytes::copy_from_slice(bytes), *length),
        };
        Self { status: self.status, headers: self.headers.clone(), content }
    }

    /// As whoever asked can take it.
    pub(super) fn sent(self, asked: &Asked) -> Response {
        let Self { status, mut headers, content } = self;
        let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        if status == StatusCode::OK && tag.is_some_and(|tag| asked.knows(tag)) {
            headers.remove(header::CONTENT_TYPE);
            headers.remove(header::CONTENT_LENGTH);
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let body = match content {
            Content::Small(bytes) => Body::from(bytes),
            Content::Packed(bytes, length) => {
                headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
                if asked.takes_gzip {
                    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                    Body::from(bytes)
                } else {
                    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
                    Body::from_stream(tokio_stream::iter(Pieces(GzDecoder::new(Reading(bytes)))))
                }
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// A compressed answer, inflated piece by piece as it is taken.
struct Pieces(GzDecoder<Reading>);

/// Bytes that are read from their beginning.
struct Reading(Bytes);

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.len().min(into.len());
        let taken = self.0.split_to(read);
        into.iter_mut().zip(taken).for_each(|(place, byte)| *place = byte);
        Ok(read)
    }
}

impl BufRead for Reading {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        Ok(&self.0)
    }

    fn consume(&mut self, amount: usize) {
        let _ = self.0.split_to(amount.min(self.0.len()));
    }
}

impl Iterator for Pieces {
    type Item = std::io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = Vec::with_capacity(PIECE);
        let limit = u64::try_from(PIECE).unwrap_or(u64::MAX);
        match self.0.by_ref().take(limit).read_to_end(&mut piece) {
            Ok(0) => None,
            Ok(_) => Some(Ok(piece.into())),
            Err(error) => Some(Err(error)),
        }
    }
}

/// What names an answer by its content.
pub(super) fn tag(content: &[u8]) -> String {
    format!("\"{}\"", hex(&Sha256::digest(content)[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> Asked {
        let pairs = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        Asked::of(&pairs.collect())
    }

    async fn body(response: Response) -> Bytes {
        to_bytes(response.into_body(), LARGEST).await.unwrap()
    }

    async fn large() -> Answer {
        let text = "a line of a page\n".repeat(20_000);
        let (answer, packed) = Answer::of(text.into_response()).await.unwrap();
        let (packed, length) = packed.unwrap();
        assert!(packed.len() < length / 20);
        Answer { content: Content::Packed(packed.into(), length), ..answer }
    }

    #[tokio::test]
    async fn a_large_answer_is_the_same_compressed_and_not() {
        let answer = large().await;
        let plain = answer.clone().sent(&asked(&[]));
        assert_eq!(plain.headers()[header::CONTENT_LENGTH], "340000");
        let plain = body(plain).await;
        let packed = answer.clone().sent(&asked(&[("accept-encoding", "br, gzip;q=0.5")]));
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(packed.headers()[header::VARY], "accept-encoding");
        let packed = body(packed).await;
        let mut inflated = Vec::new();
        GzDecoder::new(packed.as_ref()).read_to_end(&mut inflated).unwrap();
        assert_eq!(inflated, plain);
        let refused = answer.sent(&asked(&[("accept-encoding", "gzip;q=0, identity")]));
        assert!(!refused.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn who_has_it_already_is_told_so() {
        let answer = large().await;
        let tag = answer.headers[header::ETAG].to_str().unwrap().to_owned();
        let known = Asked { takes_gzip: true, known_tags: vec!["\"x\"".to_owned(), tag] };
        let told = answer.clone().sent(&known);
        assert_eq!(told.status(), StatusCode::NOT_MODIFIED);
        assert!(body(told).await.is_empty());
        assert_eq!(answer.sent(&asked(&[("if-none-match", "\"x\"")])).status(), StatusCode::OK);
    }
}
