//! Edits of a file by byte spans, and the text that comes of them. Nothing outside the spans changes.

use std::ops::Range;

/// One replacement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Edit {
    /// The bytes that go; empty for an insertion.
    pub span: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

impl Edit {
    pub(crate) fn replace(span: Range<usize>, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    pub(crate) fn remove(span: Range<usize>) -> Self {
        Self::replace(span, "")
    }

    pub(crate) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }
}

/// The text with all edits made; `None` if two of them touch the same bytes. Insertions at one place keep their order, and one
/// edit that comes twice counts once.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = Vec::new();
    for edit in edits {
        if !sorted.contains(&edit) {
            sorted.push(edit);
        }
    }
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in sorted {
        out.push_str(text.get(at..edit.span.start)?);
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_change_their_spans_and_nothing_else() {
        let edits = [Edit::remove(4..6), Edit::insert(0, "> "), Edit::replace(2..3, "C"), Edit::remove(4..6)];
        assert_eq!(apply("abcdefg", &edits).as_deref(), Some("> abCdg"));
        assert_eq!(apply("abcdefg", &[Edit::remove(1..4), Edit::remove(3..5)]), None);
        assert_eq!(apply("ä", &[Edit::remove(1..2)]), None, "within a letter");
        assert_eq!(apply("ab", &[Edit::insert(2, "c"), Edit::insert(2, "d")]).as_deref(), Some("abcd"));
    }
}
