//! Metrics of publishing, in one block.

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

use super::times::Reason;

/// What was published and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    reports: IntCounterVec,
    failures: IntCounter,
    deliveries: IntCounterVec,
}

/// What became of an attempt to deliver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Attempted {
    /// The receiver has taken it.
    Delivered,
    /// It is tried again later.
    Failed,
    /// It is not tried any more.
    GivenUp,
}

impl Attempted {
    const ALL: [Self; 3] = [Self::Delivered, Self::Failed, Self::GivenUp];

    fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }
}

impl Metrics {
    /// Makes the metrics for these receivers and registers them.
    pub(crate) fn register<'a>(
        registry: &Registry,
        targets: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            reports: IntCounterVec::new(
                Opts::new("pointsman_reports_total", "Reports that were published, by why they were made."),
                &["reason"],
            )?,
            failures: IntCounter::new(
                "pointsman_report_failures_total",
                "Times that a report that was due could not be made or kept; it is tried again.",
            )?,
            deliveries: IntCounterVec::new(
                Opts::new(
                    "pointsman_report_deliveries_total",
                    "Attempts to deliver a report, by receiver and by what became of them.",
                ),
                &["target", "outcome"],
            )?,
        };
        for reason in Reason::ALL {
            metrics.reports.with_label_values(&[reason.as_str()]);
        }
        for target in targets {
            for outcome in Attempted::ALL {
                metrics.deliveries.with_label_values(&[target, outcome.as_str()]);
            }
        }
        registry.register(Box::new(metrics.reports.clone()))?;
        registry.register(Box::new(metrics.failures.clone()))?;
        registry.register(Box::new(metrics.deliveries.clone()))?;
        Ok(metrics)
    }

    pub(super) fn count_report(&self, reason: Reason) {
        self.reports.with_label_values(&[reason.as_str()]).inc();
    }

    pub(super) fn count_failure(&self) {
        self.failures.inc();
    }

    pub(super) fn count_delivery(&self, target: &str, outcome: Attempted) {
        self.deliveries.with_label_values(&[target, outcome.as_str()]).inc();
    }
}
