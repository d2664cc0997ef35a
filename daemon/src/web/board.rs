//! What the pages show: the last reports and the metrics.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use pointsman_advisor::Report;
use pointsman_advisor::life::Record;
use prometheus::{Encoder, Gauge, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

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
    flips: IntCounter,
    outcomes: IntCounterVec,
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
                Opts::new(
                    "pointsman_recommendations",
                    "Handlers of the current report by verdict, and moves by where they stand; the state of others is none.",
                ),
                &["service", "environment", "verdict", "state"],
            )?,
            flips: IntCounter::new(
                "pointsman_recommendation_flips_total",
                "Times that a move was left for keep, or keep for a move, of all handlers that are remembered.",
            )?,
            outcomes: IntCounterVec::new(
                Opts::new(
                    "pointsman_recommendation_outcomes_total",
                    "Moves that were made and compared with the time before, by what became of them.",
                ),
                &["outcome"],
            )?,
            registry,
        };
        board.registry.register(Box::new(board.runs.clone()))?;
        board.registry.register(Box::new(board.failures.clone()))?;
        board.registry.register(Box::new(board.run_seconds.clone()))?;
        board.registry.register(Box::new(board.last_success.clone()))?;
        board.registry.register(Box::new(board.handlers.clone()))?;
        board.registry.register(Box::new(board.flips.clone()))?;
        board.registry.register(Box::new(board.outcomes.clone()))?;
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
                let state = handler.state.as_deref().unwrap_or("none");
                let labels = [report.service.as_str(), environment, handler.verdict.as_str(), state];
                self.handlers.with_label_values(&labels).inc();
            }
        }
        self.count_up(&reports);
        *self.reports.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(reports));
    }

    /// Raises the counters to what the database remembers: other processes count too.
    fn count_up(&self, reports: &[Report]) {
        let raise = |counter: &IntCounter, to: u64| counter.inc_by(to.saturating_sub(counter.get()));
        let sum = |of: fn(&Record) -> usize| {
            reports.iter().map(|report| u64::try_from(of(&report.record)).unwrap_or(u64::MAX)).sum()
        };
        raise(&self.flips, reports.iter().map(|report| report.record.flips).sum());
        for (outcome, count) in [
            ("improved", sum(|record| record.improved)),
            ("flat", sum(|record| record.flat)),
            ("worse", sum(|record| record.worse)),
            ("unknown", sum(|record| record.unknown)),
        ] {
            raise(&self.outcomes.with_label_values(&[outcome]), count);
        }
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
