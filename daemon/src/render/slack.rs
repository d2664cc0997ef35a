//! A report as a message for Slack and whatever takes the same: what changed, three Changes, and a link to the rest. It stays
//! within Slack's limits, and whatever came from traces stays text: no link, no mention, no markup.

use pointsman_advisor::{Change, Report};
use serde_json::{Value, json};

use super::differences::{in_short_at, told};
use super::summary::saves;
use super::{Audience, capital, headline, life, safe};

/// Slack takes 3,000 characters in a section; some are left for the note that there are more.
const MOST_CHARACTERS: usize = 2_900;
/// A longer name or sentence is cut: also when every letter is escaped, a line fits into a section.
const LONGEST_NAME: usize = 150;
const LONGEST_SENTENCE: usize = 400;
/// Slack takes 150 in a heading.
const LONGEST_HEADING: usize = 140;
/// Changes that are listed: a message is read in a minute.
const MOST_CHANGES: usize = 3;
/// Lines of what changed since the last report.
const MOST_DIFFERENCES: usize = 5;

/// The message. It has at most six blocks, where Slack takes 50.
pub(crate) fn message(report: &Report, audience: &Audience) -> Value {
    let service = match &report.environment {
        Some(environment) => format!("{} ({environment})", report.service),
        None => report.service.clone(),
    };
    let title = cut(&format!("Pointsman: {}", safe::terminal(&service)), LONGEST_HEADING);
    let headline = format!("{}.", headline(report));
    let mut blocks = vec![
        json!({ "type": "header", "text": { "type": "plain_text", "text": title, "emoji": false } }),
        section(&format!("*{}*", text(&headline))),
    ];
    blocks.extend(differences(report, audience));
    let open: Vec<&Change> = report.changes.iter().filter(|change| change.state.is_open()).collect();
    if !open.is_empty() {
        let mut lines: Vec<String> =
            open.iter().take(MOST_CHANGES).map(|change| advised(change, audience)).collect();
        if open.len() > MOST_CHANGES {
            lines.push(format!("_and {} more_", open.len() - MOST_CHANGES));
        }
        blocks.push(section(&listed("What to change", &lines)));
    }
    if let Some(link) = audience.overview(&report.service, report.environment.as_deref()) {
        blocks.push(section(&format!("<{}|Open the full report>", address(&link))));
    }
    let window = format!("{} to {}", audience.when(&report.window.from), audience.when(&report.window.to));
    blocks.push(json!({ "type": "context", "elements": [
        { "type": "mrkdwn", "text": text(&window), "verbatim": true },
    ] }));
    json!({
        // For notifications, which show no blocks.
        "text": text(&format!("{title}: {headline}")),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// What changed since the last report, in a few lines.
fn differences(report: &Report, audience: &Audience) -> Option<Value> {
    let known = report.since_last_report.as_ref()?;
    let lists = told(known);
    let lines: Vec<String> = lists
        .iter()
        .flat_map(|(title, lines)| {
            lines.iter().map(move |one| format!("{title}: {}", line(&one.name, &one.text)))
        })
        .collect();
    let mut shown: Vec<String> = lines.iter().take(MOST_DIFFERENCES).cloned().collect();
    if lines.len() > MOST_DIFFERENCES {
        shown.push(format!("_and {} more_", lines.len() - MOST_DIFFERENCES));
    }
    Some(section(&listed(&text(&format!("{}.", capital(&in_short_at(known, &audience.zone)))), &shown)))
}

fn advised(change: &Change, audience: &Audience) -> String {
    let saves = change.benefit.as_ref().map(saves).unwrap_or_default().join(", ");
    let saves = (!saves.is_empty()).then(|| format!("saves {saves}"));
    let effort = change.effort.as_ref().map(|effort| format!("{} effort", life::effort(effort)));
    let facts: Vec<String> = saves.into_iter().chain(effort).collect();
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", text(&facts.join("; "))) };
    let title = text(&cut(&safe::terminal(&change.title), LONGEST_NAME));
    let title = audience
        .change(&change.id)
        .map_or(title.clone(), |link| format!("<{}|{}>", address(&link), title.replace('|', "∣")));
    format!("{title}{facts}")
}

/// An address within a link: nothing in it ends the link.
fn address(link: &str) -> String {
    link.replace('&', "&amp;").replace('<', "%3C").replace('>', "%3E").replace('|', "%7C")
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
