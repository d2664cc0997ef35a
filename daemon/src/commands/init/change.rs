//! Changes to the app's files: prepared in memory, shown as a diff, written all or none, and taken back. What is changed is
//! the business of those who prepare them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Lines around a change that are shown.
const CONTEXT: usize = 2;
/// How far a diff looks for the line that goes on.
const LOOK_AHEAD: usize = 40;

/// Text that is put into a file at a byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Insertion {
    pub(super) at: usize,
    pub(super) text: String,
}

/// A file as it will be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::commands) struct Change {
    pub(super) file: PathBuf,
    /// Nothing for a file that is created.
    pub(super) before: Option<String>,
    pub(super) after: String,
    /// What is put in; of a created file all of it.
    pub(super) put_in: Vec<String>,
}

/// What was done to a file, so that it can be taken back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Done {
    /// From the app's folder.
    pub(super) file: PathBuf,
    pub(super) created: bool,
    pub(super) put_in: Vec<String>,
}

impl Change {
    /// A new file.
    pub(super) fn create(file: PathBuf, text: String) -> Self {
        Self { file, before: None, put_in: vec![text.clone()], after: text }
    }

    /// A file whose text becomes another one.
    pub(in crate::commands) fn replace(file: PathBuf, before: Option<String>, after: String) -> Self {
        Self { file, before, after, put_in: Vec::new() }
    }

    /// Whether nothing is left in the file.
    pub(in crate::commands) fn is_empty(&self) -> bool {
        self.after.is_empty()
    }

    /// Removes the file.
    pub(in crate::commands) fn remove(&self) -> anyhow::Result<()> {
        fs::remove_file(&self.file).with_context(|| format!("cannot remove {}", self.file.display()))
    }

    /// Texts put into a file that is there.
    pub(super) fn insert(file: PathBuf, before: &str, mut insertions: Vec<Insertion>) -> Self {
        insertions.sort_by_key(|one| one.at);
        let mut after = before.to_owned();
        for Insertion { at, text } in insertions.iter().rev() {
            after.insert_str(*at, text);
        }
        let put_in = insertions.into_iter().map(|one| one.text).collect();
        Self { file, before: Some(before.to_owned()), after, put_in }
    }

    /// As `diff -u` shows it, with paths from the app's folder.
    pub(in crate::commands) fn diff(&self, app: &Path) -> String {
        let name = self.file.strip_prefix(app).unwrap_or(&self.file).display();
        let old = if self.before.is_some() { format!("a/{name}") } else { "/dev/null".to_owned() };
        let mut text = format!("--- {old}\n+++ b/{name}\n");
        let before = self.before.as_deref().unwrap_or_default();
        let lines = compared(&before.lines().collect::<Vec<_>>(), &self.after.lines().collect::<Vec<_>>());
        let near = |at: usize| {
            lines.iter().enumerate().any(|(other, (sign, _))| *sign != ' ' && other.abs_diff(at) <= CONTEXT)
        };
        let mut skipped = false;
        for (at, (sign, line)) in lines.iter().enumerate() {
            if near(at) {
                if skipped {
                    text += "@@\n";
                }
                let _ = writeln!(text, "{sign}{line}");
            }
            skipped = !near(at);
        }
        text
    }

    /// For the record.
    pub(super) fn done(&self, app: &Path) -> Done {
        let file = self.file.strip_prefix(app).unwrap_or(&self.file).to_owned();
        Done { file, created: self.before.is_none(), put_in: self.put_in.clone() }
    }
}

/// Lines with `+`, `-` or a space. Changes are insertions, so looking ahead for the line that goes on is enough.
fn compared<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<(char, &'a str)> {
    let (mut lines, mut at) = (Vec::new(), 0);
    for old in before {
        let ahead = after.iter().skip(at).take(LOOK_AHEAD).position(|new| new == old);
        match ahead {
            Some(added) => {
                lines.extend(after.iter().skip(at).take(added).map(|new| ('+', *new)));
                lines.push((' ', *old));
                at += added + 1;
            }
            None => lines.push(('-', *old)),
        }
    }
    lines.extend(after.iter().skip(at).map(|new| ('+', *new)));
    lines
}

/// Says no when a folder or file cannot be written, before anything is.
pub(super) fn assert_writable(files: impl IntoIterator<Item = PathBuf>) -> anyhow::Result<()> {
    for file in files {
        let folder = file.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        let probe = folder.join(format!(".pointsman-init-{}", std::process::id()));
        let tried = fs::write(&probe, "").and_then(|()| fs::remove_file(&probe));
        let tried = tried.and_then(|()| if file.is_file() { writable(&file) } else { Ok(()) });
        tried.with_context(|| {
            format!(
                "{} cannot be written, so nothing was changed; make it writable for you and run init again",
                if file.is_file() { file.display() } else { folder.display() }
            )
        })?;
    }
    Ok(())
}

fn writable(file: &Path) -> std::io::Result<()> {
    fs::OpenOptions::new().append(true).open(file).map(|_| ())
}

/// Writes all changes, or none: what was written is put back when a later one fails.
pub(in crate::commands) fn write_all(changes: &[Change]) -> anyhow::Result<()> {
    for (written, change) in changes.iter().enumerate() {
        if let Err(error) = write(&change.file, change.after.as_bytes()) {
            for done in changes.iter().take(written) {
                put_back(&done.file, done.before.as_deref().map(str::as_bytes));
            }
            return Err(error).with_context(|| format!("cannot write {}", change.file.display()));
        }
    }
    Ok(())
}

/// Replaces a file whole, so that nobody reads half of it.
pub(super) fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let file = &fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".pointsman-{}", std::process::id()));
    let next = file.with_file_name(name);
    let written = fs::write(&next, bytes)
        .and_then(|()| fs::metadata(file).map_or(Ok(()), |old| fs::set_permissions(&next, old.permissions())))
        .and_then(|()| fs::rename(&next, file));
    if written.is_err() {
        let _ = fs::remove_file(&next);
    }
    written
}

/// As it was before; what cannot be put back is said.
pub(super) fn put_back(file: &Path, before: Option<&[u8]>) {
    let put_back = match before {
        Some(bytes) => write(file, bytes),
        None if file.exists() => fs::remove_file(file),
        None => Ok(()),
    };
    if let Err(error) = put_back {
        eprintln!("pointsman: {} could not be put back: {error}", file.display());
    }
}

impl Done {
    /// Takes it back, if the file still holds what was put in exactly once. What to do by hand otherwise.
    pub(super) fn take_back(&self, app: &Path) -> Result<(), String> {
        let file = app.join(&self.file);
        let name = self.file.display();
        let Ok(text) = fs::read_to_string(&file) else {
            return if file.exists() {
                Err(format!("{name} cannot be read: take out what init put in by hand"))
            } else {
                Ok(())
            };
        };
        if self.created {
            return if self.put_in.first() == Some(&text) {
                fs::remove_file(&file).map_err(|error| format!("{name} cannot be removed: {error}"))
            } else {
                Err(format!(
                    "{name} has changed since init made it: remove it, or the two lines of Pointsman in it, by hand"
                ))
            };
        }
        let mut text = text;
        for part in &self.put_in {
            let mut places = text.match_indices(part.as_str()).map(|(at, _)| at);
            match (places.next(), places.next()) {
                (Some(at), None) => text.replace_range(at..at + part.len(), ""),
                _ => return Err(format!("{name} has changed since: take out `{}` by hand", part.trim())),
            }
        }
        write(&file, text.as_bytes()).map_err(|error| format!("{name} cannot be written: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inserted() -> Change {
        let before = "import a\n\nexport function register() {\n  one()\n  two()\n  three()\n}\n";
        let insertions = vec![
            Insertion { at: before.find("  one").unwrap(), text: "  pointsman()\n".to_owned() },
            Insertion { at: "import a\n".len(), text: "import b\n".to_owned() },
        ];
        Change::insert(PathBuf::from("/app/instrumentation.ts"), before, insertions)
    }

    #[test]
    fn a_diff_shows_what_is_put_in() {
        let shown = inserted().diff(Path::new("/app"));
        assert_eq!(
            shown,
            "--- a/instrumentation.ts\n+++ b/instrumentation.ts\n import a\n+import b\n \n export function register() {\n\
             +  pointsman()\n   one()\n   two()\n"
        );
        let created = Change::create(PathBuf::from("/app/src/x.ts"), "a\nb\n".to_owned());
        assert_eq!(created.diff(Path::new("/app")), "--- /dev/null\n+++ b/src/x.ts\n+a\n+b\n");
    }

    #[test]
    fn what_was_put_in_is_taken_out_and_what_was_added_since_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("instrumentation.ts");
        let mut change = inserted();
        change.file.clone_from(&file);
        write_all(std::slice::from_ref(&change)).unwrap();
        fs::write(&file, change.after.replace("two()", "two(2)")).unwrap();
        change.done(folder.path()).take_back(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), change.before.unwrap().replace("two()", "two(2)"));
    }

    #[test]
    fn a_created_file_that_was_changed_since_stays() {
        let folder = tempfile::tempdir().unwrap();
        let change = Change::create(folder.path().join("src/instrumentation.ts"), "a\n".to_owned());
        write_all(std::slice::from_ref(&change)).unwrap();
        let done = change.done(folder.path());
        fs::write(&change.file, "a\nmine\n").unwrap();
        assert!(done.take_back(folder.path()).unwrap_err().contains("by hand"));
        fs::write(&change.file, "a\n").unwrap();
        done.take_back(folder.path()).unwrap();
        assert!(!change.file.exists());
    }

    #[test]
    fn files_that_were_written_are_put_back_when_a_later_one_fails() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("is-a-file"), "").unwrap();
        let first = Change::create(folder.path().join("first"), "a".to_owned());
        let impossible = Change::create(folder.path().join("is-a-file/second"), "b".to_owned());
        assert!(write_all(&[first.clone(), impossible]).is_err());
        assert!(!first.file.exists());
    }
}
