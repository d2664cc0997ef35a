//! A draft in words: what it does, what was checked, what a person must decide, what was left out.

use super::{Applies, Checks, Drafted, Types};
use crate::render::safe::terminal;

/// The lines about a draft, for a person.
pub(crate) fn header(drafted: &Drafted, checks: &Checks) -> Vec<String> {
    let Drafted { title, is_mechanical, draft } = drafted;
    let mut lines = vec![terminal(title)];
    lines.push(match draft.todos.len() {
        0 if *is_mechanical => "A mechanical change: read it, then apply it.".to_owned(),
        0 => "A draft: read it, try it, then apply it.".to_owned(),
        1 => "A draft: 1 TODO is left to decide.".to_owned(),
        count => format!("A draft: {count} TODOs are left to decide."),
    });
    lines.extend(draft.todos.iter().map(|todo| format!("  {}:{}: {}", todo.file, todo.line, todo.text)));
    lines.extend(checked(checks));
    lines.extend(draft.left_out.iter().map(|why| format!("Left out: {why}.")));
    lines.extend(draft.remarks.iter().map(|remark| format!("Note: {remark}.")));
    lines.iter().map(|line| terminal(line)).collect()
}

/// What was checked, and what was not.
fn checked(checks: &Checks) -> Vec<String> {
    let mut lines = vec![match &checks.applies {
        Applies::Yes => "Applies: yes (git apply --check).".to_owned(),
        Applies::No(why) => format!("Applies: NO: {why}."),
        Applies::NotRun(why) => format!("Applies: not checked: {why}."),
    }];
    match &checks.types {
        Types::AsBefore(0) => lines.push("Typecheck: no errors (tsc --noEmit).".to_owned()),
        Types::AsBefore(count) => {
            lines.push(format!("Typecheck: no new errors; {count} were there before (tsc --noEmit)."));
        }
        Types::Worse { new, count } => {
            lines.push(format!("Typecheck: {count} NEW errors (tsc --noEmit):"));
            lines.extend(new.iter().map(|fault| format!("  {fault}")));
        }
        Types::NotRun(why) => lines.push(format!("Typecheck: not run: {why}.")),
    }
    lines.push("Lint, build and tests: not run.".to_owned());
    lines
}

/// The patch with what is said of it as comments before it, which `git apply` and `patch` skip.
pub(crate) fn patch_file(drafted: &Drafted, checks: &Checks) -> String {
    let mut text = String::new();
    for line in header(drafted, checks) {
        text += &format!("# {line}\n");
    }
    text + &drafted.draft.patch()
}
