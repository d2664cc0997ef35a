//! Interactions: a client's related Calls, kept for simulation and as examples.

use pointsman_store::{Fingerprint, TraceId};

use super::RollupError;
use super::encoding::{Reader, Writer};
use super::fact::coded;

coded! {
    /// What kind of sequence it is.
    pub enum InteractionKind {
        /// A mutation of a route, then a refresh of the page it was called from.
        MutationThenRefresh,
        /// An action, then a refresh of the same page.
        ActionThenRefresh,
        /// Actions of one client that waited for each other.
        SerialActions,
        /// The load of a page, then the actions that came with it.
        ActionOnLoad,
        /// Several intervals of a regular poll.
        Poll,
        /// A mutation of a route, then a new document of the page it was called from.
        MutationThenDocument,
        /// An action, then a navigation of the client router to another page.
        ActionThenNavigation,
    }
}

/// One Call within an Interaction.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
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

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.number(u64::from(self.prefetches));
        to.count(self.steps.len());
        for step in &self.steps {
            to.fixed(&step.handler.0.to_be_bytes());
            to.fixed(&step.trace.0);
            to.number(step.start_us);
            to.number(step.duration_us);
            to.optional(step.request_bytes);
            to.optional(step.response_bytes);
        }
        to.finish()
    }

    pub(super) fn decode(kind: InteractionKind, bytes: &[u8]) -> Result<Self, RollupError> {
        let mut from = Reader::new(bytes);
        let prefetches = u32::try_from(from.number()?).unwrap_or(u32::MAX);
        let mut steps = Vec::new();
        for _ in 0..from.count()? {
            steps.push(Step {
                handler: Fingerprint(u64::from_be_bytes(from.fixed()?)),
                trace: TraceId(from.fixed()?),
                start_us: from.number()?,
                duration_us: from.number()?,
                request_bytes: from.optional()?,
                response_bytes: from.optional()?,
            });
        }
        from.end()?;
        Ok(Self { kind, steps, prefetches })
    }
}
