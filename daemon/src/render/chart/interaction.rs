//! The requests of one client on a time line: as they were, and below, on the same axis, as they would be after the
//! move. The heart of a recommendation.

use pointsman_advisor::SequenceKind;
use pointsman_advisor::explanation::{After, AfterStep, Example};

use super::canvas::{Anchor, Canvas, Paint, SMALL, TEXT, fitted, width_of};
use super::palette::Role;
use super::scale::Scale;
use super::unit::Unit;
use super::{Picture, WIDTH_F, drawable};

/// Height of a row: its name, then its bar.
const ROW: f64 = 34.0;
const BAR: f64 = 14.0;
/// Rows that are drawn of each half; the rest is counted.
const ROWS: usize = 12;
const LEFT: f64 = 8.0;
const RIGHT: f64 = 392.0;

struct Row<'a> {
    name: &'a str,
    start: f64,
    duration: f64,
    within: bool,
}

impl Row<'_> {
    fn end(&self) -> f64 {
        self.start + self.duration
    }
}

/// One sequence of one client; both halves where a move shortens it.
pub(crate) fn now_and_after(example: &Example) -> Picture {
    let now = rows_of_now(example);
    let after = example.after.as_ref().map(|after| (after, rows_of(after)));
    let all = now.iter().chain(after.iter().flat_map(|(_, rows)| rows));
    let longest = all.map(Row::end).filter(|end| drawable(*end)).fold(0.0, f64::max);
    let mut timeline = TimeLine { canvas: Canvas::default(), scale: Scale::from_zero(longest), y: 0.0 };
    let heading = format!("Now: {} {}", now.len(), if now.len() == 1 { "request" } else { "requests" });
    timeline.half(&heading, &now, Role::Now);
    let mut desc = format!("Now: {} over {}.", told(&now), Unit::Ms.words(over(&now)));
    if let Some((after, rows)) = &after {
        let sent = rows.iter().filter(|row| !row.within).count();
        let then = "After the change";
        let words = match sent {
            1 => "request returns it all",
            _ if example.kind == SequenceKind::SerialActions => "requests at once",
            _ => "requests",
        };
        let heading = format!("{then}: {sent} {}", words);
        timeline.half(&heading, rows, Role::After);
        timeline.saved(over(&now), over(rows), after);
        desc += &format!(" {then}: {} over {}; {}.", told(rows), Unit::Ms.words(over(rows)), gain(after));
    }
    timeline.axis();
    let (canvas, height) = (timeline.canvas, whole(timeline.y));
    let title = format!("One user's requests: {}", example.kind.as_str().replace('_', " "));
    Picture::new("interaction", (title, desc), height, canvas.finish())
}

/// The same in small, for a list of many: bars without names, now above and after below, and how long each takes.
pub(crate) fn in_small(example: &Example) -> Option<Picture> {
    const BARS: usize = 6;
    /// Letters that can still be read where the picture is as narrow as a phone.
    const LARGE: f64 = 15.0;
    let after = example.after.as_ref()?;
    let now = rows_of_now(example);
    let then = rows_of(after);
    let longest = now.iter().chain(&then).map(Row::end).filter(|end| drawable(*end)).fold(0.0, f64::max);
    let mut timeline = TimeLine { canvas: Canvas::default(), scale: Scale::from_zero(longest), y: 0.0 };
    for (word, rows, role) in [("Now", &now, Role::Now), ("After", &then, Role::After)] {
        let sent = rows.iter().filter(|row| !row.within).count();
        let noun = if sent == 1 { "request" } else { "requests" };
        timeline.y += 18.0;
        let heading = format!("{word}: {sent} {noun}, {}", Unit::Ms.words(over(rows)));
        timeline.canvas.text((LEFT, timeline.y), Anchor::Start, LARGE, Role::Ink, &heading);
        timeline.y += 6.0;
        for row in rows.iter().take(BARS) {
            let (from, to) = (timeline.x(row.start), timeline.x(row.end()));
            let paint = if row.within { Paint::Hollow(role) } else { Paint::Filled(role) };
            let (y, title) = (timeline.y, format!("{}: {}", row.name, Unit::Ms.words(row.duration)));
            timeline
                .canvas
                .titled(&title, |canvas| canvas.rect((from, y), ((to - from).max(2.0), 7.0), paint));
            timeline.y += 9.0;
        }
        if rows.len() > BARS {
            timeline.y += 10.0;
            let more = format!("and {} more", rows.len() - BARS);
            timeline.canvas.text((LEFT, timeline.y), Anchor::Start, TEXT, Role::Faint, &more);
        }
        timeline.y += 4.0;
    }
    let desc = format!(
        "One user's requests now: {}. After the change: {}; {}.",
        told(&now),
        told(&then),
        gain(after)
    );
    let height = whole(timeline.y);
    let title = "One user's requests, now and after the change".to_owned();
    Some(Picture::new("small", (title, desc), height, timeline.canvas.finish()))
}

fn rows_of_now(example: &Example) -> Vec<Row<'_>> {
    let steps = example.steps.iter();
    let rows = steps.map(|step| Row {
        name: &step.name,
        start: step.start_ms,
        duration: step.duration_ms,
        within: false,
    });
    rows.collect()
}

fn rows_of(after: &After) -> Vec<Row<'_>> {
    let steps = after.steps.iter();
    let rows = steps.map(|AfterStep { name, start_ms, duration_ms, within_first, .. }| Row {
        name,
        start: *start_ms,
        duration: *duration_ms,
        within: *within_first,
    });
    rows.collect()
}

/// When the last of it is over.
fn over(rows: &[Row<'_>]) -> f64 {
    rows.iter().map(Row::end).filter(|end| drawable(*end)).fold(0.0, f64::max)
}

fn told(rows: &[Row<'_>]) -> String {
    let row = |row: &Row<'_>| {
        let name = fitted(row.name, TEXT, 300.0);
        let within = if row.within { " within the first request" } else { "" };
        format!("{name} from {} for {}{within}", Unit::Ms.words(row.start), Unit::Ms.words(row.duration))
    };
    let mut told: Vec<String> = rows.iter().take(ROWS).map(row).collect();
    if rows.len() > ROWS {
        told.push(format!("{} more", rows.len() - ROWS));
    }
    told.join(", ")
}

fn gain(after: &After) -> String {
    let ms = if after.saved_ms >= 0.0 {
        format!("{} saved", Unit::Ms.words(after.saved_ms))
    } else {
        format!("{} later", Unit::Ms.words(-after.saved_ms))
    };
    let trips = crate::render::number(after.saved_round_trips);
    let word = if (after.saved_round_trips - 1.0).abs() < 0.05 { "round trip" } else { "round trips" };
    format!("{ms}, {trips} {word} fewer")
}

struct TimeLine {
    canvas: Canvas,
    scale: Scale,
    y: f64,
}

impl TimeLine {
    fn x(&self, ms: f64) -> f64 {
        let (from, to) = self.scale.laid_out();
        LEFT + (self.scale.place(ms) - from) / (to - from) * (RIGHT - LEFT)
    }

    fn half(&mut self, heading: &str, rows: &[Row<'_>], role: Role) {
        self.y += 18.0;
        self.canvas.text((LEFT, self.y), Anchor::Start, TEXT + 1.0, Role::Ink, heading);
        self.y += 4.0;
        for row in rows.iter().take(ROWS) {
            self.row(row, role);
        }
        if rows.len() > ROWS {
            self.y += 16.0;
            let more = format!("and {} more", rows.len() - ROWS);
            self.canvas.text((LEFT, self.y), Anchor::Start, SMALL, Role::Faint, &more);
        }
        self.y += 8.0;
    }

    fn row(&mut self, row: &Row<'_>, role: Role) {
        let (from, to) = (self.x(row.start), self.x(row.end()));
        let length = (to - from).max(2.0);
        let note = if row.within { " (same request)" } else { "" };
        let time = Unit::Ms.words(row.duration) + note;
        let room = RIGHT - LEFT - width_of(&time, SMALL) - 10.0;
        let name = fitted(row.name, SMALL, room);
        let label = format!("{name} {time}");
        let x = from.min(RIGHT - width_of(&label, SMALL)).max(LEFT);
        self.canvas.text((x, self.y + 13.0), Anchor::Start, SMALL, Role::Faint, &label);
        let paint = if row.within { Paint::Hollow(role) } else { Paint::Filled(role) };
        let title =
            format!("{}: from {} for {}", row.name, Unit::Ms.words(row.start), Unit::Ms.words(row.duration));
        let y = self.y + 17.0;
        self.canvas.titled(&title, |canvas| canvas.rect((from, y), (length, BAR), paint));
        self.y += ROW;
    }

    /// The time between the two ends.
    fn saved(&mut self, now: f64, then: f64, after: &After) {
        let (from, to) = (self.x(then.min(now)), self.x(then.max(now)));
        let text = gain(after);
        let y = self.y;
        if after.saved_ms > 0.0 && to - from >= 1.0 {
            self.canvas.rect((from, y), (to - from, BAR), Paint::Filled(Role::Saved));
            self.canvas.path(&[(from, y - 4.0), (from, y + BAR + 4.0)], Role::After, 1.5, "");
            self.canvas.path(&[(to, y - 4.0), (to, y + BAR + 4.0)], Role::Now, 1.5, "");
        }
        let half = width_of(&text, TEXT) / 2.0;
        let x = f64::midpoint(from, to).clamp(LEFT + half, (RIGHT - half).max(LEFT + half));
        self.canvas.text((x, y + BAR + 16.0), Anchor::Middle, TEXT, Role::Ink, &text);
        self.y += BAR + 24.0;
    }

    fn axis(&mut self) {
        self.canvas.line((LEFT, self.y), (RIGHT, self.y), Role::Unknown, 1.0);
        for tick in self.scale.ticks(5) {
            let x = self.x(tick);
            self.canvas.line((x, self.y), (x, self.y + 4.0), Role::Unknown, 1.0);
            let words = Unit::Ms.words(tick);
            let half = width_of(&words, SMALL) / 2.0 + 3.0;
            let x = x.clamp(half, WIDTH_F - half);
            self.canvas.text((x, self.y + 16.0), Anchor::Middle, SMALL, Role::Faint, &words);
        }
        self.y += 22.0;
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred units")]
pub(super) fn whole(height: f64) -> u32 {
    height.ceil() as u32
}
