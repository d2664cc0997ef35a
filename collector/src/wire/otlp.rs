//! OTLP's trace messages as they stand on the wire: their field numbers, and views that borrow from them. What may
//! be kept is decided by [`crate::admit`], what a span means by [`crate::extract`].
//!
//! Source: opentelemetry-proto 1.9, `trace/v1/trace.proto`, `common/v1/common.proto`, `resource/v1/resource.proto`.
//! Fields that are not listed are passed over: newer senders may set them.

use super::fields::{Content, Fields, Malformed};

/// `ExportTraceServiceRequest`, also `TracesData`.
pub(crate) mod request {
    pub(crate) const RESOURCE_SPANS: u8 = 1;
}

/// `ResourceSpans`.
pub(crate) mod resource_spans {
    pub(crate) const RESOURCE: u8 = 1;
    pub(crate) const SCOPE_SPANS: u8 = 2;
    pub(crate) const SCHEMA_URL: u8 = 3;
}

/// `Resource`.
pub(crate) mod resource {
    pub(crate) const ATTRIBUTES: u8 = 1;
    pub(crate) const DROPPED_ATTRIBUTES: u8 = 2;
}

/// `ScopeSpans`.
pub(crate) mod scope_spans {
    pub(crate) const SCOPE: u8 = 1;
    pub(crate) const SPANS: u8 = 2;
    pub(crate) const SCHEMA_URL: u8 = 3;
}

/// `InstrumentationScope`.
pub(crate) mod scope {
    pub(crate) const NAME: u8 = 1;
    pub(crate) const VERSION: u8 = 2;
    pub(crate) const ATTRIBUTES: u8 = 3;
    pub(crate) const DROPPED_ATTRIBUTES: u8 = 4;
}

/// `Span`.
pub(crate) mod span {
    pub(crate) const TRACE_ID: u8 = 1;
    pub(crate) const SPAN_ID: u8 = 2;
    pub(crate) const TRACE_STATE: u8 = 3;
    pub(crate) const PARENT_SPAN_ID: u8 = 4;
    pub(crate) const NAME: u8 = 5;
    pub(crate) const KIND: u8 = 6;
    pub(crate) const START: u8 = 7;
    pub(crate) const END: u8 = 8;
    pub(crate) const ATTRIBUTES: u8 = 9;
    pub(crate) const DROPPED_ATTRIBUTES: u8 = 10;
    pub(crate) const EVENTS: u8 = 11;
    pub(crate) const DROPPED_EVENTS: u8 = 12;
    pub(crate) const LINKS: u8 = 13;
    pub(crate) const DROPPED_LINKS: u8 = 14;
    pub(crate) const STATUS: u8 = 15;
    pub(crate) const FLAGS: u8 = 16;
}

/// `SpanKind`: the answering side of a request.
pub(crate) const SERVER: i32 = 2;
/// `SpanKind`: the asking side of a request.
pub(crate) const CLIENT: i32 = 3;
/// `SpanKind`: what puts a message into a queue.
pub(crate) const PRODUCER: i32 = 4;

/// `Span.Event`.
pub(crate) mod event {
    pub(crate) const TIME: u8 = 1;
    pub(crate) const NAME: u8 = 2;
    pub(crate) const ATTRIBUTES: u8 = 3;
    pub(crate) const DROPPED_ATTRIBUTES: u8 = 4;
}

/// `Span.Link`.
pub(crate) mod link {
    pub(crate) const TRACE_ID: u8 = 1;
    pub(crate) const SPAN_ID: u8 = 2;
    pub(crate) const TRACE_STATE: u8 = 3;
    pub(crate) const ATTRIBUTES: u8 = 4;
    pub(crate) const DROPPED_ATTRIBUTES: u8 = 5;
    pub(crate) const FLAGS: u8 = 6;
}

/// `Status`.
pub(crate) mod status {
    pub(crate) const MESSAGE: u8 = 2;
    pub(crate) const CODE: u8 = 3;
}

/// `KeyValue`.
pub(crate) mod key_value {
    pub(crate) const KEY: u8 = 1;
    pub(crate) const VALUE: u8 = 2;
}

/// `AnyValue`.
pub(crate) mod any_value {
    pub(crate) const STRING: u8 = 1;
    pub(crate) const BOOL: u8 = 2;
    pub(crate) const INT: u8 = 3;
    pub(crate) const DOUBLE: u8 = 4;
    pub(crate) const ARRAY: u8 = 5;
    pub(crate) const KVLIST: u8 = 6;
    pub(crate) const BYTES: u8 = 7;
}

/// `ArrayValue` and `KeyValueList`.
pub(crate) mod list {
    pub(crate) const VALUES: u8 = 1;
}

/// One attribute. Both parts are read further by who needs them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Attribute<'a> {
    /// Its name; UTF-8 if the sender keeps the rules.
    pub(crate) key: &'a [u8],
    /// The message `AnyValue`; empty where there is none.
    pub(crate) value: &'a [u8],
}

/// What an attribute holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Value<'a> {
    Absent,
    /// UTF-8 if the sender keeps the rules.
    Text(&'a [u8]),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(&'a [u8]),
    /// The message `ArrayValue`.
    Array(&'a [u8]),
    /// The message `KeyValueList`.
    Kvlist(&'a [u8]),
}

/// One span; its events and links are read further by who needs them.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Span<'a> {
    pub(crate) trace_id: &'a [u8],
    pub(crate) span_id: &'a [u8],
    pub(crate) parent_span_id: &'a [u8],
    pub(crate) trace_state: &'a [u8],
    pub(crate) name: &'a [u8],
    pub(crate) kind: i32,
    /// ns since the epoch.
    pub(crate) start_ns: u64,
    /// ns since the epoch; 0 where the span has not ended.
    pub(crate) end_ns: u64,
    pub(crate) attributes: Vec<Attribute<'a>>,
    pub(crate) events: Vec<&'a [u8]>,
    pub(crate) links: Vec<&'a [u8]>,
    pub(crate) dropped_attributes: u32,
    pub(crate) dropped_events: u32,
    pub(crate) dropped_links: u32,
    /// 0 unset, 1 ok, 2 error; `None` without a status.
    pub(crate) status_code: Option<i32>,
    pub(crate) flags: u32,
}

/// How many parts of a span are read at most, and how many there were beyond.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Parts {
    pub(crate) attributes: usize,
    pub(crate) events: usize,
    pub(crate) links: usize,
}

impl Parts {
    /// Everything.
    pub(crate) const ALL: Self = Self { attributes: usize::MAX, events: usize::MAX, links: usize::MAX };
    const NONE: Self = Self { attributes: 0, events: 0, links: 0 };
}

impl<'a> Attribute<'a> {
    /// Reads a `KeyValue`.
    pub(crate) fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut attribute = Self { key: b"", value: b"" };
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            match field {
                (key_value::KEY, Content::Bytes(key)) => attribute.key = key,
                (key_value::VALUE, Content::Bytes(value)) => attribute.value = value,
                _ => {}
            }
        }
        Ok(attribute)
    }
}

impl<'a> Value<'a> {
    /// Reads an `AnyValue`; of several contents the last one counts.
    #[expect(clippy::cast_possible_wrap, reason = "the wire's form of a signed number")]
    pub(crate) fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut value = Self::Absent;
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            value = match field {
                (any_value::STRING, Content::Bytes(text)) => Self::Text(text),
                (any_value::BOOL, Content::Varint(flag)) => Self::Bool(flag != 0),
                (any_value::INT, Content::Varint(number)) => Self::Int(number as i64),
                (any_value::DOUBLE, Content::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
                (any_value::ARRAY, Content::Bytes(array)) => Self::Array(array),
                (any_value::KVLIST, Content::Bytes(list)) => Self::Kvlist(list),
                (any_value::BYTES, Content::Bytes(bytes)) => Self::Bytes(bytes),
                _ => value,
            };
        }
        Ok(value)
    }
}

impl<'a> Span<'a> {
    /// Reads a `Span` in place of what was there, up to so many parts; returns how many more there were.
    pub(crate) fn read(&mut self, message: &'a [u8], most: Parts) -> Result<Parts, Malformed> {
        self.clear();
        let mut beyond = Parts::NONE;
        let mut fields = Fields::of(message);
        while let Some((number, content)) = fields.next()? {
            match (number, content) {
                (span::ATTRIBUTES, Content::Bytes(attribute)) => {
                    if self.attributes.len() < most.attributes {
                        self.attributes.push(Attribute::read(attribute)?);
                    } else {
                        beyond.attributes += 1;
                    }
                }
                (span::EVENTS, Content::Bytes(event)) => {
                    beyond.events += push(&mut self.events, event, most.events);
                }
                (span::LINKS, Content::Bytes(link)) => {
                    beyond.links += push(&mut self.links, link, most.links);
                }
                (span::STATUS, Content::Bytes(status)) => self.status_code = Some(status_code(status)?),
                (_, Content::Bytes(bytes)) => self.set_bytes(number, bytes),
                (_, Content::Varint(value)) => self.set_number(number, value),
                (span::START, Content::Fixed64(at)) => self.start_ns = at,
                (span::END, Content::Fixed64(at)) => self.end_ns = at,
                (span::FLAGS, Content::Fixed32(flags)) => self.flags = flags,
                _ => {}
            }
        }
        Ok(beyond)
    }

    /// Forgets everything but the room that the lists have taken.
    fn clear(&mut self) {
        let Self { attributes, events, links, .. } = std::mem::take(self);
        *self = Self { attributes, events, links, ..Self::default() };
        self.attributes.clear();
        self.events.clear();
        self.links.clear();
    }

    #[inline]
    fn set_bytes(&mut self, number: u8, bytes: &'a [u8]) {
        match number {
            span::TRACE_ID => self.trace_id = bytes,
            span::SPAN_ID => self.span_id = bytes,
            span::PARENT_SPAN_ID => self.parent_span_id = bytes,
            span::TRACE_STATE => self.trace_state = bytes,
            span::NAME => self.name = bytes,
            _ => {}
        }
    }

    #[inline]
    fn set_number(&mut self, number: u8, value: u64) {
        match number {
            span::KIND => self.kind = int32(value),
            span::DROPPED_ATTRIBUTES => self.dropped_attributes = uint32(value),
            span::DROPPED_EVENTS => self.dropped_events = uint32(value),
            span::DROPPED_LINKS => self.dropped_links = uint32(value),
            _ => {}
        }
    }
}

/// Adds to a list up to its limit; 1 where it was one too many.
fn push<'a>(list: &mut Vec<&'a [u8]>, message: &'a [u8], most: usize) -> usize {
    if list.len() < most {
        list.push(message);
        return 0;
    }
    1
}

fn status_code(message: &[u8]) -> Result<i32, Malformed> {
    let mut code = 0;
    let mut fields = Fields::of(message);
    while let Some(field) = fields.next()? {
        if let (status::CODE, Content::Varint(value)) = field {
            code = int32(value);
        }
    }
    Ok(code)
}

/// A 32-bit signed number as the varint that stands for it.
pub(crate) fn varint(value: i32) -> u64 {
    i64::from(value).cast_unsigned()
}

/// A varint as the 32-bit signed number that it stands for.
#[expect(clippy::cast_possible_truncation, reason = "protobuf cuts what does not fit")]
pub(crate) fn int32(value: u64) -> i32 {
    value as i32
}

/// A varint as the 32-bit number that it stands for.
#[expect(clippy::cast_possible_truncation, reason = "protobuf cuts what does not fit")]
pub(crate) fn uint32(value: u64) -> u32 {
    value as u32
}

/// The messages of a repeated field with that number, in order.
pub(crate) fn repeated(message: &[u8], number: u8) -> impl Iterator<Item = Result<&[u8], Malformed>> {
    let mut fields = Fields::of(message);
    std::iter::from_fn(move || {
        loop {
            match fields.next() {
                Ok(Some((found, Content::Bytes(bytes)))) if found == number => return Some(Ok(bytes)),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => {
                    fields = Fields::of(&[]);
                    return Some(Err(error));
                }
            }
        }
    })
}
