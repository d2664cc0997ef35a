//! What acting on a finding gains. `simulate` plays kept Interactions as they would be after it; here the results become
//! numbers per Interaction and per day, with intervals. Whether a gain is worth a move is decided in `verdict`.

mod overlap;
mod simulate;

use crate::evidence::{Interaction, Measure};
use crate::profile::Profile;
use crate::stats::{Estimate, as_f64};

pub(crate) use overlap::overlaps;
pub(crate) use simulate::{
    Played, PlayedStep, action_in_place_of_reload, action_with_refresh, parallel_reads, played, read_in_page,
    redirect_inside, refresh_inside,
};

/// What acting on a finding gains. Negative numbers are losses. Nothing in it is assumed, except what `assumed_trips`
/// says.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Gain {
    /// Interactions a day that gain, with the 95 % interval of the share that they are.
    pub per_day: Estimate,
    /// Round trips fewer that the user waits for, per Interaction.
    pub round_trips: f64,
    /// Requests fewer that the app answers, per Interaction; prefetches are told apart.
    pub requests: f64,
    /// Prefetches fewer per Interaction.
    pub prefetches: f64,
    /// Waiting that the user is spared, ms per Interaction, as measured at the server; `None` where nothing measures it.
    pub waiting: Option<Waiting>,
    /// Bytes fewer on the wire per Interaction.
    pub bytes: f64,
    /// Time for which an Interaction holds the client's one queue for actions and no longer would, ms: whatever the user
    /// does meanwhile waits. Negative where a move would make it hold the queue.
    pub queue_ms: f64,
    /// Round trips of which the duration is not measured and has to be assumed.
    pub assumed_trips: f64,
}

/// Quantiles of the waiting that is spared, ms per Interaction.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Waiting {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 95 % interval of the median; `None` where only a sketch of the values is kept.
    pub p50_range: Option<[f64; 2]>,
}

/// What one Interaction would have been spared.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Saving {
    round_trips: f64,
    requests: f64,
    prefetches: f64,
    ms: f64,
    bytes: f64,
}

impl Gain {
    /// One round trip and one request less in each of so many Interactions a day; of their duration nothing is known.
    pub(crate) fn of_one_request(per_day: Estimate) -> Self {
        Self { per_day, round_trips: 1.0, requests: 1.0, ..Self::default() }
    }

    /// Requests a day that the app no longer has to answer.
    #[must_use]
    pub fn requests_per_day(&self) -> f64 {
        self.per_day.value * (self.requests + self.prefetches)
    }

    /// Round trips a day that nobody waits for any more.
    #[must_use]
    pub fn round_trips_per_day(&self) -> f64 {
        self.per_day.value * self.round_trips
    }

    /// Median waiting spared, ms per Interaction; 0 where nothing measures it, because nothing may rest on it.
    #[must_use]
    pub fn measured_ms(&self) -> f64 {
        self.waiting.map_or(0.0, |waiting| waiting.p50)
    }

    /// What it is worth a day, to find the best of several.
    #[must_use]
    pub fn worth_per_day(&self) -> f64 {
        let ms = self.measured_ms() + self.queue_ms;
        worth(self.round_trips_per_day(), self.requests_per_day(), self.per_day.value * ms)
    }

    /// What so many Interactions a day gain when each of these kept ones would have been spared so much. The kept ones are
    /// chosen by hash, so they stand for all. `None` without any.
    fn of_savings(per_day: Estimate, savings: &[Saving]) -> Option<Self> {
        let mean =
            |of: fn(&Saving) -> f64| savings.iter().map(of).sum::<f64>() / as_f64(savings.len() as u64);
        (!savings.is_empty()).then(|| Self {
            per_day,
            round_trips: mean(|saving| saving.round_trips),
            requests: mean(|saving| saving.requests),
            prefetches: mean(|saving| saving.prefetches),
            waiting: Some(Waiting::of(savings.iter().map(|saving| saving.ms).collect())),
            bytes: mean(|saving| saving.bytes),
            ..Self::default()
        })
    }
}

/// For how long a route would hold the client's queue as an action, ms per call, beyond what nobody notices: within a second
/// hardly anybody begins something else. [judgement]
pub(crate) fn held_by_action(profile: &Profile) -> f64 {
    /// ms.
    const UNNOTICED: f64 = 1_000.0;
    let median = profile.quantile(Measure::Duration, 0.5).unwrap_or_default() / 1_000.0;
    (median - UNNOTICED).max(0.0)
}

/// What gains are compared by, a day: requests or round trips, whichever is more, and a request for each 50 ms of waiting.
pub(crate) fn worth(round_trips: f64, requests: f64, ms: f64) -> f64 {
    /// Milliseconds of waiting that count as much as a request (a judgement).
    const MS_PER_REQUEST: f64 = 50.0;
    round_trips.max(requests) + ms / MS_PER_REQUEST
}

impl Waiting {
    /// Quantiles of some values. The interval of the median is that of its order statistics, which needs no form of the
    /// distribution: ranks n/2 -+ 0.98 sqrt(n). Source: W. J. Conover, "Practical Nonparametric Statistics", section 3.2.
    fn of(mut ms: Vec<f64>) -> Self {
        ms.sort_by(f64::total_cmp);
        let n = as_f64(ms.len() as u64);
        let half = 0.98 * n.sqrt();
        let last = (n - 1.0).max(0.0);
        let at = |rank: f64| {
            let rank = rank.clamp(0.0, last);
            let (below, above) = (ms.get(whole(rank.floor())), ms.get(whole(rank.ceil())));
            below.zip(above).map_or(0.0, |(below, above)| below + (above - below) * rank.fract())
        };
        Self {
            p50: at(last * 0.5),
            p95: at(last * 0.95),
            p50_range: Some([at((last * 0.5 - half).floor()), at((last * 0.5 + half).ceil())]),
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank is a small number from 0 on"
)]
fn whole(rank: f64) -> usize {
    rank as usize
}

/// From the first start to the last end, µs.
fn length_us(interaction: &Interaction) -> u64 {
    interaction
        .steps
        .iter()
        .map(|step| step.start_us.saturating_add(step.duration_us))
        .max()
        .unwrap_or_default()
}

/// Signed difference of two times in µs, as ms.
fn ms_between(later_us: u64, earlier_us: u64) -> f64 {
    (as_f64(later_us) - as_f64(earlier_us)) / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_come_with_the_interval_of_the_median() {
        let waiting = Waiting::of((1..=100).map(f64::from).collect());
        assert!((waiting.p50 - 50.5).abs() < 1e-9 && (waiting.p95 - 95.05).abs() < 1e-9, "{waiting:?}");
        assert_eq!(waiting.p50_range, Some([40.0, 61.0]));
        let one = Waiting::of(vec![7.0]);
        assert_eq!((one.p50, one.p95, one.p50_range), (7.0, 7.0, Some([7.0, 7.0])));
    }
}
