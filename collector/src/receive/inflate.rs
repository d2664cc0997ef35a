//! Compressed bodies and messages, inflated within limits: the size of each, and the room of all together.

use std::io::Read;

use bytes::Bytes;

use crate::ingest::{Full, Intake, NoRoom, Refused, Reservation, run_blocking};

/// The largest window a zstd frame may ask for, as a power of two: 8 MiB, what its strongest usual level takes.
const ZSTD_WINDOW_LOG: u32 = 23;

/// What becomes larger than this waits for its turn: inflating it takes milliseconds, which neighbours would wait.
const WITHOUT_TURN: usize = 1 << 20;

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
    /// It may be sent again.
    Later(Refused),
}

/// Why inflating stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Stopped {
    TooLarge,
    Malformed(String),
    NoRoom(NoRoom),
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

    /// Inflates up to `limit` bytes, where it disturbs least; the reservation grows with them. What becomes large is inflated
    /// again when its turn has come: one that is larger than the limit is told so then, and not to come again.
    pub(super) async fn inflate_within(
        self,
        body: Bytes,
        limit: usize,
        mut reservation: Reservation,
        intake: &Intake,
    ) -> Result<(Bytes, Reservation), NotInflated> {
        if self == Self::None {
            return Ok((body, reservation));
        }
        let mut inflated = self.inflate(body.clone(), limit.min(WITHOUT_TURN), &mut reservation);
        let is_large = inflated == Err(Stopped::NoRoom(NoRoom::Large))
            || (inflated == Err(Stopped::TooLarge) && limit > WITHOUT_TURN);
        if is_large {
            reservation.shrink_to(body.len());
            reservation.become_large().await.map_err(|full| NotInflated::Later(intake.busy(full)))?;
            (inflated, reservation) = run_blocking(move || {
                let inflated = self.inflate(body, limit, &mut reservation);
                (inflated, reservation)
            })
            .await;
        }
        match inflated {
            Ok(inflated) => Ok((inflated, reservation)),
            Err(Stopped::TooLarge) => Err(NotInflated::TooLarge),
            Err(Stopped::Malformed(reason)) => Err(NotInflated::Malformed(reason)),
            Err(Stopped::NoRoom(_)) => Err(NotInflated::Later(intake.busy(Full))),
        }
    }

    fn inflate(self, body: Bytes, limit: usize, reservation: &mut Reservation) -> Result<Bytes, Stopped> {
        let compressed: &[u8] = &body;
        match self {
            Self::None => Ok(body),
            // Concatenated members are one body (RFC 1952, 2.2).
            Self::Gzip => {
                self.bounded(flate2::bufread::MultiGzDecoder::new(compressed), body.len(), limit, reservation)
            }
            Self::Deflate => {
                self.bounded(flate2::bufread::ZlibDecoder::new(compressed), body.len(), limit, reservation)
            }
            Self::Zstd => {
                let mut decoder =
                    zstd::Decoder::with_buffer(compressed).map_err(|error| self.malformed(&error))?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|error| self.malformed(&error))?;
                self.bounded(decoder, body.len(), limit, reservation)
            }
        }
    }

    fn bounded(
        self,
        mut from: impl Read,
        compressed: usize,
        limit: usize,
        reservation: &mut Reservation,
    ) -> Result<Bytes, Stopped> {
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
                return Err(Stopped::TooLarge);
            }
            reservation.try_grow(inflated.len()).map_err(Stopped::NoRoom)?;
        }
    }

    fn malformed(self, error: &std::io::Error) -> Stopped {
        let name = match self {
            Self::None => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Deflate => "deflate",
        };
        Stopped::Malformed(format!("it cannot be inflated as {name}: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use prometheus::{IntCounter, IntGauge};

    use super::*;
    use crate::ingest::{ByteBudget, Who};

    fn budget(capacity: usize) -> ByteBudget {
        let taken = IntGauge::new("taken", "taken").unwrap();
        ByteBudget::new(capacity, taken, IntCounter::new("given_up", "given up").unwrap())
    }

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[tokio::test]
    async fn a_zstd_frame_that_asks_for_a_huge_window_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(&vec![7; 100_000]).unwrap();
        let body = Bytes::from(encoder.finish().unwrap());
        let mut reservation = budget(1 << 20).reserve(Who::own()).await.unwrap();
        let refused = Compression::Zstd.inflate(body, 1 << 20, &mut reservation).unwrap_err();
        assert!(matches!(refused, Stopped::Malformed(_)), "{refused:?}");
    }

    #[tokio::test]
    async fn what_is_inflated_takes_room_and_stops_where_there_is_none() {
        let body = gzip(&vec![7; 200 << 10]);
        let budget = budget(1 << 20);
        let other = |connection| Who { connection, ..Who::own() };
        let mut held = Vec::new();
        for connection in 1..=4 {
            let mut one = budget.reserve(other(connection)).await.unwrap();
            one.try_grow(200 << 10).unwrap();
            held.push(one);
        }
        let mut reservation = budget.reserve(other(5)).await.unwrap();
        let mut inflate = |body: &Bytes| Compression::Gzip.inflate(body.clone(), 2 << 20, &mut reservation);
        assert_eq!(inflate(&body), Err(Stopped::NoRoom(NoRoom::Full)));
        held.clear();
        assert_eq!(inflate(&body).unwrap().len(), 200 << 10);
        assert_eq!(inflate(&gzip(&vec![7; 1 << 20])), Err(Stopped::NoRoom(NoRoom::Large)));
    }

    #[tokio::test]
    async fn the_limit_itself_is_no_bomb() {
        let body = gzip(&vec![7; 100_000]);
        let mut reservation = budget(1 << 20).reserve(Who::own()).await.unwrap();
        let mut inflate = |limit| Compression::Gzip.inflate(body.clone(), limit, &mut reservation);
        assert_eq!(inflate(100_000).unwrap().len(), 100_000);
        assert_eq!(inflate(99_999), Err(Stopped::TooLarge));
        reservation.become_large().await.unwrap();
        let bomb = gzip(&vec![0; 30 << 20]);
        assert_eq!(Compression::Gzip.inflate(bomb, 20 << 20, &mut reservation), Err(Stopped::TooLarge));
    }
}
