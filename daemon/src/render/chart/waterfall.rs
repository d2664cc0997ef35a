//! The spans of one trace on a time line, children below their parents.

use pointsman_collector::trace::Trace;

use super::canvas::{Anchor, Canvas, Paint, SMALL, fitted, width_of};
use super::palette::Role;
use super::scale::Scale;
use super::unit::Unit;
use super::{Picture, WIDTH_F};

/// Rows that are drawn; the rest is counted.
const ROWS: usize = 60;
const ROW: f64 = 28.0;
const LEFT: f64 = 8.0;
const RIGHT: f64 = WIDTH_F - 8.0;
/// Deeper spans are not indented further.
const DEEPEST: u32 = 10;
const INDENT: f64 = 7.0;

/// Every span with its name, start and duration.
pub(crate) fn of(trace: &Trace<'_>) -> Picture {
    let begin = trace.nodes.iter().map(|node| node.start_ns()).min().unwrap_or_default();
    let ms = |ns: u64| std::time::Duration::from_nanos(ns).as_secs_f64() * 1_000.0;
    let whole = trace.nodes.iter().map(|node| node.start_ns().saturating_add(node.duration_ns())).max();
    let whole = ms(whole.unwrap_or(begin).saturating_sub(begin));
    let scale = Scale::linear(0.0, whole.max(0.001));
    let x = |at: f64| LEFT + scale.place(at) / whole.max(0.001) * (RIGHT - LEFT);
    let mut canvas = Canvas::default();
    let mut y = 22.0;
    for tick in scale.ticks(5) {
        let words = Unit::Ms.words(tick);
        let half = width_of(&words, SMALL) / 2.0 + 3.0;
        canvas.text((x(tick).clamp(half, WIDTH_F - half), 14.0), Anchor::Middle, SMALL, Role::Faint, &words);
    }
    let order = rows(trace);
    let grid_end = y + ROW * f64::from(u32::try_from(order.len().min(ROWS)).unwrap_or(0));
    for tick in scale.ticks(5) {
        canvas.line((x(tick), y), (x(tick), grid_end), Role::Line, 1.0);
    }
    for (index, depth) in order.iter().take(ROWS) {
        let node = &trace.nodes[*index];
        let (start, duration) = (ms(node.start_ns() - begin), ms(node.duration_ns()));
        let time = Unit::Ms.words(duration);
        let indent = f64::from((*depth).min(DEEPEST)) * INDENT;
        let room = RIGHT - LEFT - indent - width_of(&time, SMALL) - 8.0;
        let label = format!("{} {time}", fitted(&node.name(), SMALL, room));
        canvas.text((LEFT + indent, y + 12.0), Anchor::Start, SMALL, Role::Ink, &label);
        let paint = if *depth == 0 { Paint::Filled(Role::OwnUi) } else { Paint::Filled(Role::Now) };
        let title = format!("{}: from {} for {time}", node.name(), Unit::Ms.words(start));
        let length = (x(start + duration) - x(start)).max(1.5);
        canvas.titled(&title, |canvas| canvas.rect((x(start), y + 16.0), (length, 7.0), paint));
        y += ROW;
    }
    let left_out = order.len().saturating_sub(ROWS) + trace.left_out;
    let more = if left_out > 0 { format!("and {left_out} more spans") } else { String::new() };
    if left_out > 0 {
        canvas.text((LEFT, y + 14.0), Anchor::Start, SMALL, Role::Faint, &more);
        y += 20.0;
    }
    let desc = format!(
        "{} spans over {}{}{more}.",
        order.len(),
        Unit::Ms.words(whole),
        if more.is_empty() { "" } else { "; " }
    );
    let height = super::interaction::whole(y + 6.0);
    Picture::new("waterfall", (format!("Trace {}", trace.id), desc), height, canvas.finish())
}

/// Spans as the tree is walked, with their depths.
fn rows(trace: &Trace<'_>) -> Vec<(usize, u32)> {
    let roots = (0..trace.nodes.len()).filter(|index| trace.nodes[*index].parent.is_none());
    let mut waiting: Vec<(usize, u32)> = roots.map(|root| (root, 0)).collect();
    waiting.reverse();
    let mut rows = Vec::new();
    while let Some((index, depth)) = waiting.pop() {
        rows.push((index, depth));
        waiting.extend(trace.nodes[index].children.iter().rev().map(|child| (*child, depth + 1)));
    }
    rows
}
