//! Answers that are kept until the next run changes them: whoever asks for the same gets the same bytes.

use std::collections::HashMap;

use super::answer::Answer;

/// Answers kept at most, and what they may hold together, bytes.
const MOST: usize = 256;
const MOST_BYTES: usize = 4 << 20;
/// A longer path with its query is not kept, bytes.
const LONGEST_KEY: usize = 512;

/// What shared answers follow from: the run that is shown, and the configuration in force.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Generation {
    pub(crate) run: u64,
    pub(crate) config: usize,
}

/// The answers of one generation.
#[derive(Default)]
pub(super) struct KeptAnswers {
    generation: Generation,
    answers: HashMap<String, Answer>,
    bytes: usize,
}

impl KeptAnswers {
    /// The answer that is kept under this name.
    pub(super) fn get(&mut self, generation: Generation, key: &str) -> Option<Answer> {
        self.turn_to(generation);
        self.answers.get(key).cloned()
    }

    /// Keeps an answer that was drawn in this generation, if there is room.
    pub(super) fn keep(&mut self, generation: Generation, key: String, answer: &Answer) {
        self.turn_to(generation);
        let bytes = answer.bytes() + key.len();
        if key.len() > LONGEST_KEY || self.answers.len() >= MOST || self.bytes + bytes > MOST_BYTES {
            return;
        }
        if self.answers.insert(key, answer.owned()).is_none() {
            self.bytes += bytes;
        }
    }

    fn turn_to(&mut self, generation: Generation) {
        if self.generation != generation {
            *self = Self { generation, ..Self::default() };
        }
    }
}
