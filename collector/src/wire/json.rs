//! The JSON encoding of OTLP, rewritten as protobuf while it is read, so that all that follows knows one encoding
//! only. Its traps: ids in hex of either case, 64-bit numbers as strings or numbers, nulls for lists and texts,
//! empty values, unknown and snake_case keys ignored. Scalars and values are in `json_value`, how objects and lists
//! become messages in `json_message`. Ids of a wrong length pass: [`crate::admit`] refuses them span by span.

use serde::de::{Error, MapAccess};

use super::DecodeError;
use super::json_message::{Message, read, read_list, read_within, skip};
use super::json_unicode::{BYTE_ORDER_MARK, as_unicode};
use super::json_value::{Attribute, Id, Integer, Nanos, Scalar, Text};
use super::otlp::{self, event, link, request, resource, resource_spans, scope, scope_spans, span, status};
use super::writer::Writer;

/// A request in the JSON encoding, rewritten as protobuf.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Converted {
    /// The request.
    pub protobuf: Vec<u8>,
    /// Places that were no Unicode and became U+FFFD.
    pub repaired: u64,
}

/// Rewrites a request in the JSON encoding as protobuf.
///
/// # Errors
/// As [`convert_json`].
pub fn json_to_protobuf(json: &[u8]) -> Result<Vec<u8>, DecodeError> {
    convert_json(json).map(|converted| converted.protobuf)
}

/// Rewrites a request in the JSON encoding as protobuf. A byte order mark before it is passed over. What is no Unicode (half
/// of a surrogate pair, as JavaScript writes a string that was cut within one; a byte of another encoding) becomes U+FFFD; it is
/// looked for only when the request cannot be read as it is.
///
/// # Errors
/// When the bytes are not JSON, or not of this shape.
pub fn convert_json(json: &[u8]) -> Result<Converted, DecodeError> {
    let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
    let fault = match rewrite(json) {
        Ok(protobuf) => return Ok(Converted { protobuf, repaired: 0 }),
        Err(fault) => fault,
    };
    let (json, repaired) = as_unicode(json);
    if repaired == 0 {
        return Err(fault);
    }
    Ok(Converted { protobuf: rewrite(&json)?, repaired })
}

fn rewrite(json: &[u8]) -> Result<Vec<u8>, DecodeError> {
    // Protobuf takes a third of it, rarely more than half. Of room that is not needed the allocator hands out pages that were in use a
    // moment ago.
    let mut writer = Writer::with_capacity(json.len() / 2);
    let mut reader = serde_json::Deserializer::from_slice(json);
    let done = read::<Request, _>(&mut writer, &mut reader).and_then(|present| {
        reader.end()?;
        present
            .then_some(())
            .ok_or_else(|| Error::custom("expected an object with resourceSpans, found null"))
    });
    match done {
        Ok(()) => Ok(writer.into_bytes()),
        Err(error) => {
            Err(DecodeError::Json { line: error.line(), column: error.column(), reason: reason(&error) })
        }
    }
}

/// `serde_json` writes the place into its text; the error has it in fields of its own.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

struct Request;

impl Message for Request {
    const NAME: &'static str = "an object with resourceSpans";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            // Grafana Tempo writes its traces under the second name.
            "resourceSpans" | "batches" => read_list::<ResourceSpans, _>(out, request::RESOURCE_SPANS, map),
            _ => skip(map),
        }
    }
}

struct ResourceSpans;

impl Message for ResourceSpans {
    const NAME: &'static str = "an object with resource and scopeSpans";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "resource" => read_within::<Resource, _>(out, resource_spans::RESOURCE, map),
            "scopeSpans" => read_list::<ScopeSpans, _>(out, resource_spans::SCOPE_SPANS, map),
            "schemaUrl" => text(out, resource_spans::SCHEMA_URL, map),
            _ => skip(map),
        }
    }
}

struct Resource;

impl Message for Resource {
    const NAME: &'static str = "an object with attributes";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "attributes" => read_list::<Attribute, _>(out, resource::ATTRIBUTES, map),
            "droppedAttributesCount" => count(out, resource::DROPPED_ATTRIBUTES, map),
            _ => skip(map),
        }
    }
}

struct ScopeSpans;

impl Message for ScopeSpans {
    const NAME: &'static str = "an object with scope and spans";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "scope" => read_within::<Scope, _>(out, scope_spans::SCOPE, map),
            "spans" => read_list::<Span, _>(out, scope_spans::SPANS, map),
            "schemaUrl" => text(out, scope_spans::SCHEMA_URL, map),
            _ => skip(map),
        }
    }
}

struct Scope;

impl Message for Scope {
    const NAME: &'static str = "an object with name and version";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => text(out, scope::NAME, map),
            "version" => text(out, scope::VERSION, map),
            "attributes" => read_list::<Attribute, _>(out, scope::ATTRIBUTES, map),
            "droppedAttributesCount" => count(out, scope::DROPPED_ATTRIBUTES, map),
            _ => skip(map),
        }
    }
}

struct Span;

impl Message for Span {
    const NAME: &'static str = "a span";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "traceId" => id(out, span::TRACE_ID, map),
            "spanId" => id(out, span::SPAN_ID, map),
            "parentSpanId" => id(out, span::PARENT_SPAN_ID, map),
            "traceState" => text(out, span::TRACE_STATE, map),
            "flags" => flags(out, span::FLAGS, map),
            "name" => text(out, span::NAME, map),
            "kind" => enumeration(out, span::KIND, map, &SPAN_KINDS),
            "startTimeUnixNano" => time(out, span::START, map),
            "endTimeUnixNano" => time(out, span::END, map),
            "attributes" => read_list::<Attribute, _>(out, span::ATTRIBUTES, map),
            "droppedAttributesCount" => count(out, span::DROPPED_ATTRIBUTES, map),
            "events" => read_list::<Event, _>(out, span::EVENTS, map),
            "droppedEventsCount" => count(out, span::DROPPED_EVENTS, map),
            "links" => read_list::<Link, _>(out, span::LINKS, map),
            "droppedLinksCount" => count(out, span::DROPPED_LINKS, map),
            "status" => read_within::<Status, _>(out, span::STATUS, map),
            _ => skip(map),
        }
    }
}

struct Event;

impl Message for Event {
    const NAME: &'static str = "an event";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "timeUnixNano" => time(out, event::TIME, map),
            "name" => text(out, event::NAME, map),
            "attributes" => read_list::<Attribute, _>(out, event::ATTRIBUTES, map),
            "droppedAttributesCount" => count(out, event::DROPPED_ATTRIBUTES, map),
            _ => skip(map),
        }
    }
}

struct Link;

impl Message for Link {
    const NAME: &'static str = "a link";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "traceId" => id(out, link::TRACE_ID, map),
            "spanId" => id(out, link::SPAN_ID, map),
            "traceState" => text(out, link::TRACE_STATE, map),
            "attributes" => read_list::<Attribute, _>(out, link::ATTRIBUTES, map),
            "droppedAttributesCount" => count(out, link::DROPPED_ATTRIBUTES, map),
            "flags" => flags(out, link::FLAGS, map),
            _ => skip(map),
        }
    }
}

struct Status;

impl Message for Status {
    const NAME: &'static str = "a status";

    fn field<'de, A: MapAccess<'de>>(out: &mut Writer, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "message" => text(out, status::MESSAGE, map),
            "code" => enumeration(out, status::CODE, map, &STATUS_CODES),
            _ => skip(map),
        }
    }
}

/// The words of the general protobuf mapping. Enums are integers in OTLP/JSON; the words do no harm. Vercel's documentation
/// of its drains has them without the beginning and in small letters, `"kind": "server"`.
const SPAN_KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];
const STATUS_CODES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

fn text<'de, A: MapAccess<'de>>(out: &mut Writer, number: u8, map: &mut A) -> Result<(), A::Error> {
    let Text(text) = map.next_value()?;
    out.text(number, &text);
    Ok(())
}

fn id<'de, A: MapAccess<'de>>(out: &mut Writer, number: u8, map: &mut A) -> Result<(), A::Error> {
    let id: Id = map.next_value()?;
    out.data(number, id.bytes());
    Ok(())
}

fn time<'de, A: MapAccess<'de>>(out: &mut Writer, number: u8, map: &mut A) -> Result<(), A::Error> {
    let Nanos(at) = map.next_value()?;
    out.fixed64(number, at);
    Ok(())
}

fn count<'de, A: MapAccess<'de>>(out: &mut Writer, number: u8, map: &mut A) -> Result<(), A::Error> {
    let Integer::<u32>(count) = map.next_value()?;
    out.integer(number, count.into());
    Ok(())
}

fn flags<'de, A: MapAccess<'de>>(out: &mut Writer, number: u8, map: &mut A) -> Result<(), A::Error> {
    let Integer::<u32>(flags) = map.next_value()?;
    out.fixed32(number, flags);
    Ok(())
}

/// A number, or a word from a list whose places are the numbers, also the last part of one in any case; anything else is 0.
fn enumeration<'de, A: MapAccess<'de>>(
    out: &mut Writer,
    number: u8,
    map: &mut A,
    words: &[&str],
) -> Result<(), A::Error> {
    let value = match map.next_value::<Scalar<'_>>()? {
        Scalar::Text(text) => {
            let is_last_part =
                |word: &str| word.rsplit('_').next().is_some_and(|last| last.eq_ignore_ascii_case(&text));
            let place = words.iter().position(|word| *word == text || is_last_part(word));
            place.and_then(|place| i32::try_from(place).ok()).unwrap_or(0)
        }
        number => number.whole().unwrap_or(0),
    };
    out.integer(number, otlp::varint(value));
    Ok(())
}
