//! A check for a terminal or the log of a job.

use pointsman_advisor::check::{BudgetStatus, Finding};

use super::{FROM_TESTS, Shown, headline, no_longer, place, sentence};
use crate::render::safe;

/// Findings that are printed; of more only how many there are.
const MOST: usize = 50;

/// The result, findings that are new, and budgets.
pub(crate) fn text(shown: &Shown<'_>) -> String {
    let check = shown.check;
    let mut lines = vec![headline(check)];
    if check.from_tests {
        lines.push(FROM_TESTS.to_owned());
    }
    if !check.new.is_empty() {
        lines.extend([String::new(), if check.has_baseline { "New" } else { "Found" }.to_owned()]);
        lines.extend(check.new.iter().take(MOST).flat_map(finding));
        if let Some(more) = check.new.len().checked_sub(MOST).filter(|more| *more > 0) {
            lines.push(format!("  and {more} more; --format json lists all"));
        }
    }
    if !check.budgets.is_empty() {
        lines.extend([String::new(), "Budgets".to_owned()]);
        lines.extend(check.budgets.iter().map(|one| {
            let status = match one.status {
                BudgetStatus::Kept => "kept",
                BudgetStatus::Broken => "BROKEN",
                BudgetStatus::Undecided => "not known",
            };
            format!("  {status:<10} {}: {}", one.budget, safe::sentence(&one.text))
        }));
    }
    let others = no_longer(check);
    let because = check.undecided_because.iter().map(|why| format!("could not judge: {why}"));
    let said: Vec<String> = others.into_iter().chain(because).chain(shown.notes.iter().cloned()).collect();
    if !said.is_empty() {
        lines.push(String::new());
        lines.extend(said.iter().map(|line| safe::sentence(line)));
    }
    lines.join("\n") + "\n"
}

fn finding(finding: &Finding) -> Vec<String> {
    let place = place(finding).map_or_else(String::new, |place| format!("  {}", safe::terminal(&place)));
    vec![
        format!("  {}  {}{place}", safe::terminal(&finding.handler), finding.rule),
        format!("    {}", safe::sentence(&sentence(finding))),
    ]
}
