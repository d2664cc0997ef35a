//! Reports that were published, and what of them is still to be delivered. What a report says is the advisor's; times are
//! ns since the epoch.

/// Which report: of one service and environment there is one for a moment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ReportKey {
    /// `service.name`.
    pub service: String,
    /// `deployment.environment.name`; `None` when none is declared.
    pub environment: Option<String>,
    /// The moment that it was due.
    pub at_ns: u64,
}

/// A report that is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptReport {
    /// Which.
    pub key: ReportKey,
    /// When it was made.
    pub made_ns: u64,
    /// The publisher's word for why it was made.
    pub reason: String,
    /// What it says, in the advisor's own form; the store compresses it.
    pub payload: Vec<u8>,
}

/// A kept report without what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportHead {
    /// Which.
    pub key: ReportKey,
    /// When it was made.
    pub made_ns: u64,
    /// The publisher's word for why it was made.
    pub reason: String,
    /// Size of what it says, bytes, before compression.
    pub bytes: u64,
}

/// Where a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DeliveryState {
    /// It is to be tried.
    Waiting,
    /// The receiver has taken it.
    Delivered,
    /// It is not tried any more.
    GivenUp,
}

/// A kept report on its way to one receiver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Which report.
    pub report: ReportKey,
    /// The receiver's name.
    pub target: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts that were begun.
    pub attempts: u32,
    /// When it may be tried next; of one that is under way, when it counts as lost.
    pub next_try_ns: u64,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::GivenUp];

    /// The word in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}
