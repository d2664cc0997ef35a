//! A gain as a report tells it: per day and per Interaction, with intervals.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gain::{Gain, worth};
use crate::settings::Settings;

/// What acting on a verdict gains; negative numbers are losses, and 0 says that nothing is claimed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Benefit {
    /// Interactions a day that gain.
    pub interactions_per_day: f64,
    /// Round trips fewer that the user waits for, per Interaction.
    pub round_trips_per_interaction: f64,
    /// Requests fewer for the app per Interaction, prefetches included.
    pub requests_per_interaction: f64,
    /// Round trips saved a day.
    pub round_trips_per_day: f64,
    /// Waiting saved in the median Interaction, ms, as measured at the server.
    pub ms_per_interaction_p50: f64,
    /// Waiting saved in one Interaction of twenty, ms; null where nothing measures it.
    pub ms_per_interaction_p95: Option<f64>,
    /// Time for which an Interaction holds the client's one queue for actions and no longer would, ms; negative where a move
    /// makes it hold the queue, null where neither is so.
    pub queue_ms_per_interaction: Option<f64>,
    /// Bytes saved a day.
    pub bytes_per_day: f64,
    /// Requests a day that the app no longer has to answer.
    pub origin_requests_per_day: f64,
    /// 95 % interval of each number that has one.
    pub interval: BTreeMap<String, [f64; 2]>,
    /// What rests on an assumption, and on which; null where nothing does. No move is advised because of it.
    pub assumed: Option<Assumed>,
}

/// A part of a gain that nothing measures.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Assumed {
    /// What a round trip is taken to last, ms (`round_trip_ms` of the settings).
    pub round_trip_ms: f64,
    /// Waiting saved per Interaction beside what is measured, ms.
    pub ms_per_interaction_p50: f64,
}

impl Benefit {
    /// A gain, told.
    pub(super) fn of(gain: Gain, settings: &Settings) -> Self {
        let per_day = gain.per_day;
        let requests = gain.requests + gain.prefetches;
        let mut interval = BTreeMap::new();
        for (name, each) in [
            ("interactions_per_day", 1.0),
            ("round_trips_per_day", gain.round_trips),
            ("origin_requests_per_day", requests),
            ("bytes_per_day", gain.bytes),
        ] {
            if each != 0.0 {
                let ends = [per_day.low * each, per_day.high * each];
                interval.insert(name.to_owned(), [ends[0].min(ends[1]), ends[0].max(ends[1])]);
            }
        }
        if let Some(range) = gain.waiting.and_then(|waiting| waiting.p50_range) {
            interval.insert("ms_per_interaction_p50".to_owned(), range);
        }
        Self {
            interactions_per_day: per_day.value,
            round_trips_per_interaction: gain.round_trips,
            requests_per_interaction: requests,
            round_trips_per_day: gain.round_trips_per_day(),
            ms_per_interaction_p50: gain.measured_ms(),
            ms_per_interaction_p95: gain.waiting.map(|waiting| waiting.p95),
            queue_ms_per_interaction: (gain.queue_ms != 0.0).then_some(gain.queue_ms),
            bytes_per_day: gain.bytes * per_day.value,
            origin_requests_per_day: gain.requests_per_day(),
            interval,
            assumed: (gain.assumed_trips > 0.0).then_some(Assumed {
                round_trip_ms: settings.round_trip_ms,
                ms_per_interaction_p50: settings.round_trip_ms * gain.assumed_trips,
            }),
        }
    }

    /// By what reports order.
    pub(crate) fn worth(&self) -> f64 {
        let ms = self.ms_per_interaction_p50 + self.queue_ms_per_interaction.unwrap_or_default();
        worth(self.round_trips_per_day, self.origin_requests_per_day, self.interactions_per_day * ms)
    }
}
