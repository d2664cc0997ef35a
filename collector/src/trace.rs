//! Spans put together to Traces: from any number of requests, in any order, with whatever is missing or
//! sent twice. All of it borrows from the requests. What the spans mean is [`crate::extract`]'s business.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use foldhash::fast::RandomState;
use pointsman_store::{SpanId, TraceId};

use crate::wire::DecodeError;
use crate::wire::fields::{Content, Fields, Malformed};
use crate::wire::otlp::{
    Attribute, Parts, Span, Value, repeated, request, resource, resource_spans, scope, scope_spans, span,
};

/// Spans per Trace that are kept unless a caller wants otherwise.
pub const MAX_SPANS: usize = 20_000;

/// One Trace as far as it is known, spans by start time.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace<'a> {
    /// Its id.
    pub id: TraceId,
    /// Its spans by start time, then by id.
    pub nodes: Vec<Node<'a>>,
    /// Spans that were left out because there were too many.
    pub left_out: usize,
}

/// One span and its place in the tree.
#[derive(Clone, PartialEq, Debug)]
pub struct Node<'a> {
    /// Its id.
    pub id: SpanId,
    /// Index of its parent in [`Trace::nodes`]; `None` for a root and where the parent is not known.
    pub parent: Option<usize>,
    /// Indices of its children, by start time.
    pub children: Vec<usize>,
    /// Who emitted it.
    pub origin: Rc<Origin<'a>>,
    pub(crate) span: Span<'a>,
}

/// Who emitted a span: resource and scope, shared by the spans of a request.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Origin<'a> {
    /// Shared by all scopes of the resource: each of many scopes with a copy of its own would multiply it.
    pub(crate) resource: Rc<Vec<Attribute<'a>>>,
    scope_name: &'a [u8],
    scope_version: &'a [u8],
}

/// Collects spans into Traces.
#[derive(Debug)]
pub struct Assembly<'a> {
    only: Option<HashSet<TraceId>>,
    max_spans: usize,
    traces: HashMap<TraceId, Gathered<'a>, RandomState>,
}

#[derive(Debug)]
struct Gathered<'a> {
    /// In order of arrival, repeated ones included.
    spans: Vec<(SpanId, Rc<Origin<'a>>, Span<'a>)>,
    left_out: usize,
}

impl Gathered<'_> {
    fn for_one() -> Self {
        Self { spans: Vec::with_capacity(1), left_out: 0 }
    }
}

/// The traces that have spans in a request (OTLP protobuf), some of them several times; what cannot be read has
/// none.
pub fn trace_ids(otlp: &[u8]) -> impl Iterator<Item = TraceId> {
    let mut last = None;
    traces_of_spans(otlp).filter(move |id| last.replace(*id) != Some(*id))
}

/// The trace of each span of a request (OTLP protobuf) that has one, as far as it can be read.
pub(crate) fn traces_of_spans(otlp: &[u8]) -> impl Iterator<Item = TraceId> {
    spans(otlp).filter_map(trace_of)
}

/// The trace of a span (OTLP protobuf).
fn trace_of(span: &[u8]) -> Option<TraceId> {
    readable(span, span::TRACE_ID).next().and_then(TraceId::from_wire)
}

/// The messages of a repeated field, up to the first fault.
fn readable(message: &[u8], number: u8) -> impl Iterator<Item = &[u8]> {
    repeated(message, number).map_while(Result::ok)
}

/// How many spans a request (OTLP protobuf) has, as far as it can be read.
pub(crate) fn count_spans(otlp: &[u8]) -> usize {
    spans(otlp).count()
}

/// Whether a request (OTLP protobuf) has any span, as far as it can be read.
pub(crate) fn has_spans(otlp: &[u8]) -> bool {
    spans(otlp).next().is_some()
}

fn spans(otlp: &[u8]) -> impl Iterator<Item = &[u8]> {
    readable(otlp, request::RESOURCE_SPANS)
        .flat_map(|resource| readable(resource, resource_spans::SCOPE_SPANS))
        .flat_map(|scope| readable(scope, scope_spans::SPANS))
}

impl<'a> Assembly<'a> {
    /// Collects every Trace, each up to `max_spans` spans.
    #[must_use]
    pub fn new(max_spans: usize) -> Self {
        Self { only: None, max_spans, traces: HashMap::default() }
    }

    /// Collects these Traces only, each up to `max_spans` spans.
    #[must_use]
    pub fn only(traces: HashSet<TraceId>, max_spans: usize) -> Self {
        Self { only: Some(traces), ..Self::new(max_spans) }
    }

    /// Takes the spans of a request (OTLP protobuf). Of a span sent twice the first one stays, unless only a
    /// later one has an end.
    ///
    /// # Errors
    /// When the bytes are not such a message; spans before the fault are taken.
    pub fn add(&mut self, otlp: &'a [u8]) -> Result<(), DecodeError> {
        self.add_if(otlp, |_| true)
    }

    /// Takes the spans of those Traces of a request that `wanted` names.
    ///
    /// # Errors
    /// As [`Assembly::add`].
    pub fn add_if(&mut self, otlp: &'a [u8], wanted: impl Fn(TraceId) -> bool) -> Result<(), DecodeError> {
        Ok(self.request(otlp, &wanted)?)
    }

    fn request(&mut self, otlp: &'a [u8], wanted: &impl Fn(TraceId) -> bool) -> Result<(), Malformed> {
        let mut fields = Fields::of(otlp);
        while let Some(field) = fields.next()? {
            if let (request::RESOURCE_SPANS, Content::Bytes(message)) = field {
                self.resource_spans(message, wanted)?;
            }
        }
        Ok(())
    }

    /// The resource may stand behind the spans that it describes: it is read first.
    fn resource_spans(
        &mut self,
        message: &'a [u8],
        wanted: &impl Fn(TraceId) -> bool,
    ) -> Result<(), Malformed> {
        let resource = Rc::new(read_resource(message)?);
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            if let (resource_spans::SCOPE_SPANS, Content::Bytes(message)) = field {
                let origin = Rc::new(Origin { resource: Rc::clone(&resource), ..read_scope(message)? });
                self.scope_spans(message, &origin, wanted)?;
            }
        }
        Ok(())
    }

    fn scope_spans(
        &mut self,
        message: &'a [u8],
        origin: &Rc<Origin<'a>>,
        wanted: &impl Fn(TraceId) -> bool,
    ) -> Result<(), Malformed> {
        let most = Parts { events: 0, links: 0, ..Parts::ALL };
        // Lists that grow move again and again: each span is read to the same place and takes what it needs.
        let mut read = Span::default();
        let mut fields = Fields::of(message);
        while let Some(field) = fields.next()? {
            if let (scope_spans::SPANS, Content::Bytes(message)) = field {
                // Requests are gone through once for each part of their traces: what is not wanted costs a look at its id.
                let looked_at = trace_of(message);
                if looked_at.is_some_and(|trace| !wanted(trace)) {
                    continue;
                }
                read.read(message, most)?;
                // An id may stand in a span twice, and the last one counts: that is asked about only where it is another one.
                self.span(origin, &read, |trace| looked_at == Some(trace) || wanted(trace));
            }
        }
        Ok(())
    }

    fn span(&mut self, origin: &Rc<Origin<'a>>, span: &Span<'a>, wanted: impl Fn(TraceId) -> bool) {
        let ids = TraceId::from_wire(span.trace_id).zip(SpanId::from_wire(span.span_id));
        let Some((trace, id)) = ids.filter(|(trace, _)| wanted(*trace)) else { return };
        if self.only.as_ref().is_some_and(|only| !only.contains(&trace)) {
            return;
        }
        // Most traces of a request that packs many have one span: room for four of them each would be most of what they take.
        let gathered = self.traces.entry(trace).or_insert_with(Gathered::for_one);
        if gathered.spans.len() < self.max_spans {
            gathered.spans.push((id, Rc::clone(origin), span.clone()));
        } else {
            gathered.left_out += 1;
        }
    }

    /// The Traces, by the start of their first span.
    #[must_use]
    pub fn finish(self) -> Vec<Trace<'a>> {
        let traces = self.traces.into_iter();
        let mut traces: Vec<_> = traces.map(|(id, gathered)| Trace::of(id, gathered)).collect();
        traces.sort_unstable_by_key(|trace| (trace.nodes.first().map(Node::start_ns), trace.id));
        traces
    }
}

pub(crate) fn read_resource(message: &[u8]) -> Result<Vec<Attribute<'_>>, Malformed> {
    let mut attributes = Vec::new();
    let mut fields = Fields::of(message);
    while let Some(field) = fields.next()? {
        if let (resource_spans::RESOURCE, Content::Bytes(message)) = field {
            let mut fields = Fields::of(message);
            while let Some(field) = fields.next()? {
                if let (resource::ATTRIBUTES, Content::Bytes(attribute)) = field {
                    attributes.push(Attribute::read(attribute)?);
                }
            }
        }
    }
    Ok(attributes)
}

fn read_scope(message: &[u8]) -> Result<Origin<'_>, Malformed> {
    let mut origin = Origin::default();
    let mut fields = Fields::of(message);
    while let Some(field) = fields.next()? {
        if let (scope_spans::SCOPE, Content::Bytes(message)) = field {
            let mut fields = Fields::of(message);
            while let Some(field) = fields.next()? {
                match field {
                    (scope::NAME, Content::Bytes(name)) => origin.scope_name = name,
                    (scope::VERSION, Content::Bytes(version)) => origin.scope_version = version,
                    _ => {}
                }
            }
        }
    }
    Ok(origin)
}

impl<'a> Trace<'a> {
    fn of(id: TraceId, gathered: Gathered<'a>) -> Self {
        let mut spans = gathered.spans;
        // Stable: of a span sent twice the first one stays in front, and one with an end before one without.
        spans.sort_by_key(|(id, _, span)| (*id, span.end_ns == 0));
        spans.dedup_by_key(|(id, _, _)| *id);
        let node = |(id, origin, span)| Node { id, parent: None, children: Vec::new(), origin, span };
        let mut nodes: Vec<_> = spans.into_iter().map(node).collect();
        nodes.sort_unstable_by_key(|node| (node.start_ns(), node.id));
        let mut trace = Self { id, nodes, left_out: gathered.left_out };
        trace.link();
        trace
    }

    fn link(&mut self) {
        let mut places: Vec<_> = self.nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
        places.sort_unstable();
        let parents = self.nodes.iter().map(|node| {
            let parent = SpanId::from_wire(node.span.parent_span_id)?;
            let place = places.binary_search_by_key(&parent, |(id, _)| *id).ok()?;
            places.get(place).map(|(_, at)| *at)
        });
        let mut parents: Vec<_> = parents.collect();
        cut_cycles(&mut parents);
        for (at, parent) in parents.into_iter().enumerate() {
            if let Some(node) = self.nodes.get_mut(at) {
                node.parent = parent;
            }
            if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
                parent.children.push(at);
            }
        }
    }

    /// Indices of all spans, each after its parent.
    #[must_use]
    pub fn parents_first(&self) -> Vec<usize> {
        let roots = self.nodes.iter().enumerate().filter(|(_, node)| node.parent.is_none());
        let mut queue: VecDeque<_> = roots.map(|(at, _)| at).collect();
        let mut order = Vec::with_capacity(self.nodes.len());
        while let Some(at) = queue.pop_front() {
            order.push(at);
            queue.extend(self.nodes.get(at).map_or(&[][..], |node| &node.children));
        }
        order
    }
}

/// Makes a root of the first span of every circle of parents.
fn cut_cycles(parents: &mut [Option<usize>]) {
    // The walk on which a span was first met; 0 is never.
    let mut met_on = vec![0; parents.len()];
    for start in 0..parents.len() {
        let walk = start + 1;
        let mut at = start;
        while let Some(met) = met_on.get_mut(at).filter(|met| **met == 0) {
            *met = walk;
            match parents.get(at).copied().flatten() {
                Some(parent) if met_on.get(parent) == Some(&walk) => {
                    if let Some(closing) = parents.get_mut(parent) {
                        *closing = None;
                    }
                    break;
                }
                Some(parent) => at = parent,
                None => break,
            }
        }
    }
}

impl<'a> Node<'a> {
    /// When it began, ns since the epoch.
    #[must_use]
    pub fn start_ns(&self) -> u64 {
        self.span.start_ns
    }

    /// When it ended, ns since the epoch; its start where the end is not known.
    #[must_use]
    pub fn end_ns(&self) -> u64 {
        self.span.end_ns.max(self.span.start_ns)
    }

    /// Whether its end is known.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.span.end_ns != 0
    }

    /// How long it took, ns.
    #[must_use]
    pub fn duration_ns(&self) -> u64 {
        self.end_ns() - self.start_ns()
    }

    /// W3C `tracestate`.
    pub(crate) fn trace_state(&self) -> &'a str {
        std::str::from_utf8(self.span.trace_state).unwrap_or_default()
    }

    /// Whether its status is an error.
    pub(crate) fn failed(&self) -> bool {
        self.span.status_code == Some(2)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.span.name)
    }

    /// The text of one of its own attributes.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        text_of(&self.span.attributes, name)
    }

    /// The whole number that one of its own attributes is.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match find(&self.span.attributes, name)? {
            Value::Int(number) => Some(number),
            _ => None,
        }
    }

    /// Whether one of its own attributes is true.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        find(&self.span.attributes, name) == Some(Value::Bool(true))
    }
}

impl<'a> Origin<'a> {
    /// A resource without any scope.
    pub(crate) fn of_resource(attributes: Vec<Attribute<'a>>) -> Self {
        Self { resource: Rc::new(attributes), ..Self::default() }
    }

    /// The text of an attribute of the resource.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        text_of(&self.resource, name)
    }

    /// `service.name`, or the name that the specification gives to a service without one.
    #[must_use]
    pub fn service(&self) -> &'a str {
        self.text("service.name").filter(|name| !name.is_empty()).unwrap_or("unknown_service")
    }

    /// Name of the instrumentation.
    #[must_use]
    pub fn scope_name(&self) -> &'a str {
        std::str::from_utf8(self.scope_name).unwrap_or_default()
    }

    /// Version of the instrumentation.
    #[must_use]
    pub fn scope_version(&self) -> &'a str {
        std::str::from_utf8(self.scope_version).unwrap_or_default()
    }
}

fn find<'a>(attributes: &[Attribute<'a>], name: &str) -> Option<Value<'a>> {
    let attribute = attributes.iter().find(|attribute| attribute.key == name.as_bytes())?;
    Value::read(attribute.value).ok()
}

fn text_of<'a>(attributes: &[Attribute<'a>], name: &str) -> Option<&'a str> {
    match find(attributes, name)? {
        Value::Text(text) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}
