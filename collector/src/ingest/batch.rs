//! One batch of extraction, from requests to Calls: pure, without a database and without a clock.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use pointsman_store::{AppFact, TraceCalls, TraceId};

use crate::extract;
use crate::trace::{Assembly, Origin, Trace};

/// Everything that is known of the traces of some new requests.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Earlier blocks, in order, that hold spans of `late` traces among others.
    pub(super) earlier: Vec<ExportTraceServiceRequest>,
    /// Traces of the new requests of which earlier spans are stored and were not in memory.
    pub(super) late: HashSet<TraceId>,
    /// Traces of the new requests that were in memory.
    pub(super) open: Vec<Trace>,
    /// The new requests, in the order of their blocks.
    pub(super) fresh: Vec<ExportTraceServiceRequest>,
    /// Spans per trace; more are left out.
    pub(super) max_trace_spans: usize,
}

/// What a batch turned out to hold.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Its traces, to be kept open.
    pub(super) traces: Vec<Trace>,
    /// The Calls of each, in the same order.
    pub(super) calls: Vec<TraceCalls>,
    pub(super) facts: Facts,
    /// Traces that could not be understood; they have no Calls.
    pub(super) failed: u64,
    /// Spans that were one too many for their trace.
    pub(super) left_out: u64,
}

impl Batch {
    /// Puts the spans together and finds the Calls. Where a span came twice the earlier one counts.
    pub(super) fn extract(self) -> Outcome {
        let Self { earlier, late, open, fresh, max_trace_spans } = self;
        let mut seen_before: HashSet<TraceId> = open.iter().map(|trace| trace.id).collect();
        let mut assembly = Assembly::new(max_trace_spans);
        for mut request in earlier {
            keep_only(&mut request, &late);
            assembly.add(request);
        }
        for trace in open {
            assembly.add(into_request(trace));
        }
        for request in fresh {
            assembly.add(request);
        }
        seen_before.extend(late);

        let mut outcome = Outcome::default();
        for trace in assembly.finish() {
            outcome.left_out += trace.left_out as u64;
            outcome.add(trace, &seen_before);
        }
        outcome
    }
}

impl Outcome {
    fn add(&mut self, trace: Trace, seen_before: &HashSet<TraceId>) {
        // Whoever sends spans must not be able to stop extraction for all: a fault in reading one trace is
        // counted and costs that trace only.
        let found = catch_unwind(AssertUnwindSafe(|| extract::calls(&trace)));
        let calls = match found {
            Ok(found) => {
                self.facts.widen(found.facts);
                found.calls
            }
            Err(_) => {
                self.failed += 1;
                tracing::error!(trace = %trace.id, spans = trace.nodes.len(), "the calls of a trace cannot be found");
                Vec::new()
            }
        };
        self.calls.push(TraceCalls { trace: trace.id, seen_before: seen_before.contains(&trace.id), calls });
        self.traces.push(trace);
    }
}

/// Facts about the app, each once however many traces tell it: a batch writes a handful of rows for them.
#[derive(Debug, Default)]
pub(super) struct Facts(HashMap<FactKey, (u64, u64)>);

/// Service, environment, name and value.
type FactKey = (String, Option<String>, String, String);

impl Facts {
    fn widen(&mut self, facts: Vec<AppFact>) {
        for AppFact { service, environment, name, value, first_seen_ns, last_seen_ns } in facts {
            let seen =
                self.0.entry((service, environment, name, value)).or_insert((first_seen_ns, last_seen_ns));
            *seen = (seen.0.min(first_seen_ns), seen.1.max(last_seen_ns));
        }
    }

    /// All of them, in no order.
    pub(super) fn into_rows(self) -> Vec<AppFact> {
        let row = |((service, environment, name, value), (first_seen_ns, last_seen_ns))| AppFact {
            service,
            environment,
            name,
            value,
            first_seen_ns,
            last_seen_ns,
        };
        self.0.into_iter().map(row).collect()
    }
}

/// Leaves the spans of these traces only.
fn keep_only(request: &mut ExportTraceServiceRequest, traces: &HashSet<TraceId>) {
    for scope in request.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans) {
        scope
            .spans
            .retain(|span| TraceId::from_wire(&span.trace_id).is_some_and(|trace| traces.contains(&trace)));
    }
}

/// The spans of a trace as if they had been sent anew.
fn into_request(trace: Trace) -> ExportTraceServiceRequest {
    let mut resource_spans: Vec<ResourceSpans> = Vec::new();
    let mut last: Option<Arc<Origin>> = None;
    for node in trace.nodes {
        let same = last.as_ref().is_some_and(|last| Arc::ptr_eq(last, &node.origin));
        match resource_spans.last_mut().and_then(|resource| resource.scope_spans.last_mut()) {
            Some(scope) if same => scope.spans.push(node.span),
            _ => {
                resource_spans.push(ResourceSpans {
                    resource: Some(Resource {
                        attributes: node.origin.resource.clone(),
                        ..Resource::default()
                    }),
                    scope_spans: vec![ScopeSpans {
                        scope: Some(node.origin.scope.clone()),
                        spans: vec![node.span],
                        ..ScopeSpans::default()
                    }],
                    ..ResourceSpans::default()
                });
                last = Some(node.origin);
            }
        }
    }
    ExportTraceServiceRequest { resource_spans }
}
