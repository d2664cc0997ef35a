//! The evidence about all Handlers as the board holds it between two runs: compressed, because an app may have two thousand of
//! them and somebody looks at one at a time.

use std::collections::HashMap;

use anyhow::Context;
use pointsman_advisor::{Explanation, ReportInput, Settings, explain_each};

/// As fast as it gets: what is compressed has a few KB.
const LEVEL: i32 = 1;
/// No Handler's evidence is larger, bytes.
const MOST: usize = 4 << 20;

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
}

fn compress(explanation: &Explanation) -> anyhow::Result<Box<[u8]>> {
    let json = serde_json::to_vec(explanation).context("evidence cannot be written as JSON")?;
    Ok(zstd::bulk::compress(&json, LEVEL).context("evidence cannot be compressed")?.into())
}

fn read(bytes: &[u8]) -> anyhow::Result<Explanation> {
    let json = zstd::bulk::decompress(bytes, MOST).context("kept evidence cannot be inflated")?;
    serde_json::from_slice(&json).context("kept evidence does not decode")
}
