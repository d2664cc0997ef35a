//! Spans put together to Traces: from any number of requests, in any order, with whatever is missing or
//! sent twice. What the spans mean is [`crate::extract`]'s business.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use pointsman_store::{SpanId, TraceId};

/// Spans per Trace that are kept unless a caller wants otherwise.
pub const MAX_SPANS: usize = 20_000;

/// One Trace as far as it is known, spans by start time.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// Its id.
    pub id: TraceId,
    /// Its spans by start time, then by id.
    pub nodes: Vec<Node>,
    /// Spans that were left out because there were too many.
    pub left_out: usize,
}

/// One span and its place in the tree.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Its id.
    pub id: SpanId,
    /// Index of its parent in [`Trace::nodes`]; `None` for a root and where the parent is not known.
    pub parent: Option<usize>,
    /// Indices of its children, by start time.
    pub children: Vec<usize>,
    /// Who emitted it.
    pub origin: Arc<Origin>,
    /// The span itself.
    pub span: Span,
}

/// Who emitted a span: resource and scope, shared by the spans of a request.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Origin {
    /// Attributes of the resource.
    pub resource: Vec<KeyValue>,
    /// Name and version of the instrumentation.
    pub scope: InstrumentationScope,
}

/// Collects spans into Traces.
#[derive(Debug)]
pub struct Assembly {
    only: Option<HashSet<TraceId>>,
    max_spans: usize,
    traces: HashMap<TraceId, Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    spans: HashMap<SpanId, (Arc<Origin>, Span)>,
    left_out: usize,
}

/// The Traces that have spans in a request.
#[must_use]
pub fn trace_ids(request: &ExportTraceServiceRequest) -> HashSet<TraceId> {
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans).filter_map(|span| TraceId::from_wire(&span.trace_id)).collect()
}

impl Assembly {
    /// Collects every Trace, each up to `max_spans` spans.
    #[must_use]
    pub fn new(max_spans: usize) -> Self {
        Self { only: None, max_spans, traces: HashMap::new() }
    }

    /// Collects these Traces only, each up to `max_spans` spans.
    #[must_use]
    pub fn only(traces: HashSet<TraceId>, max_spans: usize) -> Self {
        Self { only: Some(traces), max_spans, traces: HashMap::new() }
    }

    /// Takes the spans of a request. Of a span sent twice the first one stays, unless only the later one
    /// has an end.
    pub fn add(&mut self, request: ExportTraceServiceRequest) {
        for resource_spans in request.resource_spans {
            let resource = resource_spans.resource.unwrap_or_default().attributes;
            for scope_spans in resource_spans.scope_spans {
                let scope = scope_spans.scope.unwrap_or_default();
                let origin = Arc::new(Origin { resource: resource.clone(), scope });
                for span in scope_spans.spans {
                    self.add_span(&origin, span);
                }
            }
        }
    }

    fn add_span(&mut self, origin: &Arc<Origin>, span: Span) {
        let (Some(trace), Some(id)) = (TraceId::from_wire(&span.trace_id), SpanId::from_wire(&span.span_id))
        else {
            return;
        };
        if self.only.as_ref().is_some_and(|only| !only.contains(&trace)) {
            return;
        }
        let gathered = self.traces.entry(trace).or_default();
        let full = gathered.spans.len() >= self.max_spans;
        match gathered.spans.get_mut(&id) {
            Some((_, known)) => {
                if known.end_time_unix_nano == 0 && span.end_time_unix_nano != 0 {
                    gathered.spans.insert(id, (Arc::clone(origin), span));
                }
            }
            None if full => gathered.left_out += 1,
            None => {
                gathered.spans.insert(id, (Arc::clone(origin), span));
            }
        }
    }

    /// The Traces, by the start of their first span.
    #[must_use]
    pub fn finish(self) -> Vec<Trace> {
        let traces = self.traces.into_iter();
        let mut traces: Vec<_> = traces.map(|(id, gathered)| Trace::of(id, gathered)).collect();
        traces.sort_by_key(|trace| (trace.nodes.first().map(Node::start_ns), trace.id));
        traces
    }
}

impl Trace {
    fn of(id: TraceId, gathered: Gathered) -> Self {
        let spans = gathered.spans.into_iter();
        let mut nodes: Vec<_> = spans
            .map(|(id, (origin, span))| Node { id, parent: None, children: Vec::new(), origin, span })
            .collect();
        nodes.sort_by_key(|node| (node.start_ns(), node.id));
        let mut trace = Self { id, nodes, left_out: gathered.left_out };
        trace.link();
        trace
    }

    fn link(&mut self) {
        let places: HashMap<_, _> = self.nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
        let parents = self.nodes.iter().map(|node| {
            let parent = SpanId::from_wire(&node.span.parent_span_id)?;
            places.get(&parent).copied()
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

impl Node {
    /// When it began, ns since the epoch.
    #[must_use]
    pub fn start_ns(&self) -> u64 {
        self.span.start_time_unix_nano
    }

    /// When it ended, ns since the epoch; its start where the end is not known.
    #[must_use]
    pub fn end_ns(&self) -> u64 {
        self.span.end_time_unix_nano.max(self.span.start_time_unix_nano)
    }

    /// How long it took, ns.
    #[must_use]
    pub fn duration_ns(&self) -> u64 {
        self.end_ns() - self.start_ns()
    }

    /// The text of one of its own attributes.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        text_of(&self.span.attributes, name)
    }

    /// Whether one of its own attributes is true.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        let value = find(&self.span.attributes, name);
        matches!(value, Some(Value::BoolValue(true)))
    }
}

impl Origin {
    /// The text of an attribute of the resource.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        text_of(&self.resource, name)
    }

    /// `service.name`, or the name that the specification gives to a service without one.
    #[must_use]
    pub fn service(&self) -> &str {
        self.text("service.name").filter(|name| !name.is_empty()).unwrap_or("unknown_service")
    }
}

fn find<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == name)?.value.as_ref()?.value.as_ref()
}

fn text_of<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    match find(attributes, name) {
        Some(Value::StringValue(text)) => Some(text),
        _ => None,
    }
}
