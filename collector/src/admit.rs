//! The door: what of a request may pass on to the disk. Spans that cannot be are refused, what is too much
//! is cut, what is personal is taken out (`redact`); all of it is counted. Doing it twice changes nothing.
//!
//! Limits of the transport (body, inflated body, queue) are not here.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use pointsman_store::{SpanId, TraceId};

pub use crate::redact::Secret;
use crate::redact::{redact_attributes, redact_resource, redact_span};

/// 2000-01-01T00:00:00Z, ns since the epoch. OpenTelemetry is younger: an earlier start is a clock that was
/// never set, or a time in the wrong unit.
const EARLIEST_START_NS: u64 = 946_684_800_000_000_000;

/// How much a span may bring. The defaults suit a small host and are above what the SDKs send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Attributes per span, event, link, scope or resource; the rest is cut.
    pub max_attributes: usize,
    /// Events per span; the rest is cut.
    pub max_events: usize,
    /// Links per span; the rest is cut.
    pub max_links: usize,
    /// Bytes per text (attribute value, list element, span name, trace state); the rest is cut.
    pub max_text_bytes: usize,
    /// Elements per list value; the rest is cut.
    pub max_list: usize,
    /// How far in the future a span may start, ns.
    pub max_future_ns: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_attributes: 256,
            max_events: 128,
            max_links: 128,
            max_text_bytes: 4_096,
            max_list: 64,
            max_future_ns: 24 * 3_600 * 1_000_000_000,
        }
    }
}

/// Why something did not pass.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// Span refused: its trace id is not 16 bytes, or all zero.
    TraceId,
    /// Span refused: its span id is not 8 bytes, or all zero.
    SpanId,
    /// Span refused: it ended before it started.
    EndBeforeStart,
    /// Span refused: it starts too far in the future.
    Future,
    /// Span refused: it starts before the year 2000.
    Past,
    /// Attributes cut.
    Attributes,
    /// Events cut.
    Events,
    /// Links cut.
    Links,
    /// Texts or lists cut.
    Values,
}

impl Reason {
    /// Every reason, refusals of spans first.
    pub const ALL: [Self; 9] = [
        Self::TraceId,
        Self::SpanId,
        Self::EndBeforeStart,
        Self::Future,
        Self::Past,
        Self::Attributes,
        Self::Events,
        Self::Links,
        Self::Values,
    ];

    /// The word that metrics and messages use; it never changes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TraceId => "bad_trace_id",
            Self::SpanId => "bad_span_id",
            Self::EndBeforeStart => "end_before_start",
            Self::Future => "future_start",
            Self::Past => "absurd_start",
            Self::Attributes => "too_many_attributes",
            Self::Events => "too_many_events",
            Self::Links => "too_many_links",
            Self::Values => "value_too_long",
        }
    }

    /// Whether the whole span was refused, rather than a part of it cut.
    #[must_use]
    pub fn refuses_span(self) -> bool {
        matches!(self, Self::TraceId | Self::SpanId | Self::EndBeforeStart | Self::Future | Self::Past)
    }
}

/// How much did not pass, by reason: spans for a refusal, pieces for a cut.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Refusals([u64; Reason::ALL.len()]);

impl Refusals {
    /// How much did not pass for this reason.
    #[must_use]
    pub fn count(&self, reason: Reason) -> u64 {
        self.0.get(reason as usize).copied().unwrap_or(0)
    }

    /// Spans that were refused, all together: OTLP's `rejected_spans`.
    #[must_use]
    pub fn spans(&self) -> u64 {
        self.iter().filter(|(reason, _)| reason.refuses_span()).map(|(_, count)| count).sum()
    }

    /// Every reason that occurred, with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        Reason::ALL.into_iter().map(|reason| (reason, self.count(reason))).filter(|(_, count)| *count > 0)
    }

    /// Whether everything passed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    fn add(&mut self, reason: Reason, more: usize) {
        if let Some(count) = self.0.get_mut(reason as usize) {
            *count += more as u64;
        }
    }
}

/// Leaves in the request what may be kept, redacted under `secret`; tells what was refused and cut.
pub fn admit(
    request: &mut ExportTraceServiceRequest,
    now_ns: u64,
    limits: &Limits,
    secret: &Secret,
) -> Refusals {
    let mut refusals = Refusals::default();
    for resource_spans in &mut request.resource_spans {
        if let Some(resource) = &mut resource_spans.resource {
            redact_resource(&mut resource.attributes);
            cut_attributes(&mut resource.attributes, limits, &mut refusals);
        }
        for scope_spans in &mut resource_spans.scope_spans {
            if let Some(scope) = &mut scope_spans.scope {
                redact_attributes(&mut scope.attributes);
                cut_attributes(&mut scope.attributes, limits, &mut refusals);
            }
            scope_spans.spans.retain_mut(|span| match refusal(span, now_ns, limits) {
                Some(reason) => {
                    refusals.add(reason, 1);
                    false
                }
                None => {
                    redact_span(span, secret);
                    cut_span(span, limits, &mut refusals);
                    true
                }
            });
        }
        resource_spans.scope_spans.retain(|scope_spans| !scope_spans.spans.is_empty());
    }
    request.resource_spans.retain(|resource_spans| !resource_spans.scope_spans.is_empty());
    refusals
}

/// Why a span may not pass. A span without an end passes: its end may follow.
fn refusal(span: &Span, now_ns: u64, limits: &Limits) -> Option<Reason> {
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    if TraceId::from_wire(&span.trace_id).is_none() {
        Some(Reason::TraceId)
    } else if SpanId::from_wire(&span.span_id).is_none() {
        Some(Reason::SpanId)
    } else if start < EARLIEST_START_NS {
        Some(Reason::Past)
    } else if start > now_ns.saturating_add(limits.max_future_ns) {
        Some(Reason::Future)
    } else if end != 0 && end < start {
        Some(Reason::EndBeforeStart)
    } else {
        None
    }
}

fn cut_span(span: &mut Span, limits: &Limits, refusals: &mut Refusals) {
    cut_text(&mut span.name, limits, refusals);
    cut_text(&mut span.trace_state, limits, refusals);
    cut_attributes(&mut span.attributes, limits, refusals);
    cut_list(&mut span.events, limits.max_events, Reason::Events, refusals);
    cut_list(&mut span.links, limits.max_links, Reason::Links, refusals);
    for event in &mut span.events {
        cut_text(&mut event.name, limits, refusals);
        cut_attributes(&mut event.attributes, limits, refusals);
    }
    for link in &mut span.links {
        cut_text(&mut link.trace_state, limits, refusals);
        cut_attributes(&mut link.attributes, limits, refusals);
    }
}

fn cut_attributes(attributes: &mut Vec<KeyValue>, limits: &Limits, refusals: &mut Refusals) {
    cut_list(attributes, limits.max_attributes, Reason::Attributes, refusals);
    for attribute in attributes {
        cut_text(&mut attribute.key, limits, refusals);
        if let Some(value) = &mut attribute.value {
            cut_value(value, limits, refusals);
        }
    }
}

fn cut_value(value: &mut AnyValue, limits: &Limits, refusals: &mut Refusals) {
    match &mut value.value {
        Some(Value::StringValue(text)) => cut_text(text, limits, refusals),
        Some(Value::BytesValue(bytes)) => {
            cut_list(bytes, limits.max_text_bytes, Reason::Values, refusals);
        }
        Some(Value::ArrayValue(array)) => {
            cut_list(&mut array.values, limits.max_list, Reason::Values, refusals);
            array.values.iter_mut().for_each(|value| cut_value(value, limits, refusals));
        }
        Some(Value::KvlistValue(list)) => {
            cut_list(&mut list.values, limits.max_list, Reason::Values, refusals);
            cut_attributes(&mut list.values, limits, refusals);
        }
        _ => {}
    }
}

fn cut_text(text: &mut String, limits: &Limits, refusals: &mut Refusals) {
    if text.len() > limits.max_text_bytes {
        text.truncate(text.floor_char_boundary(limits.max_text_bytes));
        refusals.add(Reason::Values, 1);
    }
}

fn cut_list<T>(list: &mut Vec<T>, max: usize, reason: Reason, refusals: &mut Refusals) {
    if list.len() > max {
        refusals.add(reason, list.len() - max);
        list.truncate(max);
    }
}
