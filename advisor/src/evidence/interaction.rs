//! Interactions: a client's related Calls, kept for simulation and as examples.

use pointsman_store::{Fingerprint, TraceId};
use serde::{Deserialize, Serialize};

/// What kind of sequence it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum InteractionKind {
    /// A mutation of a route, then a refresh of the page it was called from.
    MutationThenRefresh,
    /// An action, then a refresh of the same page.
    ActionThenRefresh,
    /// Actions of one client that waited for each other.
    SerialActions,
    /// An action soon after the load of its page.
    ActionOnLoad,
    /// Several intervals of a regular poll.
    Poll,
}

/// One Call within an Interaction.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Whose Call.
    pub handler: Fingerprint,
    /// Its trace.
    pub trace: TraceId,
    /// Start relative to the first step, µs.
    pub start_us: u64,
    /// Duration, µs.
    pub duration_us: u64,
    /// Request body, bytes.
    pub request_bytes: Option<u64>,
    /// Response body, bytes.
    pub response_bytes: Option<u64>,
}

/// A client's related Calls, in order of start. It belongs to the Handler and hour of its first Call that is one
/// of the Handler's; prefetches that follow it are only counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Interaction {
    /// What kind of sequence it is.
    pub kind: InteractionKind,
    /// Its Calls.
    pub steps: Vec<Step>,
    /// Prefetches by the same client within five seconds after it.
    pub prefetches: u32,
}

impl Interaction {
    /// A number that chooses at random but always alike: the hash by which Interactions are kept.
    #[must_use]
    pub(super) fn lot(&self) -> u64 {
        let trace = self.steps.first().map_or([0; 16], |step| step.trace.0);
        // Trace ids are random, but some generators begin them with a time: the last bytes are the random ones.
        let [.., a, b, c, d, e, f, g, h] = trace;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}
