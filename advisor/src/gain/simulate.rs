//! Kept Interactions, played as they would be after a move. All times are the server's: a gap between two requests of one
//! client contains the round trip as this client lived it, and the work of its browser between the two. So nothing is
//! assumed, and the network's part of the first request and of the last answer, which stay, fall out.

use pointsman_store::Fingerprint;

use super::{Gain, Saving, length_us, ms_between};
use crate::evidence::{Fact, Interaction, InteractionKind, Step};
use crate::profile::{Excess, NextVersion, Profile};
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

/// An action and the navigation after it, as an action that redirects and brings the page along.
pub(crate) fn redirect_inside(profile: &Profile) -> Gain {
    let per_day = per_day(profile, Fact::FollowedByNavigation, Fact::Navigable);
    let pairs = profile.interactions(InteractionKind::ActionThenNavigation);
    let saving = |pair: &Interaction| Saving { ms: gap(pair), bytes: REFRESH_HEADERS, ..ONE_REQUEST };
    of(per_day, pairs.map(saving))
}

/// Actions that waited for each other, as reads that run at the same time: all are there when the longest is.
pub(crate) fn parallel_reads(profile: &Profile) -> Gain {
    let bursts = profile.interactions(InteractionKind::SerialActions);
    let part = profile.excess(Fact::InBurst).map_or(1.0, Excess::part);
    let bursts_per_day = profile.estimate_per_day(Fact::Bursts).divided_by(1.0 / part.max(f64::EPSILON));
    of(bursts_per_day, bursts.map(all_at_once))
}

/// An action on load, as data that the page brings along: its call is not sent at all. Its own duration stays, as part of
/// the page's; what is spared is the time from the page's end until the action began.
pub(crate) fn read_in_page(profile: &Profile) -> Gain {
    let per_day = per_day(profile, Fact::SoonAfterLoad, Fact::Sequenced);
    let loads = profile.interactions(InteractionKind::ActionOnLoad);
    let saving = |on_load: &Interaction| {
        let own = on_load.steps.iter().skip(1).rfind(|step| step.handler == profile.id);
        let sizes = own.and_then(|step| step.request_bytes).unwrap_or_default();
        Saving {
            ms: waited_for_page(on_load, profile.id),
            bytes: REFRESH_HEADERS + ACTION_HEADERS + as_f64(sizes),
            ..ONE_REQUEST
        }
    };
    of(per_day, loads.map(saving))
}

/// A Call of an Interaction, at its place after a move.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct PlayedStep<'a> {
    /// What was seen of it.
    pub(crate) seen: &'a Step,
    /// Start relative to the first step, µs.
    pub(crate) start_us: u64,
    /// It is answered by the request of the first step: no request of its own is sent any more.
    pub(crate) within: bool,
}

impl<'a> PlayedStep<'a> {
    fn unmoved(seen: &'a Step) -> Self {
        Self { seen, start_us: seen.start_us, within: false }
    }
}

/// An Interaction as it would be after a move.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Played<'a> {
    pub(crate) steps: Vec<PlayedStep<'a>>,
    /// Waiting spared, ms: the same number that makes up the gain. Negative where the parts overlapped.
    pub(crate) saved_ms: f64,
    /// Round trips fewer that the user waits for.
    pub(crate) saved_round_trips: f64,
}

/// Plays one Interaction of the Handler `own` on the assumptions of the gains above. `None` for polls, which no move
/// shortens, and where too few steps are kept.
pub(crate) fn played(interaction: &Interaction, own: Fingerprint) -> Option<Played<'_>> {
    let [first, .., last] = interaction.steps.as_slice() else { return None };
    let (steps, saving) = match interaction.kind {
        InteractionKind::Poll => return None,
        InteractionKind::MutationThenRefresh
        | InteractionKind::ActionThenRefresh
        | InteractionKind::ActionThenNavigation
        | InteractionKind::MutationThenDocument => {
            let inside = PlayedStep { seen: last, start_us: end(first), within: true };
            (vec![PlayedStep::unmoved(first), inside], Saving { ms: gap(interaction), ..ONE_REQUEST })
        }
        InteractionKind::SerialActions => {
            let parallel =
                interaction.steps.iter().map(|seen| PlayedStep { start_us: 0, ..PlayedStep::unmoved(seen) });
            (parallel.collect(), all_at_once(interaction))
        }
        InteractionKind::ActionOnLoad => {
            let place =
                interaction.steps.iter().rposition(|step| step.handler == own).filter(|place| *place > 0)?;
            let brought = PlayedStep {
                start_us: end(first).min(interaction.steps[place].start_us),
                within: true,
                seen: &interaction.steps[place],
            };
            let others = interaction.steps.iter().enumerate().skip(1).filter(|(index, _)| *index != place);
            let mut steps = vec![PlayedStep::unmoved(first), brought];
            steps.extend(others.map(|(_, step)| PlayedStep::unmoved(step)));
            (steps, Saving { ms: waited_for_page(interaction, own), ..ONE_REQUEST })
        }
    };
    Some(Played { steps, saved_ms: saving.ms, saved_round_trips: saving.round_trips })
}

/// What a burst is spared whose parts all start at once: it is over when the longest of them is.
fn all_at_once(burst: &Interaction) -> Saving {
    let longest = burst.steps.iter().map(|step| step.duration_us).max().unwrap_or_default();
    Saving {
        round_trips: as_f64(burst.steps.len().saturating_sub(1) as u64),
        ms: ms_between(length_us(burst), longest),
        bytes: ACTION_HEADERS * as_f64(burst.steps.len() as u64),
        ..Saving::default()
    }
}

/// From the end of a page's load to the start of the action that came with it, ms. A streamed page may end after the
/// action has begun: then nothing was lost by waiting for it.
fn waited_for_page(on_load: &Interaction, own: Fingerprint) -> f64 {
    let load_end = on_load.steps.first().map_or(0, end);
    let began = on_load.steps.iter().skip(1).rfind(|step| step.handler == own);
    ms_between(began.map_or(load_end, |step| step.start_us), load_end).max(0.0)
}

/// A round trip and a request less.
const ONE_REQUEST: Saving = Saving { round_trips: 1.0, requests: 1.0, prefetches: 0.0, ms: 0.0, bytes: 0.0 };

/// How often a day a part of the whole gains: what exceeds the base rate, with the interval of that share.
fn per_day(profile: &Profile, part: Fact, whole: Fact) -> Estimate {
    profile.excess(part).map(|excess| excess.times(profile.per_day(whole))).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use pointsman_store::TraceId;

    use super::*;

    const OWN: Fingerprint = Fingerprint(1);

    fn interaction(kind: InteractionKind, steps: &[(u64, u64, u64)]) -> Interaction {
        let step = |&(handler, start_us, duration_us): &(u64, u64, u64)| Step {
            handler: Fingerprint(handler),
            trace: TraceId([1; 16]),
            start_us,
            duration_us,
            request_bytes: None,
            response_bytes: None,
        };
        Interaction { kind, steps: steps.iter().map(step).collect(), prefetches: 0 }
    }

    /// When the last work of the Handlers that are played is done, ms.
    fn over(played: &Played<'_>) -> f64 {
        let ends = played.steps.iter().map(|step| step.start_us + step.seen.duration_us);
        as_f64(ends.max().unwrap_or_default()) / 1_000.0
    }

    #[test]
    fn what_is_played_is_over_earlier_by_what_is_saved() {
        let cases = [
            (InteractionKind::MutationThenRefresh, vec![(1, 0, 20_000), (2, 65_000, 30_000)], 45.0),
            (InteractionKind::ActionThenRefresh, vec![(1, 0, 20_000), (2, 15_000, 30_000)], -5.0),
            (InteractionKind::ActionThenNavigation, vec![(1, 0, 20_000), (2, 50_000, 30_000)], 30.0),
            (InteractionKind::MutationThenDocument, vec![(1, 0, 20_000), (2, 120_000, 80_000)], 100.0),
            (
                InteractionKind::SerialActions,
                vec![(1, 0, 10_000), (3, 12_000, 40_000), (1, 60_000, 5_000)],
                25.0,
            ),
            (InteractionKind::ActionOnLoad, vec![(2, 0, 50_000), (1, 130_000, 20_000)], 80.0),
            (InteractionKind::ActionOnLoad, vec![(2, 0, 50_000), (1, 40_000, 20_000)], 0.0),
        ];
        for (kind, steps, saved) in cases {
            let seen = interaction(kind, &steps);
            let after = played(&seen, OWN).expect("it is shortened");
            let now = ms_between(length_us(&seen), 0);
            assert!((after.saved_ms - saved).abs() < 1e-9, "{kind:?}: {}", after.saved_ms);
            assert!((now - over(&after) - saved).abs() < 1e-9, "{kind:?}: {now} -> {}", over(&after));
            assert_eq!(after.steps.len(), steps.len());
        }
    }

    #[test]
    fn a_poll_is_not_shortened_and_neither_is_a_single_step() {
        assert_eq!(played(&interaction(InteractionKind::Poll, &[(1, 0, 1), (1, 9, 1)]), OWN), None);
        assert_eq!(played(&interaction(InteractionKind::SerialActions, &[(1, 0, 1)]), OWN), None);
    }
}
