//! All metrics of this crate in one block; the text of each is the help that a scraper shows. What moves them
//! is elsewhere; who serves them is the daemon's business.

use std::fmt;

use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    core::Collector,
};

use crate::admit::Reason;
use crate::ingest::Transport;

/// Buckets of a commit, seconds: an fdatasync takes 0.1 ms at best, a lock is waited for 10 s at most.
const COMMIT_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.25, 0.5, 1.0, 4.0, 16.0];

/// The collector's metrics. Cheap to clone; all clones are the same metrics.
#[derive(Clone)]
pub struct Metrics {
    pub(crate) access: AccessMetrics,
    pub(crate) extraction: ExtractionMetrics,
    pub(crate) requests: IntCounterVec,
    pub(crate) ignored_requests: IntCounterVec,
    pub(crate) body_bytes: IntCounterVec,
    pub(crate) spans_received: IntCounterVec,
    pub(crate) spans_refused: IntCounterVec,
    pub(crate) span_parts_cut: IntCounterVec,
    pub(crate) spans_stored: IntCounter,
    pub(crate) blocks_stored: IntCounter,
    pub(crate) block_bytes: IntCounter,
    pub(crate) queue_bytes: IntGauge,
    pub(crate) queue_limit_bytes: IntGauge,
    pub(crate) commit_seconds: Histogram,
    pub(crate) commit_failures: IntCounter,
}

/// Metrics of who comes in, and who does not.
#[derive(Clone)]
pub(crate) struct AccessMetrics {
    pub(crate) connections: IntGaugeVec,
    pub(crate) connections_refused: IntCounterVec,
    pub(crate) connections_silent: IntCounterVec,
    pub(crate) connections_evicted: IntCounterVec,
    pub(crate) bodies_given_up: IntCounter,
    pub(crate) handshakes_failed: IntCounterVec,
    pub(crate) requests_unauthorized: IntCounterVec,
    pub(crate) sender_requests: IntCounterVec,
}

/// Metrics of what becomes of committed blocks.
#[derive(Clone)]
pub(crate) struct ExtractionMetrics {
    pub(crate) traces_extracted: IntCounter,
    pub(crate) calls_extracted: IntCounter,
    pub(crate) calls_beyond_limit: IntCounter,
    pub(crate) handlers_refused: IntCounterVec,
    pub(crate) handlers_displaced: IntCounter,
    pub(crate) late_traces: IntCounter,
    pub(crate) blocks_read_back: IntCounter,
    pub(crate) spans_left_out: IntCounter,
    pub(crate) facts_left_out: IntCounter,
    pub(crate) texts_cut: IntCounter,
    pub(crate) extraction_skipped: IntCounterVec,
    pub(crate) extraction_retries: IntCounter,
    pub(crate) extraction_lag_blocks: IntGauge,
    pub(crate) extraction_lag_seconds: prometheus::Gauge,
    pub(crate) recent_blocks: IntGauge,
    pub(crate) recent_block_bytes: IntGauge,
}

impl Metrics {
    /// Makes the metrics and registers them.
    ///
    /// # Errors
    /// When the registry already has one of their names.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let by = Registered(registry);
        Ok(Self {
            access: AccessMetrics::register(&by)?,
            extraction: ExtractionMetrics::register(&by)?,
            requests: by.counters(
                "requests_total",
                "OTLP trace requests answered; `empty` held no span.",
                &["transport", "outcome"],
            )?,
            ignored_requests: by.counters(
                "ignored_requests_total",
                "OTLP requests of signals that are accepted and not kept: metrics, logs, profiles.",
                &["signal"],
            )?,
            body_bytes: by.counters(
                "request_body_bytes_total",
                "Bytes of trace requests: over HTTP the body as received, otherwise the message inflated.",
                &["transport"],
            )?,
            spans_received: by.counters("spans_received_total", "Spans decoded.", &["transport"])?,
            spans_refused: by.counters(
                "spans_refused_total",
                "Spans that were not stored, by reason.",
                &["transport", "reason"],
            )?,
            span_parts_cut: by.counters(
                "span_parts_cut_total",
                "Attributes, events, links and values cut from spans that were stored, by reason.",
                &["reason"],
            )?,
            spans_stored: by.counter("spans_stored_total", "Spans committed, repeated ones included.")?,
            blocks_stored: by.counter(
                "blocks_stored_total",
                "Blocks committed, one a request, or one for about 2 MiB of spans of a larger one.",
            )?,
            block_bytes: by.counter("block_bytes_total", "Bytes of committed blocks after compression.")?,
            queue_bytes: by.gauge("queue_bytes", "Bytes of requests that wait for their commit.")?,
            queue_limit_bytes: by.gauge("queue_limit_bytes", "Limit of pointsman_queue_bytes.")?,
            commit_seconds: by.histogram(
                "commit_seconds",
                "Duration of a commit of blocks.",
                &COMMIT_BUCKETS,
            )?,
            commit_failures: by
                .counter("commit_failures_total", "Commits of blocks that the database refused.")?,
        })
    }
}

impl Metrics {
    /// What of the spans that came was refused or cut so far, by reason: spans for a refusal, pieces for a cut.
    pub(crate) fn left_out(&self) -> Vec<(&'static str, u64)> {
        let refused = |reason: &str| -> u64 {
            let of = |transport: Transport| {
                self.spans_refused.with_label_values(&[transport.as_str(), reason]).get()
            };
            Transport::ALL.into_iter().map(of).sum()
        };
        let counted = Reason::ALL.into_iter().map(|reason| {
            let word = reason.as_str();
            let cut = || self.span_parts_cut.with_label_values(&[word]).get();
            (word, if reason.refuses_span() { refused(word) } else { cut() })
        });
        counted.filter(|(_, count)| *count > 0).collect()
    }
}

impl ExtractionMetrics {
    fn register(by: &Registered<'_>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            traces_extracted: by.counter(
                "traces_extracted_total",
                "Traces whose Calls were written; a late span makes its trace count again.",
            )?,
            calls_extracted: by.counter(
                "calls_extracted_total",
                "Calls written; a late span makes all Calls of its trace count again.",
            )?,
            handlers_refused: by.counters(
                "calls_of_refused_handlers_total",
                "Calls that count under another handler than they name: nothing has shown that theirs exists, or there are \
                 too many.",
                &["reason"],
            )?,
            handlers_displaced: by.counter(
                "handlers_displaced_total",
                "Handlers, idle for a day, whose place in a full app or dispatcher a new one took.",
            )?,
            calls_beyond_limit: by.counter(
                "calls_beyond_handler_limit_total",
                "Calls put under `other` because there are too many handlers.",
            )?,
            late_traces: by.counter(
                "late_traces_total",
                "Traces in new blocks of which earlier blocks held spans already; their Calls are extracted again.",
            )?,
            blocks_read_back: by.counter(
                "blocks_read_back_total",
                "Blocks read back from disk because more spans of their traces came.",
            )?,
            spans_left_out: by.counter(
                "extraction_spans_left_out_total",
                "Stored spans that extraction left out because their trace has too many.",
            )?,
            facts_left_out: by.counter(
                "extraction_facts_left_out_total",
                "Facts about the app that extraction left out because one trace carried too many.",
            )?,
            texts_cut: by.counter(
                "extraction_texts_cut_total",
                "Texts of calls (paths, pages, hosts, names) that were too long and keep their beginning and a hash.",
            )?,
            extraction_skipped: by.counters(
                "extraction_skipped_total",
                "Blocks that could not be read back, late traces in more earlier blocks than are read, and traces whose \
                 Calls could not be found or written.",
                &["what"],
            )?,
            extraction_retries: by
                .counter("extraction_retries_total", "Times that extraction waited for the database.")?,
            extraction_lag_blocks: by
                .gauge("extraction_lag_blocks", "Committed blocks whose Calls are not stored yet.")?,
            extraction_lag_seconds: by.seconds(
                "extraction_lag_seconds",
                "Age of the oldest committed block whose Calls are not stored yet.",
            )?,
            recent_blocks: by.gauge(
                "recent_blocks",
                "Extracted blocks kept in memory for spans of their traces that may follow.",
            )?,
            recent_block_bytes: by.gauge("recent_block_bytes", "Bytes of the recent blocks.")?,
        })
    }
}

impl AccessMetrics {
    fn register(by: &Registered<'_>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            connections: by.gauges("connections", "Open connections, by what is spoken: grpc and http for senders, pages and metrics for readers.", &["protocol"])?,
            connections_refused: by.counters(
                "connections_refused_total",
                "Connections closed at once because too many were open.",
                &["protocol"],
            )?,
            connections_silent: by.counters(
                "connections_silent_total",
                "Connections closed because nothing moved, or no head of a request was complete, for too long.",
                &["protocol"],
            )?,
            connections_evicted: by.counters(
                "connections_evicted_total",
                "Idle, silent or stalled connections closed to make room for new ones, or because the daemon stops.",
                &["protocol"],
            )?,
            bodies_given_up: by.counter(
                "bodies_given_up_total",
                "Request bodies given up while they arrived slowly, because others needed their room in the queue.",
            )?,
            handshakes_failed: by.counters(
                "tls_handshakes_failed_total",
                "TLS handshakes that did not lead to a connection, by reason.",
                &["protocol", "reason"],
            )?,
            requests_unauthorized: by.counters(
                "requests_unauthorized_total",
                "OTLP requests refused because their token was missing or wrong.",
                &["protocol", "reason"],
            )?,
            sender_requests: by.counters(
                "sender_requests_total",
                "OTLP requests let in by a token, by the name given with the token.",
                &["sender"],
            )?,
        })
    }
}

impl Metrics {
    /// Counts places of a recorded request that were no Unicode and were put right.
    pub(crate) fn count_repaired(&self, places: u64) {
        if places > 0 {
            self.span_parts_cut.with_label_values(&[Reason::Utf8.as_str()]).inc_by(places);
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// Makes metrics with the product's prefix in a registry.
struct Registered<'a>(&'a Registry);

impl Registered<'_> {
    fn keep<M: Collector + Clone + 'static>(&self, metric: M) -> Result<M, prometheus::Error> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.keep(IntCounter::with_opts(options(name, help))?)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.keep(IntCounterVec::new(options(name, help), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.keep(IntGauge::with_opts(options(name, help))?)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
        self.keep(IntGaugeVec::new(options(name, help), labels)?)
    }

    fn seconds(&self, name: &str, help: &str) -> Result<prometheus::Gauge, prometheus::Error> {
        self.keep(prometheus::Gauge::with_opts(options(name, help))?)
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, prometheus::Error> {
        let options = HistogramOpts::from(options(name, help)).buckets(buckets.to_vec());
        self.keep(Histogram::with_opts(options)?)
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(format!("pointsman_{name}"), help)
}
