//! All handlers at a glance: how often each is called, how long it takes, and what is advised. No mark hides another, and each
//! move bears at least its number.

use pointsman_advisor::HandlerReport;

use super::canvas::{Anchor, Canvas, Paint, SMALL, fitted, width_of};
use super::frame::{Axis, Frame};
use super::palette::Role;
use super::scale::Scale;
use super::spread::{Area, Areas, around, spread};
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
/// Part of the plot that marks may take, so that they find a place near their own.
const FILLED: f64 = 0.22;

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
    let (radius, marks) = placed(known, &frame);
    let wanted: Vec<Mark<'_>> = marks.into_iter().filter(|mark| mark.entry.wanted).collect();
    let mut canvas = Canvas::of(frame.svg.clone());
    for mark in &wanted {
        let row = mark.entry.row;
        canvas.link(&href(row), &told(mark), |canvas| {
            shape(canvas, &row.kind, mark.at, radius, role(mark.class));
        });
    }
    label(&mut canvas, (&frame, radius, f64::from(width)), &wanted);
    let words = ("Handlers by frequency and duration".to_owned(), in_words(&wanted, unknown, rare));
    Some(Picture::new("map", words, HEIGHT, canvas.finish()).wide(width).interactive())
}

/// What a kind and a class look like on the map, for a legend beside it.
pub(crate) fn symbol(kind: &str, class: Option<Class>) -> String {
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
fn placed<'a>(mut known: Vec<Entry<'a>>, frame: &Frame) -> (f64, Vec<Mark<'a>>) {
    known.sort_by_key(|entry| rank(Class::of(entry.row)));
    let area = (frame.right - frame.left) * (frame.bottom - frame.top);
    let marks = f64::from(u32::try_from(known.len().max(1)).unwrap_or(u32::MAX));
    let radius = (area * FILLED / (4.0 * marks)).sqrt().clamp(RADIUS.1, RADIUS.0);
    let points: Vec<(f64, f64)> =
        known.iter().map(|entry| (frame.x(entry.row.calls_per_day), frame.y(ms(entry.row)))).collect();
    let edge = radius * 1.3;
    let within = (frame.left + edge, frame.top + edge, frame.right - edge, frame.bottom - edge);
    let places = spread(&points, radius * 2.3 + 1.0, within);
    let mark = |(entry, at): (Entry<'a>, (f64, f64))| Mark { entry, class: Class::of(entry.row), at };
    (radius, known.into_iter().zip(places).map(mark).collect())
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

/// Names of the moves where there is room for them, else their numbers, with a line to the mark where it is not next to it.
fn label(canvas: &mut Canvas, (frame, radius, right): (&Frame, f64, f64), marks: &[Mark<'_>]) {
    let own = |mark: &Mark<'_>| {
        let ((x, y), r) = (mark.at, radius + 0.5);
        (x - r, y - r, x + r, y + r)
    };
    let mut labels = Labels { frame, right, taken: Areas::default() };
    marks.iter().map(own).for_each(|area| labels.taken.add(area));
    for mark in marks.iter().filter(|mark| mark.class == Class::Move) {
        let number = mark.entry.number.map_or_else(|| "•".to_owned(), |number| number.to_string());
        let row = mark.entry.row;
        let named = format!("{number} {}", row.action.clone().unwrap_or_else(|| name(row)));
        let named = fitted(&named, SMALL, LABEL);
        let next_to = labels.next_to(mark.at, radius, &named).map(|place| (place, &named));
        let place = next_to
            .or_else(|| labels.next_to(mark.at, radius, &number).map(|place| (place, &number)))
            .or_else(|| labels.near(mark.at, &number).map(|place| (place, &number)));
        let ((left, base), text) = place.unwrap_or(((mark.at.0 + radius + 3.0, mark.at.1 + 4.0), &number));
        let middle = (left + width_of(text, SMALL) / 2.0, base - SMALL / 2.0);
        if (middle.0 - mark.at.0).hypot(middle.1 - mark.at.1) > width_of(text, SMALL) / 2.0 + radius + 14.0 {
            canvas.line(mark.at, middle, Role::Faint, 0.7);
        }
        canvas.text((left, base), Anchor::Start, SMALL, Role::Ink, text);
        labels.taken.add(area((left, base), text));
    }
}

/// Where text may still be written.
struct Labels<'a> {
    frame: &'a Frame,
    right: f64,
    taken: Areas,
}

impl Labels<'_> {
    /// To the right of a mark, to its left, above it or below it.
    fn next_to(&self, (x, y): (f64, f64), radius: f64, text: &str) -> Option<(f64, f64)> {
        let (width, gap) = (width_of(text, SMALL), radius + 3.0);
        let places = [
            (x + gap, y + 4.0),
            (x - gap - width, y + 4.0),
            (x - width / 2.0, y - gap - 1.0),
            (x - width / 2.0, y + gap + 9.0),
        ];
        places.into_iter().find(|place| self.is_free(area(*place, text)))
    }

    /// The nearest place that is free.
    fn near(&self, at: (f64, f64), text: &str) -> Option<(f64, f64)> {
        let half = width_of(text, SMALL) / 2.0;
        let places = around(at, 6.0).map(|(x, y)| (x - half, y + 4.0));
        places.into_iter().find(|place| self.is_free(area(*place, text)))
    }

    fn is_free(&self, (left, top, right, bottom): Area) -> bool {
        let inside = left >= self.frame.left
            && right <= self.right
            && top >= self.frame.top - 8.0
            && bottom < self.frame.bottom + 1.0;
        inside && self.taken.are_free_at((left, top, right, bottom))
    }
}

/// What a text takes whose base line begins there.
fn area((left, base): (f64, f64), text: &str) -> Area {
    (left, base - SMALL, left + width_of(text, SMALL), base + 3.0)
}
