//! What is kept and how much of it may be: the words in which retention is told. How it is enforced is the backend's.

use std::time::Duration;

/// The three kinds of data that are kept for different times.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Raw spans as they came.
    Blocks,
    /// One row per finished request.
    Calls,
    /// One payload per handler and hour.
    Rollups,
}

impl Kind {
    /// All kinds, the shortest-lived first.
    pub const ALL: [Self; 3] = [Self::Blocks, Self::Calls, Self::Rollups];

    /// The word for tables and labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Calls => "calls",
            Self::Rollups => "rollups",
        }
    }
}

/// How much of one kind may be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limit {
    /// Older data goes; `None` keeps it whatever its age.
    pub age: Option<Duration>,
    /// When there is more, in bytes, the oldest goes; `None` keeps it whatever its size.
    pub bytes: Option<u64>,
}

/// How much may be kept of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// Of [`Kind::Blocks`].
    pub blocks: Limit,
    /// Of [`Kind::Calls`].
    pub calls: Limit,
    /// Of [`Kind::Rollups`]. Those of the last [`MIN_ROLLUP_AGE`] stay, whatever is set here.
    pub rollups: Limit,
}

/// Rollups are kept at least so long: blockers must see a month and a bit, or a rare outside caller is overlooked.
pub const MIN_ROLLUP_AGE: Duration = Duration::from_secs(35 * 24 * 3600);

/// Why something was deleted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// It was older than its kind is kept.
    Age,
    /// There was more of its kind than may be, and it was the oldest.
    Size,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 2] = [Self::Age, Self::Size];

    /// The word for labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Size => "size",
        }
    }
}

/// How much there is of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Volume {
    /// Blocks, Calls or Rollups.
    pub rows: u64,
    /// What they hold: the file takes some more, for partly filled pages. For Calls rows times an average that
    /// [`crate::Store::measure_calls`] renews.
    pub bytes: u64,
}

/// How much there is of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Volumes {
    /// Of [`Kind::Blocks`].
    pub blocks: Volume,
    /// Of [`Kind::Calls`].
    pub calls: Volume,
    /// Of [`Kind::Rollups`].
    pub rollups: Volume,
}

impl Volumes {
    /// That of one kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Volume {
        match kind {
            Kind::Blocks => self.blocks,
            Kind::Calls => self.calls,
            Kind::Rollups => self.rollups,
        }
    }
}

impl Limits {
    /// That of one kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Limit {
        match kind {
            Kind::Blocks => self.blocks,
            Kind::Calls => self.calls,
            Kind::Rollups => self.rollups,
        }
    }
}

/// What one small step of retention deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trimmed {
    /// Of which kind.
    pub kind: Kind,
    /// Why.
    pub reason: Reason,
    /// How many blocks, Calls or Rollups.
    pub rows: u64,
    /// How much they held.
    pub bytes: u64,
}
