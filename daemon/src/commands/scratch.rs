//! A folder of a command's own, for a database that nobody keeps.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// Where Linux keeps files in memory.
const IN_MEMORY: &str = "/dev/shm";

/// A folder that is removed with all that is in it.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one; nobody else may look into it.
    pub(super) fn create(command: &str) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).context("there is no randomness for the name of a folder")?;
        let name = format!("pointsman-{command}-{:016x}", u64::from_ne_bytes(random));
        let make = |path: PathBuf| std::fs::DirBuilder::new().mode(0o700).create(&path).map(|()| Self(path));
        // In memory, where there is such a place: nothing in it is to outlive the command.
        if std::env::var_os("TMPDIR").is_none()
            && let Ok(folder) = make(Path::new(IN_MEMORY).join(&name))
        {
            return Ok(folder);
        }
        let path = std::env::temp_dir().join(name);
        make(path.clone())
            .with_context(|| format!("cannot make {}; set TMPDIR to a folder with room", path.display()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("pointsman: {} could not be removed: {error}", self.0.display());
        }
    }
}
