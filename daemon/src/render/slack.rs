//! A report as a message for Slack, or whatever takes the same: what changed first, then the moves. It stays within Slack's
//! limits, and whatever came from traces stays text: no link, no mention, no markup.

use pointsman_advisor::{HandlerReport, Report};
use serde_json::{Value, json};

use super::benefit::benefit;
use super::differences::{in_short, told};
use super::{capital, headline, name, safe, verdict};

/// Slack takes 3,000 characters in a section; some are left for the note that there are more.
const MOST_CHARACTERS: usize = 2_900;
/// A longer name or sentence is cut: also when every letter is escaped, a line fits into a section.
const LONGEST_NAME: usize = 150;
const LONGEST_SENTENCE: usize = 400;
/// Slack takes 150 in a heading.
const LONGEST_HEADING: usize = 140;
/// Moves that are listed.
const MOST_MOVES: usize = 10;

/// The message. It has at most nine blocks, where Slack takes 50.
pub(crate) fn message(report: &Report) -> Value {
    let service = match &report.environment {
        Some(environment) => format!("{} ({environment})", report.service),
        None => report.service.clone(),
    };
    let title = cut(&format!("Pointsman: {}", safe::terminal(&service)), LONGEST_HEADING);
    let mut blocks = vec![
        json!({ "type": "header", "text": { "type": "plain_text", "text": title, "emoji": false } }),
        section(&format!("*{}.*", text(&headline(report)))),
    ];
    if let Some(changes) = &report.since_last_report {
        blocks.push(section(&text(&capital(&in_short(changes)))));
        for (title, lines) in told(changes) {
            let lines: Vec<String> = lines.iter().map(|one| line(&one.name, &one.text)).collect();
            blocks.push(section(&listed(title, &lines)));
        }
    }
    let moves: Vec<&HandlerReport> = report.handlers.iter().filter(|row| row.is_open_move()).collect();
    if !moves.is_empty() {
        let mut lines: Vec<String> = moves.iter().take(MOST_MOVES).map(|&row| advised(row)).collect();
        if moves.len() > MOST_MOVES {
            lines.push(format!("and {} more", moves.len() - MOST_MOVES));
        }
        blocks.push(section(&listed("Advised moves", &lines)));
    }
    let window = format!("{} to {}", report.window.from, report.window.to);
    blocks.push(json!({ "type": "context", "elements": [
        { "type": "mrkdwn", "text": text(&window), "verbatim": true },
    ] }));
    json!({
        // For notifications, which show no blocks.
        "text": text(&format!("{title}: {}", headline(report))),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn advised(row: &HandlerReport) -> String {
    let gain =
        row.benefit.as_ref().and_then(benefit).map_or_else(String::new, |gain| format!(", saves {gain}"));
    line(&safe::terminal(&name(row)), &format!("{}{gain}", verdict(row.verdict)))
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

/// A title and as many lines below it as Slack takes.
fn listed(title: &str, lines: &[String]) -> String {
    let mut text = format!("*{title}*");
    for (place, line) in lines.iter().enumerate() {
        if text.chars().count() + line.chars().count() + 3 > MOST_CHARACTERS {
            text += &format!("\n_and {} more_", lines.len() - place);
            break;
        }
        text += &format!("\n• {line}");
    }
    text
}

/// The name in type of its own, then what is said about it.
fn line(name: &str, said: &str) -> String {
    format!("`{}` {}", text(&cut(name, LONGEST_NAME)), text(&cut(said, LONGEST_SENTENCE)))
}

/// Text, and nothing but text: what opens a link, a mention or a date is escaped, what marks type is put out of action.
fn text(plain: &str) -> String {
    let mut safe = String::new();
    for letter in plain.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // There is no way to escape these; their likes are read alike.
            '*' => safe.push('∗'),
            '~' => safe.push('∼'),
            '`' => safe.push('\''),
            letter => safe.push(letter),
        }
    }
    safe
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_and_markup_are_text() {
        assert_eq!(text("<!channel> <@U1> a&b *x* `y`"), "&lt;!channel&gt; &lt;@U1&gt; a&amp;b ∗x∗ 'y'");
    }

    #[test]
    fn a_line_of_nothing_but_markup_fits_into_a_section() {
        let list = listed("Verified", &[line(&"&".repeat(10_000), &"&".repeat(10_000))]);
        assert!(list.chars().count() <= 3_000 && list.contains("&amp;"), "{}", list.chars().count());
    }

    #[test]
    fn a_list_that_is_too_long_says_how_many_more_there_are() {
        let lines: Vec<String> = (0..200).map(|_| "x".repeat(100)).collect();
        let list = listed("New", &lines);
        assert!(list.chars().count() <= 3_000, "{}", list.chars().count());
        assert!(list.ends_with("_and 172 more_"), "{list}");
    }
}
