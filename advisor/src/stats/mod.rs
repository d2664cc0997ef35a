//! Statistics that the evidence needs: intervals of shares, quantile sketches, distinct counts.
//! What is counted is not decided here.

mod distinct;
mod interval;
mod sketch;

pub(crate) use distinct::Distinct;
pub use interval::Interval;
pub use sketch::Sketch;
