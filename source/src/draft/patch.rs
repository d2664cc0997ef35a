//! Changed files as a unified diff that `git apply` and `patch -p1` understand. Paths are relative to the repository that was
//! read: there are no `diff --git` lines, which would make `git apply` look for them from the root of an outer repository.

use std::fmt::Write;

use similar::TextDiff;

use super::ChangedFile;

/// The patch; `None` for a path that a diff cannot name.
pub(super) fn of(files: &[ChangedFile]) -> Option<String> {
    let mut patch = String::new();
    for file in files {
        let name = &file.path;
        if name.chars().any(|letter| letter.is_control() || letter == '"' || letter == '\\') {
            return None;
        }
        // A name with a space ends at a tab.
        let end = if name.contains(' ') { "\t" } else { "" };
        let side = |there: bool, side: &str| {
            if there { format!("{side}/{name}{end}") } else { "/dev/null".to_owned() }
        };
        let (old, new) = (side(file.before.is_some(), "a"), side(file.after.is_some(), "b"));
        let before = file.before.as_deref().unwrap_or_default();
        let after = file.after.as_deref().unwrap_or_default();
        if before == after {
            continue;
        }
        let diff = TextDiff::from_lines(before, after);
        let hunks = diff.unified_diff().context_radius(3).missing_newline_hint(true).to_string();
        let _ = write!(patch, "--- {old}\n+++ {new}\n{hunks}");
    }
    Some(patch)
}
