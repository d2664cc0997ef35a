//! What the environment may choose; `docs/benchmarks.md` lists it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

use crate::load::{Compression, Transport};

/// How long each case lasts unless `BENCH_SECONDS` says otherwise.
const SECONDS: f64 = 20.0;
/// Rounds beside a Collector unless `PEERS_ROUNDS` says otherwise.
const ROUNDS: u32 = 5;

#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// How long the senders of a case send.
    pub(crate) duration: Duration,
    /// Words of which a name must have one; everything is run when there are none.
    only: Vec<String>,
    compressions: Vec<Compression>,
    /// Where the files of the daemons are made: on a real disk, or the figures mean nothing.
    pub(crate) folder: PathBuf,
    /// Whether an OpenTelemetry Collector gets the load too, and how many rounds of that there are.
    pub(crate) peers: bool,
    pub(crate) rounds: u32,
}

impl Setting {
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        let text = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let seconds = match text("BENCH_SECONDS") {
            Some(text) => {
                text.parse().with_context(|| format!("BENCH_SECONDS is `{text}`, not a number of seconds"))?
            }
            None => SECONDS,
        };
        let rounds = match text("PEERS_ROUNDS") {
            Some(text) => {
                text.parse().with_context(|| format!("PEERS_ROUNDS is `{text}`, not a number of rounds"))?
            }
            None => ROUNDS,
        };
        let words = text("BENCH_ONLY").unwrap_or_default();
        let mut compressions = vec![Compression::None, Compression::Gzip];
        compressions.extend(text("BENCH_ZSTD").map(|_| Compression::Zstd));
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        Ok(Self {
            duration: Duration::from_secs_f64(seconds),
            only: words.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            compressions,
            folder: text("BENCH_DIR").map_or(target, PathBuf::from),
            peers: text("PEERS").is_some_and(|text| text != "0"),
            rounds,
        })
    }

    /// What to run, in order.
    pub(crate) fn cases(&self) -> Vec<(Transport, Compression)> {
        let all = Transport::ALL
            .into_iter()
            .flat_map(|transport| self.compressions.iter().map(move |compression| (transport, *compression)));
        all.filter(|(transport, compression)| self.wants(&name(*transport, *compression))).collect()
    }

    /// Whether a case or another part is to be run.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| name.contains(word.as_str()))
    }
}

/// A case's name, as `BENCH_ONLY` knows it.
pub(crate) fn name(transport: Transport, compression: Compression) -> String {
    format!("{}/{}", transport.as_str(), compression.as_str())
}
