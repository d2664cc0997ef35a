//! What several moves of a report gain together. Where they spare the user the same waiting it counts once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Benefit, HandlerReport};
use crate::change::Change;

/// The gain of several moves together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Total {
    /// Moves that it is about ...
    pub moves: usize,
    /// ... which are so many Changes.
    #[serde(default)]
    pub changes: usize,
    /// Round trips a day that nobody waits for any more.
    pub round_trips_per_day: f64,
    /// Waiting that users are spared a day, all together, s.
    pub waiting_s_per_day: f64,
    /// Requests a day that the app no longer has to answer.
    pub origin_requests_per_day: f64,
    /// Handlers, by id, whose gains overlap and are counted once, group by group.
    pub overlapping: Vec<Vec<String>>,
}

impl Total {
    /// Adds up the gains of moves, of which these groups overlap. Of a group only the largest waiting counts; requests are
    /// each move's own.
    pub(crate) fn of<'a>(
        overlapping: &[Vec<String>],
        moves: impl IntoIterator<Item = &'a HandlerReport>,
        changes: &[Change],
    ) -> Self {
        let mut groups: Vec<Vec<&HandlerReport>> = vec![Vec::new(); overlapping.len()];
        for row in moves {
            let place = overlapping.iter().position(|group| group.contains(&row.id));
            match place.and_then(|place| groups.get_mut(place)) {
                Some(group) => group.push(row),
                None => groups.push(vec![row]),
            }
        }
        let open = changes.iter().filter(|change| change.state.is_open()).count();
        let mut total = Self { changes: open, ..Self::default() };
        groups.iter().for_each(|group| total.add(group));
        total
    }

    fn add(&mut self, group: &[&HandlerReport]) {
        let gains = || group.iter().filter_map(|row| row.benefit.as_ref());
        let most = |of: &dyn Fn(&Benefit) -> f64| gains().map(of).fold(0.0, f64::max);
        // A round trip that goes with its request is the move's own; others are the burst's.
        let own = |gain: &&Benefit| gain.requests_per_interaction > 0.0;
        let own_trips: f64 = gains().filter(own).map(|gain| gain.round_trips_per_day).sum();
        let shared = |gain: &Benefit| if own(&gain) { 0.0 } else { gain.round_trips_per_day };
        self.moves += group.len();
        self.round_trips_per_day += own_trips + most(&shared);
        self.waiting_s_per_day +=
            most(&|gain| gain.interactions_per_day * gain.ms_per_interaction_p50 / 1_000.0);
        self.origin_requests_per_day += gains().map(|gain| gain.origin_requests_per_day).sum::<f64>();
        if group.len() > 1 {
            let mut ids: Vec<String> = group.iter().map(|row| row.id.clone()).collect();
            ids.sort();
            self.overlapping.push(ids);
        }
    }
}
