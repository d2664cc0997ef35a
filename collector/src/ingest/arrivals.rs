//! What kinds of trace requests have come, for people who look for telemetry that does not arrive: kept in the file, because
//! `doctor` reads that and not the process.

use std::sync::atomic::{AtomicU64, Ordering};

use pointsman_store::{ArrivalKind, Arrivals as Stored};

/// Counts since the process started, and how much of them is in the file.
#[derive(Debug, Default)]
pub struct Arrivals {
    with_spans: AtomicU64,
    without_spans: AtomicU64,
    not_understood: AtomicU64,
    stored: std::sync::Mutex<Stored>,
}

impl Arrivals {
    /// Requests of each kind since the process started.
    #[must_use]
    pub fn counts(&self) -> Stored {
        let mut counts = Stored::default();
        counts.add(ArrivalKind::WithSpans, self.with_spans.load(Ordering::Relaxed));
        counts.add(ArrivalKind::WithoutSpans, self.without_spans.load(Ordering::Relaxed));
        counts.add(ArrivalKind::NotUnderstood, self.not_understood.load(Ordering::Relaxed));
        counts
    }

    /// What has come since the last time this was noted with [`Self::note_stored`].
    #[must_use]
    pub fn not_stored(&self) -> Stored {
        let stored = self.stored.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.counts().since(&stored)
    }

    /// So much more is in the file.
    pub fn note_stored(&self, more: &Stored) {
        self.stored.lock().unwrap_or_else(std::sync::PoisonError::into_inner).merge(more);
    }

    /// Counts a request by what became of it, in the words of the metrics; what may come again is not counted.
    pub(super) fn count(&self, outcome: &str) {
        let kind = match outcome {
            "accepted" | "partial" => &self.with_spans,
            "empty" => &self.without_spans,
            "bad_data" | "unsupported" => &self.not_understood,
            _ => return,
        };
        kind.fetch_add(1, Ordering::Relaxed);
    }
}
