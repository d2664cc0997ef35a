//! Metrics of the daemon's own care of the database, in one block; beside it those of the observed apps and of the advice. How
//! runs of the advisor go stands with the board that it writes on, ingest in the collector.

mod advice;
mod observed;

use std::time::Duration;

use pointsman_store::{Kind, Limits, Reason, Space, Trimmed, Volumes};
use prometheus::core::Collector;
use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::clock;

pub(crate) use advice::AdviceMetrics;
pub(crate) use observed::ObservedMetrics;

/// What is known of the database file.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    stored_rows: IntGaugeVec,
    stored_bytes: IntGaugeVec,
    stored_limit: IntGaugeVec,
    oldest: GaugeVec,
    deleted_rows: IntCounterVec,
    file_bytes: IntGauge,
    log_bytes: IntGauge,
    free_bytes: IntGauge,
    upkeep_last: Gauge,
    upkeep_failures: IntCounter,
    check_ok: IntGauge,
    check_last: Gauge,
    check_seconds: Gauge,
}

impl Metrics {
    /// Makes the metrics and registers them.
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            stored_rows: IntGaugeVec::new(
                Opts::new("pointsman_stored_rows", "Blocks, Calls and Rollups in the database."),
                &["kind"],
            )?,
            stored_bytes: IntGaugeVec::new(
                Opts::new("pointsman_stored_bytes", "What they hold; of Calls by a measured average."),
                &["kind"],
            )?,
            stored_limit: IntGaugeVec::new(
                Opts::new(
                    "pointsman_stored_limit_bytes",
                    "Limit of pointsman_stored_bytes that retention keeps; absent where there is none.",
                ),
                &["kind"],
            )?,
            oldest: GaugeVec::new(
                Opts::new(
                    "pointsman_oldest_timestamp_seconds",
                    "Time of the oldest of each kind; 0 when none.",
                ),
                &["kind"],
            )?,
            deleted_rows: IntCounterVec::new(
                Opts::new("pointsman_deleted_rows_total", "What retention has deleted, by kind and reason."),
                &["kind", "reason"],
            )?,
            file_bytes: IntGauge::new("pointsman_database_file_bytes", "Size of the database file.")?,
            log_bytes: IntGauge::new(
                "pointsman_database_wal_bytes",
                "Size of the database's write-ahead log (-wal).",
            )?,
            free_bytes: IntGauge::new(
                "pointsman_database_free_bytes",
                "The part of the database file that is free for what comes next.",
            )?,
            upkeep_last: Gauge::new(
                "pointsman_upkeep_last_success_timestamp_seconds",
                "When retention last looked through the database.",
            )?,
            upkeep_failures: IntCounter::new(
                "pointsman_upkeep_failures_total",
                "Times that retention or a check could not do its work.",
            )?,
            check_ok: IntGauge::new(
                "pointsman_database_check_ok",
                "1: the last full check found the database sound; 0: damaged; -1: not checked yet.",
            )?,
            check_last: Gauge::new(
                "pointsman_database_check_timestamp_seconds",
                "When the last full check ended; 0 before the first.",
            )?,
            check_seconds: Gauge::new(
                "pointsman_database_check_seconds",
                "Duration of the last full check.",
            )?,
        };
        metrics.check_ok.set(-1);
        for kind in Kind::ALL {
            for reason in Reason::ALL {
                metrics.deleted_rows.with_label_values(&[kind.as_str(), reason.as_str()]);
            }
        }
        for metric in metrics.all() {
            registry.register(metric)?;
        }
        Ok(metrics)
    }

    fn all(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.stored_rows.clone()),
            Box::new(self.stored_bytes.clone()),
            Box::new(self.stored_limit.clone()),
            Box::new(self.oldest.clone()),
            Box::new(self.deleted_rows.clone()),
            Box::new(self.file_bytes.clone()),
            Box::new(self.log_bytes.clone()),
            Box::new(self.free_bytes.clone()),
            Box::new(self.upkeep_last.clone()),
            Box::new(self.upkeep_failures.clone()),
            Box::new(self.check_ok.clone()),
            Box::new(self.check_last.clone()),
            Box::new(self.check_seconds.clone()),
        ]
    }

    pub(crate) fn count(&self, trimmed: Trimmed) {
        let labels = [trimmed.kind.as_str(), trimmed.reason.as_str()];
        self.deleted_rows.with_label_values(&labels).inc_by(trimmed.rows);
    }

    pub(crate) fn count_facts(&self, rows: u64) {
        self.deleted_rows.with_label_values(&["app_facts", Reason::Size.as_str()]).inc_by(rows);
    }

    pub(crate) fn show_volumes(&self, volumes: &Volumes) {
        for kind in Kind::ALL {
            let volume = volumes.of(kind);
            self.stored_rows.with_label_values(&[kind.as_str()]).set(volume.rows.cast_signed());
            self.stored_bytes.with_label_values(&[kind.as_str()]).set(volume.bytes.cast_signed());
        }
    }

    pub(crate) fn show_limits(&self, limits: &Limits) {
        self.stored_limit.reset();
        for (kind, limit) in
            [(Kind::Blocks, limits.blocks), (Kind::Calls, limits.calls), (Kind::Rollups, limits.rollups)]
        {
            if let Some(bytes) = limit.bytes {
                self.stored_limit.with_label_values(&[kind.as_str()]).set(bytes.cast_signed());
            }
        }
    }

    pub(crate) fn show_oldest(&self, kind: Kind, at_ns: Option<u64>) {
        let at = Duration::from_nanos(at_ns.unwrap_or_default()).as_secs_f64();
        self.oldest.with_label_values(&[kind.as_str()]).set(at);
    }

    pub(crate) fn show_space(&self, space: Space) {
        self.file_bytes.set(space.file.cast_signed());
        self.log_bytes.set(space.log.cast_signed());
        self.free_bytes.set(space.free.cast_signed());
    }

    pub(crate) fn upkeep_done(&self) {
        self.upkeep_last.set(clock::now_s());
    }

    pub(crate) fn upkeep_failed(&self) {
        self.upkeep_failures.inc();
    }

    pub(crate) fn checked(&self, sound: bool, took: Duration) {
        self.check_ok.set(i64::from(sound));
        self.check_last.set(clock::now_s());
        self.check_seconds.set(took.as_secs_f64());
    }
}
