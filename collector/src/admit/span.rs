//! One span at the door: refused, or written without what may not stay.

use pointsman_store::{SpanId, TraceId};

use super::Reason;
use super::door::Door;

use crate::redact::{Marks, span_name};
use crate::wire::fields::{Content, Fields, Malformed};
use crate::wire::otlp::{self, Parts, SERVER, Span, event, link, span as field, status};

/// 2000-01-01T00:00:00Z, ns since the epoch. OpenTelemetry is younger: an earlier start is a clock that was
/// never set, or a time in the wrong unit.
const EARLIEST_START_NS: u64 = 946_684_800_000_000_000;

/// The name of the event that says what was thrown.
const EXCEPTION: &str = "exception";

/// Whether a member of a trace state holds thresholds and random values of sampling only: `ot=th:8;rv:0f`.
fn is_sampling(member: &str) -> bool {
    let values = member.strip_prefix("ot=").unwrap_or(member);
    values.split(';').all(|value| {
        value.split_once(':').is_some_and(|(key, digits)| {
            matches!(key, "th" | "rv" | "p" | "r") && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    })
}

impl Door<'_> {
    /// Lets a span pass, or counts why not; the trace that it belongs to. `span` is where it is read to.
    pub(super) fn span<'a>(
        &mut self,
        message: &'a [u8],
        span: &mut Span<'a>,
    ) -> Result<Option<TraceId>, Malformed> {
        let limits = self.limits;
        let most =
            Parts { attributes: limits.max_attributes, events: limits.max_events, links: limits.max_links };
        let beyond = span.read(message, most)?;
        match self.identify(span) {
            Ok((trace, id)) => {
                self.refused.add(Reason::Attributes, beyond.attributes);
                self.refused.add(Reason::Events, beyond.events);
                self.refused.add(Reason::Links, beyond.links);
                self.message(crate::wire::otlp::scope_spans::SPANS, |door| door.pass(span, trace, id))?;
                Ok(Some(trace))
            }
            Err(reason) => {
                self.refused.add(reason, 1);
                Ok(None)
            }
        }
    }

    /// The span's ids, or why it may not pass. A span without an end passes: its end may follow.
    fn identify(&self, span: &Span<'_>) -> Result<(TraceId, SpanId), Reason> {
        let trace = TraceId::from_wire(span.trace_id).ok_or(Reason::TraceId)?;
        let id = SpanId::from_wire(span.span_id).ok_or(Reason::SpanId)?;
        if span.start_ns < EARLIEST_START_NS {
            Err(Reason::Past)
        } else if span.start_ns > self.now_ns.saturating_add(self.limits.max_future_ns) {
            Err(Reason::Future)
        } else if span.end_ns != 0 && span.end_ns < span.start_ns {
            Err(Reason::EndBeforeStart)
        } else {
            Ok((trace, id))
        }
    }

    fn pass(&mut self, span: &Span<'_>, trace: TraceId, id: SpanId) -> Result<(), Malformed> {
        self.out.data(field::TRACE_ID, &trace.0);
        self.out.data(field::SPAN_ID, &id.0);
        self.trace_state(span.trace_state);
        if let Some(parent) = SpanId::from_wire(span.parent_span_id) {
            self.out.data(field::PARENT_SPAN_ID, &parent.0);
        }
        let mut rules = std::mem::take(&mut self.rules);
        let marks = Self::marks(&span.attributes, &mut rules)?;
        self.referer_is_foreign = marks.referer_is_foreign();
        self.name(span.name, &marks);
        self.out.integer(field::KIND, otlp::varint(span.kind));
        self.out.fixed64(field::START, span.start_ns);
        if span.end_ns != 0 {
            self.out.fixed64(field::END, span.end_ns);
        }
        let left = if span.kind == SERVER { marks.left(span.start_ns, self.secret) } else { Vec::new() };
        // What is left in place of others counts too, or the limit would cut another one the next time.
        let most = self.limits.max_attributes.saturating_sub(left.len());
        let with_rules = span.attributes.iter().zip(rules.iter().copied());
        self.attributes_up_to(most, field::ATTRIBUTES, with_rules)?;
        self.rules = rules;
        left.into_iter().for_each(|(key, left)| self.leave(field::ATTRIBUTES, key, left));
        for event in &span.events {
            self.event(event)?;
        }
        for link in &span.links {
            self.link(link)?;
        }
        for (number, count) in [
            (field::DROPPED_ATTRIBUTES, span.dropped_attributes),
            (field::DROPPED_EVENTS, span.dropped_events),
            (field::DROPPED_LINKS, span.dropped_links),
        ] {
            if count > 0 {
                self.out.integer(number, count.into());
            }
        }
        if let Some(code) = span.status_code {
            self.message(field::STATUS, |door| {
                if code != 0 {
                    door.out.integer(status::CODE, otlp::varint(code));
                }
            });
        }
        if span.flags != 0 {
            self.out.fixed32(field::FLAGS, span.flags);
        }
        Ok(())
    }

    fn name(&mut self, name: &[u8], marks: &Marks<'_>) {
        let name = self.utf8(name);
        let redacted = span_name(&name, self.keeps_names, marks.statement(), self.secret);
        self.cut_text(field::NAME, &redacted);
    }

    /// Of the states of all vendors the one of OpenTelemetry, which declares how the trace was sampled.
    fn trace_state(&mut self, state: &[u8]) {
        if state.is_empty() {
            return;
        }
        let state = self.utf8(state);
        let declared = state.split(',').map(str::trim).find(|member| member.starts_with("ot="));
        if let Some(declared) = declared.filter(|member| is_sampling(member)) {
            self.cut_text(field::TRACE_STATE, declared);
        }
    }

    /// Of events only that something was thrown, and its type, may be stored.
    fn event(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let (mut name, mut at) = (&b""[..], None);
        let mut attributes = Vec::new();
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            match field {
                (event::TIME, Content::Fixed64(time)) => at = Some(time),
                (event::NAME, Content::Bytes(bytes)) => name = bytes,
                (event::ATTRIBUTES, Content::Bytes(attribute)) => self.collect(&mut attributes, attribute)?,
                _ => {}
            }
        }
        if name != EXCEPTION.as_bytes() {
            return Ok(());
        }
        self.message(field::EVENTS, |door| {
            at.into_iter().for_each(|at| door.out.fixed64(event::TIME, at));
            door.out.text(event::NAME, EXCEPTION);
            door.attributes(event::ATTRIBUTES, &attributes)
        })
    }

    /// A link to nothing is cut.
    fn link(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let (mut trace, mut id) = (None, None);
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            match field {
                (link::TRACE_ID, Content::Bytes(bytes)) => trace = TraceId::from_wire(bytes),
                (link::SPAN_ID, Content::Bytes(bytes)) => id = SpanId::from_wire(bytes),
                _ => {}
            }
        }
        let (Some(trace), Some(id)) = (trace, id) else {
            self.refused.add(Reason::Links, 1);
            return Ok(());
        };
        self.message(field::LINKS, |door| {
            door.out.data(link::TRACE_ID, &trace.0);
            door.out.data(link::SPAN_ID, &id.0);
            door.rest_of_link(message)
        })
    }

    fn rest_of_link(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let mut attributes = Vec::new();
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            match field {
                (link::ATTRIBUTES, Content::Bytes(attribute)) => self.collect(&mut attributes, attribute)?,
                (link::DROPPED_ATTRIBUTES, Content::Varint(count)) => {
                    self.out.integer(link::DROPPED_ATTRIBUTES, otlp::uint32(count).into());
                }
                (link::FLAGS, Content::Fixed32(flags)) => self.out.fixed32(link::FLAGS, flags),
                _ => {}
            }
        }
        self.attributes(link::ATTRIBUTES, &attributes)
    }
}
