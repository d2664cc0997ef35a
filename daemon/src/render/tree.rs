//! A trace as a tree of spans with their times.

use std::fmt::Write;

use pointsman_collector::trace::{Node, Trace};

use super::safe;

/// Attributes worth a place beside a span's name.
const SHOWN: [&str; 5] =
    ["http.route", "http.response.status_code", "http.status_code", "code.function.name", "next.span_type"];
/// Deeper spans are not indented further.
const DEEPEST: usize = 30;

/// The tree, children below their parents in order of start.
pub(crate) fn trace(trace: &Trace<'_>) -> String {
    let begin = trace.nodes.first().map_or(0, |node| node.start_ns());
    let mut text = format!("trace {}, {} spans\n     start  duration\n", trace.id, trace.nodes.len());
    let roots = (0..trace.nodes.len()).filter(|index| trace.nodes[*index].parent.is_none());
    let mut waiting: Vec<(usize, usize)> = roots.map(|root| (root, 0)).collect();
    waiting.reverse();
    while let Some((index, depth)) = waiting.pop() {
        let node = &trace.nodes[index];
        let ms = |ns: u64| std::time::Duration::from_nanos(ns).as_secs_f64() * 1_000.0;
        let _ = writeln!(
            text,
            "{:>8.1}ms {:>7.1}ms {:indent$}{}{}",
            ms(node.start_ns() - begin),
            ms(node.duration_ns()),
            "",
            safe::terminal(&node.name()),
            attributes(node),
            indent = 2 * depth.min(DEEPEST),
        );
        waiting.extend(node.children.iter().rev().map(|child| (*child, depth + 1)));
    }
    if trace.left_out > 0 {
        let _ = writeln!(text, "and {} more spans", trace.left_out);
    }
    text
}

fn attributes(node: &Node<'_>) -> String {
    let shown = SHOWN.iter().filter_map(|name| {
        let text = || node.text(name).map(safe::terminal);
        text().or_else(|| node.integer(name).map(|number| number.to_string()))
    });
    let mut shown: Vec<String> = shown.collect();
    shown.dedup();
    let scope = safe::terminal(node.origin.scope_name());
    if shown.is_empty() { format!("  [{scope}]") } else { format!("  [{scope}: {}]", shown.join(", ")) }
}
