//! Sentences with code in them, as templates take them. How code is laid out is theirs.

use super::safe;

/// A part of a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) is_code: bool,
}

/// Words of a sentence in which code stands between backticks.
pub(crate) fn words(sentence: &str) -> Vec<Words> {
    let pieces = safe::sentence(sentence);
    let pieces = pieces.split('`').zip([false, true].into_iter().cycle());
    let words = pieces.map(|(text, is_code)| Words { text: text.to_owned(), is_code });
    words.filter(|words| !words.text.is_empty()).collect()
}
