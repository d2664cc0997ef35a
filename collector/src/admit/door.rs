//! The walk through a request: down to its spans, and back up with what passed. An empty shell is not written.

use pointsman_store::TraceId;

use super::{Admitted, Limits, Reason, Refusals};
use crate::redact::{Rule, Secret};
use crate::wire::fields::{Content, Fields, Malformed};
use crate::wire::otlp::{self, Attribute, Span, request, resource, resource_spans, scope, scope_spans};
use crate::wire::pieces::Piece;
use crate::wire::writer::Writer;

/// One request on its way through.
#[derive(Debug)]
pub(super) struct Door<'d> {
    pub(super) limits: &'d Limits,
    pub(super) secret: &'d Secret,
    pub(super) now_ns: u64,
    pub(super) out: Writer,
    pub(super) refused: Refusals,
    /// Whether the scope that is walked through fills the names of its spans with what may be stored.
    pub(super) keeps_names: bool,
    /// Whether the span that is walked through was called by a page of another host.
    pub(super) referer_is_foreign: bool,
    /// The rules of the attributes of the span that is walked through; its room is used again.
    pub(super) rules: Vec<Rule>,
    /// Whether what stands before the first span has been through once, with the piece before, and was counted then.
    continues: bool,
    spans: u32,
    traces: Vec<TraceId>,
}

impl<'d> Door<'d> {
    /// For a request, or a piece of one.
    pub(super) fn new(piece: Piece<'_>, now_ns: u64, limits: &'d Limits, secret: &'d Secret) -> Self {
        let bytes = piece.otlp.len();
        let out = Writer::with_capacity(bytes + bytes / 16);
        Self {
            limits,
            secret,
            now_ns,
            out,
            refused: Refusals::default(),
            keeps_names: false,
            referer_is_foreign: false,
            rules: Vec::new(),
            continues: piece.continues,
            spans: 0,
            traces: Vec::new(),
        }
    }

    /// All that passed.
    pub(super) fn close(mut self) -> Admitted {
        self.traces.sort_unstable();
        self.traces.dedup();
        Admitted {
            otlp: self.out.into_bytes(),
            spans: self.spans,
            traces: self.traces,
            refused: self.refused,
        }
    }

    /// `ExportTraceServiceRequest`.
    pub(super) fn request(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let mut span = Span::default();
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            if let (request::RESOURCE_SPANS, Content::Bytes(within)) = field {
                self.with_spans(request::RESOURCE_SPANS, |door| door.resource_spans(within, &mut span))?;
            }
        }
        Ok(())
    }

    /// Writes a message, unless no span passes within it.
    fn with_spans(
        &mut self,
        number: u8,
        fields: impl FnOnce(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let (before, spans) = (self.out.len(), self.spans);
        self.message(number, fields)?;
        if self.spans == spans {
            self.out.truncate(before);
        }
        Ok(())
    }

    /// Writes a message.
    pub(super) fn message<T>(&mut self, number: u8, fields: impl FnOnce(&mut Self) -> T) -> T {
        let open = self.out.open(number);
        let result = fields(self);
        self.out.close(open);
        result
    }

    fn resource_spans<'a>(&mut self, message: &'a [u8], span: &mut Span<'a>) -> Result<(), Malformed> {
        // Of several resources in a message protobuf makes one: the limit is that of all together.
        let mut most = self.limits.max_attributes;
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            match field {
                (resource_spans::RESOURCE, Content::Bytes(resource)) => {
                    most -= self.message(resource_spans::RESOURCE, |door| door.resource(resource, most))?;
                }
                (resource_spans::SCOPE_SPANS, Content::Bytes(within)) => {
                    self.with_spans(resource_spans::SCOPE_SPANS, |door| door.scope_spans(within, span))?;
                }
                (resource_spans::SCHEMA_URL, Content::Bytes(url)) => {
                    self.schema_url(resource_spans::SCHEMA_URL, url);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Lets at most so many attributes pass; how many it looked at.
    fn resource(&mut self, message: &[u8], most: usize) -> Result<usize, Malformed> {
        let mut attributes = Vec::new();
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            match field {
                (resource::ATTRIBUTES, Content::Bytes(attribute)) => {
                    self.collect_up_to(most, &mut attributes, attribute)?;
                }
                (resource::DROPPED_ATTRIBUTES, Content::Varint(count)) => {
                    self.out.integer(resource::DROPPED_ATTRIBUTES, otlp::uint32(count).into());
                }
                _ => {}
            }
        }
        let found = attributes.len();
        self.attributes(resource::ATTRIBUTES, &attributes)?;
        Ok(found)
    }

    fn scope_spans<'a>(&mut self, message: &'a [u8], span: &mut Span<'a>) -> Result<(), Malformed> {
        self.keeps_names = scope_name(message)?.is_some_and(|name| self.limits.keeps_names_of(name));
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            match field {
                (scope_spans::SPANS, Content::Bytes(within)) => {
                    if std::mem::take(&mut self.continues) {
                        self.refused = Refusals::default();
                    }
                    if let Some(trace) = self.span(within, span)? {
                        self.spans += 1;
                        if self.traces.last() != Some(&trace) {
                            self.traces.push(trace);
                        }
                    }
                }
                (scope_spans::SCOPE, Content::Bytes(scope)) => {
                    self.message(scope_spans::SCOPE, |door| door.scope(scope))?;
                }
                (scope_spans::SCHEMA_URL, Content::Bytes(url)) => {
                    self.schema_url(scope_spans::SCHEMA_URL, url);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn scope(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let mut attributes = Vec::new();
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            match field {
                (scope::NAME, Content::Bytes(name)) => self.package(scope::NAME, name),
                (scope::VERSION, Content::Bytes(version)) => self.package(scope::VERSION, version),
                (scope::ATTRIBUTES, Content::Bytes(attribute)) => self.collect(&mut attributes, attribute)?,
                (scope::DROPPED_ATTRIBUTES, Content::Varint(count)) => {
                    self.out.integer(scope::DROPPED_ATTRIBUTES, otlp::uint32(count).into());
                }
                _ => {}
            }
        }
        self.attributes(scope::ATTRIBUTES, &attributes)
    }

    /// The name or version of a package; anything else has no place there.
    fn package(&mut self, number: u8, name: &[u8]) {
        let name = self.utf8(name);
        if is_package(&name) {
            self.cut_text(number, &name);
        }
    }

    /// The address of a schema of OpenTelemetry; any other one says nothing that is read.
    fn schema_url(&mut self, number: u8, url: &[u8]) {
        let url = self.utf8(url);
        if url.starts_with("https://opentelemetry.io/schemas/") && !url.contains(['?', '#', '@']) {
            self.cut_text(number, &url);
        }
    }

    /// Adds an attribute to a list, up to the limit.
    pub(super) fn collect<'a>(
        &mut self,
        attributes: &mut Vec<Attribute<'a>>,
        message: &'a [u8],
    ) -> Result<(), Malformed> {
        self.collect_up_to(self.limits.max_attributes, attributes, message)
    }

    fn collect_up_to<'a>(
        &mut self,
        most: usize,
        attributes: &mut Vec<Attribute<'a>>,
        message: &'a [u8],
    ) -> Result<(), Malformed> {
        if attributes.len() < most {
            attributes.push(Attribute::read(message)?);
        } else {
            self.refused.add(Reason::Attributes, 1);
        }
        Ok(())
    }
}

/// The name of the scope, wherever in the message it stands.
fn scope_name(message: &[u8]) -> Result<Option<&str>, Malformed> {
    let mut fields = Fields::of(message);
    while let Some(field) = fields.next()? {
        if let (scope_spans::SCOPE, Content::Bytes(scope)) = field {
            let mut fields = Fields::of(scope);
            while let Some(field) = fields.next()? {
                if let (scope::NAME, Content::Bytes(name)) = field {
                    return Ok(std::str::from_utf8(name).ok());
                }
            }
        }
    }
    Ok(None)
}

/// Whether a text has the form of a package's name or version: `@opentelemetry/instrumentation-http`, `next.js`, `0.0.1`.
fn is_package(name: &str) -> bool {
    const LONGEST: usize = 128;
    let bare = name.strip_prefix('@').unwrap_or(name);
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"./_-:+".contains(&byte);
    name.len() <= LONGEST && bare.bytes().all(known) && !name.contains("://")
}
