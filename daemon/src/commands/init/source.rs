//! JavaScript and TypeScript as far as an edit needs it: where comments, texts and brackets begin and end. Not a parser: a file
//! that is not understood for certain is an error, and its edit is left to a person.

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A text in quotes, without the quotes in [`Source::quoted`].
    Text,
    /// A template, with all that is nested in it.
    Template,
    /// A regular expression.
    Pattern,
    /// One character of punctuation; `=>` is two.
    Mark,
}

/// A token: bytes of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) begin: usize,
    pub(super) end: usize,
    /// Brackets that are open around it.
    pub(super) depth: usize,
}

/// A file that was read whole.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    /// For an opening bracket the index of its closing one.
    partners: Vec<Option<usize>>,
}

/// What is not understood, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub(super) struct NotUnderstood {
    /// From 1 on.
    pub(super) line: usize,
    pub(super) what: String,
}

/// Keywords after which a `/` begins a regular expression.
const BEFORE_PATTERN: [&str; 9] =
    ["return", "typeof", "case", "in", "of", "void", "throw", "await", "default"];

impl<'a> Source<'a> {
    /// Reads a file.
    pub(super) fn read(text: &'a str) -> Result<Self, NotUnderstood> {
        let mut scanner = Scanner {
            text,
            at: 0,
            tokens: Vec::new(),
            open: Vec::new(),
            partners: Vec::new(),
            templates: Vec::new(),
        };
        scanner.run(None)?;
        let Scanner { tokens, partners, .. } = scanner;
        Ok(Self { text, tokens, partners })
    }

    /// The token's characters.
    pub(super) fn of(&self, token: Token) -> &'a str {
        self.text.get(token.begin..token.end).unwrap_or_default()
    }

    /// Whether the token at an index is this word or mark.
    pub(super) fn is(&self, index: usize, text: &str) -> bool {
        self.tokens
            .get(index)
            .is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Mark) && self.of(*token) == text)
    }

    /// A text without its quotes.
    pub(super) fn quoted(&self, token: Token) -> Option<&'a str> {
        (token.kind == Kind::Text).then(|| self.text.get(token.begin + 1..token.end - 1)).flatten()
    }

    /// The index of the bracket that closes the one at an index.
    pub(super) fn closing(&self, index: usize) -> Option<usize> {
        self.partners.get(index).copied().flatten()
    }

    /// Whether a text of this content is in the file.
    pub(super) fn holds_text(&self, content: &str) -> bool {
        self.tokens.iter().any(|token| self.quoted(*token) == Some(content))
    }

    /// Whether a word is in the file, outside comments and texts.
    pub(super) fn holds_word(&self, word: &str) -> bool {
        self.tokens.iter().any(|token| token.kind == Kind::Word && self.of(*token) == word)
    }

    /// The indices of tokens outside all brackets.
    pub(super) fn outermost(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.tokens.len()).filter(|index| self.tokens.get(*index).is_some_and(|token| token.depth == 0))
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// Open brackets: the index of the token and the character that closes it.
    open: Vec<(usize, char)>,
    partners: Vec<Option<usize>>,
    /// Brackets that were open where each template around this place began.
    templates: Vec<usize>,
}

/// Templates in templates in templates: deeper than any that a person writes.
const NESTED: usize = 32;

impl Scanner<'_> {
    /// Reads to the end, or to the bracket that closes a template's expression.
    fn run(&mut self, until: Option<usize>) -> Result<(), NotUnderstood> {
        while let Some(next) = self.peek(0) {
            if next.is_whitespace() || next == '\u{feff}' {
                self.at += next.len_utf8();
            } else if self.text[self.at..].starts_with("//") || (self.at == 0 && self.text.starts_with("#!"))
            {
                self.at = self.text[self.at..].find('\n').map_or(self.text.len(), |length| self.at + length);
            } else if self.text[self.at..].starts_with("/*") {
                let length = self.text[self.at + 2..]
                    .find("*/")
                    .ok_or_else(|| self.fault("a comment does not end"))?;
                self.at += length + 4;
            } else if until == Some(self.open.len()) && next == '}' {
                return Ok(());
            } else {
                self.token(next)?;
            }
        }
        match (self.open.last(), until) {
            (None, None) => Ok(()),
            (Some((index, closing)), _) => {
                let at = self.tokens.get(*index).map_or(self.at, |token| token.begin);
                Err(fault(self.text, at, &format!("a bracket is not closed by `{closing}`")))
            }
            (None, Some(_)) => Err(self.fault("a template does not end")),
        }
    }

    fn token(&mut self, next: char) -> Result<(), NotUnderstood> {
        let (begin, depth) = (self.at, self.open.len());
        let kind = match next {
            '"' | '\'' => {
                self.text_in_quotes(next)?;
                Kind::Text
            }
            '`' => {
                self.template()?;
                Kind::Template
            }
            '/' if self.pattern_may_begin() => {
                self.pattern()?;
                Kind::Pattern
            }
            _ if next.is_ascii_digit() => {
                self.skip(|c| c.is_alphanumeric() || c == '_' || c == '.');
                Kind::Number
            }
            _ if is_word(next) => {
                self.skip(is_word);
                Kind::Word
            }
            _ => return self.mark(next),
        };
        self.push(Token { kind, begin, end: self.at, depth });
        Ok(())
    }

    fn mark(&mut self, next: char) -> Result<(), NotUnderstood> {
        let begin = self.at;
        self.at += next.len_utf8();
        let closing = match next {
            '(' => Some(')'),
            '[' => Some(']'),
            '{' => Some('}'),
            _ => None,
        };
        if matches!(next, ')' | ']' | '}') {
            let outside = self.templates.last().copied().unwrap_or_default();
            match self.open.pop() {
                Some((index, expected)) if expected == next && self.open.len() >= outside => {
                    self.partners[index] = Some(self.tokens.len());
                }
                _ => return Err(fault(self.text, begin, &format!("`{next}` closes nothing"))),
            }
        }
        let depth = self.open.len();
        if let Some(closing) = closing {
            self.open.push((self.tokens.len(), closing));
        }
        self.push(Token { kind: Kind::Mark, begin, end: self.at, depth });
        Ok(())
    }

    fn push(&mut self, token: Token) {
        self.tokens.push(token);
        self.partners.push(None);
    }

    fn text_in_quotes(&mut self, quote: char) -> Result<(), NotUnderstood> {
        let begin = self.at;
        self.at += 1;
        while let Some(next) = self.peek(0) {
            self.at += next.len_utf8();
            match next {
                '\\' => self.at += self.peek(0).map_or(0, char::len_utf8),
                '\n' => break,
                _ if next == quote => return Ok(()),
                _ => {}
            }
        }
        Err(fault(self.text, begin, "a text in quotes does not end"))
    }

    /// With all expressions in it, whose tokens are not kept.
    fn template(&mut self) -> Result<(), NotUnderstood> {
        let begin = self.at;
        self.at += 1;
        while let Some(next) = self.peek(0) {
            self.at += next.len_utf8();
            match next {
                '\\' => self.at += self.peek(0).map_or(0, char::len_utf8),
                '`' => return Ok(()),
                '$' if self.peek(0) == Some('{') => {
                    self.at += 1;
                    let (kept, open) = (self.tokens.len(), self.open.len());
                    if self.templates.len() >= NESTED {
                        return Err(self.fault("templates are nested too deeply"));
                    }
                    self.templates.push(open);
                    self.run(Some(open))?;
                    self.templates.pop();
                    self.tokens.truncate(kept);
                    self.partners.truncate(kept);
                    self.at += 1;
                }
                _ => {}
            }
        }
        Err(fault(self.text, begin, "a template does not end"))
    }

    fn pattern(&mut self) -> Result<(), NotUnderstood> {
        let (begin, mut in_class) = (self.at, false);
        self.at += 1;
        while let Some(next) = self.peek(0) {
            self.at += next.len_utf8();
            match next {
                '\\' => self.at += self.peek(0).map_or(0, char::len_utf8),
                '[' => in_class = true,
                ']' => in_class = false,
                '/' if !in_class => {
                    self.skip(char::is_alphabetic);
                    return Ok(());
                }
                '\n' => break,
                _ => {}
            }
        }
        Err(fault(self.text, begin, "a regular expression does not end"))
    }

    /// A `/` after a value divides.
    fn pattern_may_begin(&self) -> bool {
        let Some(last) = self.tokens.last() else { return true };
        let text = self.text.get(last.begin..last.end).unwrap_or_default();
        match last.kind {
            Kind::Word => BEFORE_PATTERN.contains(&text),
            Kind::Mark => !matches!(text, ")" | "]" | "}"),
            Kind::Number | Kind::Text | Kind::Template | Kind::Pattern => false,
        }
    }

    fn skip(&mut self, fits: impl Fn(char) -> bool) {
        while let Some(next) = self.peek(0).filter(|next| fits(*next)) {
            self.at += next.len_utf8();
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at..)?.chars().nth(ahead)
    }

    fn fault(&self, what: &str) -> NotUnderstood {
        fault(self.text, self.at, what)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '@')
}

fn fault(text: &str, at: usize, what: &str) -> NotUnderstood {
    let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    NotUnderstood { line, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let source = Source::read(text).unwrap();
        source.tokens.iter().map(|token| source.of(*token)).collect()
    }

    #[test]
    fn comments_are_no_tokens_and_texts_are_one() {
        assert_eq!(words("a // b {\n/* ( */ 'c\\'{' \"}\""), ["a", "'c\\'{'", "\"}\""]);
        assert_eq!(words("x = `a ${b({ c: `}` })} {`; y"), ["x", "=", "`a ${b({ c: `}` })} {`", ";", "y"]);
    }

    #[test]
    fn a_slash_divides_after_a_value_and_begins_a_pattern_elsewhere() {
        assert_eq!(words("a / b / c"), ["a", "/", "b", "/", "c"]);
        assert_eq!(words("f(/[/{]\\//g)"), ["f", "(", "/[/{]\\//g", ")"]);
        assert_eq!(words("return /}/"), ["return", "/}/"]);
        assert_eq!(words("(a) / 2"), ["(", "a", ")", "/", "2"]);
    }

    #[test]
    fn brackets_know_their_partners_and_tokens_their_depth() {
        let source = Source::read("f({ a: [1] })\nb").unwrap();
        assert_eq!(source.closing(1), Some(source.tokens.len() - 2));
        assert_eq!(
            source.outermost().map(|index| source.of(source.tokens[index])).collect::<Vec<_>>(),
            ["f", "(", ")", "b"]
        );
    }

    #[test]
    fn what_is_not_balanced_is_told_by_its_line() {
        for (text, line, what) in [
            ("a\nexport function register( {\n}\n", 2, "not closed"),
            ("a\n}\n", 2, "closes nothing"),
            ("(]", 1, "closes nothing"),
            ("\n'a\n'", 2, "does not end"),
            ("`a ${b", 1, "does not end"),
            ("/* a", 1, "does not end"),
            ("`", 1, "does not end"),
        ] {
            let fault = Source::read(text).unwrap_err();
            assert_eq!(fault.line, line, "{text}: {fault}");
            assert!(fault.what.contains(what), "{text}: {fault}");
        }
    }

    #[test]
    fn any_text_is_read_or_refused() {
        for text in ["", "é", "'é", "`${`${`", "\u{feff}a", "#!/usr/bin/env node\na", "/", "\\", "a\\"] {
            let _ = Source::read(text);
        }
    }
}
