//! Text that came from traces, made harmless for where it is shown. HTML is escaped by the templates.

use std::fmt::Write;

/// Longer texts are cut: no route or action name that a person reads is longer.
const LONGEST: usize = 300;

/// For a terminal: no control characters, so no escape sequences, and nothing that turns the reading direction.
pub(crate) fn terminal(text: &str) -> String {
    let mut safe = String::new();
    for (index, letter) in text.chars().enumerate() {
        if index == LONGEST {
            safe.push('…');
            break;
        }
        if letter.is_control() || turns_direction(letter) {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(letter));
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// For Markdown: harmless as on a terminal, and read as text by every renderer.
pub(crate) fn markdown(text: &str) -> String {
    let mut safe = String::new();
    for letter in terminal(text).chars() {
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
        assert_eq!(terminal(&"x".repeat(10_000)).chars().count(), LONGEST + 1);
    }
}
