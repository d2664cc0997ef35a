//! Recordings of real apps become templates: whole traces of 8 to 15 spans with one request each, every span encoded
//! once, with the places known where a trace that is made from it differs. Making traces is `stream`'s business.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, ensure};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::{Value, json};

use super::random::nth;

/// One app each: two versions of Next.js under `@vercel/otel`, one under NodeSDK.
pub(crate) const RECORDINGS: [&str; 3] = ["next-16.4", "next-15.5", "next-16.4-nodesdk"];
/// Traces of other sizes are left out.
pub(crate) const SPANS: std::ops::RangeInclusive<usize> = 8..=15;
/// The scope of the npm package's spans, one for each request.
const OWN_SCOPE: &str = "@pointsman/nextjs";
/// What stands in a template in place of the address of a client; `stream` writes the last seven letters.
const CLIENT: &str = "::ffff:10.150.199.199";
const CLIENT_DIGITS: usize = 7;
/// Times that stand for those of a span; real ones are far smaller.
const FIRST_TIME: u64 = 8_888_888_888_888_000_000;

/// What one app sent.
#[derive(Debug)]
pub(crate) struct Recording {
    /// `ResourceSpans` without scopes.
    pub(crate) resource: Encoded<Vec<u8>>,
    /// `ScopeSpans` without spans.
    pub(crate) scopes: Vec<Encoded<Vec<u8>>>,
    pub(crate) traces: Vec<TraceTemplate>,
}

/// The same in both encodings. In JSON the parts that hold others are open at their end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoded<T> {
    pub(crate) protobuf: T,
    pub(crate) json: T,
}

/// A trace of a recording, its spans by end as an SDK exports them.
#[derive(Debug, Default)]
pub(crate) struct TraceTemplate {
    pub(crate) spans: Vec<SpanTemplate>,
    /// From its first start to its last end.
    pub(crate) duration_ns: u64,
}

#[derive(Debug)]
pub(crate) struct SpanTemplate {
    /// Index in [`Recording::scopes`].
    pub(crate) scope: usize,
    pub(crate) encoded: Encoded<Patchable>,
}

/// Bytes, and where what has to be written into them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patchable {
    pub(crate) bytes: Vec<u8>,
    pub(crate) spots: Vec<(usize, Spot)>,
}

/// What differs from trace to trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spot {
    TraceId,
    /// The id of the trace's nth span; numbers beyond its spans are parents that are not part of it.
    SpanId(u64),
    /// ns since the trace began; clocks of a browser or of Node.js's start times have whole milliseconds.
    Time {
        offset_ns: u64,
        whole_ms: bool,
    },
    Client,
    RequestKey,
    ResponseHash,
}

/// All recordings, cut into templates.
pub(crate) fn load() -> anyhow::Result<Vec<Recording>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    RECORDINGS
        .iter()
        .map(|name| {
            let path = fixtures.join(format!("{name}.jsonl.zst"));
            let file =
                std::fs::File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
            let text = String::from_utf8(zstd::decode_all(file)?)?;
            recording(&text).with_context(|| format!("in {}", path.display()))
        })
        .collect()
}

/// A span in both forms, not prepared yet.
struct Raw {
    scope: usize,
    json: Value,
    span: Span,
}

fn recording(text: &str) -> anyhow::Result<Recording> {
    let mut resource = None;
    let mut scopes: Vec<(Value, Encoded<Vec<u8>>)> = Vec::new();
    let mut traces: Vec<Vec<Raw>> = Vec::new();
    let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
    for line in text.lines() {
        let request: ExportTraceServiceRequest = serde_json::from_str(line)?;
        let written: Value = serde_json::from_str(line)?;
        for (of_resource, written) in request.resource_spans.into_iter().zip(items(&written["resourceSpans"]))
        {
            resource.get_or_insert_with(|| encode_resource(&of_resource, written));
            for (of_scope, written) in of_resource.scope_spans.into_iter().zip(items(&written["scopeSpans"]))
            {
                let scope = scope_index(&mut scopes, &of_scope, written);
                for (span, json) in of_scope.spans.into_iter().zip(items(&written["spans"])) {
                    let next = traces.len();
                    let at = *known.entry(span.trace_id.clone()).or_insert(next);
                    traces.resize_with(traces.len().max(at + 1), Vec::new);
                    traces[at].push(Raw { scope, json: json.clone(), span });
                }
            }
        }
    }
    let own =
        scopes.iter().position(|(scope, _)| scope["name"] == OWN_SCOPE).context("no span of our own")?;
    traces.retain(|spans| {
        SPANS.contains(&spans.len()) && spans.iter().filter(|span| span.scope == own).count() == 1
    });
    ensure!(!traces.is_empty(), "no trace of {SPANS:?} spans");
    Ok(Recording {
        resource: resource.context("no resource")?,
        scopes: scopes.into_iter().map(|(_, encoded)| encoded).collect(),
        traces: traces.into_iter().map(template).collect::<anyhow::Result<_>>()?,
    })
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn encode_resource(of_resource: &ResourceSpans, written: &Value) -> Encoded<Vec<u8>> {
    let protobuf = ResourceSpans { scope_spans: Vec::new(), ..of_resource.clone() }.encode_to_vec();
    let json = format!(r#"{{"resource":{},"scopeSpans":["#, written["resource"]).into_bytes();
    Encoded { protobuf, json }
}

fn scope_index(scopes: &mut Vec<(Value, Encoded<Vec<u8>>)>, of_scope: &ScopeSpans, written: &Value) -> usize {
    let scope = &written["scope"];
    scopes.iter().position(|(known, _)| known == scope).unwrap_or_else(|| {
        let protobuf = ScopeSpans { spans: Vec::new(), ..of_scope.clone() }.encode_to_vec();
        let json = format!(r#"{{"scope":{scope},"spans":["#).into_bytes();
        scopes.push((scope.clone(), Encoded { protobuf, json }));
        scopes.len() - 1
    })
}

fn template(mut spans: Vec<Raw>) -> anyhow::Result<TraceTemplate> {
    spans.sort_by_key(|raw| raw.span.end_time_unix_nano);
    let begin = spans.iter().map(|raw| raw.span.start_time_unix_nano).min().unwrap_or(0);
    let end = spans.iter().map(|raw| raw.span.end_time_unix_nano).max().unwrap_or(0);
    let mut ids: HashMap<Vec<u8>, u64> =
        (0..).zip(&spans).map(|(at, raw)| (raw.span.span_id.clone(), at)).collect();
    for raw in &spans {
        let next = ids.len() as u64;
        ids.entry(raw.span.parent_span_id.clone()).or_insert(next);
    }
    let prepare = |raw| span_template(raw, begin, &ids);
    let spans = spans.into_iter().map(prepare).collect::<anyhow::Result<_>>()?;
    Ok(TraceTemplate { spans, duration_ns: end - begin })
}

fn span_template(raw: Raw, begin_ns: u64, ids: &HashMap<Vec<u8>, u64>) -> anyhow::Result<SpanTemplate> {
    let Raw { scope, mut json, mut span } = raw;
    let mut marks = Marks { begin_ns, found: Vec::new() };
    marks.trace(&mut json["traceId"], &mut span.trace_id);
    marks.id(&mut json["spanId"], &mut span.span_id, ids);
    if !span.parent_span_id.is_empty() {
        marks.id(&mut json["parentSpanId"], &mut span.parent_span_id, ids);
    }
    marks.time(&mut json["startTimeUnixNano"], &mut span.start_time_unix_nano);
    marks.time(&mut json["endTimeUnixNano"], &mut span.end_time_unix_nano);
    for (at, event) in span.events.iter_mut().enumerate() {
        marks.time(&mut json["events"][at]["timeUnixNano"], &mut event.time_unix_nano);
    }
    ensure!(span.links.is_empty(), "links are not prepared for");
    for (at, attribute) in span.attributes.iter_mut().enumerate() {
        let spot = match attribute.key.as_str() {
            "client.address" => Spot::Client,
            "pointsman.request.key" => Spot::RequestKey,
            "pointsman.response.hash" => Spot::ResponseHash,
            _ => continue,
        };
        if let Some(Any::StringValue(text)) = attribute.value.as_mut().and_then(|value| value.value.as_mut())
        {
            marks.text(&mut json["attributes"][at]["value"]["stringValue"], text, spot);
        }
    }
    let mut protobuf = vec![0x12];
    prost::encoding::encode_varint(span.encoded_len() as u64, &mut protobuf);
    span.encode(&mut protobuf)?;
    let encoded = Encoded {
        protobuf: marks.find(protobuf, |mark| &mark.protobuf)?,
        json: marks.find(span_json(&json).into_bytes(), |mark| &mark.json)?,
    };
    Ok(SpanTemplate { scope, encoded })
}

/// Fields in the order in which the JavaScript SDK writes them.
fn span_json(span: &Value) -> String {
    const FIELDS: [&str; 16] = [
        "traceId",
        "spanId",
        "traceState",
        "parentSpanId",
        "name",
        "kind",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "attributes",
        "droppedAttributesCount",
        "events",
        "droppedEventsCount",
        "status",
        "links",
        "droppedLinksCount",
        "flags",
    ];
    let fields = FIELDS.iter().filter_map(|name| Some(format!(r#""{name}":{}"#, span.get(name)?)));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// Puts marks where a trace differs, in both forms, and finds them again in the encoded bytes.
struct Marks {
    begin_ns: u64,
    found: Vec<Mark>,
}

struct Mark {
    spot: Spot,
    protobuf: Vec<u8>,
    json: Vec<u8>,
}

impl Marks {
    fn trace(&mut self, json: &mut Value, id: &mut Vec<u8>) {
        let (high, low) = (nth(u64::MAX, 0), nth(u64::MAX, 1));
        *id = [high.to_be_bytes(), low.to_be_bytes()].concat();
        self.put(json, Spot::TraceId, format!("{high:016x}{low:016x}"), id.clone());
    }

    fn id(&mut self, json: &mut Value, id: &mut Vec<u8>, ids: &HashMap<Vec<u8>, u64>) {
        let number = ids.get(id.as_slice()).copied().unwrap_or_default();
        let mark = nth(7, number);
        *id = mark.to_be_bytes().to_vec();
        self.put(json, Spot::SpanId(number), format!("{mark:016x}"), id.clone());
    }

    fn time(&mut self, json: &mut Value, time: &mut u64) {
        let spot =
            Spot::Time { offset_ns: *time - self.begin_ns, whole_ms: (*time).is_multiple_of(1_000_000) };
        *time = FIRST_TIME + self.found.len() as u64;
        self.put(json, spot, time.to_string(), time.to_le_bytes().to_vec());
    }

    fn text(&mut self, json: &mut Value, text: &mut String, spot: Spot) {
        *text = if spot == Spot::Client {
            CLIENT.to_owned()
        } else {
            format!("{:016x}", nth(9, self.found.len() as u64))
        };
        let varies = if spot == Spot::Client { CLIENT_DIGITS } else { text.len() };
        let mark = text.split_at(text.len() - varies).1.to_owned();
        self.put(json, spot, mark.clone(), mark.into_bytes());
        *json = json!(text);
    }

    fn put(&mut self, json: &mut Value, spot: Spot, text: String, protobuf: Vec<u8>) {
        *json = json!(text);
        self.found.push(Mark { spot, protobuf, json: text.into_bytes() });
    }

    fn find(&self, bytes: Vec<u8>, form: impl Fn(&Mark) -> &Vec<u8>) -> anyhow::Result<Patchable> {
        let spots = self.found.iter().map(|mark| {
            let pattern = form(mark);
            let mut places = bytes.windows(pattern.len()).enumerate().filter(|(_, window)| window == pattern);
            let (at, _) = places.next().with_context(|| format!("{:?} is not in its span", mark.spot))?;
            ensure!(places.next().is_none(), "{:?} is twice in its span", mark.spot);
            Ok((at, mark.spot))
        });
        let spots = spots.collect::<anyhow::Result<_>>()?;
        Ok(Patchable { bytes, spots })
    }
}
