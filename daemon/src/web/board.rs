//! What the pages show: what the last run of the advisor has found, and the metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use pointsman_advisor::life::Subject;
use pointsman_advisor::{ChangeId, Explanation, HandlerReport, Report};
use pointsman_store::Fingerprint;
use prometheus::{Encoder, Gauge, IntCounter, IntGaugeVec, Opts, Registry, TextEncoder};

use tokio::sync::{Notify, watch};
use tracing::warn;

use crate::advise::{LeftOut, Outlook};
use crate::clock;
use crate::metrics::AdviceMetrics;

/// What one run has found: one outlook per service and environment.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) outlooks: Vec<Outlook>,
}

/// A handler with what was measured about it.
pub(crate) struct Shown<'a> {
    pub(crate) outlook: &'a Outlook,
    pub(crate) handler: &'a HandlerReport,
    /// `None` for one that was not called in the window.
    pub(crate) measured: Option<Explanation>,
}

impl View {
    /// The handler with this id, if it was called in the window.
    pub(crate) fn handler(&self, id: &str) -> anyhow::Result<Option<Shown<'_>>> {
        let found = self.outlooks.iter().find_map(|outlook| {
            let handler = outlook.report.handlers.iter().find(|handler| handler.id == id)?;
            Some((outlook, handler))
        });
        let Some((outlook, handler)) = found else { return Ok(None) };
        let mut measured = outlook.evidence.handler(id)?;
        if let Some(measured) = &mut measured {
            measured.source.clone_from(&handler.source);
        }
        Ok(Some(Shown { outlook, handler, measured }))
    }

    /// The outlook on a service and environment.
    pub(crate) fn of(&self, service: &str, environment: Option<&str>) -> Option<&Outlook> {
        let is_meant = |one: &&Outlook| {
            one.report.service == service && one.report.environment.as_deref() == environment
        };
        self.outlooks.iter().find(is_meant)
    }

    /// What an id names: a Change, or a handler, also one of which only a recommendation is left; and its report.
    pub(crate) fn named(&self, id: &str) -> Option<(Subject, &Report)> {
        if let Some(change) = ChangeId::from_text(id) {
            let knows = |report: &&Report| report.changes.iter().any(|change| change.id == id);
            return self.reports().find(knows).map(|report| (Subject::Change(change), report));
        }
        let fingerprint = Fingerprint::from_hex(id)?;
        let knows = |report: &&Report| {
            report.handlers.iter().any(|handler| handler.id == id)
                || report.recommendations.iter().any(|life| life.id == id)
        };
        self.reports().find(knows).map(|report| (Subject::Handler(fingerprint), report))
    }

    pub(crate) fn reports(&self) -> impl Iterator<Item = &Report> {
        self.outlooks.iter().map(|outlook| &outlook.report)
    }
}

/// The last view, and the registry of all metrics of the process.
pub(crate) struct Board {
    view: RwLock<Option<(Instant, Arc<View>)>>,
    /// Runs that have begun, and the one that ended last.
    begun: AtomicU64,
    /// Grows with each view that is shown.
    shown: AtomicU64,
    ended: watch::Sender<u64>,
    asked: Notify,
    registry: Registry,
    runs: IntCounter,
    failures: IntCounter,
    run_seconds: Gauge,
    last_success: Gauge,
    left_out: IntGaugeVec,
    advice: AdviceMetrics,
}

impl Board {
    /// An empty board whose metrics stand in the registry.
    pub(crate) fn new(registry: Registry) -> anyhow::Result<Self> {
        let board = Self {
            view: RwLock::new(None),
            begun: AtomicU64::new(0),
            shown: AtomicU64::new(0),
            ended: watch::Sender::new(0),
            asked: Notify::new(),
            runs: IntCounter::new("pointsman_advisor_runs_total", "Finished advisor runs.")?,
            failures: IntCounter::new("pointsman_advisor_failures_total", "Advisor runs that failed.")?,
            run_seconds: Gauge::new("pointsman_advisor_run_seconds", "Duration of the last advisor run.")?,
            last_success: Gauge::new(
                "pointsman_advisor_last_success_timestamp_seconds",
                "When the advisor last finished a run.",
            )?,
            left_out: IntGaugeVec::new(
                Opts::new(
                    "pointsman_advisor_left_out",
                    "What the last advisor run left out because there was too much of it, or because it failed.",
                ),
                &["what"],
            )?,
            advice: AdviceMetrics::register(&registry)?,
            registry,
        };
        board.registry.register(Box::new(board.left_out.clone()))?;
        board.registry.register(Box::new(board.runs.clone()))?;
        board.registry.register(Box::new(board.failures.clone()))?;
        board.registry.register(Box::new(board.run_seconds.clone()))?;
        board.registry.register(Box::new(board.last_success.clone()))?;
        Ok(board)
    }

    /// A run begins; its number.
    pub(crate) fn begin_run(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Shows what a run has found.
    pub(crate) fn show(&self, run: u64, outlooks: Vec<Outlook>, took: Duration) {
        self.runs.inc();
        self.run_seconds.set(took.as_secs_f64());
        self.last_success.set(Duration::from_nanos(clock::now_ns()).as_secs_f64());
        self.advice.show(&outlooks);
        let view = View { outlooks };
        self.shown.fetch_add(1, Ordering::SeqCst);
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::new(view)));
        self.ended.send_replace(run);
    }

    /// Shows what a run has left out.
    pub(crate) fn count_left_out(&self, left_out: LeftOut) {
        if let Some(text) = left_out.text() {
            warn!("the advisor left out: {text}");
        }
        for (what, count) in left_out.by_word() {
            self.left_out.with_label_values(&[what]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Counts a run that failed; the last view stays up.
    pub(crate) fn count_failure(&self, run: u64) {
        self.failures.inc();
        self.ended.send_replace(run);
    }

    /// Asks for a run that sees all that is in the store by now, and waits for its end, though not for ever.
    pub(crate) async fn renew(&self) {
        const PATIENCE: Duration = Duration::from_secs(20);
        let wanted = self.begun.load(Ordering::SeqCst) + 1;
        let mut ended = self.ended.subscribe();
        self.asked.notify_one();
        // Later it is shown by a run that comes anyway.
        let _ = tokio::time::timeout(PATIENCE, ended.wait_for(|run| *run >= wanted)).await;
    }

    /// Asks for a run and does not wait for it.
    pub(crate) fn ask(&self) {
        self.asked.notify_one();
    }

    /// Waits until somebody asks for a run.
    pub(crate) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// What the last run has found; nothing before the first.
    pub(crate) fn view(&self) -> Arc<View> {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        view.as_ref().map(|(_, view)| Arc::clone(view)).unwrap_or_default()
    }

    /// When that was; `None` before the first run.
    pub(crate) fn shown_at(&self) -> Option<Instant> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(at, _)| *at)
    }

    /// Waits for the end of the first run.
    pub(crate) async fn advised(&self) {
        // An error means that the board is gone: then nobody waits for it.
        let _ = self.ended.subscribe().wait_for(|run| *run > 0).await;
    }

    /// Which view is shown: it grows with each.
    pub(crate) fn shown(&self) -> u64 {
        self.shown.load(Ordering::SeqCst)
    }

    /// Whether the first run has finished.
    pub(crate) fn has_advised(&self) -> bool {
        self.view.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// All metrics in Prometheus' text format.
    pub(crate) fn metrics(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
