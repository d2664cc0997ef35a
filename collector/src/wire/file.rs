//! Recorded files: JSON lines and length-prefixed protobuf as the OpenTelemetry Collector's file exporter
//! writes them, or one request body in either encoding. Pure: the bytes are read and decompressed elsewhere.

use std::borrow::Cow;
use std::fmt;

use super::json_unicode::BYTE_ORDER_MARK;
use super::{DecodeError, check_protobuf, convert_json};

/// A part of a recorded file that could not be read; the parts around it were.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}, {place}: {reason}")]
pub struct Fault {
    /// The file's name as it was given.
    pub file: String,
    /// Where the part begins.
    pub place: Place,
    /// Why it could not be read.
    pub reason: String,
}

/// Where in a file something stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A line, from 1.
    Line(usize),
    /// Bytes from the file's beginning.
    Byte(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Byte(byte) => write!(f, "byte {byte}"),
        }
    }
}

/// How a file is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layout {
    JsonLines,
    JsonBody,
    ProtobufFrames,
    ProtobufBody,
}

/// The requests of one recorded file as OTLP protobuf, in its order; what cannot be read is a [`Fault`].
#[derive(Debug)]
pub struct Requests<'a> {
    name: &'a str,
    bytes: &'a [u8],
    layout: Layout,
    /// Where the next part begins.
    offset: usize,
    /// Number of the next line, from 1.
    line: usize,
    /// Where the last part began.
    at: Place,
    /// Places in it that were no Unicode.
    repaired: u64,
}

/// Reads a recorded file whose layout the bytes themselves tell. An empty file has no requests.
#[must_use]
pub fn requests<'a>(name: &'a str, bytes: &'a [u8]) -> Requests<'a> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let layout = layout(bytes);
    let at = match layout {
        Layout::JsonLines | Layout::JsonBody => Place::Line(1),
        Layout::ProtobufFrames | Layout::ProtobufBody => Place::Byte(0),
    };
    Requests { name, bytes, layout, offset: 0, line: 1, at, repaired: 0 }
}

fn layout(bytes: &[u8]) -> Layout {
    let text = bytes.trim_ascii_start();
    if text.is_empty() || text.starts_with(b"{") {
        return json_layout(text);
    }
    if frame(bytes, 0).is_some_and(|body| check_protobuf(body).is_ok()) {
        return Layout::ProtobufFrames;
    }
    // A frame that was cut off still begins with a plausible length; a body begins with field 1 (0x0a),
    // which as a length would mean 160 MiB.
    match bytes.first() {
        Some(0x0a) => Layout::ProtobufBody,
        Some(0x00) => Layout::ProtobufFrames,
        _ => Layout::JsonLines,
    }
}

/// Lines, unless the first line alone is no complete value while the whole file is one.
fn json_layout(text: &[u8]) -> Layout {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let complete = |json: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(json).is_ok();
    if !complete(first) && complete(text) { Layout::JsonBody } else { Layout::JsonLines }
}

/// The frame that begins at `offset`: 4 bytes of length, big-endian, and as many of content.
fn frame(bytes: &[u8], offset: usize) -> Option<&[u8]> {
    let (length, rest) = bytes.get(offset..)?.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

type Part<'a> = Result<Cow<'a, [u8]>, Fault>;
type Decode<'a> = fn(&'a [u8]) -> Result<Decoded<'a>, DecodeError>;

/// A request, and the places in it that were no Unicode.
type Decoded<'a> = (Cow<'a, [u8]>, u64);

fn protobuf(bytes: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    check_protobuf(bytes).map(|()| (Cow::Borrowed(bytes), 0))
}

fn json(bytes: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    convert_json(bytes).map(|converted| (Cow::Owned(converted.protobuf), converted.repaired))
}

impl<'a> Requests<'a> {
    /// Where the part that came last begins.
    #[must_use]
    pub fn place(&self) -> Place {
        self.at
    }

    /// Bytes that have been read, of all there are.
    #[must_use]
    pub fn read(&self) -> (usize, usize) {
        (self.offset.min(self.bytes.len()), self.bytes.len())
    }

    /// Places in the part that came last that were no Unicode and became U+FFFD.
    #[must_use]
    pub fn repaired(&self) -> u64 {
        self.repaired
    }

    fn noted(&mut self, decoded: Decoded<'a>) -> Cow<'a, [u8]> {
        self.repaired = decoded.1;
        decoded.0
    }

    fn fault(&self, place: Place, reason: String) -> Fault {
        Fault { file: self.name.to_owned(), place, reason }
    }

    /// The whole file as one request.
    fn body(&mut self, decode: Decode<'a>) -> Option<Part<'a>> {
        if self.offset >= self.bytes.len() {
            return None;
        }
        self.offset = self.bytes.len();
        let decoded = decode(self.bytes).map_err(|error| match error {
            DecodeError::Json { line, ref reason, .. } => self.fault(Place::Line(line), reason.clone()),
            DecodeError::Protobuf { .. } => self.fault(Place::Byte(0), error.to_string()),
        });
        Some(decoded.map(|decoded| self.noted(decoded)))
    }

    fn next_line(&mut self) -> Option<Part<'a>> {
        loop {
            let rest = self.bytes.get(self.offset..).filter(|rest| !rest.is_empty())?;
            let text = rest.split(|byte| *byte == b'\n').next()?;
            let line = self.line;
            self.at = Place::Line(line);
            self.offset += text.len() + 1;
            self.line += 1;
            if text.trim_ascii().is_empty() {
                continue;
            }
            let decoded = json(text).map_err(|error| {
                let reason = match error {
                    DecodeError::Json { column, reason, .. } => format!("column {column}: {reason}"),
                    DecodeError::Protobuf { reason } => reason,
                };
                self.fault(Place::Line(line), reason)
            });
            return Some(decoded.map(|decoded| self.noted(decoded)));
        }
    }

    fn next_frame(&mut self) -> Option<Part<'a>> {
        let left = self.bytes.len().checked_sub(self.offset).filter(|left| *left > 0)?;
        let place = Place::Byte(self.offset);
        self.at = place;
        let Some(body) = frame(self.bytes, self.offset) else {
            self.offset = self.bytes.len();
            let reason = format!("the last message is cut off after {left} bytes");
            return Some(Err(self.fault(place, reason)));
        };
        self.offset += 4 + body.len();
        let decoded = protobuf(body).map_err(|error| self.fault(place, error.to_string()));
        Some(decoded.map(|decoded| self.noted(decoded)))
    }
}

impl<'a> Iterator for Requests<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        match self.layout {
            Layout::JsonLines => self.next_line(),
            Layout::JsonBody => self.body(json),
            Layout::ProtobufFrames => self.next_frame(),
            Layout::ProtobufBody => self.body(protobuf),
        }
    }
}
