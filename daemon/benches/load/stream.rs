//! Endless batches of fresh traces, cheap enough that the daemon is what is measured: the prepared spans are copied
//! and ids, times and keys are written into the copy.
//!
//! A stream is one process of an app: one resource, its scopes, traces one after the other, cut where a batch is full.
//! Ids are fresh for every trace. Durations are those that were recorded, stretched by half to one and a half, so that
//! no two traces have the same. Requests come from 1,000 clients; of each template there are 64 different requests
//! (`pointsman.request.key`) with up to four different answers each.

use std::sync::Arc;

use super::Encoding;
use super::random::{Random, nth};
use super::recorded::{Encoded, Patchable, Recording, Spot};

const CLIENTS: u64 = 1_000;
const REQUESTS: u64 = 64;
const ANSWERS: u64 = 4;
const MS: u64 = 1_000_000;
/// Stretches are fractions of this.
const STRETCH: u64 = 1_024;

/// Makes the batches of one sender.
#[derive(Debug)]
pub(crate) struct Stream {
    recordings: Arc<Vec<Recording>>,
    recording: usize,
    encoding: Encoding,
    random: Random,
    open: Option<Run>,
    /// Spans of the batch by scope.
    scopes: Vec<Vec<u8>>,
    /// Traces begun so far.
    pub(crate) traces: u64,
}

/// A trace that is being sent.
#[derive(Clone, Debug)]
struct Run {
    template: usize,
    next_span: usize,
    begin_ns: u64,
    stretch: u64,
    ids: u64,
    client: u64,
    request: u64,
    answer: u64,
}

impl Stream {
    /// Senders take the recordings in turn; the same sender and seed send the same.
    pub(crate) fn new(recordings: Arc<Vec<Recording>>, sender: usize, encoding: Encoding, seed: u64) -> Self {
        let recording = sender % recordings.len();
        let scopes = recordings.get(recording).map_or(0, |recording| recording.scopes.len());
        let random = Random::new(nth(seed, sender as u64));
        Self {
            recordings,
            recording,
            encoding,
            random,
            open: None,
            scopes: vec![Vec::new(); scopes],
            traces: 0,
        }
    }

    /// Appends a request with so many spans, whose newest trace ends now.
    pub(crate) fn batch(&mut self, spans: usize, now_ns: u64, to: &mut Vec<u8>) {
        for _ in 0..spans {
            let run = self.open.take().unwrap_or_else(|| self.begin(now_ns));
            self.append(run);
        }
        self.write(to);
    }

    /// Appends a request with what is left of the trace that the last batch cut; how many spans that is.
    pub(crate) fn rest(&mut self, to: &mut Vec<u8>) -> usize {
        let mut spans = 0;
        while let Some(run) = self.open.take() {
            self.append(run);
            spans += 1;
        }
        self.write(to);
        spans
    }

    fn begin(&mut self, now_ns: u64) -> Run {
        self.traces += 1;
        let random = &mut self.random;
        let templates = &self.recordings[self.recording].traces;
        let template = random.below(templates.len() as u64);
        let stretch = STRETCH / 2 + random.below(STRETCH);
        let lasts_ns = stretched(templates[template as usize].duration_ns, stretch);
        let request = nth(self.recording as u64, template * REQUESTS + random.below(REQUESTS));
        Run {
            template: template as usize,
            next_span: 0,
            begin_ns: (now_ns - lasts_ns) / MS * MS,
            stretch,
            ids: random.next(),
            client: random.below(CLIENTS),
            request,
            answer: nth(request, random.below(ANSWERS)),
        }
    }

    /// Appends the trace's next span to its scope; the trace stays open while there are more.
    fn append(&mut self, mut run: Run) {
        let template = &self.recordings[self.recording].traces[run.template];
        let span = &template.spans[run.next_span];
        let to = &mut self.scopes[span.scope];
        match self.encoding {
            Encoding::Protobuf => patch(&span.encoded.protobuf, to, |spot, to| run.write_protobuf(spot, to)),
            Encoding::Json => {
                patch(&span.encoded.json, to, |spot, to| run.write_json(spot, to));
                to.push(b',');
            }
        }
        run.next_span += 1;
        if run.next_span < template.spans.len() {
            self.open = Some(run);
        }
    }

    fn write(&mut self, to: &mut Vec<u8>) {
        let recording = &self.recordings[self.recording];
        let scopes = recording.scopes.iter().zip(&self.scopes).filter(|(_, spans)| !spans.is_empty());
        match self.encoding {
            Encoding::Protobuf => write_protobuf(&recording.resource, scopes, to),
            Encoding::Json => write_json(&recording.resource, scopes, to),
        }
        self.scopes.iter_mut().for_each(Vec::clear);
    }
}

fn patch(span: &Patchable, to: &mut Vec<u8>, write: impl Fn(Spot, &mut [u8])) {
    let begin = to.len();
    to.extend_from_slice(&span.bytes);
    for (at, spot) in &span.spots {
        write(*spot, &mut to[begin + at..]);
    }
}

fn stretched(ns: u64, stretch: u64) -> u64 {
    ns * stretch / STRETCH
}

impl Run {
    fn trace_id(&self) -> [u64; 2] {
        [nth(self.ids, u64::MAX - 2), nth(self.ids, u64::MAX - 1)]
    }

    fn time(&self, offset_ns: u64, whole_ms: bool) -> u64 {
        let time = self.begin_ns + stretched(offset_ns, self.stretch);
        if whole_ms { time / MS * MS } else { time }
    }

    fn write_protobuf(&self, spot: Spot, to: &mut [u8]) {
        match spot {
            Spot::TraceId => {
                let [high, low] = self.trace_id();
                to[..8].copy_from_slice(&high.to_be_bytes());
                to[8..16].copy_from_slice(&low.to_be_bytes());
            }
            Spot::SpanId(number) => to[..8].copy_from_slice(&nth(self.ids, number).to_be_bytes()),
            Spot::Time { offset_ns, whole_ms } => {
                to[..8].copy_from_slice(&self.time(offset_ns, whole_ms).to_le_bytes());
            }
            text => self.write_text(text, to),
        }
    }

    fn write_json(&self, spot: Spot, to: &mut [u8]) {
        match spot {
            Spot::TraceId => {
                let [high, low] = self.trace_id();
                write_hex(high, to);
                write_hex(low, &mut to[16..]);
            }
            Spot::SpanId(number) => write_hex(nth(self.ids, number), to),
            Spot::Time { offset_ns, whole_ms } => {
                // 19 digits from 2001 to 2286.
                write_decimal(self.time(offset_ns, whole_ms), &mut to[..19]);
            }
            text => self.write_text(text, to),
        }
    }

    fn write_text(&self, spot: Spot, to: &mut [u8]) {
        match spot {
            Spot::Client => {
                write_decimal(self.client / 100, &mut to[1..3]);
                write_decimal(self.client % 100, &mut to[5..7]);
            }
            Spot::RequestKey => write_hex(self.request, to),
            _ => write_hex(self.answer, to),
        }
    }
}

fn write_hex(number: u64, to: &mut [u8]) {
    for (at, letter) in to[..16].iter_mut().enumerate() {
        *letter = b"0123456789abcdef"[(number >> (60 - 4 * at)) as usize & 15];
    }
}

fn write_decimal(mut number: u64, to: &mut [u8]) {
    for letter in to.iter_mut().rev() {
        *letter = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Tag of field 1 or 2 with a length.
const FIELD_1: u8 = 0x0a;
const FIELD_2: u8 = 0x12;

fn write_protobuf<'a>(
    resource: &Encoded<Vec<u8>>,
    scopes: impl Iterator<Item = (&'a Encoded<Vec<u8>>, &'a Vec<u8>)> + Clone,
    to: &mut Vec<u8>,
) {
    let sized = |length: usize| 1 + prost::length_delimiter_len(length) + length;
    let of_scopes = scopes.clone().map(|(scope, spans)| sized(scope.protobuf.len() + spans.len()));
    let length = resource.protobuf.len() + of_scopes.sum::<usize>();
    to.reserve(sized(length));
    to.push(FIELD_1);
    prost::encoding::encode_varint(length as u64, to);
    to.extend_from_slice(&resource.protobuf);
    for (scope, spans) in scopes {
        to.push(FIELD_2);
        prost::encoding::encode_varint((scope.protobuf.len() + spans.len()) as u64, to);
        to.extend_from_slice(&scope.protobuf);
        to.extend_from_slice(spans);
    }
}

fn write_json<'a>(
    resource: &Encoded<Vec<u8>>,
    scopes: impl Iterator<Item = (&'a Encoded<Vec<u8>>, &'a Vec<u8>)>,
    to: &mut Vec<u8>,
) {
    to.extend_from_slice(br#"{"resourceSpans":["#);
    to.extend_from_slice(&resource.json);
    for (at, (scope, spans)) in scopes.enumerate() {
        if at > 0 {
            to.push(b',');
        }
        to.extend_from_slice(&scope.json);
        to.extend_from_slice(spans.strip_suffix(b",").unwrap_or(spans));
        to.extend_from_slice(b"]}");
    }
    to.extend_from_slice(b"]}]}");
}
