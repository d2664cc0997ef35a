//! Traces encoded once and put together to requests again and again: all of them, or some, with an attribute left out.
//!
//! What a span says is `spans`' business; here are only its bytes. Encoding anew for each attribute that is taken away
//! was nine tenths of the time that robustness took.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use pointsman_store::TraceId;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, message};

use super::spans::{Teller, threshold};
use super::{Batch, Sent, resource};
use crate::scenario::Scenario;
use crate::sim::{Exchange, Play};

/// Exchanges in one request of the exporter.
const PER_REQUEST: usize = 500;

/// Field numbers of OTLP.
const RESOURCE: u32 = 1;
const SCOPE_SPANS: u32 = 2;
const SCOPE: u32 = 1;
const SPANS: u32 = 2;
const TRACE_STATE: u32 = 3;
const ATTRIBUTES: u32 = 9;
const RESOURCE_SPANS: u32 = 1;

/// All traces of a scenario, encoded.
pub struct Encoded<'s> {
    scenario: &'s Scenario,
    /// Names of attributes by number.
    names: Vec<String>,
    /// Those that own spans have.
    own: BTreeSet<u16>,
    bytes: Vec<u8>,
    attributes: Vec<(u16, Range<usize>)>,
    spans: Vec<SpanBytes>,
    traces: Vec<Trace>,
}

/// The bytes of one span.
struct SpanBytes {
    is_own: bool,
    /// All but its attributes.
    head: Range<usize>,
    attributes: Range<usize>,
}

struct Trace {
    id: TraceId,
    /// Process and build.
    of: (u32, u32),
    /// Between 0 and 1: recorded where it is at most the share that is.
    luck: f64,
    spans: Range<usize>,
}

impl<'s> Encoded<'s> {
    /// Encodes the exchanges, which are in the order of their starts.
    #[must_use]
    pub fn new(scenario: &'s Scenario, how: Play, exchanges: &[Exchange]) -> Self {
        let mut encoded = Self {
            scenario,
            names: Vec::new(),
            own: BTreeSet::new(),
            bytes: Vec::new(),
            attributes: Vec::new(),
            spans: Vec::new(),
            traces: Vec::new(),
        };
        let teller = Teller::new(scenario, how);
        let mut numbers = HashMap::new();
        let mut seen: BTreeMap<u32, u64> = BTreeMap::new();
        for (number, exchange) in (0_u64..).zip(exchanges) {
            let count = seen.entry(exchange.instance).or_default();
            *count += 1;
            let mut batch = Batch::default();
            let id = teller.tell(number, exchange, *count, &mut batch);
            let begin = encoded.spans.len();
            batch.own.into_iter().for_each(|span| encoded.add(span, true, &mut numbers));
            batch.next.into_iter().for_each(|span| encoded.add(span, false, &mut numbers));
            let of = (exchange.instance, exchange.build);
            encoded.traces.push(Trace {
                id,
                of,
                luck: teller.luck(number),
                spans: begin..encoded.spans.len(),
            });
        }
        encoded
    }

    fn add(&mut self, mut span: Span, is_own: bool, numbers: &mut HashMap<String, u16>) {
        let attributes = std::mem::take(&mut span.attributes);
        let begin = self.bytes.len();
        self.bytes.extend(span.encode_to_vec());
        let head = begin..self.bytes.len();
        let first = self.attributes.len();
        for attribute in attributes {
            let begin = self.bytes.len();
            message::encode(ATTRIBUTES, &attribute, &mut self.bytes);
            let number = self.number(attribute.key, numbers);
            if is_own {
                self.own.insert(number);
            }
            self.attributes.push((number, begin..self.bytes.len()));
        }
        self.spans.push(SpanBytes { is_own, head, attributes: first..self.attributes.len() });
    }

    fn number(&mut self, name: String, numbers: &mut HashMap<String, u16>) -> u16 {
        if let Some(number) = numbers.get(&name) {
            return *number;
        }
        let number = u16::try_from(self.names.len()).unwrap_or(u16::MAX);
        self.names.push(name.clone());
        numbers.insert(name, number);
        number
    }

    /// Names of all attributes of the contract that are sent: those of own spans and of the resource, `service.name` and what
    /// names the SDK aside, which belong to OpenTelemetry itself.
    #[must_use]
    pub fn contract(&self) -> BTreeSet<String> {
        let own = self.own.iter().filter_map(|number| self.names.get(usize::from(*number)).cloned());
        let mut names: BTreeSet<String> = own.collect();
        names.extend(resource(self.scenario, 0, 0).into_iter().map(|attribute| attribute.key));
        names.retain(|name| !matches!(name.as_str(), "service.name" | "telemetry.sdk.language"));
        names
    }

    /// The OTLP requests (protobuf) that tell of all of it.
    pub fn requests(&self, sent: &Sent) -> impl Iterator<Item = Vec<u8>> {
        self.put_together(sent.clone(), |_| true)
    }

    /// As [`Encoded::requests`], but only the traces in which the attribute is missing, and which those are: all others
    /// are told as they were.
    pub fn changed(&self, sent: &Sent) -> (impl Iterator<Item = Vec<u8>>, HashSet<TraceId>) {
        let without = self.without(sent);
        let lacks = move |trace: &Trace| {
            let spans = self.spans.get(trace.spans.clone()).unwrap_or_default();
            let mut attributes = spans.iter().flat_map(|span| self.attributes_of(span));
            attributes.any(|(number, _)| Some(*number) == without)
        };
        let changed = self.traces.iter().filter(|trace| lacks(trace)).map(|trace| trace.id).collect();
        (self.put_together(sent.clone(), lacks), changed)
    }

    fn without(&self, sent: &Sent) -> Option<u16> {
        let without = sent.without.as_ref()?;
        self.names.iter().position(|name| name == without).and_then(|at| u16::try_from(at).ok())
    }

    fn attributes_of(&self, span: &SpanBytes) -> &[(u16, Range<usize>)] {
        self.attributes.get(span.attributes.clone()).unwrap_or_default()
    }

    fn put_together(&self, sent: Sent, wanted: impl Fn(&Trace) -> bool) -> impl Iterator<Item = Vec<u8>> {
        let without = self.without(&sent);
        let state = if sent.declared { threshold(sent.recorded) } else { String::new() };
        self.traces.chunks(PER_REQUEST).map(move |traces| {
            // Own spans and those of Next.js, by process and build.
            let mut batches: BTreeMap<(u32, u32), [Vec<u8>; 2]> = BTreeMap::new();
            for trace in traces.iter().filter(|trace| trace.luck <= sent.recorded && wanted(trace)) {
                let batch = batches.entry(trace.of).or_default();
                for span in self.spans.get(trace.spans.clone()).unwrap_or_default() {
                    let [own, next] = batch;
                    self.append(if span.is_own { own } else { next }, span, without, &state);
                }
            }
            let mut request = Vec::new();
            for (of, [own, next]) in batches {
                let resource_spans = self.resource_spans(of, &sent, &own, &next);
                field(&mut request, RESOURCE_SPANS, &[&resource_spans]);
            }
            request
        })
    }

    /// A span as a field of its scope.
    fn append(&self, into: &mut Vec<u8>, span: &SpanBytes, without: Option<u16>, state: &str) {
        let bytes = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        let kept = || {
            self.attributes_of(span)
                .iter()
                .filter(|(number, _)| Some(*number) != without)
                .map(|(_, range)| range)
        };
        let state_length = if state.is_empty() { 0 } else { 2 + state.len() };
        let length = span.head.len() + state_length + kept().map(ExactSizeIterator::len).sum::<usize>();
        encode_key(SPANS, WireType::LengthDelimited, into);
        encode_varint(length as u64, into);
        into.extend_from_slice(bytes(&span.head));
        if !state.is_empty() {
            field(into, TRACE_STATE, &[state.as_bytes()]);
        }
        kept().for_each(|range| into.extend_from_slice(bytes(range)));
    }

    fn resource_spans(&self, of: (u32, u32), sent: &Sent, own: &[u8], next: &[u8]) -> Vec<u8> {
        let mut attributes: Vec<KeyValue> = resource(self.scenario, of.0, of.1);
        attributes.retain(|attribute| sent.without.as_ref() != Some(&attribute.key));
        let mut bytes = Vec::with_capacity(own.len() + next.len() + 1_024);
        message::encode(RESOURCE, &Resource { attributes, ..Default::default() }, &mut bytes);
        for (name, version, spans) in
            [("@pointsman/nextjs", "0.1.0", own), ("next.js", self.scenario.next.as_str(), next)]
        {
            let scope =
                InstrumentationScope { name: name.into(), version: version.into(), ..Default::default() };
            let mut head = Vec::new();
            message::encode(SCOPE, &scope, &mut head);
            field(&mut bytes, SCOPE_SPANS, &[&head, spans]);
        }
        bytes
    }
}

/// A field with a length, in pieces.
fn field(into: &mut Vec<u8>, number: u32, pieces: &[&[u8]]) {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    into.reserve(length + 2 + encoded_len_varint(length as u64));
    encode_key(number, WireType::LengthDelimited, into);
    encode_varint(length as u64, into);
    pieces.iter().for_each(|piece| into.extend_from_slice(piece));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::play;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

    #[test]
    fn what_is_put_together_is_otlp_and_lacks_only_what_was_taken() -> anyhow::Result<()> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let scenario = crate::scenario::load(&folder, "cases")?.swap_remove(0);
        let how = Play::default();
        let encoded = Encoded::new(&scenario, how, &play(&scenario, how));
        let spans = |sent: &Sent| -> anyhow::Result<Vec<Span>> {
            let mut spans = Vec::new();
            for request in encoded.requests(sent) {
                let request = ExportTraceServiceRequest::decode(request.as_slice())?;
                let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
                spans.extend(scopes.flat_map(|scope| scope.spans));
            }
            Ok(spans)
        };
        let without = "http.route";
        let all = spans(&Sent::default())?;
        let less = spans(&Sent { without: Some(without.into()), ..Sent::default() })?;
        let strip = |mut span: Span| {
            span.attributes.retain(|attribute| attribute.key != without);
            span
        };
        assert_ne!(all, less);
        assert_eq!(all.clone().into_iter().map(strip).collect::<Vec<_>>(), less);
        let sampled = spans(&Sent { recorded: 0.1, declared: true, ..Sent::default() })?;
        let share = sampled.len() * 100 / all.len();
        assert!((4..20).contains(&share), "{share} of 100");
        assert!(sampled.iter().all(|span| span.trace_state.starts_with("ot=th:")));
        Ok(())
    }
}
