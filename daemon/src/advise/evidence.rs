//! The evidence about all Handlers as the board holds it between two runs: compressed, because an app may have two thousand of
//! them and somebody looks at one at a time.

use std::collections::HashMap;

use anyhow::Context;
use pointsman_advisor::explanation::Example;
use pointsman_advisor::{Change, Explanation, ReportInput, Settings, explain_each};

/// As fast as it gets: what is compressed has a few KB.
const LEVEL: i32 = 1;
/// No Handler's evidence is larger, bytes.
const MOST: usize = 4 << 20;
/// Handlers of a Change whose interactions are looked at for the one to show.
const LOOKED_AT: usize = 4;

/// Evidence by the ids of Handlers, as compressed JSON.
#[derive(Default)]
pub(crate) struct Evidence(HashMap<String, Box<[u8]>>);

impl Evidence {
    /// Explains every Handler that was called in the window.
    pub(super) fn of(input: &ReportInput<'_>, settings: &Settings) -> anyhow::Result<Self> {
        let mut kept = HashMap::new();
        let mut failure = Ok(());
        explain_each(input, settings, |explanation| match compress(&explanation) {
            Ok(bytes) => {
                kept.insert(explanation.id, bytes);
            }
            Err(error) => failure = Err(error),
        });
        failure.map(|()| Self(kept))
    }

    /// What was measured about a Handler; `None` for one that was not called in the window.
    pub(crate) fn handler(&self, id: &str) -> anyhow::Result<Option<Explanation>> {
        self.0.get(id).map(|bytes| read(bytes)).transpose()
    }

    /// The interaction that stands for a Change: one that all of its moves shorten, by about as much as it promises.
    pub(crate) fn example_of(&self, change: &Change) -> anyhow::Result<Option<Example>> {
        let promised = change.benefit.as_ref().map_or(0.0, |benefit| benefit.ms_per_interaction_p50);
        let distance = |example: &Example| {
            example.after.as_ref().map_or(f64::INFINITY, |after| (after.saved_ms - promised).abs())
        };
        let mut nearest: Option<Example> = None;
        for id in change.handlers.iter().take(LOOKED_AT) {
            let examples = self.handler(id)?.map(|measured| measured.sequences.examples).unwrap_or_default();
            let shortened = examples.iter().filter(|example| example.after.is_some());
            let all = shortened.map(|example| example.after_all_of(&change.handlers)).chain(nearest.take());
            nearest = all.min_by(|one, other| distance(one).total_cmp(&distance(other)));
        }
        Ok(nearest)
    }
}

fn compress(explanation: &Explanation) -> anyhow::Result<Box<[u8]>> {
    let json = serde_json::to_vec(explanation).context("evidence cannot be written as JSON")?;
    Ok(zstd::bulk::compress(&json, LEVEL).context("evidence cannot be compressed")?.into())
}

fn read(bytes: &[u8]) -> anyhow::Result<Explanation> {
    let json = zstd::bulk::decompress(bytes, MOST).context("kept evidence cannot be inflated")?;
    serde_json::from_slice(&json).context("kept evidence does not decode")
}
