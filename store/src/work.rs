//! Work that one process at a time does for all that use the same database.

/// What it is. Extraction has a lease of its own, because more depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// Counting hours, and making the runs of the advisor.
    Advice,
    /// Deleting what is too old or too much.
    Retention,
    /// Making reports when they are due.
    Publishing,
}

impl Work {
    /// The word in the table.
    #[cfg(feature = "postgres")]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Retention => "retention",
            Self::Publishing => "publishing",
        }
    }
}
