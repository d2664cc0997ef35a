//! What a sender could send to hurt: each a large body, made of whatever costs a receiver
//! the most. Who sends them is `main`'s business.

use std::io::Write;

/// Less than half of the limit of a body over HTTP: a build for tests takes minutes to extract as many small spans as
/// 20 MiB hold.
pub(crate) const HTTP_BYTES: usize = 8 << 20;
/// Just below the limit of a message over gRPC.
pub(crate) const GRPC_BYTES: usize = (4 << 20) - (16 << 10);

/// A body and how it is sent.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) json: bool,
    pub(crate) coding: Option<&'static str>,
    pub(crate) body: Vec<u8>,
}

/// Those in protobuf, up to that size; spans start at `now_ns`, traces belong to that sender.
pub(crate) fn in_protobuf(bytes: usize, now_ns: u64, sender: u64) -> Vec<Attack> {
    let spans = Spans { now_ns, sender };
    let protobuf = |name, body| Attack { name, json: false, coding: None, body };
    let mut all = vec![
        protobuf("small spans, each in a trace of its own", spans.many(bytes, |at| (at, 1))),
        protobuf("one trace of small spans", spans.many(bytes, |at| (u64::MAX, at))),
        protobuf("nothing but empty spans", request(&[0x12, 0].repeat(bytes / 2 - 32))),
        protobuf("a span of empty attributes", request(&spans.one(&[0x4a, 0].repeat(bytes / 2 - 64)))),
        protobuf("a long key", request(&spans.one(&attribute(&vec![b'k'; bytes - 256], b"")))),
        protobuf("a long text", request(&spans.one(&attribute(b"k", &field(1, &vec![b't'; bytes - 256]))))),
        protobuf("texts that are no UTF-8", request(&spans.one(&no_utf8(bytes - 4_096)))),
        protobuf("maps within maps", request(&spans.one(&attribute(b"k", &nested(10_000))))),
        protobuf("a large resource with a scope for each span", spans.scopes(bytes)),
        protobuf("events, links and lists", spans.parts(bytes)),
        protobuf("times that cannot be", spans.odd_times()),
        protobuf("a length of ten gigabytes", ten_gigabytes()),
    ];
    for coding in ["gzip", "zstd"] {
        all.push(Attack { name: "a gigabyte", json: false, coding: Some(coding), body: bomb(coding) });
    }
    all
}

/// Those in the other encoding.
pub(crate) fn in_json(bytes: usize) -> Vec<Attack> {
    let json = |name, body: String| Attack { name, json: true, coding: None, body: body.into_bytes() };
    let spans = "{},".repeat(bytes / 3 - 64);
    let spans = spans.trim_end_matches(',');
    let mut all = vec![
        json("brackets without end", "[".repeat(bytes)),
        json("brackets where nobody looks", format!("{{\"x\":{}", "[".repeat(bytes - 8))),
        json(
            "spans of nothing",
            format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{spans}]}}]}}]}}"),
        ),
        json(
            "values within values",
            format!(
                "{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{{\"attributes\":[{{\"value\":{}",
                "{\"arrayValue\":{\"values\":[".repeat(bytes / 25)
            ),
        ),
    ];
    for coding in ["gzip", "zstd"] {
        let body = packed(coding, bytes);
        all.push(Attack { name: "the largest that may pass", json: true, coding: Some(coding), body });
        all.push(Attack { name: "a gigabyte", json: true, coding: Some(coding), body: bomb(coding) });
    }
    all
}

struct Spans {
    now_ns: u64,
    sender: u64,
}

impl Spans {
    /// A finished request's span and more fields.
    fn span(&self, trace: u64, id: u64, more: &[u8]) -> Vec<u8> {
        self.timed(trace, id, self.now_ns, self.now_ns + 1, more)
    }

    fn timed(&self, trace: u64, id: u64, start_ns: u64, end_ns: u64, more: &[u8]) -> Vec<u8> {
        let trace = (u128::from(trace) | u128::from(self.sender) << 64 | 1 << 127).to_be_bytes();
        let mut span = [field(1, &trace), field(2, &(id | 1 << 63).to_be_bytes()), vec![0x30, 2]].concat();
        for (tag, time) in [(0x39, start_ns), (0x41, end_ns)] {
            span.push(tag);
            span.extend_from_slice(&time.to_le_bytes());
        }
        span.extend_from_slice(more);
        span
    }

    fn one(&self, more: &[u8]) -> Vec<u8> {
        field(2, &self.span(7, 7, more))
    }

    fn many(&self, bytes: usize, ids: impl Fn(u64) -> (u64, u64)) -> Vec<u8> {
        let mut spans = Vec::with_capacity(bytes);
        for at in 1.. {
            let (trace, id) = ids(at);
            if spans.len() + 64 > bytes {
                break;
            }
            spans.extend(field(2, &self.span(trace, id, b"")));
        }
        request(&spans)
    }

    fn scopes(&self, bytes: usize) -> Vec<u8> {
        let attributes: Vec<u8> = (0..50_000)
            .flat_map(|at: u32| field(1, &field(1, &at.to_be_bytes().map(|byte| byte & 0x7f))))
            .collect();
        let mut resource = field(1, &attributes);
        for at in 1.. {
            if resource.len() + 80 > bytes {
                break;
            }
            resource.extend(field(2, &field(2, &self.span(at | 1 << 40, 2, b""))));
        }
        field(1, &resource)
    }

    fn parts(&self, bytes: usize) -> Vec<u8> {
        let events = [0x5a, 0].repeat(bytes / 8);
        let links = [0x6a, 0].repeat(bytes / 8);
        let list = attribute(b"list", &field(5, &[0x0a, 0].repeat(bytes / 8)));
        let map = attribute(b"map", &field(6, &[0x0a, 0].repeat(bytes / 8 - 64)));
        request(&self.one(&[events, links, list, map].concat()))
    }

    /// 1970, 1999, 2100, and an end before the start.
    fn odd_times(&self) -> Vec<u8> {
        const SECOND: u64 = 1_000_000_000;
        let times = [
            (1, 2),
            (0, 0),
            (915_148_800 * SECOND, 915_148_801 * SECOND),
            (4_102_444_800 * SECOND, 4_102_444_801 * SECOND),
            (u64::MAX, u64::MAX),
            (self.now_ns, self.now_ns - 1),
        ];
        let spans =
            (1..).zip(times).flat_map(|(id, (start, end))| field(2, &self.timed(9, id, start, end, b"")));
        request(&spans.collect::<Vec<_>>())
    }
}

/// A request of one resource and one scope around spans.
fn request(spans: &[u8]) -> Vec<u8> {
    field(1, &field(2, spans))
}

fn attribute(key: &[u8], value: &[u8]) -> Vec<u8> {
    field(9, &[field(1, key), field(2, value)].concat())
}

/// A map in a map in a map.
fn nested(levels: usize) -> Vec<u8> {
    let mut value = field(1, b"x");
    for _ in 0..levels {
        value = field(6, &field(1, &[field(1, b"k"), field(2, &value)].concat()));
    }
    value
}

/// Name, trace state, key, text, event's name and status message.
fn no_utf8(bytes: usize) -> Vec<u8> {
    let text = vec![0xff; bytes / 6];
    let event = field(11, &field(2, &text));
    let status = field(15, &field(2, &text));
    [field(5, &text), field(3, &text), attribute(&text, &field(1, &text)), event, status].concat()
}

/// A resource that says it has 10 GB, and has not.
fn ten_gigabytes() -> Vec<u8> {
    let mut body = vec![0x0a];
    varint(10_000_000_000, &mut body);
    body.extend_from_slice(b"no");
    body
}

fn bomb(coding: &str) -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    packed_from(coding, std::iter::repeat_n(zeros, 1_024))
}

/// JSON of just the size that may pass.
fn packed(coding: &str, bytes: usize) -> Vec<u8> {
    packed_from(coding, [format!("{{}}{}", " ".repeat(bytes - 2)).into_bytes()].into_iter())
}

fn packed_from(coding: &str, parts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    if coding == "gzip" {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        parts.for_each(|part| encoder.write_all(&part).unwrap());
        return encoder.finish().unwrap();
    }
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    parts.for_each(|part| encoder.write_all(&part).unwrap());
    encoder.finish().unwrap()
}

/// A field that holds bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    varint(content.len() as u64, &mut field);
    field.extend_from_slice(content);
    field
}

fn varint(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}
