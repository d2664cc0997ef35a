//! A Rollup: everything counted about one Handler in one hour, or in many hours once merged.

use std::collections::{BTreeMap, BTreeSet};

use pointsman_store::{Call, ClientKey, Hour};

use super::encoding::{Reader, Writer};
use super::exemplars::Exemplars;
use super::recorded::Recorded;
use super::stratum::{Strata, Stratum};
use super::{Dimension, Fact, Interaction, InteractionKind, Measure};
use crate::stats::Distinct;

/// First byte of the encoding; raised when the meaning of stored numbers changes.
const ENCODING: u8 = 2;
/// Interactions kept per kind.
const INTERACTIONS: usize = 50;

/// A payload that this version cannot read.
#[derive(Debug, thiserror::Error)]
pub enum RollupError {
    /// It was written by a version with another encoding.
    #[error("this rollup has encoding {0}, not {ENCODING}; `pointsman reindex` rebuilds it")]
    Encoding(u8),
    /// Its bytes do not decode.
    #[error("this rollup does not decode: {0}; `pointsman reindex` rebuilds it")]
    Damaged(&'static str),
}

/// Everything counted about one Handler. Merging is exact, associative and commutative: a Rollup of many hours is what
/// one pass over all their Calls would have counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rollup {
    /// By sampling weight.
    pub strata: Strata,
    /// Traces that show a fact.
    pub exemplars: Exemplars,
    /// Examples of sequences, by the hash that chose them.
    interactions: BTreeMap<InteractionKind, BTreeSet<(u64, Interaction)>>,
    /// Distinct clients (client-days, since keys rotate daily).
    pub clients: Distinct,
    /// Which part of their requests the processes recorded.
    pub recorded: Recorded,
}

/// A Rollup to which facts about one Call are added.
pub(super) struct About<'a> {
    stratum: &'a mut Stratum,
    exemplars: &'a mut Exemplars,
    call: &'a Call,
}

impl About<'_> {
    /// Counts a fact about the Call.
    pub(super) fn count(&mut self, fact: Fact) {
        self.stratum.add(fact, 1);
    }

    /// Counts a fact that the Call shows several times, or in units of its own.
    pub(super) fn count_many(&mut self, fact: Fact, times: u64) {
        self.stratum.add(fact, times);
    }

    /// Counts a fact about the Call and keeps its trace as an example.
    pub(super) fn exemplify(&mut self, fact: Fact) {
        self.count(fact);
        self.exemplars.show(fact, self.call);
    }

    /// Adds a value to a distribution.
    pub(super) fn measure(&mut self, measure: Measure, value: u64) {
        self.stratum.add_value(measure, value);
    }

    /// Counts a value of a dimension.
    pub(super) fn tally(&mut self, dimension: Dimension, value: &str) {
        self.stratum.add_name(dimension, value);
    }
}

impl Rollup {
    /// Where facts about a Call are counted.
    pub(super) fn about<'a>(&'a mut self, call: &'a Call) -> About<'a> {
        About { stratum: self.strata.of(call.sampling), exemplars: &mut self.exemplars, call }
    }

    /// Notes who called and when.
    pub(super) fn note_presence(&mut self, call: &Call) {
        self.strata.of(call.sampling).add_hour(Hour::of(call.start_ns).0, 1);
        if let Some(ClientKey(key)) = call.client {
            self.clients.add(key);
        }
    }

    /// What would have been counted, had the same calls been those of an action: of each client's calls the sequences are
    /// read, and its answers are data.
    pub(crate) fn as_of_action(&self) -> Self {
        Self { strata: self.strata.as_of_action(), ..self.clone() }
    }

    /// Nothing more is expected for now: gives up what only makes adding fast.
    pub(crate) fn settle(&mut self) {
        self.clients.settle();
    }

    /// Keeps an Interaction, if chance so wills.
    pub(super) fn keep(&mut self, interaction: Interaction) {
        let kept = self.interactions.entry(interaction.kind).or_default();
        let lot = interaction.lot();
        if kept.len() == INTERACTIONS && kept.last().is_some_and(|(largest, _)| *largest < lot) {
            return;
        }
        kept.insert((lot, interaction));
        if kept.len() > INTERACTIONS {
            kept.pop_last();
        }
    }

    /// Kept examples of a kind of sequence.
    pub fn interactions(&self, kind: InteractionKind) -> impl Iterator<Item = &Interaction> {
        self.interactions.get(&kind).into_iter().flatten().map(|(_, interaction)| interaction)
    }

    /// Adds everything that another one holds.
    ///
    /// # Errors
    /// Never for what this version has counted: it goes the way of stored Rollups, which may be damaged.
    pub fn merge(&mut self, other: &Self) -> Result<(), RollupError> {
        self.merge_encoded(&other.encode())
    }

    /// The bytes that the store keeps.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.fixed(&[ENCODING]);
        self.strata.write(&mut to);
        self.exemplars.write(&mut to);
        to.count(self.interactions.len());
        for (kind, kept) in &self.interactions {
            to.count(kind.code());
            to.count(kept.len());
            for (lot, interaction) in kept {
                to.fixed(&lot.to_be_bytes());
                to.bytes(&interaction.encode());
            }
        }
        self.recorded.write(&mut to);
        to.bytes(&self.clients.encode());
        to.finish()
    }

    /// Adds everything that a stored one holds, without making it first: a report merges many thousands.
    ///
    /// # Errors
    /// When the payload is damaged or of another version; then only a part of it may have been added.
    pub fn merge_encoded(&mut self, payload: &[u8]) -> Result<(), RollupError> {
        let body = match payload.split_first() {
            Some((&ENCODING, body)) => body,
            Some((other, _)) => return Err(RollupError::Encoding(*other)),
            None => return Err(RollupError::Damaged("it is empty")),
        };
        let mut from = Reader::new(body);
        self.strata.merge_encoded(&mut from)?;
        self.exemplars.merge_encoded(&mut from)?;
        for _ in 0..from.count()? {
            let kind = InteractionKind::of_code(from.small()?)
                .ok_or(RollupError::Damaged("a kind of sequence is unknown"))?;
            for _ in 0..from.count()? {
                let lot = u64::from_be_bytes(from.fixed()?);
                let interaction = from.bytes()?;
                if self.has_room(kind, lot) {
                    self.keep(Interaction::decode(kind, interaction)?);
                }
            }
        }
        self.recorded.merge_encoded(&mut from)?;
        if !self.clients.merge_encoded(from.bytes()?) {
            return Err(RollupError::Damaged("its distinct clients are not a theta sketch"));
        }
        from.end()
    }

    /// Whether an Interaction with this lot would be kept.
    fn has_room(&self, kind: InteractionKind, lot: u64) -> bool {
        self.interactions.get(&kind).is_none_or(|kept| {
            kept.len() < INTERACTIONS || kept.last().is_none_or(|(largest, _)| lot <= *largest)
        })
    }

    /// Reads what [`Rollup::encode`] wrote.
    ///
    /// # Errors
    /// When the payload is damaged or of another version.
    pub fn decode(payload: &[u8]) -> Result<Self, RollupError> {
        let mut rollup = Self::default();
        rollup.merge_encoded(payload)?;
        Ok(rollup)
    }

    /// How often a fact was observed, unweighed.
    #[must_use]
    pub fn observed(&self, fact: Fact) -> u64 {
        self.strata.iter().map(|(_, stratum)| stratum.count(fact)).sum()
    }

    /// The hours in which there were Calls, hours since the epoch.
    #[must_use]
    pub fn hours(&self) -> BTreeSet<u32> {
        self.strata.iter().flat_map(|(_, stratum)| stratum.hours().keys().copied()).collect()
    }
}
