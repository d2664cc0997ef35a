//! Ten habits of wording over which readers stumble: neither documents nor anything that the product says has them. Which words are
//! better is said with each.

use super::{assert_none, read, tracked};

/// Words, and what to write in their place.
const HABITS: [(&[&str], &str); 10] = [
    (&["anew", "afresh"], "again, or a verb with re-: reload, rebuild, recount"),
    (&["beside"], "next to, or in addition to"),
    (&["told"], "reported, listed, asked, known"),
    (&["tells"], "says, shows, reports"),
    (&["whoever"], "anyone who, or the first process"),
    (&["belongs into", "belong into"], "belongs in"),
    (&["so many"], "that many, or the number"),
    (
        &["stands in", "stands on", "stands at", "stand in", "stand on", "stand at"],
        "is in, is stored in, is listed at",
    ),
    (&["rings", "come again", "gets on", "mend"], "fires; retry; makes progress; fix"),
    (
        &[
            "is no time",
            "is no address",
            "is no size",
            "is no number",
            "is no length",
            "is no schedule",
            "is no interval",
            "is no origin",
            "is no host name",
            "is no token",
            "is no text",
        ],
        "is not a valid time, address, size",
    ),
];
/// Words that are fine although a habit is in them.
const FINE: [&str; 2] = ["tells you", "so many to one"];

/// The habits of a text, each with the words around it.
fn habits_in(text: &str) -> Vec<String> {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for fine in FINE {
        words = words.replace(fine, "");
    }
    let small = words.to_lowercase();
    let mut found = Vec::new();
    for (habits, better) in HABITS {
        for habit in habits {
            let is_whole = |at: &usize| {
                let letter =
                    |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/');
                !small[..*at].ends_with(letter)
                    && !small[at + habit.len()..]
                        .starts_with(|next: char| next.is_alphanumeric() || matches!(next, '_' | '-'))
            };
            let at = small.match_indices(habit).map(|(at, _)| at).find(is_whole);
            if let Some(at) = at {
                let from = small[..at].char_indices().rev().nth(30).map_or(0, |(from, _)| from);
                let to = small[at..].char_indices().nth(50).map_or(small.len(), |(to, _)| at + to);
                found.push(format!("\u{201c}{}\u{201d}: {better}", &small[from..to]));
            }
        }
    }
    found
}

/// What stands between quotes in Rust code that is not a test, without placeholders.
fn literals(code: &str) -> Vec<String> {
    let code = code.split("#[cfg(test)]\n").next().unwrap_or_default();
    let mut all = Vec::new();
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '/' if letters.peek() == Some(&'/') => {
                letters.by_ref().find(|next| *next == '\n');
            }
            // A letter between quotes; a lifetime has no second one.
            '\'' => {
                let mut ahead = letters.clone();
                let first = ahead.next();
                if first == Some('\\') {
                    ahead.next();
                }
                if first.is_some() && ahead.next() == Some('\'') {
                    letters = ahead;
                }
            }
            '"' => all.push(literal(&mut letters)),
            _ => {}
        }
    }
    all
}

fn literal(letters: &mut impl Iterator<Item = char>) -> String {
    let (mut text, mut depth) = (String::new(), 0_usize);
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => match letters.next() {
                Some('\n' | 'n') => text.push(' '),
                next => text.extend(next.filter(|next| *next != '"')),
            },
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            letter if depth == 0 => text.push(letter),
            _ => {}
        }
    }
    text
}

/// A template without its tags and expressions.
fn prose(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '<']) {
        text += &rest[..at];
        let end = if rest[at..].starts_with("{{") {
            "}}"
        } else if rest[at..].starts_with("{%") {
            "%}"
        } else {
            ">"
        };
        rest = rest[at..].find(end).map_or("", |close| &rest[at + close + end.len()..]);
    }
    text + rest
}

#[test]
fn nothing_that_is_read_has_the_ten_habits() {
    let mut faults = Vec::new();
    let mut look = |file: &str, text: &str| {
        faults.extend(habits_in(text).into_iter().map(|habit| format!("{file}: {habit}")));
    };
    let is_document = |file: &&String| {
        let inner = ["fixtures/", "evals/", "daemon/tests/"];
        !inner.iter().any(|folder| file.starts_with(folder)) && *file != "CHANGELOG.md"
    };
    for file in tracked(&[".md"]).iter().filter(is_document) {
        look(file, &without_code(&read(file)));
    }
    for file in tracked(&[".json", ".yml"]).iter().filter(|file| file.starts_with("dashboards/")) {
        look(file, &read(file));
    }
    for file in tracked(&[".html"]).iter().filter(|file| file.starts_with("daemon/templates/")) {
        look(file, &prose(&read(file)));
    }
    let is_product = |file: &&String| {
        let crates = ["advisor/src/", "collector/src/", "daemon/src/", "source/src/", "store/src/"];
        crates.iter().any(|folder| file.starts_with(folder)) && !file.ends_with("tests.rs")
    };
    for file in tracked(&[".rs"]).iter().filter(is_product) {
        for text in literals(&read(file)) {
            look(file, &text);
        }
    }
    assert_none(&faults, "words over which readers stumble");
}

/// Markdown without what is quoted as code, and without addresses of links.
fn without_code(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        !is_code && !fence
    });
    let prose = lines.collect::<Vec<_>>().join("\n");
    let plain = prose.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let linked = plain.split("](").enumerate();
    linked
        .map(
            |(place, part)| if place == 0 { part } else { part.split_once(')').map_or("", |(_, rest)| rest) },
        )
        .collect()
}

#[test]
fn habits_are_found_where_they_are_and_nowhere_else() {
    assert_eq!(habits_in("The file is written anew.").len(), 1);
    assert_eq!(habits_in("`x` is no time: write 06:00").len(), 1);
    assert!(habits_in("It tells you what to do; besides, a renewed order of untold drawings").is_empty());
    let code = "let told = \"a {told} b\"; // \"anew\"\nlet x = '\"'; let y: &'a str = \"told \\\n    twice\";\n#[cfg(test)]\n\"whoever\"";
    assert_eq!(literals(code), ["a  b", "told      twice"]);
    assert_eq!(prose("<p class=\"told\">one {{ told }} two{% if told %}</p>"), "one  two");
    assert_eq!(without_code("a `told` [b](told.md) c\n```\ntold\n```\nd"), "a   [b c\nd");
}
