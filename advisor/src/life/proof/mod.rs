//! The proof afterwards: what a move that was made has changed, beside what was promised. Hours after the move are
//! compared with their likes before it (`pairs`), what is counted of an hour follows from the move (`slices`), and how
//! sure the difference is comes from drawing days by lot (`bootstrap`).

mod bootstrap;
mod outcome;
mod pairs;
mod sample;
mod slices;

use std::collections::HashMap;

use pointsman_store::{Fingerprint, Handler, Hour};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::history::Recommendation;
use crate::report::Verdict;
use bootstrap::{Both, Summary, interval, resampled, whole};
use slices::Spans;

pub use pairs::Pairing;
pub use sample::Measured;

/// Hours after the move that a comparison needs at least ...
const MIN_HOURS: u32 = 24;
/// ... and calls in them.
const MIN_CALLS: f64 = 100.0;
/// After so many hours it is decided, whatever can be seen.
const MAX_HOURS: u32 = 14 * 24;
/// Hours before the move that are looked at: three of each weekday, all of them within the 35 days that are retained.
const HOURS_BEFORE: u32 = 21 * 24;
/// A promise is kept when this part of it is found.
const KEPT: f64 = 0.75;

/// What became of a move.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Users wait less, or for fewer round trips, and no more calls fail.
    Improved,
    /// No difference can be told.
    Flat,
    /// Users wait longer, or for more round trips, or more calls fail.
    Worse,
    /// Too little was seen to compare.
    Unknown,
}

/// A number before and after the move.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Compared {
    /// Before.
    pub before: f64,
    /// After.
    pub after: f64,
    /// How much less it is; negative when it is more.
    pub saved: f64,
    /// 95 % interval of that; null where the comparison could not be made often enough.
    pub interval: Option<[f64; 2]>,
    /// What was promised; null where nothing was.
    pub promised: Option<f64>,
}

/// What the comparison of before and after found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// What became of the move.
    pub outcome: Outcome,
    /// One sentence: why.
    pub reason: String,
    /// When it was decided, ns since the epoch.
    pub decided_ns: u64,
    /// By what hours were paired; null when there were none.
    pub pairing: Option<Pairing>,
    /// Hours after the move that were compared.
    pub hours: usize,
    /// Interactions in them.
    pub interactions: f64,
    /// Round trips for which a user waits, per Interaction.
    pub round_trips: Option<Compared>,
    /// Waiting of the user per Interaction, median, ms.
    pub waiting_ms_p50: Option<Compared>,
    /// The same of one Interaction in twenty, ms.
    pub waiting_ms_p95: Option<Compared>,
    /// Share of calls that failed.
    pub error_share: Option<Compared>,
    /// Interactions per day.
    pub interactions_per_day: Option<Compared>,
    /// Whether at least 75 % of everything that was promised was found; null when nothing was promised or found.
    pub promise_kept: Option<bool>,
}

/// A move that was made, with what is known to compare.
pub(super) struct Case<'a> {
    pub(super) id: Fingerprint,
    pub(super) verdict: Verdict,
    pub(super) recommendation: &'a Recommendation,
    pub(super) measured: &'a Measured,
    pub(super) handlers: &'a HashMap<Fingerprint, Handler>,
    pub(super) now_ns: u64,
}

/// Compares before and after; `None` while it is too early to decide.
pub(super) fn prove(case: &Case<'_>) -> Option<Proof> {
    let applied = Hour::of(case.recommendation.applied_ns?).0;
    let now = Hour::of(case.now_ns).0;
    // In the hour of the move both were used.
    let spans = Spans {
        before: (applied.saturating_sub(HOURS_BEFORE), applied),
        after: (applied + 1, now.min(applied + MAX_HOURS)),
    };
    let is_over = now >= applied + MAX_HOURS;
    if now < applied + MIN_HOURS {
        return None;
    }
    let key = (case.id, case.verdict);
    let Some(sides) = slices::sides(key, case.recommendation, case.measured, case.handlers, spans) else {
        let reason = "what replaced it is unknown; name it with `pointsman applied ID --as HANDLER`";
        return is_over.then(|| nothing(case, reason.to_owned()));
    };
    let seen: f64 = sides.after.values().map(|slice| slice.interactions).sum();
    let (pairs, pairing) = pairs::pair(&sides);
    if seen < MIN_CALLS || pairs.is_empty() {
        let reason = format!("only {seen:.0} interactions in the two weeks after it: too few to compare");
        return is_over.then(|| nothing(case, reason));
    }
    let seed = case.id.0 ^ case.verdict as u64;
    let found = Found { case, whole: whole(&pairs), resampled: resampled(&pairs, seed) };
    let mut proof = found.proof();
    proof.pairing = Some(pairing);
    proof.hours = pairs.len();
    proof.interactions = seen;
    (is_over || proof.outcome != Outcome::Flat).then_some(proof)
}

/// There was nothing to compare.
fn nothing(case: &Case<'_>, reason: String) -> Proof {
    Proof {
        outcome: Outcome::Unknown,
        reason,
        decided_ns: case.now_ns,
        pairing: None,
        hours: 0,
        interactions: 0.0,
        round_trips: None,
        waiting_ms_p50: None,
        waiting_ms_p95: None,
        error_share: None,
        interactions_per_day: None,
        promise_kept: None,
    }
}

/// Both sides, as they are and as lots have drawn them.
struct Found<'a> {
    case: &'a Case<'a>,
    whole: Both,
    resampled: Vec<Both>,
}

impl Found<'_> {
    fn proof(&self) -> Proof {
        let round_trips = self.round_trips();
        let waiting_ms_p50 = self.compared(|side| side.p50, self.promised_ms(|side| side.further_p50));
        let p95 = |benefit: &crate::report::Benefit| benefit.ms_per_interaction_p95;
        let promised_p95 = match self.case.verdict {
            Verdict::MoveToRouteHandler => self.whole.before.further_p95,
            _ => self.benefit().and_then(p95),
        };
        let waiting_ms_p95 = self.compared(|side| side.p95, promised_p95.filter(|promised| *promised > 0.0));
        let error_share = self.compared(|side| side.errors, None);
        let (outcome, reason) = outcome::decide(round_trips, waiting_ms_p50, error_share);
        Proof {
            outcome,
            reason,
            round_trips,
            waiting_ms_p50,
            waiting_ms_p95,
            error_share,
            interactions_per_day: self.compared(|side| side.per_hour.map(|calls| calls * 24.0), None),
            promise_kept: kept(&[round_trips, waiting_ms_p50]),
            ..nothing(self.case, String::new())
        }
    }

    fn benefit(&self) -> Option<&crate::report::Benefit> {
        self.case.recommendation.promise.benefit.as_ref()
    }

    /// Round trips per Interaction. A route in place of an action has as many as it had.
    fn round_trips(&self) -> Option<Compared> {
        let each = self.benefit().map(|benefit| benefit.round_trips_per_interaction);
        match self.case.verdict {
            Verdict::MoveToServerAction => {
                // It was promised for those mutations that something follows.
                let share = self.whole.before.trips.map(|trips| trips - 1.0);
                let promised = each.zip(share).map(|(each, share)| each * share);
                self.compared(|side| side.trips, promised.filter(|promised| *promised > 0.0))
            }
            Verdict::MoveToServerComponent => {
                let promised = each.filter(|promised| *promised > 0.0);
                self.compared_with(promised, |both| {
                    let before = both.before.trips.filter(|calls| *calls > 0.0)?;
                    Some((1.0, both.after.trips? / before))
                })
            }
            _ => None,
        }
    }

    /// The waiting that was promised to end: what the simulation told, or, of actions that wait for each other, the time in
    /// the queue, because the simulation told that of whole bursts.
    fn promised_ms(&self, queue: fn(&Summary) -> Option<f64>) -> Option<f64> {
        let promised = match self.case.verdict {
            Verdict::MoveToRouteHandler => queue(&self.whole.before),
            _ => self.benefit().map(|benefit| benefit.ms_per_interaction_p50),
        };
        promised.filter(|promised| *promised > 0.0)
    }

    fn compared(&self, of: fn(&Summary) -> Option<f64>, promised: Option<f64>) -> Option<Compared> {
        self.compared_with(promised, |both| of(&both.before).zip(of(&both.after)))
    }

    fn compared_with(
        &self,
        promised: Option<f64>,
        of: impl Fn(&Both) -> Option<(f64, f64)>,
    ) -> Option<Compared> {
        let (before, after) = of(&self.whole)?;
        let savings = self.resampled.iter().filter_map(|both| of(both).map(|(before, after)| before - after));
        Some(Compared {
            before,
            after,
            saved: before - after,
            interval: interval(savings.collect()),
            promised,
        })
    }
}

/// Whether all that was promised was found.
fn kept(compared: &[Option<Compared>]) -> Option<bool> {
    let told = compared.iter().flatten().filter_map(|one| Some(one.saved >= one.promised? * KEPT));
    told.reduce(|a, b| a && b)
}
