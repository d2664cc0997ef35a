//! What advice remembers, between its own form and the rows of the store.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, anyhow};
use pointsman_advisor::life::{
    Candidate, History, Measured, Recommendation, Standing, State, Transition, Who,
};
use pointsman_advisor::{ChangeId, Outline, Verdict};
use pointsman_store::{
    AdviceChange, AdviceRecords, AdviceRun, ChangeRecord, Fingerprint, Handler, RecommendationRecord,
    StandingRecord, Store, TransitionRecord,
};

/// What is remembered of one service and environment, and the state of the store that it was read from.
#[derive(Clone, Default)]
pub(super) struct Memory {
    revision: u64,
    pub(super) last_run_ns: Option<u64>,
    pub(super) history: History,
}

/// What is remembered of a service, by environment.
#[derive(Default)]
pub(super) struct Memories(pub(super) BTreeMap<Option<String>, Memory>);

impl Memories {
    /// Reads what is remembered of environments of a service, with as many queries as for one.
    pub(super) async fn load(
        store: &Store,
        service: &str,
        environments: &BTreeSet<Option<String>>,
    ) -> anyhow::Result<Self> {
        let mut of_service = store.advice_of_service(service).await?;
        let mut memories = BTreeMap::new();
        for environment in environments.iter().cloned() {
            let records = of_service.remove(&environment).unwrap_or_default();
            let memory = Memory::read(records).with_context(|| {
                format!("what is remembered of {service} in {} cannot be read", store.location())
            })?;
            memories.insert(environment, memory);
        }
        Ok(Self(memories))
    }

    /// Verdicts that stand and hold something up.
    pub(super) fn standing(&self) -> HashMap<Fingerprint, Verdict> {
        let standing = self.0.values().flat_map(|memory| &memory.history.standing);
        standing
            .filter(|(_, standing)| !standing.provisional)
            .map(|(id, standing)| (*id, standing.verdict))
            .collect()
    }

    /// Ready to take the hours that comparisons need.
    pub(super) fn measured(&self, handlers: &HashMap<Fingerprint, Handler>) -> Measured {
        Measured::wanted(self.0.values().map(|memory| &memory.history), handlers)
    }
}

impl Memory {
    fn read(records: AdviceRecords) -> anyhow::Result<Self> {
        let mut history = History::default();
        for record in records.standing {
            history.standing.insert(record.handler, standing(record)?);
        }
        for record in records.recommendations {
            let key = (record.handler, verdict(&record.verdict)?);
            history.recommendations.insert(key, recommendation(record)?);
        }
        for record in records.changes {
            let outline = serde_json::from_str(&record.outline).context("a change does not decode")?;
            history.changes.insert(ChangeId(record.id), outline);
        }
        Ok(Self { revision: records.revision, last_run_ns: records.last_run_ns, history })
    }

    /// Puts what differs in the new history into the store. `false` when somebody else has written since this was read.
    pub(super) async fn replace(
        &self,
        store: &Store,
        (service, environment): (&str, Option<&str>),
        new: &History,
        run: Option<AdviceRun>,
    ) -> anyhow::Result<bool> {
        let changed = new.standing.iter().filter(|(id, one)| self.history.standing.get(id) != Some(one));
        let standing: Vec<StandingRecord> = changed.map(|(id, one)| standing_record(*id, one)).collect();
        let changed = new
            .recommendations
            .iter()
            .filter(|(key, one)| self.history.recommendations.get(key) != Some(one));
        let recommendations: Vec<RecommendationRecord> =
            changed.map(|(key, one)| recommendation_record(*key, one)).collect::<anyhow::Result<_>>()?;
        let changed = new.changes.iter().filter(|(id, one)| self.history.changes.get(id) != Some(one));
        let changes: Vec<ChangeRecord> =
            changed.map(|(id, one)| change_record(*id, one)).collect::<anyhow::Result<_>>()?;
        let change = AdviceChange {
            revision: self.revision,
            run,
            standing: &standing,
            recommendations: &recommendations,
            changes: &changes,
        };
        Ok(store.remember_advice(service, environment, change).await?)
    }
}

fn standing(record: StandingRecord) -> anyhow::Result<Standing> {
    let candidate =
        record.candidate.map(|(word, runs)| anyhow::Ok(Candidate { verdict: verdict(&word)?, runs }));
    Ok(Standing {
        verdict: verdict(&record.verdict)?,
        since_ns: record.since_ns,
        seen_ns: record.seen_ns,
        provisional: record.provisional,
        candidate: candidate.transpose()?,
        flips: record.flips,
    })
}

fn standing_record(handler: Fingerprint, one: &Standing) -> StandingRecord {
    StandingRecord {
        handler,
        verdict: one.verdict.as_str().to_owned(),
        since_ns: one.since_ns,
        seen_ns: one.seen_ns,
        provisional: one.provisional,
        flips: one.flips,
        candidate: one.candidate.map(|candidate| (candidate.verdict.as_str().to_owned(), candidate.runs)),
    }
}

fn recommendation(record: RecommendationRecord) -> anyhow::Result<Recommendation> {
    let transition = |record: TransitionRecord| {
        anyhow::Ok(Transition {
            number: record.number,
            at_ns: record.at_ns,
            from: record.before.as_deref().map(state).transpose()?,
            to: state(&record.after)?,
            who: Who::from_word(&record.who).ok_or_else(|| unknown("nobody", &record.who))?,
            reason: record.reason,
        })
    };
    let proof = record.proof.as_deref().map(serde_json::from_str).transpose();
    Ok(Recommendation {
        state: state(&record.state)?,
        until_ns: record.until_ns,
        proposed_ns: record.proposed_ns,
        promise: serde_json::from_str(&record.promise).context("a promise does not decode")?,
        applied_ns: record.applied_ns,
        successor: record.successor,
        proof: proof.context("a proof does not decode")?,
        change: record.change.map(ChangeId),
        transitions: record.transitions.into_iter().map(transition).collect::<anyhow::Result<_>>()?,
    })
}

fn recommendation_record(
    (handler, verdict): (Fingerprint, Verdict),
    one: &Recommendation,
) -> anyhow::Result<RecommendationRecord> {
    let transition = |one: &Transition| TransitionRecord {
        number: one.number,
        at_ns: one.at_ns,
        before: one.from.map(|state| state.as_str().to_owned()),
        after: one.to.as_str().to_owned(),
        who: one.who.as_str().to_owned(),
        reason: one.reason.clone(),
    };
    let proof = one.proof.as_ref().map(serde_json::to_string).transpose();
    Ok(RecommendationRecord {
        handler,
        verdict: verdict.as_str().to_owned(),
        state: one.state.as_str().to_owned(),
        until_ns: one.until_ns,
        proposed_ns: one.proposed_ns,
        promise: serde_json::to_string(&one.promise).context("a promise cannot be written as JSON")?,
        applied_ns: one.applied_ns,
        successor: one.successor,
        proof: proof.context("a proof cannot be written as JSON")?,
        change: one.change.map(|id| id.0),
        transitions: one.transitions.iter().map(transition).collect(),
    })
}

fn change_record(id: ChangeId, one: &Outline) -> anyhow::Result<ChangeRecord> {
    let outline = serde_json::to_string(one).context("a change cannot be written as JSON")?;
    Ok(ChangeRecord { id: id.0, outline })
}

fn verdict(word: &str) -> anyhow::Result<Verdict> {
    Verdict::from_word(word).ok_or_else(|| unknown("no verdict", word))
}

fn state(word: &str) -> anyhow::Result<State> {
    State::from_word(word).ok_or_else(|| unknown("no state", word))
}

fn unknown(what: &str, word: &str) -> anyhow::Error {
    anyhow!("`{word}` is {what} that this version knows; use the version that wrote it")
}
