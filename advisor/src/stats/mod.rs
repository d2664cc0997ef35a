//! Statistics that the evidence needs: intervals of shares and counts, quantile sketches, distinct counts, trends.
//! What is counted is not decided here.

mod count;
mod distinct;
mod interval;
mod pile;
mod sketch;
mod trend;

pub use count::Estimate;
pub(crate) use distinct::Distinct;
pub use interval::Interval;
pub(crate) use pile::Pile;
pub use sketch::{Bin, Distribution, Sketch};
pub use trend::Trend;

/// A count, a size or a time in µs as a number to divide: all of them stay below 2^53, where this is exact.
#[allow(clippy::cast_precision_loss, reason = "counts, bytes and microseconds stay below 2^53")]
pub(crate) fn as_f64(value: u64) -> f64 {
    value as f64
}

/// A count that was weighed, as the whole number next to it.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are from 0 on and below 2^53"
)]
pub(crate) fn whole_number(value: f64) -> u64 {
    value.max(0.0).round() as u64
}
