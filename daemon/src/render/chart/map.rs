//! All handlers at a glance: how often each is called, how long it takes, and what is advised.

use pointsman_advisor::HandlerReport;

use super::canvas::{Anchor, Canvas, Paint, SMALL, fitted, width_of};
use super::frame::{Axis, Frame};
use super::palette::Role;
use super::scale::Scale;
use super::unit::{Unit, count};
use super::{Picture, WIDTH, drawable};
use crate::render::{Class, name, verdict};

const HEIGHT: u32 = 330;
/// Width where there is room, twice that of other pictures.
const WIDE: u32 = 880;
/// Marks that are drawn: the most called; the rest is counted.
const MARKS: usize = 300;
/// Longest label, in units.
const LABEL: f64 = 150.0;

/// How much room there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Room {
    /// As on a phone.
    Narrow,
    /// As on a desk.
    Wide,
}

/// A handler whose frequency and duration are known.
struct Mark<'a> {
    row: &'a HandlerReport,
    class: Class,
    at: (f64, f64),
}

/// A box that a label takes: left, top, right, bottom.
type Area = (f64, f64, f64, f64);

/// Every handler as a link to `href`. `None` when of none of them both frequency and duration are known.
pub(crate) fn handlers(
    rows: &[&HandlerReport],
    room: Room,
    href: impl Fn(&HandlerReport) -> String,
) -> Option<Picture> {
    let width = if room == Room::Wide { WIDE } else { WIDTH };
    let ms = |row: &HandlerReport| row.duration_ms.map_or(f64::NAN, |ms| ms.p95);
    let usable = |row: &&&HandlerReport| {
        let (calls, ms) = (row.calls_per_day, ms(row));
        drawable(calls) && calls > 0.0 && drawable(ms) && ms > 0.0
    };
    let mut known: Vec<&HandlerReport> = rows.iter().filter(usable).copied().collect();
    let unknown = rows.len() - known.len();
    known.sort_by(|a, b| b.calls_per_day.total_cmp(&a.calls_per_day));
    let rare = known.len().saturating_sub(MARKS);
    known.truncate(MARKS);
    let words = |value: f64| Unit::Ms.words(value);
    let calls = Scale::ratios(known.iter().map(|row| row.calls_per_day))?;
    let times = Scale::ratios(known.iter().map(|row| ms(row)))?;
    let x = Axis { scale: calls, name: "calls a day", words: &count, ticks: 6, named: None };
    let y = Axis { scale: times, name: "duration, 95th percentile", words: &words, ticks: 6, named: None };
    let frame = Frame::draw((width, HEIGHT), &x, &y)?;
    let mut canvas = Canvas::of(frame.svg.clone());
    let place = |row| Mark { row, class: Class::of(row), at: (frame.x(row.calls_per_day), frame.y(ms(row))) };
    let mut marks: Vec<Mark<'_>> = known.into_iter().map(place).collect();
    marks.sort_by_key(|mark| rank(mark.class));
    for mark in &marks {
        let row = mark.row;
        let title = format!(
            "{}: {} calls a day, {}, {}",
            name(row),
            count(row.calls_per_day),
            Unit::Ms.words(ms(row)),
            verdict(row.verdict)
        );
        canvas.link(&href(row), &title, |canvas| shape(canvas, &row.kind, mark.at, 5.5, role(mark.class)));
    }
    label(&mut canvas, &frame, f64::from(width), &marks);
    let height = legend(&mut canvas, &marks, unknown + rare);
    Some(
        Picture::new(
            "map",
            ("Handlers by frequency and duration".to_owned(), told(&marks, unknown, rare)),
            height,
            canvas.finish(),
        )
        .wide(width)
        .interactive(),
    )
}

fn told(marks: &[Mark<'_>], unknown: usize, rare: usize) -> String {
    let of = |class| marks.iter().filter(|mark| mark.class == class).count();
    let mut text = format!(
        "{} handlers: {} to move, {} to improve where they are, {} to keep, {} without a verdict.",
        marks.len(),
        of(Class::Move),
        of(Class::Improve),
        of(Class::Keep),
        of(Class::Unsure)
    );
    if unknown > 0 {
        text += &format!(" {unknown} are not shown because no duration or no call is known.");
    }
    if rare > 0 {
        text += &format!(" The {rare} least called are not shown.");
    }
    text
}

/// Drawn later is drawn above.
fn rank(class: Class) -> u8 {
    match class {
        Class::Unsure => 0,
        Class::Keep => 1,
        Class::Improve => 2,
        Class::Move => 3,
    }
}

fn role(class: Class) -> Role {
    match class {
        Class::Move => Role::Move,
        Class::Improve => Role::Improve,
        Class::Keep => Role::Keep,
        Class::Unsure => Role::Unsure,
    }
}

/// A kind of handler as a shape; moves and improvements are filled, the rest is hollow.
fn shape(canvas: &mut Canvas, kind: &str, (x, y): (f64, f64), r: f64, role: Role) {
    let paint =
        if matches!(role, Role::Move | Role::Improve) { Paint::Filled(role) } else { Paint::Hollow(role) };
    match kind {
        "route_handler" => canvas.circle((x, y), r, paint),
        "server_action" => canvas.rect((x - r * 0.9, y - r * 0.9), (r * 1.8, r * 1.8), paint),
        "page" => canvas
            .polygon(&[(x, y - r * 1.15), (x + r * 1.1, y + r * 0.8), (x - r * 1.1, y + r * 0.8)], paint),
        _ => canvas.polygon(&[(x, y - r * 1.2), (x + r * 1.2, y), (x, y + r * 1.2), (x - r * 1.2, y)], paint),
    }
}

/// Names of the moves where there is room for them.
fn label(canvas: &mut Canvas, frame: &Frame, right: f64, marks: &[Mark<'_>]) {
    let mut taken: Vec<Area> = marks
        .iter()
        .map(|mark| (mark.at.0 - 6.0, mark.at.1 - 6.0, mark.at.0 + 6.0, mark.at.1 + 6.0))
        .collect();
    for mark in marks.iter().filter(|mark| mark.class == Class::Move) {
        let text = fitted(mark.row.action.as_deref().map_or(&name(mark.row), |action| action), SMALL, LABEL);
        let (width, (x, y)) = (width_of(&text, SMALL), mark.at);
        let places = [
            (x + 9.0, y + 4.0),
            (x - 9.0 - width, y + 4.0),
            (x - width / 2.0, y - 10.0),
            (x - width / 2.0, y + 18.0),
        ];
        let free = places.into_iter().find_map(|(left, base)| {
            let area = (left, base - SMALL, left + width, base + 3.0);
            let inside = left >= frame.left
                && area.2 <= right
                && area.1 >= frame.top - 8.0
                && base < frame.bottom - 2.0;
            (inside && !taken.iter().any(|other| overlap(*other, area))).then_some((left, base, area))
        });
        if let Some((left, base, area)) = free {
            canvas.text((left, base), Anchor::Start, SMALL, Role::Ink, &text);
            taken.push(area);
        }
    }
}

fn overlap(a: Area, b: Area) -> bool {
    a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3
}

/// What shapes and colours mean, and how many are left out; gives the height of the whole.
fn legend(canvas: &mut Canvas, marks: &[Mark<'_>], left_out: usize) -> u32 {
    let kinds = [
        ("route_handler", "route"),
        ("server_action", "action"),
        ("page", "page"),
        ("pages_api", "pages/api, other"),
    ];
    let classes = [
        (Class::Move, "move"),
        (Class::Improve, "improve"),
        (Class::Keep, "keep"),
        (Class::Unsure, "no verdict"),
    ];
    let y = f64::from(HEIGHT) + 14.0;
    let mut x = 14.0;
    for (kind, words) in kinds {
        shape(canvas, kind, (x, y - 4.0), 5.0, Role::Faint);
        canvas.text((x + 10.0, y), Anchor::Start, SMALL, Role::Faint, words);
        x += width_of(words, SMALL) + 34.0;
    }
    x = 14.0;
    for (class, words) in classes {
        let text = format!("{words} {}", marks.iter().filter(|mark| mark.class == class).count());
        shape(canvas, "route_handler", (x, y + 15.0), 5.0, role(class));
        canvas.text((x + 10.0, y + 19.0), Anchor::Start, SMALL, Role::Ink, &text);
        x += width_of(&text, SMALL) + 34.0;
    }
    if left_out > 0 {
        let text = format!("{left_out} more are not shown: too few numbers");
        canvas.text((9.0, y + 38.0), Anchor::Start, SMALL, Role::Faint, &text);
    }
    HEIGHT + if left_out > 0 { 60 } else { 42 }
}
