//! What all open moves gain together, once it is settled which moves are open. The groups whose gains overlap are those
//! that the judgement found.

use crate::gain::Total;
use crate::report::{Benefit, HandlerReport};

/// The gain of the open moves among these rows. Of moves whose gains overlap only the largest waiting counts.
pub(super) fn of_open_moves(judged: &Total, rows: &[HandlerReport]) -> Total {
    let open: Vec<&HandlerReport> = rows.iter().filter(|row| row.is_open_move()).collect();
    let group_of = |row: &&HandlerReport| judged.overlapping.iter().position(|group| group.contains(&row.id));
    let mut groups: Vec<Vec<&HandlerReport>> = vec![Vec::new(); judged.overlapping.len()];
    for row in open {
        match group_of(&row).and_then(|place| groups.get_mut(place)) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    let mut total = Total::default();
    groups.iter().for_each(|group| add(&mut total, group));
    total
}

fn add(total: &mut Total, group: &[&HandlerReport]) {
    let gains = || group.iter().filter_map(|row| row.benefit.as_ref());
    let most = |of: &dyn Fn(&Benefit) -> f64| gains().map(of).fold(0.0, f64::max);
    // A round trip that goes with its request is the move's own; others are the burst's.
    let own = |gain: &&Benefit| gain.requests_per_interaction > 0.0;
    let own_trips: f64 = gains().filter(own).map(|gain| gain.round_trips_per_day).sum();
    let shared = |gain: &Benefit| if own(&gain) { 0.0 } else { gain.round_trips_per_day };
    total.moves += group.len();
    total.round_trips_per_day += own_trips + most(&shared);
    total.waiting_s_per_day +=
        most(&|gain| gain.interactions_per_day * gain.ms_per_interaction_p50 / 1_000.0);
    total.origin_requests_per_day += gains().map(|gain| gain.origin_requests_per_day).sum::<f64>();
    if group.len() > 1 {
        let mut ids: Vec<String> = group.iter().map(|row| row.id.clone()).collect();
        ids.sort();
        total.overlapping.push(ids);
    }
}
