//! A check as workflow commands of GitHub Actions, which the runner turns into annotations. Values are escaped as its toolkit does
//! it, and hold no control characters to begin with: a name cannot end a command and begin another.

use pointsman_advisor::check::{BudgetStatus, Finding, Outcome};

use super::{FROM_TESTS, Shown, headline, sentence};
use crate::render::safe;

/// GitHub shows ten annotations of a kind and step.
const MOST: usize = 10;

/// An annotation for each new finding and each broken budget.
pub(crate) fn github(shown: &Shown<'_>) -> String {
    let check = shown.check;
    let mut lines: Vec<String> = check.new.iter().take(MOST).map(annotation).collect();
    if let Some(more) = check.new.len().checked_sub(MOST).filter(|more| *more > 0) {
        lines.push(command("notice", &[("title", "Pointsman")], &format!("{more} more findings")));
    }
    for broken in check.budgets.iter().filter(|one| one.status == BudgetStatus::Broken) {
        let said = format!("{}: {}", broken.budget, broken.text);
        lines.push(command("error", &[("title", "Pointsman: a budget is broken")], &said));
    }
    for why in &check.undecided_because {
        lines.push(command("warning", &[("title", "Pointsman could not judge")], why));
    }
    lines.extend(shown.notes.iter().map(|note| command("notice", &[("title", "Pointsman")], note)));
    let end = if check.from_tests { format!("{} {FROM_TESTS}", headline(check)) } else { headline(check) };
    let kind = if check.result == Outcome::Passed { "notice" } else { "warning" };
    lines.push(command(kind, &[("title", "Pointsman")], &end));
    lines.join("\n") + "\n"
}

fn annotation(finding: &Finding) -> String {
    let title = format!("{} ({})", finding.handler, finding.rule);
    let line = finding.place.as_ref().map(|place| place.line.to_string());
    let mut properties: Vec<(&str, &str)> = Vec::new();
    if let (Some(place), Some(line)) = (&finding.place, &line) {
        properties.extend([("file", place.file.as_str()), ("line", line)]);
    }
    properties.push(("title", &title));
    command("warning", &properties, &sentence(finding))
}

fn command(kind: &str, properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    format!("::{kind} {}::{}", properties.join(","), data(&safe::sentence(message)))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&safe::terminal(text)).replace(':', "%3A").replace(',', "%2C")
}
