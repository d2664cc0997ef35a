//! Base rates: how often what a sequence shows happens when nothing preceded it. Coincidence is not consequence: a page that
//! refreshes itself does so after mutations too.
//!
//! Each trigger is its own control. What is looked for in the window that a trigger opens is looked for once more, by the same
//! code, in a window of the same length of the same client on the same page that lies next to it and in which nothing
//! preceded it (the case-crossover design: M. Maclure, "The case-crossover design: a method for studying transient effects on
//! the risk of acute events", 1991). For what follows a mutation or an action, that window ends where the trigger begins.
//! Where it is the follower that is counted (queues, loads, typing), the same question is asked with what precedes it moved
//! one window away. Only the difference of the two shares counts, and so do gains; its interval is in
//! [`crate::stats::Interval::difference`].

use super::Fact;

/// Parts of a control window that are told apart.
pub(crate) const PARTS: u32 = 1_000;

/// Where the base rate of a fact is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BaseRate {
    /// What the fact is a share of.
    pub(crate) whole: Fact,
    /// Control windows.
    pub(crate) windows: Fact,
    /// In which parts they are counted: where less than a window is known, that part of one is. What comes by itself comes in
    /// half of a window half as often.
    pub(crate) parts: u32,
    /// Control windows in which the same thing happened.
    pub(crate) hits: Fact,
    /// What else may be a case of it, where clients may be slow.
    pub(crate) doubt: Option<Doubt>,
}

/// Cases that may be of either kind: the windows of slow clients are longer, and whether a client is slow is not always known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Doubt {
    /// Cases within the longer window only.
    pub(crate) perhaps: Fact,
    /// Control windows of that length.
    pub(crate) windows: Fact,
    /// Those in which the same thing happened.
    pub(crate) hits: Fact,
}

/// A closure cannot be called in a `const fn`.
const fn rate(whole: Fact, windows: Fact, hits: Fact, doubt: Option<Doubt>) -> Option<BaseRate> {
    let in_parts = matches!(
        windows,
        Fact::RefreshControls | Fact::DocumentControls | Fact::ReloadControls | Fact::DropControls
    );
    Some(BaseRate { whole, windows, parts: if in_parts { PARTS } else { 1 }, hits, doubt })
}

impl Fact {
    /// Where the base rate of a fact about a sequence is counted; `None` for all other facts.
    pub(crate) const fn base_rate(self) -> Option<BaseRate> {
        let (followable, sequenced, shifted) = (Self::Followable, Self::Sequenced, Self::ShiftedControls);
        match self {
            Self::FollowedByRefresh => rate(
                followable,
                Self::RefreshControls,
                Self::ControlRefresh,
                Some(Doubt {
                    perhaps: Self::PerhapsFollowedByRefresh,
                    windows: Self::SlowRefreshControls,
                    hits: Self::ControlSlowRefresh,
                }),
            ),
            Self::FollowedByDocument => rate(followable, Self::DocumentControls, Self::ControlDocument, None),
            Self::FollowedByRefetch => rate(followable, Self::RefreshControls, Self::ControlRefetch, None),
            Self::CookieThenRefresh => {
                rate(followable, Self::DocumentControls, Self::ControlCookieThenRefresh, None)
            }
            Self::FollowedByReload => rate(followable, Self::ReloadControls, Self::ControlReload, None),
            Self::InBurst => rate(
                sequenced,
                shifted,
                Self::ControlInBurst,
                Some(Doubt {
                    perhaps: Self::PerhapsInBurst,
                    windows: shifted,
                    hits: Self::ControlPerhapsInBurst,
                }),
            ),
            Self::SoonAfterLoad => rate(
                sequenced,
                shifted,
                Self::ControlSoonAfterLoad,
                Some(Doubt {
                    perhaps: Self::PerhapsSoonAfterLoad,
                    windows: shifted,
                    hits: Self::ControlPerhapsSoonAfterLoad,
                }),
            ),
            Self::ReadsSoonAfterLoad => rate(Self::ReadsSequenced, shifted, Self::ControlSoonAfterLoad, None),
            Self::Typed => rate(sequenced, shifted, Self::ControlTyped, None),
            Self::Retries => rate(Self::Retryable, Self::Retryable, Self::ControlRetries, None),
            Self::DropsPrefetchesAndRefetches => {
                rate(Self::DropsPrefetches, Self::DropControls, Self::ControlDropRefetches, None)
            }
            Self::Hammered => rate(Self::ActionNotFound, Self::ActionNotFound, Self::ControlHammered, None),
            Self::FollowedByNavigation => {
                rate(Self::Navigable, Self::NavigationControls, Self::ControlNavigation, None)
            }
            _ => None,
        }
    }
}
