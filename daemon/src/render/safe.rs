//! Text that came from traces, made harmless for where it is shown. Markup in HTML is escaped by the
//! templates.

use std::fmt::Write;

/// Longer texts are cut: no route or action name that a person reads is longer.
const LONGEST: usize = 300;

/// A longer sentence is cut: it holds a few names at most.
const LONGEST_SENTENCE: usize = 2_000;

/// For a terminal: no control characters, so no escape sequences, and nothing that turns the reading direction.
pub(crate) fn terminal(text: &str) -> String {
    cut(text, LONGEST)
}

/// The same, of a sentence with names in it.
pub(crate) fn sentence(text: &str) -> String {
    cut(text, LONGEST_SENTENCE)
}

fn cut(text: &str, longest: usize) -> String {
    let mut safe = String::new();
    for (index, letter) in text.chars().enumerate() {
        if index == longest {
            safe.push('…');
            break;
        }
        push(&mut safe, letter);
    }
    safe
}

/// For a whole HTML page, after the template has escaped what is markup: nothing but its line ends is obeyed.
pub(crate) fn page(html: &str) -> String {
    let mut safe = String::with_capacity(html.len());
    for letter in html.chars() {
        match letter {
            '\n' => safe.push('\n'),
            letter => push(&mut safe, letter),
        }
    }
    safe
}

/// Whether nothing in it would be replaced, whatever its length.
pub(crate) fn is_harmless(text: &str) -> bool {
    !text.contains(is_harmful)
}

fn is_harmful(letter: char) -> bool {
    letter.is_control() || turns_direction(letter)
}

fn push(safe: &mut String, letter: char) {
    if is_harmful(letter) {
        let _ = write!(safe, "\\u{{{:x}}}", u32::from(letter));
    } else {
        safe.push(letter);
    }
}

/// For JSON that was written: control characters of the second set and what turns the reading direction become escapes, which
/// mean the same. They stand within strings only; JSON itself escapes those of the first set.
pub(crate) fn json(text: String) -> String {
    let is_bad = |letter: char| (letter.is_control() && letter > '\u{7e}') || turns_direction(letter);
    if !text.contains(is_bad) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 64);
    for letter in text.chars() {
        if is_bad(letter) {
            let _ = write!(safe, "\\u{:04x}", u32::from(letter));
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// For Markdown: harmless as on a terminal, and read as text by every renderer.
pub(crate) fn markdown(text: &str) -> String {
    escaped(&terminal(text))
}

/// The same, of a sentence with names in it.
pub(crate) fn markdown_sentence(text: &str) -> String {
    escaped(&sentence(text))
}

/// The same, with what stands between backticks as code; a backtick without a partner is text. What could be markup for somebody who
/// knows no code is escaped even there.
pub(crate) fn markdown_with_code(text: &str) -> String {
    let text = sentence(text);
    let pieces: Vec<&str> = text.split('`').collect();
    let closed = pieces.len() % 2 == 1;
    let mut safe = String::new();
    for (place, piece) in pieces.iter().enumerate() {
        let (is_code, is_last) = (place % 2 == 1, place + 1 == pieces.len());
        match (is_code && !piece.is_empty(), is_last && !closed) {
            (true, false) if piece.contains(['<', '>', '&']) || piece.contains("](") => {
                safe.push_str(&format!("<code>{}</code>", escaped(piece)));
            }
            (true, false) => safe.push_str(&format!("`{piece}`")),
            (_, true) => safe.push_str(&format!("\\`{}", escaped(piece))),
            (false, false) => safe.push_str(&escaped(piece)),
        }
    }
    safe
}

fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' | '@' => {
                safe.push('\\');
                safe.push(letter);
            }
            _ => safe.push(letter),
        }
    }
    safe
}

/// Marks that change the reading direction, or cannot be seen.
fn turns_direction(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_text() {
        assert_eq!(terminal("/a\u{1b}[31mred\u{202e}x"), "/a\\u{1b}[31mred\\u{202e}x");
        assert_eq!(markdown("<script>|`x`"), "&lt;script&gt;\\|\\`x\\`");
        for (text, said) in [
            ("use `a[0]; b` <b>", "use `a[0]; b` &lt;b&gt;"),
            ("use `a <b>` and `[x](y)`", "use <code>a &lt;b&gt;</code> and <code>\\[x\\](y)</code>"),
            ("one ` alone *", "one \\` alone \\*"),
            ("`a` and ``", "`a` and "),
            ("", ""),
        ] {
            assert_eq!(markdown_with_code(text), said);
        }
        assert_eq!(
            json("{\"a\":\"\u{85}\u{202e}\u{7f}é\"}\n".to_owned()),
            "{\"a\":\"\\u0085\\u202e\\u007fé\"}\n"
        );
        assert_eq!(page("<p>\u{202e}\u{7}\n</p>"), "<p>\\u{202e}\\u{7}\n</p>");
        assert_eq!(terminal(&"x".repeat(10_000)).chars().count(), LONGEST + 1);
    }
}
