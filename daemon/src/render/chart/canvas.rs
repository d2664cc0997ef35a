//! Marks and text of a picture as SVG elements. All text passes through here: cut, made harmless and escaped. Colours
//! are roles; only presentation attributes are written, no styles, because pages forbid them.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::palette::Role;
use crate::render::safe;

/// Size of the ordinary text in a picture, in the units of its view box.
pub(super) const TEXT: f64 = 12.0;
/// Size of text that may be small.
pub(super) const SMALL: f64 = 11.0;
/// Width of an ordinary letter as a share of the size; rather too wide, so that estimates have room.
const LETTER: f64 = 0.6;

/// Where a text stands relative to its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How an area is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Paint {
    Filled(Role),
    /// Filled, but the ground shines through.
    Pale(Role),
    /// Filled with the ground and outlined.
    Hollow(Role),
}

/// SVG elements, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Canvas {
    svg: String,
}

impl Canvas {
    /// Elements that exist already as markup.
    pub(super) fn of(svg: String) -> Self {
        Self { svg }
    }

    pub(super) fn finish(self) -> String {
        self.svg
    }

    pub(super) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), paint: Paint) {
        let attributes = [
            ("x", fixed(x)),
            ("y", fixed(y)),
            ("width", fixed(width.max(0.0))),
            ("height", fixed(height.max(0.0))),
        ];
        self.element("rect", &attributes, paint);
    }

    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, paint: Paint) {
        self.element("circle", &[("cx", fixed(x)), ("cy", fixed(y)), ("r", fixed(radius))], paint);
    }

    pub(super) fn polygon(&mut self, points: &[(f64, f64)], paint: Paint) {
        self.element("polygon", &[("points", joined(points))], paint);
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), role: Role, width: f64) {
        self.path(&[from, to], role, width, "");
    }

    /// A line through points; `dashes` as in `stroke-dasharray`, empty for none.
    pub(super) fn path(&mut self, points: &[(f64, f64)], role: Role, width: f64, dashes: &str) {
        let dashes =
            if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", xml(dashes)) };
        let _ = writeln!(
            self.svg,
            "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{dashes} points=\"{}\"/>",
            role.hex(),
            fixed(width),
            joined(points)
        );
    }

    /// A text on the base line `y`.
    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, size: f64, role: Role, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" font-family=\"sans-serif\" font-size=\"{}\" fill=\"{}\">{}</text>",
            fixed(x),
            fixed(y),
            fixed(size),
            role.hex(),
            text_of(text)
        );
    }

    /// What `draw` draws, under a tooltip.
    pub(super) fn titled(&mut self, title: &str, draw: impl FnOnce(&mut Self)) {
        let _ = write!(self.svg, "<g><title>{}</title>", text_of(title));
        draw(self);
        self.svg.push_str("</g>\n");
    }

    /// What `draw` draws, as a link with a tooltip.
    pub(super) fn link(&mut self, href: &str, title: &str, draw: impl FnOnce(&mut Self)) {
        let _ = write!(self.svg, "<a href=\"{}\"><title>{}</title>", xml(&safe::page(href)), text_of(title));
        draw(self);
        self.svg.push_str("</a>\n");
    }

    fn element(&mut self, name: &str, attributes: &[(&str, String)], paint: Paint) {
        let _ = write!(self.svg, "<{name} class=\"mark\"");
        for (attribute, value) in attributes {
            let _ = write!(self.svg, " {attribute}=\"{value}\"");
        }
        let rest = match paint {
            Paint::Filled(role) => format!("fill=\"{}\"", role.hex()),
            Paint::Pale(role) => format!("fill=\"{}\" fill-opacity=\"0.3\"", role.hex()),
            Paint::Hollow(role) => {
                format!("fill=\"{}\" stroke=\"{}\" stroke-width=\"1.8\"", Role::Paper.hex(), role.hex())
            }
        };
        let _ = writeln!(self.svg, " {rest}/>");
    }
}

/// How wide a text is at most, about.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    f64::from(u32::try_from(text.width()).unwrap_or(u32::MAX)) * size * LETTER
}

/// A text made harmless and cut in its middle to a width: the ends of routes and names tell them apart.
pub(super) fn fitted(text: &str, size: f64, width: f64) -> String {
    let text = safe::terminal(text);
    if width_of(&text, size) <= width {
        return text;
    }
    let half = ((width / (size * LETTER) - 1.0) / 2.0).max(1.0);
    let taken = |letters: &mut dyn Iterator<Item = char>| {
        let mut columns = 0.0;
        let fits = |letter: &char| {
            columns += f64::from(u32::try_from(letter.width().unwrap_or(0)).unwrap_or(2));
            columns <= half
        };
        letters.take_while(fits).collect::<Vec<char>>()
    };
    let begin: String = taken(&mut text.chars()).into_iter().collect();
    let end: String = taken(&mut text.chars().rev()).into_iter().rev().collect();
    format!("{begin}…{end}")
}

/// Text from anywhere as the content of an element.
pub(super) fn text_of(text: &str) -> String {
    xml(&safe::terminal(text))
}

/// Markup characters escaped, for attributes and content.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

fn joined(points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", fixed(*x), fixed(*y))).collect();
    points.join(" ")
}

/// A coordinate; what is no number becomes 0, so that the picture stays whole.
fn fixed(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
