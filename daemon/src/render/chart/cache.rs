//! How much of the calls a cache could answer, by how long it keeps an answer.

use pointsman_advisor::explanation::{Cache, Repeats};

use super::canvas::{Anchor, Canvas, Paint, SMALL};
use super::frame::{Axis, Frame};
use super::palette::Role;
use super::scale::Scale;
use super::unit::lifetime;
use super::{Picture, WIDTH, drawable};
use crate::render::{percent, precise};

const HEIGHT: u32 = 230;

/// One line for a cache shared by everybody, one for a cache of each client, with 95 % intervals. `None` where nothing
/// could be compared.
pub(crate) fn curve(cache: &Cache) -> Option<Picture> {
    let mut named: Vec<f64> =
        cache.shared.iter().chain(&cache.private).map(|one| precise(one.seconds)).collect();
    named.sort_by(f64::total_cmp);
    named.dedup();
    let known = cache.shared.iter().chain(&cache.private);
    let x = Axis {
        scale: Scale::ratios(known.map(|repeats| precise(repeats.seconds)))?,
        name: "lifetime of an answer",
        words: &lifetime,
        ticks: 5,
        named: Some(&named),
    };
    let y = Axis {
        scale: Scale::linear(0.0, 1.0),
        name: "answered from the cache",
        words: &percent,
        ticks: 5,
        named: None,
    };
    let frame = Frame::draw((WIDTH, HEIGHT), &x, &y)?;
    let mut canvas = Canvas::of(frame.svg.clone());
    let lines =
        [("for anyone", &cache.shared, Role::Improve), ("for the same client", &cache.private, Role::Server)];
    let mut told = Vec::new();
    for (index, (name, repeats, role)) in (0_u8..).zip(lines) {
        draw(&mut canvas, &frame, repeats, role, index == 1);
        let (left, y) = (if index == 0 { 184.0 } else { 276.0 }, 12.0);
        let dashes = if index == 1 { "5 3" } else { "" };
        if !repeats.is_empty() {
            canvas.path(&[(left - 24.0, y - 4.0), (left - 4.0, y - 4.0)], role, 2.0, dashes);
            canvas.text((left, y), Anchor::Start, SMALL, Role::Ink, name);
        }
        let best =
            repeats.iter().filter(|one| drawable(one.share)).max_by(|a, b| a.share.total_cmp(&b.share));
        if let Some(best) = best {
            told.push(format!("{name} up to {} at {}", percent(best.share), lifetime(precise(best.seconds))));
        }
    }
    let desc = format!("Share of the calls that a cache could answer: {}.", told.join("; "));
    Some(Picture::new("cache", ("What a cache could answer".to_owned(), desc), HEIGHT, canvas.finish()))
}

fn draw(canvas: &mut Canvas, frame: &Frame, repeats: &[Repeats], role: Role, dashed: bool) {
    let mut usable: Vec<&Repeats> =
        repeats.iter().filter(|one| drawable(one.share) && one.seconds > 0).collect();
    usable.sort_by_key(|one| one.seconds);
    let at = |one: &Repeats, share: f64| (frame.x(precise(one.seconds)), frame.y(share));
    let mut band: Vec<(f64, f64)> = usable.iter().map(|one| at(one, one.interval[0])).collect();
    band.extend(usable.iter().rev().map(|one| at(one, one.interval[1])));
    canvas.polygon(&band, Paint::Pale(role));
    let line: Vec<(f64, f64)> = usable.iter().map(|one| at(one, one.share)).collect();
    canvas.path(&line, role, 2.0, if dashed { "5 3" } else { "" });
    for (one, point) in usable.iter().zip(&line) {
        let title = format!("{}: {}", lifetime(precise(one.seconds)), percent(one.share));
        canvas.titled(&title, |canvas| match dashed {
            false => canvas.circle(*point, 3.5, Paint::Filled(role)),
            true => canvas.rect((point.0 - 3.0, point.1 - 3.0), (6.0, 6.0), Paint::Hollow(role)),
        });
    }
}
