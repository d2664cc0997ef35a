//! What the npm package and Next.js send of the exchanges that a server saw: OTLP, as bytes. `spans` knows the spans of one
//! exchange, `attributes` what an own span says, `encoded` keeps their bytes. What the collector makes of them is not known
//! here.

mod attributes;
mod encoded;
mod spans;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::random::{both, of_text};
use crate::scenario::Scenario;
use attributes::text;
pub use encoded::Encoded;

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

/// Spans of one trace: those of the package and those of Next.js.
#[derive(Default)]
struct Batch {
    own: Vec<Span>,
    next: Vec<Span>,
}

fn resource(scenario: &Scenario, instance: u32, build: u32) -> Vec<KeyValue> {
    let mut attributes = vec![
        text("service.name", "app"),
        text("deployment.environment.name", &scenario.environment),
        text("node.env", if scenario.environment == "development" { "development" } else { "production" }),
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
