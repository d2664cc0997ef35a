//! One measured value with its 95 % interval, against the threshold that it had to reach.

use pointsman_advisor::EvidenceRow;

use super::canvas::{Anchor, Canvas, Paint, SMALL, width_of};
use super::palette::Role;
use super::scale::Scale;
use super::{Picture, WIDTH_F, drawable};
use crate::render::amount;

const HEIGHT: u32 = 46;
const LEFT: f64 = 8.0;
const RIGHT: f64 = 392.0;
const MIDDLE: f64 = 14.0;

/// What a rule measured. `None` where it cannot be drawn.
pub(crate) fn against_threshold(row: &EvidenceRow) -> Option<Picture> {
    let EvidenceRow { observed, interval: [low, high], threshold, .. } = *row;
    let all = [observed, low, high, threshold];
    let largest = all.into_iter().fold(0.0, f64::max);
    if !all.into_iter().all(drawable) || largest <= 0.0 || threshold <= 0.0 {
        return None;
    }
    let (from, to) = Scale::from_zero(largest).laid_out();
    let x = |value: f64| LEFT + (value - from) / (to - from) * (RIGHT - LEFT);
    let mut canvas = Canvas::default();
    canvas.line((LEFT, MIDDLE), (RIGHT, MIDDLE), Role::Line, 1.0);
    canvas.path(&[(x(threshold), 2.0), (x(threshold), 26.0)], Role::Ink, 1.5, "4 3");
    canvas.rect((x(low), MIDDLE - 4.0), ((x(high) - x(low)).max(1.0), 8.0), Paint::Pale(Role::OwnUi));
    canvas.circle((x(observed), MIDDLE), 4.5, Paint::Filled(Role::OwnUi));
    for (at, text) in
        labels(x(threshold), &format!("threshold {}", amount(threshold)), x(observed), &amount(observed))
    {
        canvas.text((at, 40.0), Anchor::Middle, SMALL, Role::Faint, &text);
    }
    let desc = format!(
        "Observed {}, 95 % interval {} to {}, threshold {}.",
        amount(observed),
        amount(low),
        amount(high),
        amount(threshold)
    );
    let title = format!("{}: observed against its threshold", row.rule);
    Some(Picture::new("interval", (title, desc), HEIGHT, canvas.finish()))
}

/// Two labels side by side, each as near to its value as the other lets it be.
fn labels(threshold: f64, what: &str, observed: f64, value: &str) -> [(f64, String); 2] {
    const GAP: f64 = 8.0;
    let mut both = [(threshold, what.to_owned()), (observed, value.to_owned())];
    both.sort_by(|a, b| a.0.total_cmp(&b.0));
    let [left, right] = &mut both;
    let halves = [&left.1, &right.1].map(|text| width_of(text, SMALL) / 2.0);
    let apart = halves[0] + halves[1] + GAP;
    right.0 = right.0.min(WIDTH_F - halves[1] - 2.0).max(halves[1] + 2.0);
    left.0 = left.0.min(right.0 - apart).max(halves[0] + 2.0);
    right.0 = right.0.max(left.0 + apart);
    both
}
