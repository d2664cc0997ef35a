//! A trace as a tree of spans with their times.

use std::fmt::Write;

use pointsman_collector::trace::{Node, Trace};
use serde::Serialize;
use utoipa::ToSchema;

use super::safe;

/// Attributes worth a place beside a span's name.
const SHOWN: [&str; 5] =
    ["http.route", "http.response.status_code", "http.status_code", "code.function.name", "next.span_type"];
/// Deeper spans are not indented further.
const DEEPEST: usize = 30;

/// A stored trace, told span by span.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct Told {
    /// Its id, 32 hex digits.
    pub id: String,
    /// Its spans, children below their parents in order of start.
    pub spans: Vec<ToldSpan>,
    /// Spans that are stored and not told, because there are too many.
    pub left_out: usize,
}

/// One span.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct ToldSpan {
    /// Its name.
    pub name: String,
    /// The instrumentation that made it.
    pub scope: String,
    /// How many spans it lies below; 0 is a root.
    pub depth: usize,
    /// Start after the first span's, ms.
    pub start_ms: f64,
    /// Duration, ms.
    pub duration_ms: f64,
    /// A few of its attributes, as text.
    pub attributes: Vec<String>,
}

impl Told {
    /// Tells a trace.
    pub(crate) fn of(trace: &Trace<'_>) -> Self {
        let begin = trace.nodes.first().map_or(0, |node| node.start_ns());
        let ms = |ns: u64| std::time::Duration::from_nanos(ns).as_secs_f64() * 1_000.0;
        let mut spans = Vec::with_capacity(trace.nodes.len());
        let roots = (0..trace.nodes.len()).filter(|index| trace.nodes[*index].parent.is_none());
        let mut waiting: Vec<(usize, usize)> = roots.map(|root| (root, 0)).collect();
        waiting.reverse();
        while let Some((index, depth)) = waiting.pop() {
            let node = &trace.nodes[index];
            spans.push(ToldSpan {
                name: safe::terminal(&node.name()),
                scope: safe::terminal(node.origin.scope_name()),
                depth,
                start_ms: ms(node.start_ns().saturating_sub(begin)),
                duration_ms: ms(node.duration_ns()),
                attributes: attributes(node),
            });
            waiting.extend(node.children.iter().rev().map(|child| (*child, depth + 1)));
        }
        Self { id: trace.id.to_string(), spans, left_out: trace.left_out }
    }
}

fn attributes(node: &Node<'_>) -> Vec<String> {
    let shown = SHOWN.iter().filter_map(|name| {
        let text = || node.text(name).map(safe::terminal);
        text().or_else(|| node.integer(name).map(|number| number.to_string()))
    });
    let mut shown: Vec<String> = shown.collect();
    shown.dedup();
    shown
}

/// The tree, for a terminal.
pub(crate) fn text(trace: &Told) -> String {
    let mut text = format!("trace {}, {} spans\n     start  duration\n", trace.id, trace.spans.len());
    for span in &trace.spans {
        let ToldSpan { name, scope, depth, start_ms, duration_ms, attributes } = span;
        let beside = if attributes.is_empty() {
            format!("  [{scope}]")
        } else {
            format!("  [{scope}: {}]", attributes.join(", "))
        };
        let indent = 2 * (*depth).min(DEEPEST);
        let _ = writeln!(text, "{start_ms:>8.1}ms {duration_ms:>7.1}ms {:indent$}{name}{beside}", "");
    }
    if trace.left_out > 0 {
        let _ = writeln!(text, "and {} more spans", trace.left_out);
    }
    text
}
