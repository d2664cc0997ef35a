//! What an hour is to a comparison: its Interactions, the round trips and the waiting of each, its errors. What these are
//! depends on the move; it is written here once for each.

use std::collections::BTreeMap;

use pointsman_store::{Fingerprint, Handler, HandlerKind};

use super::sample::{HourSample, Measured};
use crate::life::history::Recommendation;
use crate::report::Verdict;
use crate::stats::{Pile, Sketch};

/// One side's hour.
#[derive(Clone, Debug, Default)]
pub(super) struct Slice {
    /// Interactions: by these hours are weighed.
    pub(super) interactions: f64,
    /// Round trips, of so many Interactions.
    pub(super) trips: (f64, f64),
    /// Calls that failed, of so many.
    pub(super) errors: (f64, f64),
    /// What users wait for.
    pub(super) waits: Vec<Part>,
    /// What they wait for beside that, in every Interaction.
    pub(super) further: Vec<Part>,
}

/// A share of the Interactions and how long they take.
#[derive(Clone, Debug)]
pub(super) struct Part {
    share: f64,
    /// µs; `None` is no time at all.
    lengths: Option<Sketch>,
}

/// The hours of one side.
pub(super) type Side = BTreeMap<u32, Slice>;

/// Both sides, each by the hour.
pub(super) struct Sides {
    pub(super) before: Side,
    pub(super) after: Side,
}

/// The hours that are compared, since the epoch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spans {
    pub(super) before: (u32, u32),
    pub(super) after: (u32, u32),
}

impl Part {
    fn of(share: f64, lengths: &Sketch) -> Option<Self> {
        (share > 0.0 && lengths.count() > 0).then(|| Self { share, lengths: Some(lengths.clone()) })
    }

    fn nothing(share: f64) -> Option<Self> {
        (share > 0.0).then_some(Self { share, lengths: None })
    }
}

/// Adds parts to a pile so that all together count as often as `mass` says.
pub(super) fn pile_up(pile: &mut Pile, parts: &[Part], mass: f64) {
    let all: f64 = parts.iter().map(|part| part.share).sum();
    for part in parts {
        let mass = mass * part.share / all.max(f64::MIN_POSITIVE);
        match &part.lengths {
            Some(lengths) => pile.add(lengths, mass),
            None => pile.add_zeros(mass),
        }
    }
}

/// Both sides of a move; `None` when it is not known what came in its place.
pub(super) fn sides(
    (id, verdict): (Fingerprint, Verdict),
    one: &Recommendation,
    measured: &Measured,
    handlers: &std::collections::HashMap<Fingerprint, Handler>,
    spans: Spans,
) -> Option<Sides> {
    let of = |id, (from, to): (u32, u32), slice: fn(&HourSample) -> Slice| -> Side {
        measured.of(id, from, to).map(|(hour, sample)| (hour, slice(sample))).collect()
    };
    match verdict {
        Verdict::MoveToServerAction => Some(Sides {
            before: of(id, spans.before, mutation_before),
            after: of(one.successor?, spans.after, mutation_after),
        }),
        Verdict::MoveToRouteHandler => Some(Sides {
            before: of(id, spans.before, read_in_queue),
            after: of(one.successor?, spans.after, read_alone),
        }),
        Verdict::MoveToServerComponent => {
            let environment = &handlers.get(&id)?.environment;
            let is_page = |handler: &Handler| {
                handler.kind == HandlerKind::Page
                    && handler.environment == *environment
                    && one.promise.pages.contains(&handler.route)
            };
            let pages: Vec<Fingerprint> =
                handlers.iter().filter(|(_, handler)| is_page(handler)).map(|(id, _)| *id).collect();
            Some(Sides {
                before: with_pages(id, &pages, measured, spans.before, true),
                after: with_pages(id, &pages, measured, spans.after, false),
            })
        }
        Verdict::Keep | Verdict::InsufficientEvidence => None,
    }
}

fn slice_of(sample: &HourSample) -> Slice {
    Slice { interactions: sample.calls, errors: (sample.errors, sample.status_known), ..Slice::default() }
}

/// A mutation of a route: users wait for it and for the refresh that follows. What is promised is promised of those that
/// are followed, so their waiting is what is compared.
fn mutation_before(sample: &HourSample) -> Slice {
    Slice {
        interactions: sample.followable,
        trips: (sample.followable + sample.followed, sample.followable),
        waits: Part::of(1.0, &sample.with_refresh).into_iter().collect(),
        ..slice_of(sample)
    }
}

/// The action in its place: users wait for it, and for a refresh where it still has one.
fn mutation_after(sample: &HourSample) -> Slice {
    let followed = sample.followed / sample.followable.max(1.0);
    let parts = [Part::of(1.0 - followed, &sample.duration), Part::of(followed, &sample.with_refresh)];
    Slice {
        interactions: sample.followable,
        trips: (sample.followable + sample.followed, sample.followable),
        waits: parts.into_iter().flatten().collect(),
        ..slice_of(sample)
    }
}

/// An action that reads: users wait for it, and before that for the actions before it in the client's queue.
fn read_in_queue(sample: &HourSample) -> Slice {
    let queued = (sample.queued / sample.calls.max(1.0)).min(1.0);
    Slice {
        waits: Part::of(1.0, &sample.duration).into_iter().collect(),
        further: [Part::of(queued, &sample.queue), Part::nothing(1.0 - queued)]
            .into_iter()
            .flatten()
            .collect(),
        ..slice_of(sample)
    }
}

/// The route in its place: nothing waits for anything else.
fn read_alone(sample: &HourSample) -> Slice {
    Slice { waits: Part::of(1.0, &sample.duration).into_iter().collect(), ..slice_of(sample) }
}

/// The pages and the action that came with their loads, or came no longer.
fn with_pages(
    id: Fingerprint,
    pages: &[Fingerprint],
    measured: &Measured,
    (from, to): (u32, u32),
    is_before: bool,
) -> Side {
    let mut by_hour: BTreeMap<u32, HourSample> = BTreeMap::new();
    for (hour, sample) in pages.iter().flat_map(|page| measured.of(*page, from, to)) {
        by_hour.entry(hour).or_default().add(sample);
    }
    let actions: BTreeMap<u32, &HourSample> = measured.of(id, from, to).collect();
    let slice = |(hour, page): (u32, HourSample)| {
        let action = actions.get(&hour);
        let calls = action.map_or(0.0, |action| action.calls);
        let tail = action.filter(|_| is_before).and_then(|action| Part::of(1.0, &action.after_load));
        let failed = action.map_or((0.0, 0.0), |action| (action.errors, action.status_known));
        let slice = Slice {
            interactions: page.calls,
            trips: (calls, page.calls),
            errors: (page.errors + failed.0, page.status_known + failed.1),
            waits: Part::of(1.0, &page.duration).into_iter().collect(),
            further: tail.into_iter().collect(),
        };
        (hour, slice)
    };
    by_hour.into_iter().map(slice).collect()
}
