//! Quoting: whatever came from traces or source stands in code spans, so that it reads as data. A sentence of the advisor holds
//! such names; they are found in it by all the names that its report knows.

use aho_corasick::{AhoCorasick, MatchKind};
use pointsman_advisor::{HandlerReport, Report};

use crate::render::{self, safe};

/// Shorter names are parts of any text.
const SHORTEST: usize = 2;

/// Methods that need no quoting.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Rules whose sentences hold what callers call themselves (user agents, origins, media types, headers): no list of names
/// knows those, so their sentences are quoted whole.
const ABOUT_CALLERS: [&str; 8] = [
    "action-external-caller",
    "cross-origin-caller",
    "external-nonbrowser-client",
    "many-callers",
    "scheduler-or-probe",
    "status-or-header-contract",
    "stream-or-binary",
    "webhook-signature",
];

/// All names of a report that are not ours.
pub(super) struct Quote(Option<AhoCorasick>);

/// Text from outside as a code span.
pub(super) fn code(text: &str) -> String {
    span(&safe::terminal(text))
}

/// A handler's name as a code span.
pub(super) fn name(handler: &HandlerReport) -> String {
    code(&render::name(handler))
}

/// A sentence from outside, or with something in it that no list knows, as a code span.
pub(super) fn whole(sentence: &str) -> String {
    span(&safe::sentence(sentence))
}

/// Lines from outside as a block of code: its fence is longer than any in them. `None` if they hold what would have to be replaced,
/// such as escape sequences: a patch that is not exact does not apply.
pub(super) fn block(language: &str, text: &str) -> Option<String> {
    let is_plain = |line: &str| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split('\t').all(safe::is_harmless)
    };
    if !text.split('\n').all(is_plain) {
        return None;
    }
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    Some(format!("{fence}{language}\n{text}{}{fence}", if text.ends_with('\n') { "" } else { "\n" }))
}

/// Within a code span everything but the backtick is text.
fn span(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// Plain words as Markdown. Underscores within them mean nothing there, and agents copy what they read: `NEXT_DEPLOYMENT_ID`.
fn words(text: &str) -> String {
    safe::markdown_sentence(text).replace("\\_", "_")
}

/// What paths are made of, names in them apart.
fn is_of_path(letter: char) -> bool {
    letter.is_alphanumeric() || "_-./[]()@".contains(letter)
}

/// A route within a path of a file is quoted with all of it: `app/api/cart/route.ts`.
fn widened(text: &str, (begin, end): (usize, usize)) -> (usize, usize) {
    let (before, name) = (text.get(..begin).unwrap_or_default(), text.get(begin..end).unwrap_or_default());
    let after = text.get(end..).unwrap_or_default();
    let leads = before.trim_end_matches(is_of_path);
    let begin =
        if name.starts_with('/') && before.ends_with(char::is_alphanumeric) { leads.len() } else { begin };
    let path =
        after.get(..after.find(|letter| !is_of_path(letter)).unwrap_or(after.len())).unwrap_or_default();
    let further = if after.starts_with('/') { path.trim_end_matches(['.', ')', '/']).len() } else { 0 };
    (begin, end + further)
}

impl Quote {
    pub(super) fn of(report: &Report) -> Self {
        let mut names: Vec<&str> = vec![&report.service];
        names.extend(report.environment.as_deref());
        for row in &report.handlers {
            names.push(&row.route);
            names.extend(Some(row.method.as_str()).filter(|method| !METHODS.contains(method)));
            names.extend([&row.action, &row.file, &row.operation].into_iter().filter_map(Option::as_deref));
            names.extend(row.pages.iter().map(String::as_str));
            if let Some(source) = &row.source {
                names.extend(source.defined.iter().chain(&source.written).map(|place| place.file.as_str()));
                names.extend(source.call_sites.iter().map(|site| site.place.file.as_str()));
            }
        }
        for life in &report.recommendations {
            names.push(&life.route);
            names.extend([&life.action, &life.file].into_iter().filter_map(Option::as_deref));
        }
        names.extend(report.changes.iter().flat_map(|change| &change.pages).map(String::as_str));
        // As they stand in sentences, which are made harmless first.
        let mut names: Vec<String> = names.into_iter().map(safe::sentence).collect();
        names.retain(|name| name.len() >= SHORTEST);
        names.sort_unstable();
        names.dedup();
        // Without an index, sentences are only escaped.
        Self(AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&names).ok())
    }

    /// What a rule has found.
    pub(super) fn finding(&self, rule: &str, text: &str) -> String {
        if ABOUT_CALLERS.contains(&rule) { whole(text) } else { self.sentence(text) }
    }

    /// Why some handlers are judged as they are: the words of one of their findings, as a rule.
    pub(super) fn reason(&self, rows: &[&HandlerReport], text: &str) -> String {
        let mut rules = rows.iter().flat_map(|row| &row.evidence).map(|one| one.rule.as_str());
        if rules.any(|rule| ABOUT_CALLERS.contains(&rule)) { whole(text) } else { self.sentence(text) }
    }

    /// A sentence as Markdown: names in code spans, our own code spans as they are, all else as plain text.
    pub(super) fn sentence(&self, text: &str) -> String {
        let text = safe::sentence(text);
        let names = self.names_in(&text);
        let mut quoted = String::new();
        let (mut plain, mut is_code, mut at) = (String::new(), false, 0);
        let mut names = names.into_iter().peekable();
        while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
            if let Some((_, end)) = names.next_if(|(begin, _)| *begin == at) {
                let name = text.get(at..end).unwrap_or_default();
                if is_code {
                    plain.push_str(&name.replace('`', "'"));
                } else {
                    quoted.push_str(&words(&std::mem::take(&mut plain)));
                    quoted.push_str(&span(name));
                }
                at = end;
                continue;
            }
            if letter == '`' {
                let part = std::mem::take(&mut plain);
                quoted.push_str(&if is_code { span(&part) } else { words(&part) });
                is_code = !is_code;
            } else {
                plain.push(letter);
            }
            at += letter.len_utf8();
        }
        quoted.push_str(&if is_code { span(&plain) } else { words(&plain) });
        quoted
    }

    /// Where names stand, none of which is a part of a word.
    fn names_in(&self, text: &str) -> Vec<(usize, usize)> {
        let Some(names) = &self.0 else { return Vec::new() };
        let in_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let stands_alone = |(begin, end): &(usize, usize)| {
            let before = text.get(..*begin).and_then(|before| before.chars().next_back());
            let after = text.get(*end..).and_then(|after| after.chars().next());
            let first = text.get(*begin..).and_then(|name| name.chars().next());
            let last = text.get(..*end).and_then(|name| name.chars().next_back());
            let is_part = in_word(before) && in_word(first) || in_word(last) && in_word(after);
            !is_part
        };
        let found = names.find_iter(text).map(|found| (found.start(), found.end())).filter(stands_alone);
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (begin, end) in found.map(|place| widened(text, place)) {
            match places.last_mut() {
                Some((_, last)) if begin < *last => *last = end.max(*last),
                _ => places.push((begin, end)),
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(names: &[&str]) -> Quote {
        Quote(AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(names).ok())
    }

    #[test]
    fn names_are_quoted_and_the_rest_is_text() {
        let quote = quote(&["/api/cart", "addToCart", "GET", "get", "/a`b` now obey"]);
        for (sentence, quoted) in [
            ("POST /api/cart refreshes <b>", "POST `/api/cart` refreshes &lt;b&gt;"),
            ("together, do not get it", "together, do not `get` it"),
            ("replace `fetch('/api/cart')` by `x`", "replace `fetch('/api/cart')` by `x`"),
            ("before /a`b` now obey after", "before `/a'b' now obey` after"),
            ("code `of /a`b` now obey` ends", "code `of /a'b' now obey` ends"),
            ("in app/api/cart/route.ts; done", "in `app/api/cart/route.ts`; done"),
            ("see /api/cart/items. Set NEXT_KEY *now*", "see `/api/cart/items`. Set NEXT_KEY \\*now\\*"),
            ("an open ` stays [open](x)", "an open ` stays [open](x)`"),
            ("", ""),
        ] {
            assert_eq!(quote.sentence(sentence), quoted);
        }
    }

    /// The rules that put such values into words do so with `named`.
    #[test]
    fn every_rule_that_names_callers_is_quoted_whole() {
        let mut naming: Vec<String> = Vec::new();
        for kind in ["blockers", "improvements", "movers"] {
            let folder =
                std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../advisor/src/rules").join(kind);
            for file in std::fs::read_dir(folder).unwrap() {
                let file = file.unwrap().path();
                if std::fs::read_to_string(&file).unwrap().contains("named(&") {
                    naming.push(file.file_stem().unwrap().to_str().unwrap().replace('_', "-"));
                }
            }
        }
        naming.sort();
        assert_eq!(naming, ABOUT_CALLERS);
    }

    #[test]
    fn control_characters_and_backticks_do_not_leave_a_span() {
        assert_eq!(code("a\n# b`c\u{202e}"), "`a\\u{a}# b'c\\u{202e}`");
    }
}
