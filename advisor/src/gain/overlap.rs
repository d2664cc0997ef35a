//! What all advised moves gain together. Where several moves spare the user the same waiting it counts once.

use std::collections::BTreeSet;

use pointsman_store::Fingerprint;
use serde::{Deserialize, Serialize};

use super::Gain;
use crate::evidence::InteractionKind;
use crate::profile::Profile;

/// The gain of all advised moves together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Total {
    /// Moves that it is about.
    pub moves: usize,
    /// Round trips a day that nobody waits for any more.
    pub round_trips_per_day: f64,
    /// Waiting that users are spared a day, all together, s.
    pub waiting_s_per_day: f64,
    /// Requests a day that the app no longer has to answer.
    pub origin_requests_per_day: f64,
    /// Handlers, by id, whose gains overlap and are counted once, group by group.
    pub overlapping: Vec<Vec<String>>,
}

/// Moves that spare the user the same waiting.
struct Group {
    /// Handlers that were seen in their bursts.
    touched: BTreeSet<Fingerprint>,
    members: Vec<(Fingerprint, Gain)>,
}

/// Adds up the gains of moves. Actions that wait for each other in the same bursts are spared the same waiting: of each
/// such group only the largest counts. Requests are each move's own.
pub(crate) fn total<'a>(moves: impl IntoIterator<Item = (&'a Profile<'a>, Gain)>) -> Total {
    let mut groups: Vec<Group> = Vec::new();
    for (profile, gain) in moves {
        let mut touched = shares_bursts_with(profile);
        touched.insert(profile.id);
        let mut joined = Group { touched, members: vec![(profile.id, gain)] };
        groups.retain_mut(|other| {
            let related = joined.touches(other) || other.touches(&joined);
            if related {
                joined.touched.append(&mut other.touched);
                joined.members.append(&mut other.members);
            }
            !related
        });
        groups.push(joined);
    }
    groups.sort_by_key(|group| group.members.iter().map(|(id, _)| *id).min());
    let mut total = Total::default();
    groups.iter().for_each(|group| group.add_to(&mut total));
    total
}

impl Group {
    fn touches(&self, other: &Self) -> bool {
        other.members.iter().any(|(id, _)| self.touched.contains(id))
    }

    fn add_to(&self, total: &mut Total) {
        let gains = || self.members.iter().map(|(_, gain)| gain);
        let most = |of: &dyn Fn(&Gain) -> f64| gains().map(of).fold(0.0, f64::max);
        // A round trip that goes with its request is the move's own; others are the burst's.
        let own: f64 = gains().filter(|gain| gain.requests > 0.0).map(Gain::round_trips_per_day).sum();
        let shared = |gain: &Gain| if gain.requests > 0.0 { 0.0 } else { gain.round_trips_per_day() };
        total.moves += self.members.len();
        total.round_trips_per_day += own + most(&shared);
        total.waiting_s_per_day += most(&|gain| gain.per_day.value * gain.measured_ms() / 1_000.0);
        total.origin_requests_per_day += gains().map(Gain::requests_per_day).sum::<f64>();
        if self.members.len() > 1 {
            let ids: BTreeSet<String> = self.members.iter().map(|(id, _)| id.to_string()).collect();
            total.overlapping.push(ids.into_iter().collect());
        }
    }
}

/// The Handlers in whose bursts it was seen.
fn shares_bursts_with(profile: &Profile<'_>) -> BTreeSet<Fingerprint> {
    let kinds = [InteractionKind::SerialActions, InteractionKind::ActionOnLoad];
    let bursts = kinds.into_iter().flat_map(|kind| profile.interactions(kind));
    bursts.flat_map(|burst| burst.steps.iter().map(|step| step.handler)).collect()
}
