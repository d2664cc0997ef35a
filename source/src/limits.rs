//! How much of a repository is read at most. Each limit that is met is counted in the document.

/// The limits of one reading. The defaults hold a monorepo of a few dozen packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Files and folders that are looked at.
    pub entries: usize,
    /// Folders below each other.
    pub depth: usize,
    /// Files that are parsed.
    pub files: usize,
    /// Bytes of one file; larger ones are generated.
    pub file_bytes: u64,
    /// Bytes of all parsed files.
    pub total_bytes: u64,
    /// Brackets within each other in one file, and operators in one statement divided by 16: what a parser works on
    /// recursively.
    pub nesting: usize,
    /// Handlers that are listed.
    pub handlers: usize,
    /// Call sites that are listed.
    pub call_sites: usize,
    /// Unresolved calls that are listed.
    pub unresolved: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 200_000,
            depth: 64,
            files: 20_000,
            file_bytes: 1 << 20,
            total_bytes: 256 << 20,
            nesting: 1_000,
            handlers: 10_000,
            call_sites: 50_000,
            unresolved: 1_000,
        }
    }
}
