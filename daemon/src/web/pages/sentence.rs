//! Sentences with code in them, as templates take them. What is short stays in its line; what is long stands below, and what replaces
//! something stands next to it.

pub(super) use crate::render::code::{Words, words};

/// Code that is longer stands below its sentence, letters.
const IN_LINE: usize = 48;
/// Within a longer code block each statement has a line of its own, letters.
const ONE_LINE: usize = 60;

/// A step of a plan.
pub(super) struct Step {
    pub(super) words: Vec<Words>,
    pub(super) code: Vec<Block>,
}

/// Code below a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Block {
    pub(super) caption: &'static str,
    /// A class of the style sheet.
    pub(super) class: &'static str,
    pub(super) lines: String,
}

/// A step with its code: before and after where one replaces the other.
pub(super) fn step(sentence: &str) -> Step {
    let mut step = Step { words: words(sentence), code: Vec::new() };
    if let Some(at) = replacing(&step.words) {
        for (place, word, caption, class) in
            [(at, "this", "Before", "before"), (at + 2, "that", "After", "after")]
        {
            let lines = laid_out(&step.words[place].text);
            step.code.push(Block { caption, class, lines });
            step.words[place] = Words { text: word.to_owned(), is_code: false };
        }
        step.words[at + 1].text = " with ".to_owned();
        return step;
    }
    for part in &mut step.words {
        if part.is_code && part.text.chars().count() > IN_LINE {
            step.code.push(Block { caption: "Code", class: "", lines: laid_out(&part.text) });
            *part = Words { text: "the code below".to_owned(), is_code: false };
        }
    }
    step
}

/// Where in a sentence code stands that other code replaces: `replace A by B`.
fn replacing(words: &[Words]) -> Option<usize> {
    let is = |place: usize, fits: &dyn Fn(&str) -> bool| {
        words.get(place).is_some_and(|part| !part.is_code && fits(&part.text))
    };
    (1..words.len()).find(|place| {
        let codes =
            [*place, place + 2].into_iter().all(|place| words.get(place).is_some_and(|part| part.is_code));
        let before = |text: &str| text.to_lowercase().ends_with("replace ");
        codes && is(place - 1, &before) && is(place + 1, &|text| matches!(text, " by " | " with "))
    })
}

/// Code as lines: statements and the parts of a block each on its own, where one line would be too long.
fn laid_out(code: &str) -> String {
    if code.chars().count() <= ONE_LINE {
        return code.to_owned();
    }
    let mut lines = String::new();
    let (mut depth, mut quote) = (0_usize, None);
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            ('(' | '[', None) => depth += 1,
            (')' | ']', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
        lines.push(letter);
        if letter == ';' && depth == 0 && quote.is_none() && letters.peek() == Some(&' ') {
            letters.next();
            lines.push('\n');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &[Words]) -> String {
        words.iter().map(|part| part.text.as_str()).collect()
    }

    #[test]
    fn what_replaces_something_stands_next_to_it() {
        let sentence = "On /cart replace `await fetch('/api/cart', { method: 'POST', ... }); router.refresh()` by `const \
                        result = await submitCart(input)`: without the refresh";
        let step = step(sentence);
        assert_eq!(text(&step.words), "On /cart replace this with that: without the refresh");
        let lines: Vec<&str> = step.code.iter().map(|block| block.lines.as_str()).collect();
        let before = "await fetch('/api/cart', { method: 'POST', ... });\nrouter.refresh()";
        assert_eq!(lines, [before, "const result = await submitCart(input)"]);
        assert_eq!((step.code[0].class, step.code[1].class), ("before", "after"));
    }

    #[test]
    fn long_code_stands_below_and_short_code_in_its_line() {
        let long = "`'use server'; export async function submitCart(input: FormData) { ... }`";
        let step = step(&format!("create `actions.ts`: {long}, then test"));
        assert_eq!(text(&step.words), "create actions.ts: the code below, then test");
        assert_eq!(
            step.code[0].lines,
            "'use server';\nexport async function submitCart(input: FormData) { ... }"
        );
        for strange in ["", "`", "``", "replace `", "replace `a` by ", "a ` b ` c ` d"] {
            let step = super::step(strange);
            assert!(step.code.is_empty(), "{strange}");
        }
    }
}
