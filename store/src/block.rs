//! Blocks: raw spans as they came, compressed once, in whatever database they lie.

use crate::TraceId;
use crate::error::StoreError;

/// Blocks inflate to at most this many bytes; a longer one is damaged.
const MAX_INFLATED: usize = 256 << 20;

/// Number of a stored block; later blocks have larger numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct BlockId(pub i64);

/// The spans of one export request, ready to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    received_ns: u64,
    spans: u32,
    inflated_bytes: u64,
    /// Prefixes of the ids of its traces, each once, in order.
    traces: Vec<i64>,
    payload: Vec<u8>,
}

impl Block {
    /// Compresses an OTLP request. Costs CPU: call it where requests are handled, not where they are committed.
    ///
    /// `traces` are the ids of all traces in it; `received_ns` is the time of arrival, ns since the epoch.
    ///
    /// # Errors
    /// When the compressor fails, which memory exhaustion alone explains.
    pub fn compress(
        otlp: &[u8],
        spans: u32,
        traces: impl IntoIterator<Item = TraceId>,
        received_ns: u64,
    ) -> std::io::Result<Self> {
        // Level 1: measured twice as fast as level 3 for 3 % more bytes on span data.
        let mut payload = zstd::bulk::compress(otlp, 1)?;
        // It was made as large as the worst would be.
        payload.shrink_to_fit();
        let mut traces: Vec<_> = traces.into_iter().map(TraceId::prefix).collect();
        traces.sort_unstable();
        traces.dedup();
        Ok(Self { received_ns, spans, inflated_bytes: otlp.len() as u64, traces, payload })
    }

    /// Bytes it will take in the file, its index left out.
    #[must_use]
    pub fn stored_bytes(&self) -> usize {
        self.payload.len() + 8 * self.traces.len()
    }

    /// Number of spans in it.
    #[must_use]
    pub fn spans(&self) -> u32 {
        self.spans
    }

    /// The request in it, inflated again.
    ///
    /// # Errors
    /// When the decompressor fails, which memory exhaustion alone explains.
    pub fn otlp(&self) -> std::io::Result<Vec<u8>> {
        zstd::bulk::decompress(&self.payload, usize::try_from(self.inflated_bytes).unwrap_or(MAX_INFLATED))
    }

    /// When it came, ns since the epoch.
    pub(crate) fn received_ns(&self) -> u64 {
        self.received_ns
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(crate) fn inflated_bytes(&self) -> i64 {
        self.inflated_bytes.cast_signed()
    }

    pub(crate) fn traces(&self) -> &[i64] {
        &self.traces
    }
}

/// The spans of a stored block as OTLP protobuf, from what its row holds.
pub(crate) fn inflate(id: BlockId, inflated_bytes: i64, payload: &[u8]) -> Result<Vec<u8>, StoreError> {
    let damaged = |reason: String| StoreError::Damaged { block: id.0, reason };
    let capacity = usize::try_from(inflated_bytes).ok().filter(|bytes| *bytes <= MAX_INFLATED);
    let capacity =
        capacity.ok_or_else(|| damaged(format!("its inflated size {inflated_bytes} is out of range")))?;
    zstd::bulk::decompress(payload, capacity).map_err(|error| damaged(error.to_string()))
}
