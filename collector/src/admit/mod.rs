//! The door: what of a request may pass on to the disk. Spans that cannot be are refused, what is too much
//! is cut, what is not known to be harmless is left out (`redact`); all of it is counted. Doing it twice changes nothing.
//!
//! It reads the protobuf of a request and writes another one: a span is held only while it passes, borrowed from
//! the request, so that memory does not depend on what a sender packs into its bytes. `door` walks down to the
//! spans, `span` decides on each, `attributes` writes what of them may stay.
//!
//! Limits of the transport (body, inflated body, queue) are not here.

mod attributes;
mod door;
mod span;

use pointsman_store::TraceId;

pub use crate::redact::Secret;
use crate::wire::DecodeError;
use crate::wire::pieces::Piece;
use door::Door;

/// What and how much a span may bring. The defaults suit a small host and are above what the SDKs send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Attributes per span, event, link, scope, resource or map value; the rest is cut.
    pub max_attributes: usize,
    /// Events per span; the rest is cut.
    pub max_events: usize,
    /// Links per span; the rest is cut.
    pub max_links: usize,
    /// Bytes per text (attribute value, list element, span name, trace state); the rest is cut.
    pub max_text_bytes: usize,
    /// Elements per list value; the rest is cut.
    pub max_list: usize,
    /// Lists and maps within each other; what is deeper is left out.
    pub max_depth: usize,
    /// How far in the future a span may start, ns.
    pub max_future_ns: u64,
    /// Names of attributes that are stored besides those that the product reads; `*` at the end stands for any rest.
    pub keep_attributes: Vec<String>,
    /// Scopes whose spans keep their names, besides those of known instrumentations; `*` at the end stands for any rest.
    pub keep_span_names: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_attributes: 256,
            max_events: 128,
            max_links: 128,
            max_text_bytes: 4_096,
            max_list: 64,
            max_depth: 8,
            max_future_ns: 24 * 3_600 * 1_000_000_000,
            keep_attributes: Vec::new(),
            keep_span_names: Vec::new(),
        }
    }
}

impl Limits {
    /// Whether an attribute is stored that is on no list of the product's own.
    fn keeps_attribute(&self, key: &str) -> bool {
        fits_any(&self.keep_attributes, key)
    }

    /// Whether the spans of a scope keep their names.
    fn keeps_names_of(&self, scope: &str) -> bool {
        KNOWN_SCOPES.iter().any(|known| fits(known, scope)) || fits_any(&self.keep_span_names, scope)
    }
}

/// Instrumentations that fill the names of spans with methods, routes and operations, never with data.
const KNOWN_SCOPES: [&str; 10] = [
    "pointsman",
    "next.js",
    "@pointsman/nextjs",
    "@vercel/otel*",
    "@opentelemetry/*",
    "opentelemetry.instrumentation.*",
    "io.opentelemetry.*",
    "@prisma/instrumentation",
    "prisma",
    "@sentry/*",
];

fn fits_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, name))
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
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
    /// Texts or lists cut, or values nested too deeply.
    Values,
    /// Texts that were no UTF-8, put right.
    Utf8,
}

impl Reason {
    /// Every reason, refusals of spans first.
    pub const ALL: [Self; 10] = [
        Self::TraceId,
        Self::SpanId,
        Self::EndBeforeStart,
        Self::Future,
        Self::Past,
        Self::Attributes,
        Self::Events,
        Self::Links,
        Self::Values,
        Self::Utf8,
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
            Self::Utf8 => "invalid_utf8",
        }
    }

    /// Whether a sender can do something about it, and is told: its texts or lists are too long, or no Unicode.
    #[must_use]
    pub fn is_told(self) -> bool {
        self.refuses_span()
            || matches!(self, Self::Attributes | Self::Events | Self::Links | Self::Values | Self::Utf8)
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

    /// Notes places of a request that were no Unicode and were put right before it came to the door.
    pub(crate) fn add_repaired(&mut self, places: u64) {
        self.add(Reason::Utf8, usize::try_from(places).unwrap_or(usize::MAX));
    }

    /// Adds what did not pass of another piece.
    pub(crate) fn add_all(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    fn add(&mut self, reason: Reason, more: usize) {
        if let Some(count) = self.0.get_mut(reason as usize) {
            *count += more as u64;
        }
    }
}

/// What passed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Admitted {
    /// The request that may be kept, as OTLP protobuf; empty when no span passed.
    pub otlp: Vec<u8>,
    /// Spans in it.
    pub spans: u32,
    /// The traces of its spans, each once, in order of their ids.
    pub traces: Vec<TraceId>,
    /// What did not pass.
    pub refused: Refusals,
}

/// Lets pass what may be kept of a request (OTLP protobuf), redacted under `secret`; tells what was refused and
/// cut.
///
/// # Errors
/// When the bytes are not such a message; then nothing passes.
pub fn admit(otlp: &[u8], now_ns: u64, limits: &Limits, secret: &Secret) -> Result<Admitted, DecodeError> {
    admit_piece(Piece { otlp, continues: false }, now_ns, limits, secret)
}

/// The same for a piece of a request.
pub(crate) fn admit_piece(
    piece: Piece<'_>,
    now_ns: u64,
    limits: &Limits,
    secret: &Secret,
) -> Result<Admitted, DecodeError> {
    let mut door = Door::new(piece, now_ns, limits, secret);
    door.request(piece.otlp)?;
    Ok(door.close())
}
