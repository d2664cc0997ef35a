//! What the comparison needs of one Handler's hour, taken from its Rollup. Which Handlers are needed follows from the
//! moves that were made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pointsman_store::{Fingerprint, Handler, HandlerKind, Hour};

use crate::evidence::{Fact, Interaction, InteractionKind, Measure, Rollup, RollupError, Step, weight_of};
use crate::life::history::{History, State};
use crate::stats::{Sketch, as_f64};

/// One Handler's hour.
#[derive(Clone, Debug, Default)]
pub(super) struct HourSample {
    /// Calls; counts are weighed by what their traces declare.
    pub(super) calls: f64,
    pub(super) status_known: f64,
    /// Calls that failed, by whosever fault.
    pub(super) errors: f64,
    /// Mutations that could have been followed ...
    pub(super) followable: f64,
    /// ... and were, by a refresh or a new document.
    pub(super) followed: f64,
    /// Calls that waited in the client's queue.
    pub(super) queued: f64,
    pub(super) duration: Sketch,
    pub(super) queue: Sketch,
    /// From the mutation's start to the end of what followed it, µs.
    pub(super) with_refresh: Sketch,
    /// From the end of the page's load to the end of the action that came with it, µs.
    pub(super) after_load: Sketch,
}

/// The hours of the Handlers that comparisons need.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    pub(super) hours: HashMap<Fingerprint, BTreeMap<u32, HourSample>>,
    wanted: BTreeSet<Fingerprint>,
}

impl Measured {
    /// Ready to take the hours of what the moves that are applied, and not compared yet, are about.
    #[must_use]
    pub fn wanted<'a>(
        histories: impl IntoIterator<Item = &'a History>,
        handlers: &HashMap<Fingerprint, Handler>,
    ) -> Self {
        let mut wanted = BTreeSet::new();
        let all = histories.into_iter().flat_map(|history| &history.recommendations);
        let applied = all.filter(|(_, one)| one.state == State::Applied);
        for ((id, _), one) in applied {
            wanted.insert(*id);
            wanted.extend(one.successor);
            let environment = handlers.get(id).map(|handler| &handler.environment);
            let pages = handlers.iter().filter(|(_, page)| {
                page.kind == HandlerKind::Page
                    && one.promise.pages.contains(&page.route)
                    && Some(&page.environment) == environment
            });
            wanted.extend(pages.map(|(page, _)| *page));
        }
        Self { hours: HashMap::new(), wanted }
    }

    /// Takes the Rollup of one Handler and hour; one that nobody needs is left.
    ///
    /// # Errors
    /// When the payload is damaged or of another version.
    pub fn add(&mut self, handler: Fingerprint, hour: Hour, payload: &[u8]) -> Result<(), RollupError> {
        if self.wanted.contains(&handler) {
            let sample = HourSample::of(handler, &Rollup::decode(payload)?);
            self.hours.entry(handler).or_default().insert(hour.0, sample);
        }
        Ok(())
    }

    /// One Handler's hours within a span.
    pub(super) fn of(&self, id: Fingerprint, from: u32, to: u32) -> impl Iterator<Item = (u32, &HourSample)> {
        let hours = self.hours.get(&id).into_iter();
        hours.flat_map(move |hours| hours.range(from..to.max(from)).map(|(hour, sample)| (*hour, sample)))
    }
}

impl HourSample {
    fn of(id: Fingerprint, rollup: &Rollup) -> Self {
        let mut sample = Self::default();
        for (threshold, stratum) in rollup.strata.iter() {
            let weight = threshold.map_or(1.0, weight_of);
            let count = |fact| as_f64(stratum.count(fact)) * weight;
            sample.calls += count(Fact::Calls);
            sample.status_known += count(Fact::StatusKnown);
            sample.errors += count(Fact::ClientErrors) + count(Fact::ServerErrors);
            sample.followable += count(Fact::Followable);
            sample.followed += count(Fact::FollowedByRefresh) + count(Fact::FollowedByDocument);
            for (measure, into) in
                [(Measure::Duration, &mut sample.duration), (Measure::QueueWait, &mut sample.queue)]
            {
                stratum.measure(measure).into_iter().flat_map(Sketch::parts).for_each(|(bucket, count)| {
                    into.merge_part(bucket, count);
                });
            }
            sample.queued +=
                stratum.measure(Measure::QueueWait).map_or(0.0, |it| as_f64(it.count())) * weight;
        }
        for kind in [
            InteractionKind::MutationThenRefresh,
            InteractionKind::MutationThenDocument,
            InteractionKind::ActionThenRefresh,
        ] {
            rollup.interactions(kind).for_each(|pair| sample.with_refresh.add(length_us(pair)));
        }
        for load in rollup.interactions(InteractionKind::ActionOnLoad) {
            let ends = load.steps.first().zip(load.steps.iter().skip(1).rfind(|step| step.handler == id));
            if let Some((page, own)) = ends {
                sample.after_load.add(end_us(own).saturating_sub(end_us(page)));
            }
        }
        sample
    }

    /// Adds what the same hour of another Handler was.
    pub(super) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.status_known += other.status_known;
        self.errors += other.errors;
        other.duration.parts().for_each(|(bucket, count)| {
            self.duration.merge_part(bucket, count);
        });
    }
}

fn length_us(interaction: &Interaction) -> u64 {
    interaction.steps.iter().map(end_us).max().unwrap_or_default()
}

fn end_us(step: &Step) -> u64 {
    step.start_us.saturating_add(step.duration_us)
}
