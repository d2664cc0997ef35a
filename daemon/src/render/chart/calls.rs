//! How often a handler is called: over the window, and over the hours of a day.

use pointsman_advisor::explanation::Frequency;

use super::canvas::{Canvas, Paint};
use super::frame::{Axis, Frame};
use super::palette::Role;
use super::scale::Scale;
use super::unit::count;
use super::{Picture, WIDTH, drawable};

const HEIGHT: u32 = 190;
/// Bars that can be told apart.
const BARS: i64 = 84;
/// Hours that are drawn at least: one bar alone would fill the picture and look like a wall.
const SHORTEST: i64 = 24;

/// Calls an hour over the window. Bars of several hours show their mean; where nothing was recorded there is no bar, and
/// the ground says so. `None` without any known hour.
pub(crate) fn over_time(frequency: &Frequency) -> Option<Picture> {
    let hours: Vec<(i64, f64)> = frequency
        .by_hour
        .iter()
        .filter(|hour| drawable(hour.calls))
        .filter_map(|hour| Some((hour.at.parse::<jiff::Timestamp>().ok()?.as_second() / 3_600, hour.calls)))
        .collect();
    let (first, last) = (hours.iter().map(|hour| hour.0).min()?, hours.iter().map(|hour| hour.0).max()?);
    let first = first.min(last + 1 - SHORTEST);
    let each = ((last - first + 1) as u64).div_ceil(BARS as u64).cast_signed();
    let mut bars: std::collections::BTreeMap<i64, (f64, f64)> = std::collections::BTreeMap::new();
    for (hour, calls) in &hours {
        let bar = bars.entry((hour - first) / each).or_default();
        *bar = (bar.0 + calls, bar.1 + 1.0);
    }
    let means = || bars.values().map(|(calls, hours)| calls / hours);
    let largest = means().fold(0.0, f64::max);
    let short = last - first < 48;
    // In days where days are named, so that round values are midnights.
    let unit = if short { 1.0 } else { 24.0 };
    let (from, to) = (wide(first) / unit, wide(last + 1) / unit);
    let when = |place: f64| at(place * unit, if short { "%H:%M" } else { "%d %b" });
    let name = if short { format!("UTC, from {}", at(wide(first), "%d %b %Y")) } else { "UTC".to_owned() };
    let x = Axis { scale: Scale::linear(from, to), name: &name, words: &when, ticks: 5, named: None };
    let y = Axis {
        scale: Scale::from_zero(largest),
        name: "calls an hour",
        words: &count,
        ticks: 4,
        named: None,
    };
    let frame = Frame::draw((WIDTH, HEIGHT), &x, &y)?;
    let mut canvas = Canvas::of(frame.svg.clone());
    let mut gaps = 0;
    for index in 0..=(last - first) / each {
        let begin = first + index * each;
        let (left, right) = (frame.x(wide(begin) / unit), frame.x(wide((begin + each).min(last + 1)) / unit));
        match bars.get(&index) {
            Some((calls, hours)) => {
                let top = frame.y(calls / hours);
                let width = (right - left - 0.6).max(0.8);
                canvas.rect((left, top), (width, frame.bottom - top), Paint::Filled(Role::OwnUi));
            }
            None => {
                gaps += 1;
                canvas.rect(
                    (left, frame.top),
                    (right - left, frame.bottom - frame.top),
                    Paint::Pale(Role::Line),
                );
            }
        }
    }
    let missing = (last - first + 1) - i64::try_from(hours.len()).unwrap_or(i64::MAX);
    let desc = format!(
        "{} calls in {}, at most {} an hour{}.",
        count(hours.iter().map(|hour| hour.1).sum()),
        if hours.len() == 1 { "1 hour".to_owned() } else { format!("{} hours", hours.len()) },
        count(largest),
        if missing > 0 && gaps > 0 {
            format!("; nothing is known of {missing} hours (grey)")
        } else {
            String::new()
        }
    );
    Some(Picture::new("calls", ("Calls over time".to_owned(), desc), HEIGHT, canvas.finish()))
}

/// Calls a day in each hour of the day, UTC. `None` unless there are 24 numbers and some calls.
pub(crate) fn by_hour_of_day(frequency: &Frequency) -> Option<Picture> {
    let hours = &frequency.by_hour_of_day;
    let largest = hours.iter().copied().filter(|calls| drawable(*calls)).fold(0.0, f64::max);
    if hours.len() != 24 || largest <= 0.0 {
        return None;
    }
    let clock = |hour: f64| format!("{hour:.0}:00");
    let x = Axis {
        scale: Scale::linear(0.0, 24.0),
        name: "hour of the day, UTC",
        words: &clock,
        ticks: 5,
        named: None,
    };
    let y = Axis {
        scale: Scale::from_zero(largest),
        name: "calls a day in this hour",
        words: &count,
        ticks: 4,
        named: None,
    };
    let frame = Frame::draw((WIDTH, HEIGHT), &x, &y)?;
    let mut canvas = Canvas::of(frame.svg.clone());
    let mut busiest = 0;
    for (index, calls) in (0_u32..).zip(hours).filter(|(_, calls)| drawable(**calls)) {
        let (left, right) = (frame.x(f64::from(index)), frame.x(f64::from(index + 1)));
        let top = frame.y(*calls);
        canvas.titled(&format!("{index}:00: {}", count(*calls)), |canvas| {
            canvas.rect(
                (left + 1.0, top),
                (right - left - 2.0, frame.bottom - top),
                Paint::Filled(Role::OwnUi),
            );
        });
        if *calls >= largest {
            busiest = index;
        }
    }
    let desc =
        format!("Busiest from {busiest}:00 to {}:00 UTC with {} calls a day.", busiest + 1, count(largest));
    Some(Picture::new("hours", ("Calls by hour of the day".to_owned(), desc), HEIGHT, canvas.finish()))
}

/// An hour since the epoch as an axis names it.
fn at(hour: f64, form: &str) -> String {
    #[allow(clippy::cast_possible_truncation, reason = "hours since the epoch")]
    let second = (hour * 3_600.0).round() as i64;
    let time = jiff::Timestamp::from_second(second).map(|time| time.to_zoned(jiff::tz::TimeZone::UTC));
    time.map_or_else(|_| String::new(), |time| time.strftime(form).to_string())
}

#[allow(clippy::cast_precision_loss, reason = "hours since the epoch")]
fn wide(hour: i64) -> f64 {
    hour as f64
}
