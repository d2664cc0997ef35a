//! What was not read, or only in part, by reason.

use std::collections::BTreeMap;

/// Why something was not read, or not as it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Skip {
    /// Symbolic links are not followed.
    Symlink,
    /// A folder or file that cannot be opened.
    Unreadable,
    /// Folders below the limit of depth.
    TooDeep,
    /// Beyond the limit on files and folders.
    TooManyEntries,
    /// Beyond the limit on parsed files or their bytes.
    TooManyFiles,
    /// A file above the limit on its size.
    TooLarge,
    /// A file that is nested too deeply to be parsed safely.
    Nested,
    /// Read, but not valid UTF-8: what is not was replaced.
    NotUtf8,
    /// Read, but with faults in its syntax: what stands before the first fault that cannot be repaired was used.
    SyntaxError,
    /// Tests, stories and mocks: no users' calls.
    Test,
    /// A `tsconfig.json` or `package.json` that cannot be understood.
    Settings,
    /// A path whose name is not valid Unicode.
    Name,
    /// Beyond the limit on listed handlers or call sites.
    NotListed,
}

impl Skip {
    /// Its name in the document.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Symlink => "symlinks",
            Self::Unreadable => "unreadable",
            Self::TooDeep => "too_deep",
            Self::TooManyEntries => "too_many_entries",
            Self::TooManyFiles => "too_many_files",
            Self::TooLarge => "too_large",
            Self::Nested => "nested_too_deeply",
            Self::NotUtf8 => "not_utf8",
            Self::SyntaxError => "syntax_errors",
            Self::Test => "tests",
            Self::Settings => "unreadable_settings",
            Self::Name => "names_not_unicode",
            Self::NotListed => "not_listed",
        }
    }
}

/// Counts by reason.
#[derive(Default, Debug)]
pub(crate) struct Skips(BTreeMap<&'static str, u64>);

impl Skips {
    pub(crate) fn count(&mut self, skip: Skip) {
        self.add(skip, 1);
    }

    pub(crate) fn add(&mut self, skip: Skip, many: u64) {
        if many > 0 {
            *self.0.entry(skip.name()).or_default() += many;
        }
    }

    pub(crate) fn into_counts(self) -> BTreeMap<String, u64> {
        self.0.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    }
}
