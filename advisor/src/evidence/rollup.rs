//! A Rollup: everything counted about one Handler in one hour, or in many hours once merged.

use std::collections::{BTreeMap, BTreeSet};

use pointsman_store::{Call, ClientKey, Hour, Sampling, TraceId};
use serde::{Deserialize, Serialize};

use super::{Dimension, Fact, Interaction, InteractionKind, Measure};
use crate::stats::{Distinct, Sketch};

/// First byte of the encoding; raised when the meaning of stored numbers changes.
const ENCODING: u8 = 1;
/// Examples kept per fact.
const EXEMPLARS: usize = 3;
/// Interactions kept per kind.
const INTERACTIONS: usize = 50;
/// Values kept per dimension; the rest is counted under [`OTHER`].
const VALUES: usize = 50;
/// The name under which values beyond the limit are counted.
const OTHER: &str = "other";

/// A payload that this version cannot read.
#[derive(Debug, thiserror::Error)]
pub enum RollupError {
    /// It was written by a version with another encoding.
    #[error("this rollup has encoding {0}, not {ENCODING}; `pointsman reindex` makes it anew")]
    Encoding(u8),
    /// Its bytes do not decode.
    #[error("this rollup does not decode ({0}); `pointsman reindex` makes it anew")]
    Damaged(#[from] postcard::Error),
}

/// Counts of Calls that share one sampling weight: whole numbers, weighed only when they are read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Stratum {
    /// How often each fact was seen.
    pub facts: BTreeMap<Fact, u64>,
    /// Distributions.
    pub measures: BTreeMap<Measure, Sketch>,
    /// How often each value of each dimension was seen.
    pub values: BTreeMap<Dimension, BTreeMap<String, u64>>,
}

/// Everything counted about one Handler. Merging is associative and commutative, up to the limit on the values of
/// a dimension, where the rarest may end in `other`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Rollup {
    /// By sampling threshold T; `None` where sampling is not declared.
    pub strata: BTreeMap<Option<u64>, Stratum>,
    /// Traces that show a fact.
    pub exemplars: BTreeMap<Fact, BTreeSet<TraceId>>,
    /// Examples of sequences, chosen by the smallest hash.
    pub interactions: BTreeMap<InteractionKind, BTreeSet<(u64, Interaction)>>,
    /// Distinct clients (client-days, since keys rotate daily).
    pub clients: Distinct,
    /// Hours in which there were Calls, hours since the epoch.
    pub hours: BTreeSet<u32>,
}

impl Rollup {
    /// The stratum of a Call's sampling weight.
    fn stratum(&mut self, call: &Call) -> &mut Stratum {
        self.stratum_of(call.sampling)
    }

    fn stratum_of(&mut self, sampling: Sampling) -> &mut Stratum {
        let threshold = match sampling {
            Sampling::Threshold(threshold) => Some(threshold),
            Sampling::Undeclared => None,
        };
        self.strata.entry(threshold).or_default()
    }

    /// Counts a fact about a Call.
    pub(super) fn count(&mut self, fact: Fact, call: &Call) {
        self.count_many(fact, call, 1);
    }

    /// Counts a fact about a Call of which no more than its sampling is at hand.
    pub(super) fn count_sampled(&mut self, fact: Fact, sampling: Sampling) {
        *self.stratum_of(sampling).facts.entry(fact).or_default() += 1;
    }

    /// Counts a fact that a Call shows several times.
    pub(super) fn count_many(&mut self, fact: Fact, call: &Call, times: u64) {
        *self.stratum(call).facts.entry(fact).or_default() += times;
    }

    /// Counts a fact about a Call and keeps its trace as an example.
    pub(super) fn exemplify(&mut self, fact: Fact, call: &Call) {
        self.count(fact, call);
        let kept = self.exemplars.entry(fact).or_default();
        kept.insert(call.trace);
        if kept.len() > EXEMPLARS {
            kept.pop_last();
        }
    }

    /// Adds a value to a distribution.
    pub(super) fn measure(&mut self, measure: Measure, call: &Call, value: u64) {
        self.stratum(call).measures.entry(measure).or_default().add(value);
    }

    /// Counts a value of a dimension.
    pub(super) fn tally(&mut self, dimension: Dimension, call: &Call, value: &str) {
        add_value(self.stratum(call).values.entry(dimension).or_default(), value, 1);
    }

    /// Notes who called and when.
    pub(super) fn note_presence(&mut self, call: &Call) {
        self.hours.insert(Hour::of(call.start_ns).0);
        if let Some(ClientKey(key)) = call.client {
            self.clients.add(key);
        }
    }

    /// Keeps an Interaction, if chance so wills.
    pub(super) fn keep(&mut self, interaction: Interaction) {
        let kept = self.interactions.entry(interaction.kind).or_default();
        kept.insert((interaction.lot(), interaction));
        if kept.len() > INTERACTIONS {
            kept.pop_last();
        }
    }

    /// Adds everything that another one holds.
    pub fn merge(&mut self, other: &Self) {
        for (threshold, theirs) in &other.strata {
            let ours = self.strata.entry(*threshold).or_default();
            for (fact, count) in &theirs.facts {
                *ours.facts.entry(*fact).or_default() += count;
            }
            for (measure, sketch) in &theirs.measures {
                ours.measures.entry(*measure).or_default().merge(sketch);
            }
            for (dimension, values) in &theirs.values {
                let ours = ours.values.entry(*dimension).or_default();
                values.iter().for_each(|(value, count)| add_value(ours, value, *count));
            }
        }
        for (fact, traces) in &other.exemplars {
            let ours = self.exemplars.entry(*fact).or_default();
            ours.extend(traces);
            while ours.len() > EXEMPLARS {
                ours.pop_last();
            }
        }
        for interaction in other.interactions.values().flatten() {
            self.keep(interaction.1.clone());
        }
        self.clients.merge(&other.clients);
        self.hours.extend(&other.hours);
    }

    /// The bytes that the store keeps.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Encoding to memory cannot fail for these types; an empty payload is reported when it is read.
        postcard::to_extend(self, vec![ENCODING]).unwrap_or_default()
    }

    /// Reads what [`Rollup::encode`] wrote.
    ///
    /// # Errors
    /// When the payload is damaged or of another version.
    pub fn decode(payload: &[u8]) -> Result<Self, RollupError> {
        match payload.split_first() {
            Some((&ENCODING, body)) => Ok(postcard::from_bytes(body)?),
            Some((other, _)) => Err(RollupError::Encoding(*other)),
            None => Err(postcard::Error::DeserializeUnexpectedEnd.into()),
        }
    }
}

fn add_value(values: &mut BTreeMap<String, u64>, value: &str, count: u64) {
    if let Some(known) = values.get_mut(value) {
        *known += count;
    } else if values.len() < VALUES {
        values.insert(value.to_owned(), count);
    } else {
        *values.entry(OTHER.to_owned()).or_default() += count;
    }
}
