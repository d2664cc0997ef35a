//! Metrics of the observed apps, handler by handler, as Prometheus reads them. What is counted stands in the collector's rows;
//! nothing is held here but their descriptions.

use std::collections::HashMap;

use pointsman_collector::observed::{DURATION_BOUNDS, Histogram, Observed, Row, SIZE_BOUNDS};
use pointsman_store::{Action, Fingerprint, Handler};
use prometheus::core::{Collector, Desc};
use prometheus::proto;

use crate::clock;
use crate::render::safe;

/// Longer names are cut in labels, characters.
const LONGEST_LABEL: usize = 120;
/// What stands in the labels of the shared row.
const OTHER: &str = "other";
const HANDLER: [&str; 5] = ["service", "environment", "handler", "kind", "name"];

const CALLS: &str = "pointsman_handler_calls_total";
const DURATION: &str = "pointsman_handler_duration_seconds";
const REQUEST: &str = "pointsman_handler_request_body_bytes";
const RESPONSE: &str = "pointsman_handler_response_body_bytes";
const CACHE: &str = "pointsman_handler_cache_answers_total";

/// A family: its name, its help, and its labels beside those of the handler.
type Family = (&'static str, &'static str, &'static [&'static str]);

const FAMILIES: [Family; 5] = [
    (
        CALLS,
        "Calls of a handler as they were recorded, not corrected for sampling, by class of caller and outcome.",
        &["caller", "outcome"],
    ),
    (DURATION, "How long calls took until their response was finished.", &[]),
    (REQUEST, "Request body sizes on the wire, for calls with a known size.", &[]),
    (RESPONSE, "Response body sizes on the wire, for calls with a known size.", &[]),
    (
        CACHE,
        "Answers that the cache of Next.js had (hit) and had not (miss), where the response says it.",
        &["result"],
    ),
];

/// Exposes what a collector counts.
pub(crate) struct ObservedMetrics {
    observed: Observed,
    descriptions: Vec<Desc>,
}

impl ObservedMetrics {
    pub(crate) fn new(observed: Observed) -> Result<Self, prometheus::Error> {
        let describe = |(name, help, labels): &Family| {
            let labels = HANDLER.iter().chain(*labels).map(|label| (*label).to_owned()).collect();
            Desc::new((*name).to_owned(), (*help).to_owned(), labels, HashMap::new())
        };
        let descriptions = FAMILIES.iter().map(describe).collect::<Result<_, _>>()?;
        Ok(Self { observed, descriptions })
    }
}

impl Collector for ObservedMetrics {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let rows = self.observed.rows(clock::now_ns());
        let own = rows.own.iter().map(|(id, handler, row)| (labels_of(*id, handler), row));
        let shared = (rows.other.calls() > 0).then(|| (labels_of_others(), &rows.other));
        let rows: Vec<_> = own.chain(shared).collect();
        let families = FAMILIES.iter().map(|(name, help, _)| {
            let mut family = proto::MetricFamily::default();
            family.set_name((*name).to_owned());
            family.set_help((*help).to_owned());
            family.set_field_type(match *name {
                CALLS | CACHE => proto::MetricType::COUNTER,
                _ => proto::MetricType::HISTOGRAM,
            });
            family.set_metric(rows.iter().flat_map(|(labels, row)| samples(name, labels, row)).collect());
            family
        });
        families.filter(|family| !family.get_metric().is_empty()).collect()
    }
}

/// The samples of one family in one row.
fn samples(name: &str, labels: &[proto::LabelPair], row: &Row) -> Vec<proto::Metric> {
    match name {
        CALLS => row
            .by_caller()
            .map(|(caller, outcome, count)| {
                counter(labels, &[("caller", caller.as_str()), ("outcome", outcome.as_str())], count)
            })
            .collect(),
        CACHE => [("hit", row.cache_hits), ("miss", row.cache_misses)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(result, count)| counter(labels, &[("result", result)], count))
            .collect(),
        DURATION => histogram(labels, &row.duration, &DURATION_BOUNDS),
        REQUEST => histogram(labels, &row.request, &SIZE_BOUNDS),
        _ => histogram(labels, &row.response, &SIZE_BOUNDS),
    }
}

fn counter(labels: &[proto::LabelPair], more: &[(&str, &str)], count: u64) -> proto::Metric {
    let mut counter = proto::Counter::default();
    counter.set_value(count as f64);
    let more = more.iter().map(|(name, value)| label(name, value));
    let mut metric = proto::Metric::from_label(labels.iter().cloned().chain(more).collect());
    metric.set_counter(counter);
    metric
}

/// One sample; none where nothing was observed.
fn histogram<const BOUNDS: usize>(
    labels: &[proto::LabelPair],
    seen: &Histogram<BOUNDS>,
    bounds: &[f64; BOUNDS],
) -> Vec<proto::Metric> {
    if seen.count() == 0 {
        return Vec::new();
    }
    let buckets = bounds.iter().zip(seen.cumulative()).map(|(bound, count)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(count);
        bucket
    });
    let mut histogram = proto::Histogram::default();
    histogram.set_sample_count(seen.count());
    histogram.set_sample_sum(seen.sum());
    histogram.set_bucket(buckets.collect());
    let mut metric = proto::Metric::from_label(labels.to_vec());
    metric.set_histogram(histogram);
    vec![metric]
}

fn labels_of(id: Fingerprint, handler: &Handler) -> Vec<proto::LabelPair> {
    let name = match &handler.action {
        Some(Action::Unnamed) => format!("actions of {}", handler.route),
        Some(Action::NotFound) => format!("unknown actions of {}", handler.route),
        Some(known) => {
            let (action, file) = known.name_and_file();
            named(&handler.method, &handler.route, action, file)
        }
        None => named(&handler.method, &handler.path(), None, None),
    };
    let environment = handler.environment.as_deref().unwrap_or_default();
    labels([&handler.service, environment, &id.to_string(), handler.kind.as_str(), &name])
}

fn labels_of_others() -> Vec<proto::LabelPair> {
    labels(["", "", OTHER, OTHER, "handlers beyond metrics.max_handlers"])
}

fn labels(values: [&str; HANDLER.len()]) -> Vec<proto::LabelPair> {
    HANDLER.iter().zip(values).map(|(name, value)| label(name, &safe_label(value))).collect()
}

fn label(name: &str, value: &str) -> proto::LabelPair {
    let mut label = proto::LabelPair::default();
    label.set_name(name.to_owned());
    label.set_value(value.to_owned());
    label
}

/// What a handler is called in a label: `POST /api/cart`, `addToCart (app/actions.ts)`.
pub(super) fn named(method: &str, route: &str, action: Option<&str>, file: Option<&str>) -> String {
    match (action, file) {
        (Some(action), Some(file)) => Action::title(action, file),
        (Some(action), None) => action.to_owned(),
        (None, _) => format!("{method} {route}"),
    }
}

/// Text from outside as the value of a label: short, and nothing in it that a terminal or browser obeys.
pub(super) fn safe_label(text: &str) -> String {
    let text = safe::terminal(text);
    match text.char_indices().nth(LONGEST_LABEL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
