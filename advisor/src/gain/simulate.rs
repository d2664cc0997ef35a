//! Kept Interactions, played as they would be after a move. All times are the server's: a gap between two requests of one
//! client contains the round trip as this client lived it, and the work of its browser between the two. So nothing is
//! assumed, and the network's part of the first request and of the last answer, which stay, fall out.

use super::{Gain, Saving, length_us, ms_between};
use crate::evidence::{Fact, Interaction, InteractionKind, Step};
use crate::profile::{NextVersion, Profile};
use crate::stats::{Estimate, as_f64};

/// Request headers of a refresh, bytes ([measured] about 650 in Chromium).
const REFRESH_HEADERS: f64 = 650.0;
/// What the request of an action has beyond that of a `fetch`, bytes ([measured] 854 against 609: the state of the router,
/// which grows with the depth of the route).
const ACTION_HEADERS: f64 = 245.0;
/// Prefetches after `revalidatePath` for one after `router.refresh()` ([measured] 14 against 10 on one page).
const REVALIDATE_PREFETCHES: f64 = 1.4;

/// What becomes of the client's prefetches when an action shows the page anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Prefetches {
    /// `refresh()` keeps them (Next.js 16 and later).
    Kept,
    /// `revalidatePath` drops them, and each link in view is fetched ahead once more.
    Dropped,
}

impl Prefetches {
    /// What an action of this app can do: `refresh()` must be known to exist.
    fn of_app(next: Option<NextVersion>) -> Self {
        if next.is_some_and(NextVersion::has_refresh) { Self::Kept } else { Self::Dropped }
    }

    /// How many prefetches fewer there are than after the `router.refresh()` that was seen.
    fn saved(self, seen: f64) -> f64 {
        match self {
            Self::Kept => seen,
            Self::Dropped => seen * (1.0 - REVALIDATE_PREFETCHES),
        }
    }
}

/// A mutation and the refresh after it, as one action that answers with both.
pub(crate) fn action_with_refresh(profile: &Profile) -> Gain {
    let prefetches = Prefetches::of_app(profile.surroundings.next);
    let per_day = per_day(profile, Fact::FollowedByRefresh, Fact::Followable);
    let pairs = profile.interactions(InteractionKind::MutationThenRefresh);
    let saving = |pair: &Interaction| Saving {
        ms: gap(pair),
        bytes: REFRESH_HEADERS - ACTION_HEADERS
            + REFRESH_HEADERS * prefetches.saved(f64::from(pair.prefetches)),
        prefetches: prefetches.saved(f64::from(pair.prefetches)),
        ..ONE_REQUEST
    };
    of(per_day, pairs.map(saving))
}

/// A mutation and the new document after it, as one action that answers with result and page.
pub(crate) fn action_in_place_of_reload(profile: &Profile) -> Gain {
    let per_day = per_day(profile, Fact::FollowedByDocument, Fact::Followable);
    let pairs = profile.interactions(InteractionKind::MutationThenDocument);
    let saving =
        |pair: &Interaction| Saving { ms: gap(pair), bytes: REFRESH_HEADERS - ACTION_HEADERS, ..ONE_REQUEST };
    of(per_day, pairs.map(saving))
}

/// An action and the refresh after it, with the refresh inside of the action.
pub(crate) fn refresh_inside(profile: &Profile) -> Gain {
    let prefetches = Prefetches::of_app(profile.surroundings.next);
    let per_day = per_day(profile, Fact::FollowedByRefresh, Fact::Followable);
    let pairs = profile.interactions(InteractionKind::ActionThenRefresh);
    let saving = |pair: &Interaction| Saving {
        ms: gap(pair),
        bytes: REFRESH_HEADERS * (1.0 + prefetches.saved(f64::from(pair.prefetches))),
        prefetches: prefetches.saved(f64::from(pair.prefetches)),
        ..ONE_REQUEST
    };
    of(per_day, pairs.map(saving))
}

/// Actions that waited for each other, as reads that run at the same time: all are there when the longest is.
pub(crate) fn parallel_reads(profile: &Profile) -> Gain {
    let bursts = profile.interactions(InteractionKind::SerialActions);
    let saving = |burst: &Interaction| {
        let longest = burst.steps.iter().map(|step| step.duration_us).max().unwrap_or_default();
        Saving {
            round_trips: as_f64(burst.steps.len().saturating_sub(1) as u64),
            ms: ms_between(length_us(burst), longest),
            bytes: ACTION_HEADERS * as_f64(burst.steps.len() as u64),
            ..Saving::default()
        }
    };
    let bursts_per_day = profile.estimate_per_day(Fact::Bursts);
    of(bursts_per_day, bursts.map(saving))
}

/// An action on load, as data that the page brings along: its call is not sent at all. Its own duration stays, as part of
/// the page's; what is spared is the time from the page's end until the action began.
pub(crate) fn read_in_page(profile: &Profile) -> Gain {
    let per_day = per_day(profile, Fact::SoonAfterLoad, Fact::Sequenced);
    let loads = profile.interactions(InteractionKind::ActionOnLoad);
    let saving = |on_load: &Interaction| {
        let load_end = on_load.steps.first().map_or(0, end);
        let own = on_load.steps.iter().skip(1).rfind(|step| step.handler == profile.id);
        let began = own.map_or(load_end, |step| step.start_us);
        let sizes = own.and_then(|step| step.request_bytes).unwrap_or_default();
        Saving {
            // A streamed page may end after the action has begun: then nothing was lost by waiting for it.
            ms: ms_between(began, load_end).max(0.0),
            bytes: REFRESH_HEADERS + ACTION_HEADERS + as_f64(sizes),
            ..ONE_REQUEST
        }
    };
    of(per_day, loads.map(saving))
}

/// A round trip and a request less.
const ONE_REQUEST: Saving = Saving { round_trips: 1.0, requests: 1.0, prefetches: 0.0, ms: 0.0, bytes: 0.0 };

/// How often a day a part of the whole gains: the interval is that of its share.
fn per_day(profile: &Profile, part: Fact, whole: Fact) -> Estimate {
    profile.share(part, whole).map(|share| share.times(profile.per_day(whole))).unwrap_or_default()
}

/// Without kept Interactions only the round trip is known, not how long it takes.
fn of(per_day: Estimate, savings: impl Iterator<Item = Saving>) -> Gain {
    let savings: Vec<Saving> = savings.collect();
    Gain::of_savings(per_day, &savings).unwrap_or(Gain { per_day, ..Gain::default() })
}

/// From the end of the first step to the start of the last, ms; negative when the last began before that.
fn gap(pair: &Interaction) -> f64 {
    let [first, .., last] = pair.steps.as_slice() else { return 0.0 };
    ms_between(last.start_us, end(first))
}

fn end(step: &Step) -> u64 {
    step.start_us.saturating_add(step.duration_us)
}
