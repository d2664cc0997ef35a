//! All handlers at a glance: how often each is called, how long it takes, and what is advised. No mark hides another, and each
//! move holds the number of its card.

use pointsman_advisor::{HandlerReport, ReportedKind};

use super::canvas::{Anchor, Canvas, Paint, SMALL, fitted, width_of};
use super::frame::{Axis, Frame};
use super::palette::Role;
use super::scale::Scale;
use super::spread::{Area, Areas, spread};
use super::unit::{Unit, count};
use super::{Picture, WIDTH, drawable};
use crate::render::{Class, name, verdict};

const HEIGHT: u32 = 330;
/// Width where there is room, twice that of other pictures.
const WIDE: u32 = 880;
/// Marks that are drawn: the most called; the rest is counted.
const MARKS: usize = 600;
/// Longest label, in units.
const LABEL: f64 = 150.0;
/// Radius of a mark where there is room for it, and where there is little.
const RADIUS: (f64, f64) = (5.5, 2.4);
/// How much larger the mark of a move is, which holds its number, and the least that it can be read in.
const NUMBERED: (f64, f64) = (1.45, 6.5);
/// Part of the plot that marks may take, so that they find a place near their own.
const FILLED: f64 = 0.22;
/// The same where they are larger for their numbers' sake.
const CROWDED: f64 = 0.5;

/// How much room there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Room {
    /// As on a phone.
    Narrow,
    /// As on a desk.
    Wide,
}

/// A handler that may be on the map.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) row: &'a HandlerReport,
    /// Of a move: the number of its card.
    pub(crate) number: Option<usize>,
    /// Whether the reader wants to see it.
    pub(crate) wanted: bool,
}

/// A handler whose frequency and duration are known.
struct Mark<'a> {
    entry: Entry<'a>,
    class: Class,
    at: (f64, f64),
    radius: f64,
}

/// Every wanted handler as a link to `href`. `None` when of none of them both frequency and duration are known. Where a mark
/// lies does not depend on what else is wanted.
pub(crate) fn handlers(
    entries: &[Entry<'_>],
    room: Room,
    href: impl Fn(&HandlerReport) -> String,
) -> Option<Picture> {
    let width = if room == Room::Wide { WIDE } else { WIDTH };
    let mut known: Vec<Entry<'_>> = entries.iter().filter(|entry| is_known(entry.row)).copied().collect();
    let unknown = entries.iter().filter(|entry| entry.wanted && !is_known(entry.row)).count();
    known.sort_by(|a, b| b.row.calls_per_day.total_cmp(&a.row.calls_per_day));
    let rare = known.iter().skip(MARKS).filter(|entry| entry.wanted).count();
    known.truncate(MARKS);
    let frame = frame(&known, width)?;
    let marks = placed(known, &frame);
    let wanted: Vec<Mark<'_>> = marks.into_iter().filter(|mark| mark.entry.wanted).collect();
    let mut canvas = Canvas::of(frame.svg.clone());
    for mark in &wanted {
        let row = mark.entry.row;
        canvas.link(&href(row), &told(mark), |canvas| {
            shape(canvas, &row.kind, mark.at, mark.radius, role(mark.class));
            if let Some(number) = mark.entry.number.filter(|_| mark.class == Class::Move) {
                numbered(canvas, mark, number);
            }
        });
    }
    label(&mut canvas, (&frame, f64::from(width)), &wanted);
    let words = ("Handlers by frequency and duration".to_owned(), in_words(&wanted, unknown, rare));
    Some(Picture::new("map", words, HEIGHT, canvas.finish()).wide(width).interactive())
}

/// Kinds of handlers, with what people call many of them.
pub(crate) const KINDS: [(ReportedKind, &str); 4] = [
    (ReportedKind::RouteHandler, "route handlers"),
    (ReportedKind::ServerAction, "server actions"),
    (ReportedKind::Page, "pages"),
    (ReportedKind::PagesApi, "pages/api and others"),
];

/// What a kind and a class look like on the map, for a legend.
pub(crate) fn symbol(kind: &ReportedKind, class: Option<Class>) -> String {
    let mut canvas = Canvas::default();
    shape(&mut canvas, kind, (7.0, 7.0), 5.0, class.map_or(Role::Faint, role));
    format!(
        "<svg class=\"chart key\" viewBox=\"0 0 14 14\" width=\"14\" height=\"14\" aria-hidden=\"true\">{}</svg>",
        canvas.finish()
    )
}

fn ms(row: &HandlerReport) -> f64 {
    row.duration_ms.map_or(f64::NAN, |ms| ms.p95)
}

fn is_known(row: &HandlerReport) -> bool {
    let is_above_zero = |value: f64| drawable(value) && value > 0.0;
    is_above_zero(row.calls_per_day) && is_above_zero(ms(row))
}

fn frame(known: &[Entry<'_>], width: u32) -> Option<Frame> {
    let words = |value: f64| Unit::Ms.words(value);
    let calls = Scale::ratios(known.iter().map(|entry| entry.row.calls_per_day))?;
    let times = Scale::ratios(known.iter().map(|entry| ms(entry.row)))?;
    let x = Axis { scale: calls, name: "calls a day", words: &count, ticks: 6, named: None };
    let y = Axis { scale: times, name: "duration, 95th percentile", words: &words, ticks: 6, named: None };
    Frame::draw((width, HEIGHT), &x, &y)
}

/// Marks side by side where they would lie on each other; what matters most lies nearest to its own place.
fn placed<'a>(mut known: Vec<Entry<'a>>, frame: &Frame) -> Vec<Mark<'a>> {
    known.sort_by_key(|entry| rank(Class::of(entry.row)));
    let area = (frame.right - frame.left) * (frame.bottom - frame.top);
    let is_move = |entry: &Entry<'_>| Class::of(entry.row) == Class::Move;
    let weight = |entry: &Entry<'_>| if is_move(entry) { NUMBERED.0.powi(2) } else { 1.0 };
    let weights: f64 = known.iter().map(weight).sum();
    let radius = (area * FILLED / (4.0 * weights.max(1.0))).sqrt().clamp(RADIUS.1, RADIUS.0);
    // Legible, as long as all of them find a place.
    let legible = NUMBERED.1.min((area * CROWDED / (4.0 * weights.max(1.0))).sqrt());
    let of = |entry: &Entry<'_>| if is_move(entry) { (radius * NUMBERED.0).max(legible) } else { radius };
    let own = |entry: &Entry<'_>| ((frame.x(entry.row.calls_per_day), frame.y(ms(entry.row))), of(entry));
    let marks: Vec<_> = known.iter().map(own).collect();
    let places = spread(&marks, (frame.left, frame.top, frame.right, frame.bottom));
    let placed = known.into_iter().zip(marks).zip(places);
    placed.map(|((entry, (_, radius)), at)| Mark { entry, class: Class::of(entry.row), at, radius }).collect()
}

/// The number of a move's card, within its mark.
fn numbered(canvas: &mut Canvas, mark: &Mark<'_>, number: usize) {
    let ((x, y), size) = (mark.at, mark.radius * if number < 100 { 1.1 } else { 0.85 });
    canvas.text((x, y + size * 0.36), Anchor::Middle, size, Role::Paper, &number.to_string());
}

fn told(mark: &Mark<'_>) -> String {
    let row = mark.entry.row;
    format!(
        "{}: {} calls a day, {}, {}",
        name(row),
        count(row.calls_per_day),
        Unit::Ms.words(ms(row)),
        verdict(row.verdict)
    )
}

fn in_words(marks: &[Mark<'_>], unknown: usize, rare: usize) -> String {
    let of = |class| marks.iter().filter(|mark| mark.class == class).count();
    let mut text = format!(
        "{} handlers: {} to move, {} to improve in place, {} to keep, {} without a verdict.",
        marks.len(),
        of(Class::Move),
        of(Class::Improve),
        of(Class::Keep),
        of(Class::Unsure)
    );
    if unknown > 0 {
        text += &format!(" {unknown} are not shown: their duration is unknown.");
    }
    if rare > 0 {
        text += &format!(" The {rare} least called are not shown.");
    }
    text
}

/// What comes first lies where it belongs.
fn rank(class: Class) -> u8 {
    match class {
        Class::Move => 0,
        Class::Improve => 1,
        Class::Keep => 2,
        Class::Unsure => 3,
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
fn shape(canvas: &mut Canvas, kind: &ReportedKind, (x, y): (f64, f64), r: f64, role: Role) {
    let paint =
        if matches!(role, Role::Move | Role::Improve) { Paint::Filled(role) } else { Paint::Hollow(role) };
    match kind {
        ReportedKind::RouteHandler => canvas.circle((x, y), r, paint),
        ReportedKind::ServerAction => canvas.rect((x - r * 0.9, y - r * 0.9), (r * 1.8, r * 1.8), paint),
        ReportedKind::Page => canvas
            .polygon(&[(x, y - r * 1.15), (x + r * 1.1, y + r * 0.8), (x - r * 1.1, y + r * 0.8)], paint),
        _ => canvas.polygon(&[(x, y - r * 1.2), (x + r * 1.2, y), (x, y + r * 1.2), (x - r * 1.2, y)], paint),
    }
}

/// Names of the moves where there is room for them; each has its number in any case.
fn label(canvas: &mut Canvas, (frame, right): (&Frame, f64), marks: &[Mark<'_>]) {
    let mut taken = Areas::default();
    for Mark { at: (x, y), radius, .. } in marks {
        let r = radius + 0.5;
        taken.add((x - r, y - r, x + r, y + r));
    }
    for mark in marks.iter().filter(|mark| mark.class == Class::Move) {
        let row = mark.entry.row;
        let text = fitted(row.action.as_deref().map_or(&name(row), |action| action), SMALL, LABEL);
        let ((x, y), width, gap) = (mark.at, width_of(&text, SMALL), mark.radius + 3.0);
        let places = [
            (x + gap, y + 4.0),
            (x - gap - width, y + 4.0),
            (x - width / 2.0, y - gap - 1.0),
            (x - width / 2.0, y + gap + 9.0),
        ];
        let is_free = |place: &(f64, f64)| {
            let area = area(*place, &text);
            let inside = area.0 >= frame.left
                && area.2 <= right
                && area.1 >= frame.top - 8.0
                && area.3 < frame.bottom + 1.0;
            inside && taken.are_free_at(area)
        };
        let free = places.into_iter().find(is_free);
        if let Some(place) = free {
            canvas.text(place, Anchor::Start, SMALL, Role::Ink, &text);
            taken.add(area(place, &text));
        }
    }
}

/// What a text takes whose base line begins there.
fn area((left, base): (f64, f64), text: &str) -> Area {
    (left, base - SMALL, left + width_of(text, SMALL), base + 3.0)
}
