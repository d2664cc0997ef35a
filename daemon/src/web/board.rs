//! What the pages show: the last reports and the metrics.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use pointsman_advisor::Report;
use prometheus::{Encoder, Gauge, IntCounter, IntGaugeVec, Opts, Registry, TextEncoder};

use crate::clock;

/// The latest reports, and the registry of all metrics of the process.
pub(crate) struct Board {
    reports: RwLock<Option<Arc<Vec<Report>>>>,
    registry: Registry,
    runs: IntCounter,
    failures: IntCounter,
    run_seconds: Gauge,
    last_success: Gauge,
    handlers: IntGaugeVec,
}

impl Board {
    /// An empty board whose metrics stand in the registry.
    pub(crate) fn new(registry: Registry) -> anyhow::Result<Self> {
        let board = Self {
            reports: RwLock::new(None),
            runs: IntCounter::new("pointsman_advisor_runs_total", "Finished advisor runs.")?,
            failures: IntCounter::new("pointsman_advisor_failures_total", "Advisor runs that failed.")?,
            run_seconds: Gauge::new("pointsman_advisor_run_seconds", "Duration of the last advisor run.")?,
            last_success: Gauge::new(
                "pointsman_advisor_last_success_timestamp_seconds",
                "When the advisor last finished a run.",
            )?,
            handlers: IntGaugeVec::new(
                Opts::new("pointsman_recommendations", "Handlers of the current report by verdict."),
                &["service", "environment", "verdict"],
            )?,
            registry,
        };
        board.registry.register(Box::new(board.runs.clone()))?;
        board.registry.register(Box::new(board.failures.clone()))?;
        board.registry.register(Box::new(board.run_seconds.clone()))?;
        board.registry.register(Box::new(board.last_success.clone()))?;
        board.registry.register(Box::new(board.handlers.clone()))?;
        Ok(board)
    }

    /// Puts new reports up.
    pub(crate) fn show(&self, reports: Vec<Report>, took: Duration) {
        self.runs.inc();
        self.run_seconds.set(took.as_secs_f64());
        self.last_success.set(Duration::from_nanos(clock::now_ns()).as_secs_f64());
        self.handlers.reset();
        for report in &reports {
            let environment = report.environment.as_deref().unwrap_or_default();
            for handler in &report.handlers {
                let labels = [report.service.as_str(), environment, handler.verdict.as_str()];
                self.handlers.with_label_values(&labels).inc();
            }
        }
        *self.reports.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(reports));
    }

    /// Counts a run that failed; the last reports stay up.
    pub(crate) fn count_failure(&self) {
        self.failures.inc();
    }

    /// The last reports; none before the first run.
    pub(crate) fn reports(&self) -> Arc<Vec<Report>> {
        self.reports.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }

    /// Whether the first run has finished.
    pub(crate) fn has_advised(&self) -> bool {
        self.reports.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// All metrics in Prometheus' text format.
    pub(crate) fn metrics(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
