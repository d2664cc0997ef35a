//! A check as Markdown, for a comment on a pull request and for the summary of a job. It is bounded: comments may have 65,536
//! characters.

use std::fmt::Write;

use pointsman_advisor::check::{BudgetStatus, Finding};

use super::{FROM_TESTS, Shown, headline, no_longer, place, sentence};
use crate::render::safe;

/// Findings that are listed; of more only how many there are.
const MOST: usize = 20;
/// Notes and reasons that are listed.
const MOST_NOTES: usize = 10;

/// The result, a table of what is new, budgets.
pub(crate) fn markdown(shown: &Shown<'_>) -> String {
    let check = shown.check;
    let mut text = format!("### Pointsman\n\n**{}**\n", headline(check));
    if check.from_tests {
        let _ = write!(text, "\n{FROM_TESTS}\n");
    }
    if !check.new.is_empty() {
        text += "\n| Handler | Rule | What was seen |\n|---|---|---|\n";
        check.new.iter().take(MOST).for_each(|finding| text += &row(finding));
        if let Some(more) = check.new.len().checked_sub(MOST).filter(|more| *more > 0) {
            let _ = write!(text, "\nAnd {more} more.\n");
        }
    }
    if !check.budgets.is_empty() {
        text += "\n| Budget | | |\n|---|---|---|\n";
        for one in check.budgets.iter().take(MOST) {
            let status = match one.status {
                BudgetStatus::Kept => "kept",
                BudgetStatus::Broken => "**broken**",
                BudgetStatus::Undecided => "not known",
            };
            let (budget, said) = (safe::markdown(&one.budget), safe::markdown(&one.text));
            let _ = writeln!(text, "| {budget} | {status} | {said} |");
        }
    }
    let because = check.undecided_because.iter().map(|why| format!("Could not judge: {why}"));
    let said: Vec<String> =
        no_longer(check).into_iter().chain(because).chain(shown.notes.iter().cloned()).collect();
    if !said.is_empty() {
        text.push('\n');
        for line in said.iter().take(MOST_NOTES) {
            let _ = writeln!(text, "- {}", safe::markdown(line));
        }
    }
    text
}

fn row(finding: &Finding) -> String {
    let place = place(finding).map_or_else(String::new, |place| format!("<br>{}", safe::markdown(&place)));
    format!(
        "| {}{place} | {} | {} |\n",
        safe::markdown(&finding.handler),
        safe::markdown(&finding.rule),
        safe::markdown(&sentence(finding))
    )
}
