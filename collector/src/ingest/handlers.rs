//! The bound on the number of Handlers: whoever sends routes that nobody wrote must not fill the tables. What
//! is one too many counts under one Handler `other` of its service and environment.

use std::collections::HashSet;
use std::sync::Arc;

use pointsman_store::{Call, Fingerprint, Handler, HandlerKind, TraceCalls};

/// Route and method of the Handler that stands for all beyond the limit.
const ANY: &str = "*";

/// The Handlers that are known, up to a limit.
#[derive(Debug)]
pub(super) struct KnownHandlers {
    known: HashSet<Fingerprint>,
    limit: usize,
}

impl KnownHandlers {
    pub(super) fn new(limit: usize) -> Self {
        Self { known: HashSet::new(), limit }
    }

    /// Learns what is stored already; that stays even when the limit was lowered since.
    pub(super) fn learn(&mut self, stored: impl IntoIterator<Item = Fingerprint>) {
        self.known.extend(stored);
    }

    /// Puts the Calls of Handlers beyond the limit under `other`; how many there were.
    pub(super) fn limit(&mut self, traces: &mut [TraceCalls]) -> u64 {
        let mut beyond = 0;
        for trace in traces {
            // Earlier Calls were put there too, if they were.
            for call in &mut trace.before {
                self.settle(call);
            }
            beyond += trace.calls.iter_mut().filter_map(|call| self.settle(call)).count() as u64;
        }
        beyond
    }

    /// Finds the Handler that a Call counts under; something if that is `other`.
    fn settle(&mut self, call: &mut Call) -> Option<()> {
        let id = call.handler.fingerprint();
        if self.known.contains(&id) {
            return None;
        }
        if self.known.len() < self.limit {
            self.known.insert(id);
            return None;
        }
        call.handler = Arc::new(other(&call.handler));
        Some(())
    }
}

fn other(handler: &Handler) -> Handler {
    Handler {
        service: handler.service.clone(),
        environment: handler.environment.clone(),
        kind: HandlerKind::Other,
        route: ANY.to_owned(),
        method: ANY.to_owned(),
        action: None,
    }
}
