//! What several moves gain as one. Waiting that they share counts once; requests are each move's own.

use std::collections::BTreeMap;

use crate::report::{Assumed, Benefit};

/// A number of a gain that is each move's own, or shared by those that wait for each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    /// Where a move saves its request, what goes with it is its own; else the sequence's.
    WithRequest,
    /// Always its own.
    Own,
}

/// The gain of moves that belong together; `None` where nothing is claimed. Never more than all of them, never less than one.
pub(crate) fn together(gains: &[&Benefit]) -> Option<Benefit> {
    let [first, rest @ ..] = gains else { return None };
    if rest.is_empty() {
        return Some((*first).clone());
    }
    let lead =
        rest.iter().copied().fold(*first, |lead, one| if waiting(one) > waiting(lead) { one } else { lead });
    let mut interval = BTreeMap::new();
    for name in ["interactions_per_day", "ms_per_interaction_p50"] {
        interval.extend(lead.interval.get(name).map(|range| (name.to_owned(), *range)));
    }
    let mut total = |name: &str, of: fn(&Benefit) -> f64, sharing| {
        let (value, range) = total(gains, name, of, sharing);
        interval.extend(range.map(|range| (name.to_owned(), range)));
        value
    };
    let round_trips_per_day =
        total("round_trips_per_day", |gain| gain.round_trips_per_day, Sharing::WithRequest);
    let origin_requests_per_day =
        total("origin_requests_per_day", |gain| gain.origin_requests_per_day, Sharing::Own);
    let bytes_per_day = total("bytes_per_day", |gain| gain.bytes_per_day, Sharing::WithRequest);
    let each = |per_day: f64| {
        if lead.interactions_per_day > 0.0 { per_day / lead.interactions_per_day } else { 0.0 }
    };
    Some(Benefit {
        interactions_per_day: lead.interactions_per_day,
        round_trips_per_interaction: each(round_trips_per_day),
        requests_per_interaction: each(origin_requests_per_day),
        round_trips_per_day,
        ms_per_interaction_p50: lead.ms_per_interaction_p50,
        ms_per_interaction_p95: lead.ms_per_interaction_p95,
        queue_ms_per_interaction: lead.queue_ms_per_interaction,
        bytes_per_day,
        origin_requests_per_day,
        interval,
        assumed: assumed(gains),
    })
}

/// Waiting that all users are spared a day, ms, the queue for actions included.
fn waiting(gain: &Benefit) -> f64 {
    gain.interactions_per_day
        * (gain.ms_per_interaction_p50 + gain.queue_ms_per_interaction.unwrap_or_default())
}

/// A number of all of them, with its interval where each part has one: the sum of what is their own, and the most of what
/// they share.
fn total(
    gains: &[&Benefit],
    name: &str,
    of: fn(&Benefit) -> f64,
    sharing: Sharing,
) -> (f64, Option<[f64; 2]>) {
    let is_own = |gain: &&Benefit| sharing == Sharing::Own || gain.requests_per_interaction > 0.0;
    let (own, shared): (Vec<&Benefit>, Vec<&Benefit>) = gains.iter().copied().partition(is_own);
    let most = shared.into_iter().reduce(|most, one| if of(one) > of(most) { one } else { most });
    let parts: Vec<&Benefit> = own.into_iter().chain(most).collect();
    let range = |gain: &&Benefit| gain.interval.get(name).copied().or((of(gain) == 0.0).then_some([0.0; 2]));
    let ranges: Option<Vec<[f64; 2]>> = parts.iter().map(range).collect();
    let range = ranges.map(|ranges| {
        ranges.into_iter().fold([0.0; 2], |[low, high], [lower, higher]| [low + lower, high + higher])
    });
    let value = parts.into_iter().map(of).sum();
    (value, range.filter(|range| *range != [0.0; 2]))
}

/// What nothing measures, of the one that assumes most.
fn assumed(gains: &[&Benefit]) -> Option<Assumed> {
    let assumed = gains.iter().filter_map(|gain| gain.assumed);
    assumed
        .reduce(|most, one| if one.ms_per_interaction_p50 > most.ms_per_interaction_p50 { one } else { most })
}
