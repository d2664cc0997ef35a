//! What a scraper is told of the observed apps: the section `[metrics]`.

use serde::{Deserialize, Serialize};

/// More rows than that make a scrape that no Prometheus likes.
const MOST_HANDLERS: usize = 2_000;

/// How much `/metrics` reports about the observed apps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Scraped {
    /// Handlers with metrics of their own, those with the most Calls; the others are in `other` together.
    pub max_handlers: usize,
}

impl Default for Scraped {
    fn default() -> Self {
        Self { max_handlers: 200 }
    }
}

impl Scraped {
    /// Values that parse and make no sense.
    pub(super) fn faults(&self) -> Vec<String> {
        if self.max_handlers <= MOST_HANDLERS {
            return Vec::new();
        }
        vec![format!(
            "metrics.max_handlers = {}: each is some 50 series; write at most {MOST_HANDLERS}",
            self.max_handlers
        )]
    }
}
