//! A copy of a repository for the compiler: its own files, and links to what is installed. What the compiler writes goes into
//! the copy.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// Folders that the compiler does not need.
const LEFT_OUT: [&str; 8] =
    [".git", ".next", ".turbo", ".vercel", ".cache", "coverage", "storybook-static", "target"];
/// The largest file that is copied, bytes: larger ones are no source.
const LARGEST: u64 = 4 << 20;
/// How much is copied at most, bytes and files.
const MOST_BYTES: u64 = 1 << 30;
const MOST_FILES: u64 = 200_000;
/// Folders below each other.
const DEEPEST: usize = 64;

/// How much was copied so far.
#[derive(Default)]
struct Copied {
    bytes: u64,
    files: u64,
}

/// Copies a repository.
pub(super) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    folder(from, to, 0, &mut Copied::default())
}

fn folder(from: &Path, to: &Path, depth: usize, copied: &mut Copied) -> anyhow::Result<()> {
    anyhow::ensure!(depth <= DEEPEST, "{} is too deep", from.display());
    fs::create_dir_all(to).with_context(|| format!("cannot write {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let (old, new) = (entry.path(), to.join(&name));
        if name == "node_modules" {
            link(&old, &new)?;
        } else if kind.is_dir() {
            if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                folder(&old, &new, depth + 1, copied)?;
            }
        } else if kind.is_file() {
            let bytes = entry.metadata()?.len();
            if bytes > LARGEST {
                continue;
            }
            copied.bytes += bytes;
            copied.files += 1;
            anyhow::ensure!(
                copied.bytes <= MOST_BYTES && copied.files <= MOST_FILES,
                "the repository is too large to be copied"
            );
            fs::copy(&old, &new).with_context(|| format!("cannot copy {}", old.display()))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(old: &Path, new: &Path) -> anyhow::Result<()> {
    let target = old.canonicalize().with_context(|| format!("cannot read {}", old.display()))?;
    std::os::unix::fs::symlink(target, new).with_context(|| format!("cannot write {}", new.display()))
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> anyhow::Result<()> {
    anyhow::bail!("links to installed packages are made on Unix only")
}
