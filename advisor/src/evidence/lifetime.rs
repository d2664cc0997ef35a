//! Facts that stand for each value of something else: the class of a caller, the lifetime of a cached answer.

use pointsman_store::Caller;

use super::Fact;

/// For how long a cache may keep an answer: the grid on which the potential hit rate is counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lifetime {
    /// 1 s.
    OneSecond,
    /// 10 s.
    TenSeconds,
    /// 60 s.
    OneMinute,
    /// 5 min.
    FiveMinutes,
}

impl Fact {
    /// Calls by a class of caller.
    #[must_use]
    pub const fn by(caller: Caller) -> Self {
        match caller {
            Caller::OwnUi => Self::ByOwnUi,
            Caller::Server => Self::ByServer,
            Caller::CrossOrigin => Self::ByCrossOrigin,
            Caller::External => Self::ByExternal,
            Caller::Bot => Self::ByBot,
            Caller::Unknown => Self::ByUnknown,
        }
    }

    /// Calls by a class of caller that were answered 2xx or 3xx.
    #[must_use]
    pub const fn succeeded_by(caller: Caller) -> Self {
        match caller {
            Caller::OwnUi => Self::SucceededByOwnUi,
            Caller::Server => Self::SucceededByServer,
            Caller::CrossOrigin => Self::SucceededByCrossOrigin,
            Caller::External => Self::SucceededByExternal,
            Caller::Bot => Self::SucceededByBot,
            Caller::Unknown => Self::SucceededByUnknown,
        }
    }

    /// Repeats within a lifetime, whoever had asked before.
    #[must_use]
    pub const fn repeat_of_anyone(lifetime: Lifetime) -> Self {
        match lifetime {
            Lifetime::OneSecond => Self::RepeatOfAnyoneWithinOneSecond,
            Lifetime::TenSeconds => Self::RepeatOfAnyoneWithinTenSeconds,
            Lifetime::OneMinute => Self::RepeatOfAnyoneWithinOneMinute,
            Lifetime::FiveMinutes => Self::RepeatOfAnyoneWithinFiveMinutes,
        }
    }

    /// Repeats within a lifetime of what the same client had asked.
    #[must_use]
    pub const fn repeat_of_same_client(lifetime: Lifetime) -> Self {
        match lifetime {
            Lifetime::OneSecond => Self::RepeatOfSameClientWithinOneSecond,
            Lifetime::TenSeconds => Self::RepeatOfSameClientWithinTenSeconds,
            Lifetime::OneMinute => Self::RepeatOfSameClientWithinOneMinute,
            Lifetime::FiveMinutes => Self::RepeatOfSameClientWithinFiveMinutes,
        }
    }
}

impl Lifetime {
    /// Every lifetime, shortest first.
    pub const ALL: [Self; 4] = [Self::OneSecond, Self::TenSeconds, Self::OneMinute, Self::FiveMinutes];

    /// Its length, s.
    #[must_use]
    pub fn seconds(self) -> u64 {
        match self {
            Self::OneSecond => 1,
            Self::TenSeconds => 10,
            Self::OneMinute => 60,
            Self::FiveMinutes => 300,
        }
    }
}
