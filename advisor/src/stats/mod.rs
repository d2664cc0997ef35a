//! Statistics that the evidence needs: intervals of shares and counts, quantile sketches, distinct counts, trends.
//! What is counted is not decided here.

mod count;
mod distinct;
mod interval;
mod sketch;
mod trend;

pub use count::Estimate;
pub(crate) use distinct::Distinct;
pub use interval::Interval;
pub use sketch::{Bin, Distribution, Sketch};
pub use trend::Trend;

/// A count, a size or a time in µs as a number to divide: all of them stay below 2^53, where this is exact.
#[allow(clippy::cast_precision_loss, reason = "counts, bytes and microseconds stay below 2^53")]
pub(crate) fn as_f64(value: u64) -> f64 {
    value as f64
}
