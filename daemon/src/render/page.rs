//! Text for a terminal under construction: wrapped at the width, coloured only where that is wanted. What it says is
//! decided elsewhere.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Style;

/// A page's worth of text.
pub(super) struct Page {
    text: String,
    style: Style,
}

/// Colours, by what they say.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Heading,
    Move,
    Improve,
    Keep,
    Faint,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { text: String::new(), style }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// Columns there are.
    pub(super) fn width(&self) -> usize {
        self.style.width
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A heading after a blank line.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        self.line(0, Ink::Heading, text);
    }

    /// A line, wrapped, with what follows the first line of it indented alike.
    pub(super) fn line(&mut self, indent: usize, ink: Ink, text: &str) {
        self.hanging(indent, indent, ink, text);
    }

    pub(super) fn hanging(&mut self, indent: usize, rest: usize, ink: Ink, text: &str) {
        let (begin, end) = if self.style.colour { ink.codes() } else { ("", "") };
        let mut column = indent;
        let _ = write!(self.text, "{:indent$}{begin}", "");
        for (index, word) in text.split(' ').enumerate() {
            let width = word.width();
            // A word that no line can hold is broken: a terminal would do the same, without the indent.
            if width + rest > self.style.width {
                if index > 0 {
                    self.text.push(' ');
                    column += 1;
                }
                column = self.broken(word, column, rest);
                continue;
            }
            if index > 0 {
                if column + 1 + width > self.style.width {
                    let _ = write!(self.text, "\n{:rest$}", "");
                    column = rest;
                } else {
                    self.text.push(' ');
                    column += 1;
                }
            }
            self.text.push_str(word);
            column += width;
        }
        self.text.push_str(end);
        self.text.push('\n');
    }

    /// Writes a word letter by letter from a column on; gives the column where it ends.
    fn broken(&mut self, word: &str, mut column: usize, rest: usize) -> usize {
        for letter in word.chars() {
            let width = letter.width().unwrap_or_default();
            if column + width > self.style.width {
                let _ = write!(self.text, "\n{:rest$}", "");
                column = rest;
            }
            self.text.push(letter);
            column += width;
        }
        column
    }

    /// Columns side by side, the first to the left and the others to the right, each as wide as its widest cell; the last
    /// one, a bar, as it is.
    pub(super) fn table(&mut self, indent: usize, head: &[&str], rows: &[Vec<String>]) {
        let widest = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
            cells.chain(head.get(column).map(|cell| cell.width())).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..head.len()).map(widest).collect();
        let mut write = |cells: &[&str], ink: Ink| {
            let mut line = String::new();
            for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                let space = width.saturating_sub(cell.width());
                let _ = match column {
                    0 => write!(line, "{cell}{:space$}", ""),
                    last if last + 1 == head.len() => write!(line, "  {cell}"),
                    _ => write!(line, "  {:space$}{cell}", ""),
                };
            }
            let (begin, end) = if self.style.colour { ink.codes() } else { ("", "") };
            let _ = writeln!(self.text, "{:indent$}{begin}{}{end}", "", line.trim_end());
        };
        write(head, Ink::Faint);
        for row in rows {
            write(&row.iter().map(String::as_str).collect::<Vec<_>>(), Ink::Keep);
        }
    }
}

impl Ink {
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Heading => ("\u{1b}[1m", "\u{1b}[0m"),
            Self::Move => ("\u{1b}[1;33m", "\u{1b}[0m"),
            Self::Improve => ("\u{1b}[36m", "\u{1b}[0m"),
            Self::Keep => ("", ""),
            Self::Faint => ("\u{1b}[2m", "\u{1b}[0m"),
        }
    }
}

/// A share as a bar of so many marks at most.
pub(super) fn bar(share: f64, most: u32) -> String {
    let marks = (0..most).filter(|mark| f64::from(*mark) + 0.5 <= share * f64::from(most)).count();
    "#".repeat(marks)
}
