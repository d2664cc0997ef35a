//! How long the texts of a Call may be. Visitors choose paths, pages and hosts, and an hour holds them of each of its Calls
//! at once. What a text means is not known here.

use super::key_of;

/// Path of a request, and of the page that sent it, bytes: the longest that apps use for their own pages are below 300.
pub(super) const PATH: usize = 512;
/// A host with its scheme and port, bytes: names end at 253 (RFC 1035).
pub(super) const HOST: usize = 280;
/// A media type, a header's name, an action's id, bytes.
pub(super) const WORD: usize = 128;
/// A name that the app's developers choose: its service, its environment, its routes and actions, bytes.
pub(super) const NAME: usize = 512;

/// Digits of the hash that takes the place of what is cut, and the mark before them.
const HASH: usize = 1 + 16;

/// Cuts texts, and counts how many.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) cut: usize,
}

impl Texts {
    /// A text up to that many bytes. A longer one keeps its beginning and gets a hash of the whole, so that two texts that were
    /// different stay so.
    pub(super) fn bounded(&mut self, text: String, most: usize) -> String {
        if text.len() <= most {
            return text;
        }
        self.cut += 1;
        let hash = key_of(&text);
        let kept = text.floor_char_boundary(most.saturating_sub(HASH));
        format!("{}~{hash:016x}", text.get(..kept).unwrap_or_default())
    }

    /// The same of a text that may be missing.
    pub(super) fn optional(&mut self, text: Option<String>, most: usize) -> Option<String> {
        text.map(|text| self.bounded(text, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_and_stay_apart() {
        let mut texts = Texts::default();
        assert_eq!(texts.bounded("x".repeat(PATH), PATH), "x".repeat(PATH));
        assert_eq!(texts.cut, 0);
        let one = texts.bounded(format!("{}1", "ö".repeat(2_000)), PATH);
        let other = texts.bounded(format!("{}2", "ö".repeat(2_000)), PATH);
        assert!(one != other && one.starts_with('ö') && one.len() <= PATH, "{one}");
        assert_eq!((texts.optional(None, 1), texts.cut), (None, 2));
    }
}
