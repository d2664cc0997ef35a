//! How values are spread: bars over an axis of ratios, with the median and the 95th percentile marked.

use pointsman_advisor::explanation::Quantiles;

use super::canvas::{Anchor, Canvas, Paint, SMALL, width_of};
use super::frame::{Axis, Frame};
use super::palette::Role;
use super::scale::Scale;
use super::unit::{Unit, count};
use super::{Picture, WIDTH, WIDTH_F, drawable};

const HEIGHT: u32 = 200;

/// `what` is measured in `unit`. `None` without any value above 0.
pub(crate) fn histogram(what: &str, unit: Unit, values: &Quantiles) -> Option<Picture> {
    let bins: Vec<(f64, f64, f64)> = values
        .histogram
        .iter()
        .map(|bin| (bin.from, bin.to, bin.count))
        .filter(|(from, to, count)| drawable(*from) && drawable(*to) && to > &0.0 && drawable(*count))
        .collect();
    let largest = bins.iter().map(|bin| bin.2).fold(0.0, f64::max);
    let ends = bins.iter().flat_map(|(from, to, _)| [*from, *to]).chain([values.p50, values.p95]);
    let words = |value: f64| unit.words(value);
    let x = Axis { scale: Scale::ratios(ends)?, name: what, words: &words, ticks: 5, named: None };
    let y =
        Axis { scale: Scale::from_zero(largest * 1.1), name: "calls", words: &count, ticks: 4, named: None };
    let frame = Frame::draw((WIDTH, HEIGHT), &x, &y)?;
    let mut canvas = Canvas::of(frame.svg.clone());
    for (from, to, calls) in &bins {
        let (left, right, top) = (frame.x(*from), frame.x(*to), frame.y(*calls));
        let title = format!("{} to {}: {} calls", unit.words(*from), unit.words(*to), count(*calls));
        let width = (right - left - 1.0).max(1.5);
        canvas.titled(&title, |canvas| {
            canvas.rect((left, top), (width, frame.bottom - top), Paint::Filled(Role::Now));
        });
    }
    let marks = [("p50", values.p50, ""), ("p95", values.p95, "5 3")];
    let mut taken = f64::NEG_INFINITY;
    for (name, value, dashes) in marks.into_iter().filter(|mark| drawable(mark.1)) {
        let at = frame.x(value);
        canvas.path(&[(at, frame.top - 6.0), (at, frame.bottom)], Role::Ink, 1.5, dashes);
        let text = format!("{name} {}", unit.words(value));
        let width = width_of(&text, SMALL);
        let left = (at - width / 2.0).max(taken + 4.0).clamp(60.0, (WIDTH_F - width - 2.0).max(60.0));
        // The two stand side by side, or the second below the line of the first.
        let y = if left < taken { frame.top + 8.0 } else { frame.top - 9.0 };
        canvas.text((left, y), Anchor::Start, SMALL, Role::Ink, &text);
        taken = left + width;
    }
    let desc = format!(
        "Of {} calls half take at most {}, 95 % at most {}, 99 % at most {}.",
        crate::render::number(crate::render::precise(values.count)),
        unit.words(values.p50),
        unit.words(values.p95),
        unit.words(values.p99)
    );
    let desc = if unit == Unit::Bytes { desc.replace("half take", "half have") } else { desc };
    Some(Picture::new("histogram", (what.to_owned(), desc), HEIGHT, canvas.finish()))
}
