//! Metrics of what is advised: the handlers by verdict, what the moves promise, and what became of those that were made.

use pointsman_advisor::life::Record;
use pointsman_advisor::{HandlerReport, Report, ReportedKind};
use prometheus::core::Collector;
use prometheus::{GaugeVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry};

use super::observed::{named, safe_label};
use crate::advise::Outlook;

/// Moves with a row of their own in each environment, those that gain most.
const MOST_MOVES: usize = 200;

/// What is known of the advice.
pub(crate) struct AdviceMetrics {
    handlers: IntGaugeVec,
    confidence: GaugeVec,
    round_trips: GaugeVec,
    waiting: GaugeVec,
    queue_wait: GaugeVec,
    flips: IntCounter,
    outcomes: IntCounterVec,
    promises: IntCounterVec,
}

impl AdviceMetrics {
    /// Makes the metrics and registers them.
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            handlers: IntGaugeVec::new(
                Opts::new(
                    "pointsman_recommendations",
                    "Handlers of the current report by verdict, and moves by where they stand; the state of others is none.",
                ),
                &["service", "environment", "verdict", "state"],
            )?,
            confidence: GaugeVec::new(
                Opts::new(
                    "pointsman_recommendation_confidence",
                    "How sure each advised move is, from 0 to 1; of the 200 moves that gain most.",
                ),
                &["service", "environment", "handler", "name", "verdict", "state"],
            )?,
            round_trips: GaugeVec::new(
                Opts::new(
                    "pointsman_recommendation_promised_round_trips_per_day",
                    "Round trips a day that all advised moves together spare.",
                ),
                &["service", "environment"],
            )?,
            waiting: GaugeVec::new(
                Opts::new(
                    "pointsman_recommendation_promised_waiting_seconds_per_day",
                    "Waiting a day that all advised moves together spare the users, as measured at the server.",
                ),
                &["service", "environment"],
            )?,
            queue_wait: GaugeVec::new(
                Opts::new(
                    "pointsman_handler_queue_wait_seconds",
                    "How long calls of an action waited in the queue of their client for the actions before them, by \
                     percentile, in the week of the current report; only of actions that waited.",
                ),
                &["service", "environment", "handler", "name", "percentile"],
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
            promises: IntCounterVec::new(
                Opts::new(
                    "pointsman_recommendation_promises_total",
                    "Promises of moves that could be compared afterwards; kept is at least three quarters of one.",
                ),
                &["result"],
            )?,
        };
        for metric in metrics.all() {
            registry.register(metric)?;
        }
        Ok(metrics)
    }

    fn all(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.handlers.clone()),
            Box::new(self.confidence.clone()),
            Box::new(self.round_trips.clone()),
            Box::new(self.waiting.clone()),
            Box::new(self.queue_wait.clone()),
            Box::new(self.flips.clone()),
            Box::new(self.outcomes.clone()),
            Box::new(self.promises.clone()),
        ]
    }

    /// Shows what a run has found.
    pub(crate) fn show(&self, outlooks: &[Outlook]) {
        self.handlers.reset();
        let gauges = [&self.confidence, &self.round_trips, &self.waiting, &self.queue_wait];
        gauges.into_iter().for_each(|gauge| gauge.reset());
        for outlook in outlooks {
            self.show_report(&outlook.report);
            self.show_queue_wait(outlook);
        }
        self.count_up(outlooks);
    }

    fn show_report(&self, report: &Report) {
        let (service, environment) = app(report);
        let app = [service.as_str(), environment.as_str()];
        for handler in &report.handlers {
            let state = handler.state.as_deref().unwrap_or("none");
            self.handlers.with_label_values(&[app[0], app[1], handler.verdict.as_str(), state]).inc();
        }
        let moves = report.handlers.iter().filter(|handler| handler.verdict.is_move());
        for handler in moves.take(MOST_MOVES) {
            let state = handler.state.as_deref().unwrap_or("none");
            let name = name(handler);
            let labels = [app[0], app[1], &handler.id, &name, handler.verdict.as_str(), state];
            if let Some(confidence) = handler.confidence {
                self.confidence.with_label_values(&labels).set(confidence);
            }
        }
        self.round_trips.with_label_values(&app).set(report.total.round_trips_per_day);
        self.waiting.with_label_values(&app).set(report.total.waiting_s_per_day);
    }

    fn show_queue_wait(&self, outlook: &Outlook) {
        let (service, environment) = app(&outlook.report);
        let actions =
            outlook.report.handlers.iter().filter(|handler| handler.kind == ReportedKind::ServerAction);
        let waited = actions.filter_map(|handler| {
            // One that cannot be read has no figure; its page says why.
            let measured = outlook.evidence.handler(&handler.id).ok()??;
            Some((handler.id.as_str(), name(handler), measured.sequences.counts?.queue_wait_ms?))
        });
        for (id, name, waited) in waited.take(MOST_MOVES) {
            for (percentile, ms) in [("50", waited.p50), ("95", waited.p95)] {
                let labels = [service.as_str(), environment.as_str(), id, name.as_str(), percentile];
                self.queue_wait.with_label_values(&labels).set(ms / 1_000.0);
            }
        }
    }

    /// Raises the counters to what the database remembers: other processes count too.
    fn count_up(&self, outlooks: &[Outlook]) {
        let raise = |counter: &IntCounter, to: u64| counter.inc_by(to.saturating_sub(counter.get()));
        let records = || outlooks.iter().map(|outlook| &outlook.report.record);
        let sum = |of: fn(&Record) -> usize| records().map(|record| of(record) as u64).sum();
        raise(&self.flips, records().map(|record| record.flips).sum());
        for (outcome, count) in [
            ("improved", sum(|record| record.improved)),
            ("flat", sum(|record| record.flat)),
            ("worse", sum(|record| record.worse)),
            ("unknown", sum(|record| record.unknown)),
        ] {
            raise(&self.outcomes.with_label_values(&[outcome]), count);
        }
        let broken = sum(|record| record.promises.saturating_sub(record.promises_kept));
        raise(&self.promises.with_label_values(&["kept"]), sum(|record| record.promises_kept));
        raise(&self.promises.with_label_values(&["broken"]), broken);
    }
}

fn app(report: &Report) -> (String, String) {
    (safe_label(&report.service), safe_label(report.environment.as_deref().unwrap_or_default()))
}

fn name(handler: &HandlerReport) -> String {
    let (action, file) = (handler.action.as_deref(), handler.file.as_deref());
    let path = crate::render::path(&handler.route, handler.operation.as_deref());
    safe_label(&named(&handler.method, &path, action, file))
}
