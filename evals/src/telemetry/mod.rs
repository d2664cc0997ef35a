//! What the npm package and Next.js send of the exchanges that a server saw: OTLP, as bytes. `spans` knows the spans of one
//! exchange, `attributes` what an own span says. What the collector makes of them is not known here.

mod attributes;
mod spans;

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use pointsman_store::TraceId;
use prost::Message;

use crate::random::{both, of_text};
use crate::scenario::Scenario;
use crate::sim::{Exchange, Play};
use attributes::text;

/// When scenarios begin: midnight of a Monday, days since the epoch.
pub const FIRST_DAY: u64 = 20_003;

/// What is sent of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Sent {
    /// The attribute that is missing, wherever it would stand.
    pub without: Option<String>,
    /// Share of traces that are recorded.
    pub recorded: f64,
    /// Whether `tracestate` declares that share.
    pub declared: bool,
}

impl Default for Sent {
    fn default() -> Self {
        Self { without: None, recorded: 1.0, declared: false }
    }
}

/// Exchanges in one request of the exporter.
const PER_REQUEST: usize = 500;

/// The OTLP requests (protobuf) that tell of the exchanges, which are in the order of their starts.
#[must_use]
pub fn send(scenario: &Scenario, how: Play, exchanges: &[Exchange], sent: &Sent) -> Vec<Vec<u8>> {
    requests(scenario, how, exchanges, sent, |_| true)
}

/// As [`send`], but only the traces in which an attribute is missing, and which those are: all others are told as they were.
#[must_use]
pub fn send_changed(
    scenario: &Scenario,
    how: Play,
    exchanges: &[Exchange],
    sent: &Sent,
) -> (Vec<Vec<u8>>, BTreeSet<TraceId>) {
    let mut changed = BTreeSet::new();
    let requests = requests(scenario, how, exchanges, sent, |trace| {
        if trace.lacks {
            changed.insert(trace.id);
        }
        trace.lacks
    });
    (requests, changed)
}

fn requests(
    scenario: &Scenario,
    how: Play,
    exchanges: &[Exchange],
    sent: &Sent,
    mut wanted: impl FnMut(&TraceTold) -> bool,
) -> Vec<Vec<u8>> {
    let teller = spans::Teller::new(scenario, how, sent);
    let mut seen: BTreeMap<u32, u64> = BTreeMap::new();
    let mut requests = Vec::new();
    for (chunk, exchanges) in exchanges.chunks(PER_REQUEST).enumerate() {
        let mut batches: BTreeMap<(u32, u32), Batch> = BTreeMap::new();
        for (place, exchange) in exchanges.iter().enumerate() {
            let count = seen.entry(exchange.instance).or_default();
            *count += 1;
            let number = u64::try_from(chunk * PER_REQUEST + place).unwrap_or(u64::MAX);
            if teller.records(number) {
                let mut spans = Batch::default();
                let trace = teller.tell(number, exchange, *count, &mut spans);
                if wanted(&trace) {
                    batches.entry((exchange.instance, exchange.build)).or_default().add(spans);
                }
            }
        }
        let resource_spans = batches.into_iter().map(|(of, batch)| batch.resource_spans(scenario, of, sent));
        let request = ExportTraceServiceRequest { resource_spans: resource_spans.collect() };
        requests.push(request.encode_to_vec());
    }
    requests
}

/// What is known of a trace that was told.
struct TraceTold {
    id: TraceId,
    /// Whether an attribute is missing in it.
    lacks: bool,
}

/// Spans of one process and build.
#[derive(Default)]
struct Batch {
    own: Vec<Span>,
    next: Vec<Span>,
}

impl Batch {
    fn add(&mut self, spans: Self) {
        self.own.extend(spans.own);
        self.next.extend(spans.next);
    }

    fn resource_spans(
        self,
        scenario: &Scenario,
        (instance, build): (u32, u32),
        sent: &Sent,
    ) -> ResourceSpans {
        let mut attributes = resource(scenario, instance, build);
        attributes.retain(|attribute| sent.without.as_ref() != Some(&attribute.key));
        let within = |name: &str, version: &str, spans| ScopeSpans {
            scope: Some(InstrumentationScope {
                name: name.into(),
                version: version.into(),
                ..Default::default()
            }),
            spans,
            ..Default::default()
        };
        ResourceSpans {
            resource: Some(Resource { attributes, ..Default::default() }),
            scope_spans: vec![
                within("@pointsman/nextjs", "0.1.0", self.own),
                within("next.js", &scenario.next, self.next),
            ],
            ..Default::default()
        }
    }
}

fn resource(scenario: &Scenario, instance: u32, build: u32) -> Vec<KeyValue> {
    let mut attributes = vec![
        text("service.name", "app"),
        text("deployment.environment.name", &scenario.environment),
        text("telemetry.sdk.language", "nodejs"),
        text("pointsman.instance.id", &format!("instance-{instance}")),
        text("pointsman.next.version", &scenario.next),
        text("pointsman.next.build_id", &build_id(scenario, build)),
    ];
    if let Some(limit) = scenario.body_limit {
        attributes.push(attributes::number("pointsman.next.body_size_limit", limit));
    }
    attributes
}

fn build_id(scenario: &Scenario, build: u32) -> String {
    format!("{:016x}", both(of_text(&scenario.id), build.into()))
}

/// Names of all attributes of the contract that are sent of these exchanges: those of own spans and of the resource, `service.name`
/// and what names the SDK aside, which belong to OpenTelemetry itself.
#[must_use]
pub fn contract(scenario: &Scenario, how: Play, exchanges: &[Exchange]) -> BTreeSet<String> {
    let sent = Sent::default();
    let teller = spans::Teller::new(scenario, how, &sent);
    let mut names = BTreeSet::new();
    for (number, exchange) in (0..).zip(exchanges) {
        let mut batch = Batch::default();
        teller.tell(number, exchange, 1, &mut batch);
        names.extend(batch.own.into_iter().flat_map(|span| span.attributes).map(|attribute| attribute.key));
    }
    names.extend(resource(scenario, 0, 0).into_iter().map(|attribute| attribute.key));
    names.retain(|name| !matches!(name.as_str(), "service.name" | "telemetry.sdk.language"));
    names
}
