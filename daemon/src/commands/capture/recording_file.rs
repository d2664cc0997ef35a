//! Where a recording is written: next to its place, and into its place when the command has ended. A command that cannot be
//! started, or a `capture` that is killed, leaves an earlier recording as it was.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A recording that is not in its place yet. It is removed if it never gets there.
pub(super) struct RecordingFile {
    place: PathBuf,
    /// The unfinished file; none for what cannot be replaced, such as a pipe or `/dev/stdout`.
    beside: Option<PathBuf>,
}

impl RecordingFile {
    /// Opens the unfinished file.
    pub(super) fn create(out: &Path) -> io::Result<(Self, File)> {
        // A link stays, and what it leads to is replaced.
        let place = std::fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
        let beside = match std::fs::metadata(&place) {
            Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(there) if !there.is_file() => None,
            _ => Some(unfinished(&place)),
        };
        let file = File::create(beside.as_ref().unwrap_or(&place))?;
        Ok((Self { place, beside }, file))
    }

    /// Puts the recording into its place.
    pub(super) fn put_in_place(mut self) -> io::Result<()> {
        match self.beside.take() {
            Some(beside) => std::fs::rename(beside, &self.place),
            None => Ok(()),
        }
    }
}

impl Drop for RecordingFile {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            // If it cannot be removed, it is in nobody's way: its name says what it is.
            let _ = std::fs::remove_file(beside);
        }
    }
}

fn unfinished(place: &Path) -> PathBuf {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(format!(".unfinished-{}", std::process::id()));
    place.with_file_name(name)
}
