//! The files of a repository: which there are, and their contents. No symbolic link is followed, so nothing outside is
//! ever opened, and no folder is visited twice. Not here: what the files mean.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::limits::Limits;
use crate::skipped::{Skip, Skips};

/// Folders that hold installed or generated files wherever they are.
const NEVER: [&str; 16] = [
    "node_modules",
    ".git",
    ".next",
    ".turbo",
    ".vercel",
    ".cache",
    ".yarn",
    ".pnpm-store",
    ".svn",
    ".hg",
    ".idea",
    ".vscode",
    ".storybook",
    ".source",
    "storybook-static",
    "__generated__",
];

/// Folders that hold generated files if they stand beside a `package.json`. Elsewhere (`app/api/build`) they are
/// folders like any other.
const GENERATED: [&str; 6] = ["dist", "build", "out", "coverage", "target", "public"];

/// A repository, listed.
pub(crate) struct Repository {
    root: PathBuf,
    /// All files, relative to the root and separated by `/`.
    files: BTreeSet<String>,
}

impl Repository {
    /// Lists a folder.
    ///
    /// # Errors
    /// If the folder itself cannot be read.
    pub(crate) fn list(root: &Path, limits: &Limits, skips: &mut Skips) -> std::io::Result<Self> {
        let root = root.canonicalize()?;
        fs::read_dir(&root)?;
        let mut listed = Self { root, files: BTreeSet::new() };
        let mut entries = 0;
        let mut open = vec![(String::new(), 0)];
        while let Some((folder, depth)) = open.pop() {
            if depth > limits.depth {
                skips.count(Skip::TooDeep);
                continue;
            }
            let Ok(found) = fs::read_dir(listed.root.join(&folder)) else {
                skips.count(Skip::Unreadable);
                continue;
            };
            let mut folders = Vec::new();
            let mut is_package = false;
            for entry in found {
                if entries >= limits.entries {
                    skips.count(Skip::TooManyEntries);
                    break;
                }
                entries += 1;
                let Ok(entry) = entry else {
                    skips.count(Skip::Unreadable);
                    continue;
                };
                let Ok(name) = entry.file_name().into_string() else {
                    skips.count(Skip::Name);
                    continue;
                };
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                match entry.file_type() {
                    Ok(kind) if kind.is_symlink() => skips.count(Skip::Symlink),
                    Ok(kind) if kind.is_dir() => {
                        if !NEVER.contains(&name.as_str()) {
                            folders.push((name, path));
                        }
                    }
                    Ok(kind) if kind.is_file() => {
                        is_package |= name == "package.json";
                        listed.files.insert(path);
                    }
                    Ok(_) => {}
                    Err(_) => skips.count(Skip::Unreadable),
                }
            }
            let generated = |name: &str| is_package && GENERATED.contains(&name);
            let folders = folders.into_iter().filter(|(name, _)| !generated(name));
            open.extend(folders.map(|(_, path)| (path, depth + 1)));
        }
        Ok(listed)
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.files.contains(file)
    }

    /// All files below a folder (all files for an empty one).
    pub(crate) fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = self.files.range(prefix.clone()..);
        from.take_while(move |file| file.starts_with(&prefix)).map(String::as_str)
    }

    /// A file's text. What is not UTF-8 is replaced and counted; a file that is too large or cannot be opened is counted
    /// and not read.
    pub(crate) fn read(&self, file: &str, limits: &Limits, skips: &mut Skips) -> Option<String> {
        if !self.has(file) {
            return None;
        }
        match open_limited(&self.root.join(file), limits.file_bytes) {
            Ok(bytes) if bytes.len() as u64 > limits.file_bytes => {
                skips.count(Skip::TooLarge);
                None
            }
            Ok(bytes) => Some(String::from_utf8(bytes).unwrap_or_else(|error| {
                skips.count(Skip::NotUtf8);
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            })),
            Err(_) => {
                skips.count(Skip::Unreadable);
                None
            }
        }
    }

    /// The commit that is checked out, read from `.git` without running git. `None` where `.git` is a file or a link
    /// (worktrees), packed in an unknown way, or missing.
    pub(crate) fn commit(&self) -> Option<String> {
        let git = self.root.join(".git");
        let plain = |path: &Path| fs::symlink_metadata(path).is_ok_and(|data| !data.is_symlink());
        if !plain(&git) || !git.is_dir() {
            return None;
        }
        let small = |name: &str| -> Option<String> {
            let path = git.join(name);
            let text = plain(&path).then(|| open_limited(&path, 8 << 20).ok()).flatten()?;
            String::from_utf8(text).ok()
        };
        let head = small("HEAD")?;
        let Some(reference) = head.trim().strip_prefix("ref: ") else { return as_commit(head.trim()) };
        if reference.split('/').any(|part| part.is_empty() || part == "..") {
            return None;
        }
        if let Some(loose) = small(reference) {
            return as_commit(loose.trim());
        }
        let packed = small("packed-refs")?;
        let line =
            packed.lines().find(|line| line.split_once(' ').is_some_and(|(_, name)| name == reference))?;
        as_commit(line.split_once(' ')?.0)
    }
}

impl Repository {
    /// The version of a package that is installed for a folder, if no link stands on the way to it.
    pub(crate) fn installed(&self, folder: &str, package: &str) -> Option<String> {
        let mut folder = folder;
        loop {
            let inner = format!("{folder}/node_modules/{package}/package.json");
            let inner = inner.trim_start_matches('/');
            let mut path = self.root.clone();
            let plain = inner.split('/').all(|part| {
                path.push(part);
                fs::symlink_metadata(&path).is_ok_and(|data| !data.is_symlink())
            });
            if plain {
                let manifest: serde_json::Value =
                    serde_json::from_slice(&open_limited(&path, 1 << 20).ok()?).ok()?;
                return manifest.get("version")?.as_str().map(str::to_owned);
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
}

/// At most one byte more than the limit, so that the caller sees that it was too much.
fn open_limited(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn as_commit(text: &str) -> Option<String> {
    let hex = text.len() >= 40 && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| text.to_owned())
}
