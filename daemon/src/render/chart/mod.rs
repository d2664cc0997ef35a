//! Pictures as SVG, drawn here so that pages need no script for them: data in, text out. What they show is counted and
//! judged elsewhere. `assets/chart.css` colours them.

pub(crate) mod cache;
pub(crate) mod calls;
mod canvas;
pub(crate) mod distribution;
mod frame;
pub(crate) mod interaction;
pub(crate) mod interval;
pub(crate) mod map;
mod palette;
pub(crate) mod promise;
mod scale;
pub(crate) mod shares;
mod spread;
#[cfg(test)]
mod tests;
mod unit;
pub(crate) mod waterfall;

use std::fmt;

use super::safe;

pub(crate) use unit::Unit;

/// Width of a picture's view box: its text is legible on a phone, where this is about one pixel a unit.
const WIDTH: u32 = 400;
const WIDTH_F: f64 = 400.0;

/// A picture with what it says in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Picture {
    /// Names it among the pictures of a page; letters, digits and hyphens.
    id: String,
    class: &'static str,
    /// It holds links, which a plain image would hide from those who cannot see it.
    interactive: bool,
    title: String,
    desc: String,
    width: u32,
    height: u32,
    body: String,
}

impl Picture {
    fn new(class: &'static str, (title, desc): (String, String), height: u32, body: String) -> Self {
        Self {
            id: format!("chart-{class}"),
            class,
            interactive: false,
            title,
            desc,
            width: WIDTH,
            height,
            body,
        }
    }

    fn wide(self, width: u32) -> Self {
        Self { width, ..self }
    }

    fn interactive(self) -> Self {
        Self { interactive: true, ..self }
    }

    /// The same under an id of its own, where a page shows several of a kind.
    pub(crate) fn with_id(self, prefix: &str) -> Self {
        let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        Self { id: format!("{}-{}", prefix.chars().map(letter).collect::<String>(), self.class), ..self }
    }

    /// What it shows, in one sentence.
    pub(crate) fn desc(&self) -> &str {
        &self.desc
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, class, width, height, body, .. } = self;
        let role = if self.interactive { "group" } else { "img" };
        let (title, desc) = (canvas::text_of(&self.title), canvas::xml(&safe::page(&self.desc)));
        write!(
            to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart {class}\" viewBox=\"0 0 {width} {height}\" role=\"{role}\" \
             aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-desc\">{desc}</desc>\n{body}</svg>"
        )
    }
}

impl From<Picture> for String {
    fn from(picture: Picture) -> Self {
        picture.to_string()
    }
}

/// A value that can be drawn.
fn drawable(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}
