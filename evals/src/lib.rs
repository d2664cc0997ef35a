//! Proof that the advice is right: labelled scenarios as data, a simulator that plays them, and the comparison of what the
//! advisor says with the labels.
//!
//! [`scenario`] is the data, [`sim`] plays it as requests of browsers and machines, [`telemetry`] makes of those the spans
//! that the npm package sends, [`judge`] takes them through the real collector and the real advisor, [`score`] compares,
//! [`robust`] does it
//! again with telemetry taken away, [`run`] does all of that for all sets. Nothing here waits, opens a socket or keeps a database; only
//! reading scenarios touches files.

pub mod judge;
pub mod random;
pub mod robust;
pub mod run;
pub mod scenario;
pub mod score;
pub mod sim;
pub mod telemetry;
