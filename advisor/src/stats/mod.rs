//! Statistics that the evidence needs: intervals of shares, quantile sketches, distinct counts.
//! What is counted is not decided here.

mod distinct;
mod interval;
mod sketch;

pub(crate) use distinct::Distinct;
pub use interval::Interval;
pub use sketch::Sketch;

/// A count, a size or a time in µs as a number to divide: all of them stay below 2^53, where this is exact.
#[allow(clippy::cast_precision_loss, reason = "counts, bytes and microseconds stay below 2^53")]
pub(crate) fn as_f64(value: u64) -> f64 {
    value as f64
}
