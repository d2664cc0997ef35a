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
    Urgent,
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

    /// A line that is cut where it does not fit.
    pub(super) fn one_line(&mut self, indent: usize, ink: Ink, text: &str) {
        let room = self.style.width.saturating_sub(indent);
        let (begin, end) = if self.style.colour { ink.codes() } else { ("", "") };
        let _ = writeln!(self.text, "{:indent$}{begin}{}{end}", "", cut(text, room));
    }

    /// A table whose first column takes what the others leave; its cells are wrapped, and may have several lines.
    pub(super) fn grid(&mut self, head: &[&str], rows: &[Vec<Cell>]) {
        let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
        let widest = |column: usize| {
            let lines = cells(column).flat_map(|cell| &cell.lines).map(|line| line.width());
            lines.chain(head.get(column).map(|title| title.width())).max().unwrap_or_default()
        };
        let mut widths: Vec<usize> = (0..head.len()).map(widest).collect();
        let others: usize = widths.iter().skip(1).map(|width| width + GAP).sum();
        if self.style.width < others + NARROWEST {
            rows.iter().for_each(|row| self.stacked(head, row));
            return;
        }
        if let Some(first) = widths.first_mut() {
            *first = (*first).min(self.style.width.saturating_sub(others)).max(NARROWEST);
        }
        let titles = head.iter().map(|title| Cell::new(Ink::Faint, (*title).to_owned())).collect();
        for row in std::iter::once(&titles).chain(rows) {
            self.grid_row(&widths, row);
        }
    }

    /// A row where there is no room for columns: the first cell, and the others below it.
    fn stacked(&mut self, head: &[&str], row: &[Cell]) {
        let [first, others @ ..] = row else { return };
        self.hanging(0, 2, first.ink, &first.lines.join(" "));
        let named =
            head.iter().skip(1).zip(others).filter(|(_, cell)| cell.lines.iter().any(|it| !it.is_empty()));
        let others: Vec<String> = named
            .map(|(title, cell)| format!("{} {}", title.to_lowercase(), cell.lines.join(", ")))
            .collect();
        self.line(2, Ink::Faint, &others.join("; "));
    }

    fn grid_row(&mut self, widths: &[usize], row: &[Cell]) {
        let first =
            |cell: &Cell, width: usize| cell.lines.iter().flat_map(|line| wrapped(line, width)).collect();
        let columns: Vec<(Ink, usize, Vec<String>)> = row
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(place, (cell, width))| {
                let lines = if place == 0 { first(cell, *width) } else { cell.lines.clone() };
                (cell.ink, *width, lines)
            })
            .collect();
        let height = columns.iter().map(|(_, _, lines)| lines.len()).max().unwrap_or_default();
        for line in 0..height {
            let mut text = String::new();
            let mut open = 0;
            for (place, (ink, width, lines)) in columns.iter().enumerate() {
                let Some(cell) = lines.get(line).filter(|cell| !cell.is_empty()) else {
                    open += width + GAP;
                    continue;
                };
                let (begin, end) = if self.style.colour { ink.codes() } else { ("", "") };
                let _ = write!(text, "{:open$}{begin}{cell}{end}", "");
                open = width.saturating_sub(cell.width()) + if place + 1 < columns.len() { GAP } else { 0 };
            }
            self.text.push_str(&text);
            self.text.push('\n');
        }
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

/// Columns between the columns of a grid.
const GAP: usize = 2;
/// Columns of a grid's first column at least.
const NARROWEST: usize = 20;

/// A cell of a grid, in one or more lines.
pub(super) struct Cell {
    ink: Ink,
    lines: Vec<String>,
}

impl Cell {
    pub(super) fn new(ink: Ink, text: String) -> Self {
        Self { ink, lines: vec![text] }
    }

    pub(super) fn lines(ink: Ink, lines: Vec<String>) -> Self {
        Self { ink, lines }
    }
}

/// Lines of at most so many columns, broken between words where that is possible.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { continue };
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
        while let Some(long) = lines.last().filter(|line| line.width() > width).cloned() {
            let head: String = fitting(&long, width).to_owned();
            let rest = long[head.len()..].to_owned();
            lines.pop();
            lines.extend([head, rest]);
        }
    }
    lines
}

/// The beginning of a text that has at most so many columns, one letter at least.
fn fitting(text: &str, width: usize) -> &str {
    let mut columns = 0;
    for (place, letter) in text.char_indices() {
        columns += letter.width().unwrap_or_default();
        if columns > width && place > 0 {
            return &text[..place];
        }
    }
    text
}

/// A text of at most so many columns, with an ellipsis where something is left out.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    format!("{}…", fitting(text, width.saturating_sub(1)).trim_end())
}

impl Ink {
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Heading => ("\u{1b}[1m", "\u{1b}[0m"),
            Self::Urgent => ("\u{1b}[1;31m", "\u{1b}[0m"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_between_words_and_within_those_that_are_too_long() {
        for (text, width, lines) in [
            ("Fetch price in parallel", 11, vec!["Fetch price", "in parallel"]),
            ("abcdefgh ij", 3, vec!["abc", "def", "gh", "ij"]),
            ("価格 x", 3, vec!["価", "格", "x"]),
            ("", 5, vec![""]),
        ] {
            assert_eq!(wrapped(text, width), lines, "{text} at {width}");
        }
        assert_eq!((cut("abcdef", 4).as_str(), cut("abc", 4).as_str()), ("abc…", "abc"));
    }

    #[test]
    fn a_grid_is_aligned_and_is_a_list_where_there_is_no_room() {
        let row = |what: &str, saves: &[&str]| {
            let saves = saves.iter().map(|&line| line.to_owned()).collect();
            vec![Cell::new(Ink::Keep, what.to_owned()), Cell::lines(Ink::Move, saves)]
        };
        let rows =
            [row("Fetch price and stock in parallel", &["64 trips", "110 ms"]), row("Poll", &["9 trips"])];
        let drawn = |width| {
            let mut page = Page::new(Style { width, colour: false });
            page.grid(&["What", "Saves"], &rows);
            page.finish()
        };
        let wide = "What                  Saves\n\
                    Fetch price and       64 trips\n\
                    stock in parallel     110 ms\n\
                    Poll                  9 trips\n";
        assert_eq!(drawn(30), wide);
        assert_eq!(
            drawn(25),
            "Fetch price and stock in\n  parallel\n  saves 64 trips, 110 ms\nPoll\n  saves 9 trips\n"
        );
    }
}
