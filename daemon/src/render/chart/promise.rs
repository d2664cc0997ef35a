//! What a change promised and what was found, number by number: before, after, and where it was promised to end. Worse is drawn
//! as openly as better.

use pointsman_advisor::life::{Compared, Proof};

use super::canvas::{Anchor, Canvas, Paint, SMALL, TEXT, width_of};
use super::interaction::whole;
use super::palette::Role;
use super::scale::Scale;
use super::unit::Unit;
use super::{Picture, WIDTH_F, drawable};

const LEFT: f64 = 8.0;
/// Room for the number to the right.
const RIGHT: f64 = WIDTH_F - 66.0;
const BAR: f64 = 13.0;

/// How a number is written.
type Words = fn(f64) -> String;
/// A number of the proof, and how it is written.
type Measure = (&'static str, Compared, Words);

/// The numbers that were compared. `None` without any.
pub(crate) fn and_found(proof: &Proof) -> Option<Picture> {
    let ms = |value: f64| Unit::Ms.words(value);
    let trips = |value: f64| format!("{value:.2}");
    let share = |value: f64| format!("{:.1} %", value * 100.0);
    let measures: [(&'static str, Option<Compared>, Words); 4] = [
        ("Waiting, median", proof.waiting_ms_p50, ms),
        ("Waiting, 95th percentile", proof.waiting_ms_p95, ms),
        ("Round trips per interaction", proof.round_trips, trips),
        ("Failed calls", proof.error_share, share),
    ];
    let measures: Vec<Measure> = measures
        .into_iter()
        .filter_map(|(what, compared, words)| Some((what, compared?, words)))
        .filter(|(_, compared, _)| drawable(compared.before) && drawable(compared.after))
        // Where nothing failed before or after there is nothing to see.
        .filter(|(_, compared, _)| compared.before > 0.0 || compared.after > 0.0)
        .collect();
    let mut canvas = Canvas::default();
    let mut y = 0.0;
    for measure in &measures {
        y = row(&mut canvas, y, measure);
    }
    let told: Vec<String> = measures.iter().map(in_words).collect();
    let words = ("Before and after the change".to_owned(), format!("{}.", told.join("; ")));
    (!measures.is_empty()).then(|| Picture::new("promise", words, whole(y), canvas.finish()))
}

fn in_words((what, compared, words): &Measure) -> String {
    let promised = promised_after(compared);
    let promised = promised.map_or_else(String::new, |after| format!(", {} promised", words(after)));
    format!("{what}: {} before, {} after{promised}", words(compared.before), words(compared.after))
}

/// Where the promise would have led to.
fn promised_after(compared: &Compared) -> Option<f64> {
    compared.promised.map(|saved| (compared.before - saved).max(0.0)).filter(|after| drawable(*after))
}

/// One number; gives where the next one begins.
fn row(canvas: &mut Canvas, top: f64, (what, compared, words): &Measure) -> f64 {
    let promised = promised_after(compared);
    let ends = compared
        .interval
        .map(|[low, high]| [(compared.before - high).max(0.0), (compared.before - low).max(0.0)]);
    let ends = ends.filter(|ends| ends.iter().all(|end| drawable(*end)));
    let largest = [compared.before, compared.after]
        .into_iter()
        .chain(promised)
        .chain(ends.into_iter().flatten())
        .fold(0.0, f64::max);
    let (from, to) = Scale::from_zero(largest).laid_out();
    let x = |value: f64| LEFT + (value - from) / (to - from) * (RIGHT - LEFT);
    let after = match compared.after.total_cmp(&compared.before) {
        std::cmp::Ordering::Less => Role::After,
        std::cmp::Ordering::Equal => Role::Unsure,
        std::cmp::Ordering::Greater => Role::Lost,
    };
    canvas.text((LEFT, top + 15.0), Anchor::Start, TEXT, Role::Ink, what);
    let mut y = top + 21.0;
    for (value, role, name) in [(compared.before, Role::Now, "before"), (compared.after, after, "after")] {
        let length = (x(value) - LEFT).max(1.0);
        canvas.rect((LEFT, y), (length, BAR), Paint::Filled(role));
        let text = format!("{name} {}", words(value));
        let beside = LEFT + length + 5.0;
        let at = beside.min(WIDTH_F - width_of(&text, SMALL) - 2.0);
        let (at, ink) = if at < beside { (LEFT + 5.0, Role::Paper) } else { (at, Role::Ink) };
        canvas.text((at, y + 10.5), Anchor::Start, SMALL, ink, &text);
        y += BAR + 4.0;
    }
    let last = y - 4.0 - BAR / 2.0;
    if let Some([low, high]) = ends {
        canvas.line((x(low), last), (x(high), last), Role::Ink, 1.2);
        for end in [low, high] {
            canvas.line((x(end), last - 3.5), (x(end), last + 3.5), Role::Ink, 1.2);
        }
    }
    if let Some(after) = promised {
        canvas.path(&[(x(after), top + 19.0), (x(after), y + 2.0)], Role::Ink, 1.5, "4 3");
        let text = format!("promised {}", words(after));
        let half = width_of(&text, SMALL) / 2.0;
        let at = x(after).min(WIDTH_F - half - 2.0).max(LEFT + half);
        canvas.text((at, y + 12.0), Anchor::Middle, SMALL, Role::Faint, &text);
        y += 14.0;
    }
    y + 8.0
}
