//! Compressed bodies and messages, inflated within limits: the size of each, and the room of all together.

use std::io::Read;

use bytes::Bytes;

use crate::ingest::{Full, Share};

/// The largest window a zstd frame may ask for, as a power of two: 8 MiB, what its strongest usual level takes.
const ZSTD_WINDOW_LOG: u32 = 23;

/// So much is inflated before room is taken for it.
const STEP: u64 = 64 << 10;

/// How a body or a message is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
    Deflate,
}

/// Why a body or a message could not be inflated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum NotInflated {
    /// It is larger than the limit.
    TooLarge,
    /// It is not compressed like that.
    Malformed(String),
    /// There is no room for it now.
    Full(Full),
}

impl Compression {
    /// What every sender may use, as a header tells it.
    pub(super) const ACCEPTED: &'static str = "gzip,zstd,deflate,identity";

    /// What a header names, in any case; the word where it is none of those.
    pub(super) fn named(word: &str) -> Result<Self, String> {
        let word = word.trim().to_ascii_lowercase();
        match word.as_str() {
            "" | "identity" => Ok(Self::None),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            "deflate" | "zlib" => Ok(Self::Deflate),
            _ => Err(word),
        }
    }

    /// Inflates up to `limit` bytes; `share` grows with them.
    pub(super) fn inflate(self, body: Bytes, limit: usize, share: &mut Share) -> Result<Bytes, NotInflated> {
        let compressed: &[u8] = &body;
        match self {
            Self::None => Ok(body),
            // Concatenated members are one body (RFC 1952, 2.2).
            Self::Gzip => {
                self.bounded(flate2::bufread::MultiGzDecoder::new(compressed), body.len(), limit, share)
            }
            Self::Deflate => {
                self.bounded(flate2::bufread::ZlibDecoder::new(compressed), body.len(), limit, share)
            }
            Self::Zstd => {
                let mut decoder =
                    zstd::Decoder::with_buffer(compressed).map_err(|error| self.malformed(&error))?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|error| self.malformed(&error))?;
                self.bounded(decoder, body.len(), limit, share)
            }
        }
    }

    fn bounded(
        self,
        mut from: impl Read,
        compressed: usize,
        limit: usize,
        share: &mut Share,
    ) -> Result<Bytes, NotInflated> {
        // Span data shrinks about six times.
        let mut inflated = Vec::with_capacity(compressed.saturating_mul(6).min(limit));
        loop {
            // Grown at most once, to all that it may become: pages that nothing is written to cost nothing, while a
            // copy of what is there costs as much again.
            let step = usize::try_from(STEP).unwrap_or(usize::MAX);
            if inflated.capacity() - inflated.len() < step {
                inflated.reserve_exact(limit.saturating_sub(inflated.len()).saturating_add(2 * step));
            }
            let read = from.by_ref().take(STEP).read_to_end(&mut inflated);
            if read.map_err(|error| self.malformed(&error))? == 0 {
                return Ok(inflated.into());
            }
            if inflated.len() > limit {
                return Err(NotInflated::TooLarge);
            }
            share.grow_to(inflated.len()).map_err(NotInflated::Full)?;
        }
    }

    fn malformed(self, error: &std::io::Error) -> NotInflated {
        let name = match self {
            Self::None => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Deflate => "deflate",
        };
        NotInflated::Malformed(format!("it cannot be inflated as {name}: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use prometheus::IntGauge;

    use super::*;
    use crate::ingest::Room;

    fn share(capacity: usize) -> Share {
        Room::new(capacity, IntGauge::new("taken", "taken").unwrap()).take(0).unwrap()
    }

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn a_zstd_frame_that_asks_for_a_huge_window_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(&vec![7; 100_000]).unwrap();
        let body = Bytes::from(encoder.finish().unwrap());
        let refused = Compression::Zstd.inflate(body, 1 << 20, &mut share(1 << 20)).unwrap_err();
        assert!(matches!(refused, NotInflated::Malformed(_)), "{refused:?}");
    }

    #[test]
    fn what_is_inflated_takes_room_and_stops_where_there_is_none() {
        let body = gzip(&vec![7; 1 << 20]);
        let room = Room::new(1 << 20, IntGauge::new("taken", "taken").unwrap());
        let other = room.take(1 << 19).unwrap();
        let mut share = room.take(0).unwrap();
        let refused = Compression::Gzip.inflate(body.clone(), 2 << 20, &mut share).unwrap_err();
        assert_eq!(refused, NotInflated::Full(Full));
        drop(other);
        assert_eq!(Compression::Gzip.inflate(body, 2 << 20, &mut share).unwrap().len(), 1 << 20);
        assert!(room.take(1 << 10).is_err());
    }

    #[test]
    fn the_limit_itself_is_no_bomb() {
        let body = gzip(&vec![7; 100_000]);
        let inflate = |limit| Compression::Gzip.inflate(body.clone(), limit, &mut share(1 << 20));
        assert_eq!(inflate(100_000).unwrap().len(), 100_000);
        assert_eq!(inflate(99_999), Err(NotInflated::TooLarge));
    }
}
