//! Who makes how much of the calls: bars from 0 to 100 %, with the 95 % interval where there is one.

use pointsman_advisor::explanation::{CallerShare, PageShare};

use super::canvas::{Anchor, Canvas, Paint, SMALL, TEXT, fitted};
use super::palette::Role;
use super::{Picture, WIDTH_F, drawable};
use crate::render::{percent, phrases};

/// Bars that are drawn; the rest is counted.
const BARS: usize = 10;
const ROW: u32 = 36;
const LEFT: f64 = 8.0;
/// Room for the number to the right.
const RIGHT: f64 = WIDTH_F - 52.0;

struct Bar {
    name: String,
    share: f64,
    interval: Option<[f64; 2]>,
    role: Role,
}

/// Classes of callers. `None` without any.
pub(crate) fn callers(callers: &[CallerShare]) -> Option<Picture> {
    let bar = |caller: &CallerShare| Bar {
        name: phrases::caller(&caller.class).to_owned(),
        share: caller.share,
        interval: Some(caller.interval),
        role: role(&caller.class),
    };
    draw("callers", "Who calls", callers.iter().map(bar).collect())
}

/// Pages that call. `None` without any.
pub(crate) fn pages(pages: &[PageShare]) -> Option<Picture> {
    let bar = |page: &PageShare| Bar {
        name: page.route.clone(),
        share: page.share,
        interval: None,
        role: Role::OwnUi,
    };
    draw("pages", "Pages that call it", pages.iter().map(bar).collect())
}

fn role(class: &str) -> Role {
    match class {
        "own_ui" => Role::OwnUi,
        "server" => Role::Server,
        "cross_origin" => Role::CrossOrigin,
        "external" => Role::External,
        "bot" => Role::Bot,
        _ => Role::Unknown,
    }
}

fn draw(class: &'static str, title: &str, mut bars: Vec<Bar>) -> Option<Picture> {
    bars.retain(|bar| drawable(bar.share));
    let more = bars.len().saturating_sub(BARS);
    bars.truncate(BARS);
    let told: Vec<String> =
        bars.iter().map(|bar| format!("{} {}", fitted(&bar.name, TEXT, 300.0), percent(bar.share))).collect();
    let x = |share: f64| LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT);
    let mut canvas = Canvas::default();
    let mut y = 0.0;
    for bar in &bars {
        let name = fitted(&bar.name, TEXT, RIGHT - LEFT);
        canvas.text((LEFT, y + 14.0), Anchor::Start, TEXT, Role::Ink, &name);
        canvas.rect((LEFT, y + 19.0), (RIGHT - LEFT, 11.0), Paint::Pale(Role::Line));
        canvas.rect((LEFT, y + 19.0), ((x(bar.share) - LEFT).max(1.0), 11.0), Paint::Filled(bar.role));
        if let Some([low, high]) = bar.interval.filter(|[low, high]| drawable(*low) && drawable(*high)) {
            canvas.line((x(low), y + 24.5), (x(high), y + 24.5), Role::Ink, 1.5);
            for end in [low, high] {
                canvas.line((x(end), y + 21.0), (x(end), y + 28.0), Role::Ink, 1.5);
            }
        }
        canvas.text((WIDTH_F - 6.0, y + 29.0), Anchor::End, TEXT, Role::Ink, &percent(bar.share));
        y += f64::from(ROW);
    }
    let mut height = ROW * u32::try_from(bars.len()).unwrap_or(0) + 6;
    if more > 0 {
        canvas.text((LEFT, y + 12.0), Anchor::Start, SMALL, Role::Faint, &format!("and {more} more"));
        height += 16;
    }
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    let desc = format!("{title}: {}{rest}.", told.join(", "));
    (!bars.is_empty()).then(|| Picture::new(class, (title.to_owned(), desc), height, canvas.finish()))
}
