//! The load of the benches: realistic Next.js traces made from `fixtures/`, the senders, and the daemon as a second
//! process. What is measured with them is each bench's business.
//!
//! `recorded` cuts the recordings into traces and prepares each span so that only ids, times and keys have to be
//! written into it; `stream` makes endless batches of them; `http` and `grpc` send; `drive` runs many senders and
//! counts; `daemon` starts, watches and ends the daemon; `disk` weighs its file.
#![allow(
    dead_code,
    reason = "each bench, and the test of the load, is a crate of its own and uses a part of this"
)]

pub(crate) mod daemon;
pub(crate) mod disk;
pub(crate) mod drive;
mod grpc;
mod http;
pub(crate) mod random;
pub(crate) mod recorded;
pub(crate) mod stream;

use std::io::Write;

/// Spans of a batch.
pub(crate) const BATCH_SPANS: usize = 512;
/// Senders at the same time, each with one request in flight as an SDK has.
pub(crate) const CONNECTIONS: usize = 8;

/// How spans are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

/// What a batch is sent over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    Grpc,
    HttpProtobuf,
    HttpJson,
}

impl Transport {
    pub(crate) const ALL: [Self; 3] = [Self::Grpc, Self::HttpProtobuf, Self::HttpJson];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http-protobuf",
            Self::HttpJson => "http-json",
        }
    }

    pub(crate) fn encoding(self) -> Encoding {
        match self {
            Self::Grpc | Self::HttpProtobuf => Encoding::Protobuf,
            Self::HttpJson => Encoding::Json,
        }
    }
}

/// How a sender compresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The word of `content-encoding` and `grpc-encoding`, when there is something to say.
    fn header(self) -> Option<&'static str> {
        (self != Self::None).then(|| self.as_str())
    }

    /// Appends the compressed bytes, at the fastest level: the sender shares the machine with the daemon.
    pub(crate) fn append(self, bytes: &[u8], to: &mut Vec<u8>) -> anyhow::Result<()> {
        match self {
            Self::None => to.extend_from_slice(bytes),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(to, flate2::Compression::fast());
                encoder.write_all(bytes)?;
                encoder.finish()?;
            }
            Self::Zstd => zstd::stream::copy_encode(bytes, to, 1)?,
        }
        Ok(())
    }
}

/// What the receiver said to a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// All of it is kept.
    Kept,
    /// Too busy: send it again later.
    Later,
}
