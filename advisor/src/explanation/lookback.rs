//! What was measured about one Handler over another span of time than the report's. It gives numbers only: verdicts and sequences
//! stay those of the report, because they rest on what was seen of all Handlers.

use std::collections::BTreeSet;

use pointsman_store::{Fingerprint, Handler, Hour};

use super::types::{Explanation, Sequences};
use super::{NS_PER_HOUR, measured};
use crate::evidence::{Fact, Rollup, RollupError};
use crate::profile::Shared;
use crate::report::{ReportInput, Window, rfc3339};
use crate::settings::Settings;

/// What the Handlers of an environment share at the end of a run, so that each can be looked up alone afterwards.
#[derive(Debug)]
pub struct Lookback {
    to: Hour,
    shared: Shared,
    /// Hours in which any Handler of the environment was called: of the others nothing is known.
    hours: BTreeSet<u32>,
}

/// One Handler while its Rollups come.
#[derive(Debug)]
pub struct Looking<'a> {
    lookback: &'a Lookback,
    from: Hour,
    rollup: Rollup,
}

/// What one Handler's numbers were over a span.
#[derive(Clone, PartialEq, Debug)]
pub struct Looked {
    /// The span that was asked for.
    pub window: Window,
    /// Days of it that telemetry covers.
    pub days_covered: f64,
    /// The numbers; `None` where it was not called.
    pub measured: Option<Explanation>,
}

impl Lookback {
    /// From what a run has read.
    #[must_use]
    pub fn of(input: &ReportInput<'_>, settings: &Settings) -> Self {
        let is_of = |id: &Fingerprint| {
            input.handlers.get(id).is_some_and(|handler| handler.environment.as_deref() == input.environment)
        };
        let retained = input.windows.retained.iter().filter(|(id, _)| is_of(id));
        Self {
            to: input.windows.to,
            shared: Shared::of(input, settings),
            hours: retained.flat_map(|(_, rollup)| rollup.hours()).collect(),
        }
    }

    /// The first hour that is not looked at any more.
    #[must_use]
    pub fn end(&self) -> Hour {
        self.to
    }

    /// Begins with a span of so many hours.
    #[must_use]
    pub fn over(&self, hours: u32) -> Looking<'_> {
        let from = Hour(self.to.0.saturating_sub(hours));
        Looking { lookback: self, from, rollup: Rollup::default() }
    }
}

impl Looking<'_> {
    /// The first hour of the span.
    #[must_use]
    pub fn from(&self) -> Hour {
        self.from
    }

    /// Takes the Rollup of an hour.
    ///
    /// # Errors
    /// When the payload is damaged or of another version.
    pub fn add(&mut self, payload: &[u8]) -> Result<(), RollupError> {
        self.rollup.merge_encoded(payload)
    }

    /// What was measured.
    #[must_use]
    pub fn finish(self, id: Fingerprint, handler: Handler) -> Looked {
        let Self { lookback, from, rollup } = self;
        let Lookback { to, shared, hours } = lookback;
        let known: BTreeSet<u32> = hours.range(from.0..to.0).copied().collect();
        let covered = known.first().map_or(0, |first| to.0.saturating_sub(*first));
        let days_covered = f64::from(covered) / 24.0;
        let absent = "what clients do in a row is shown for the window of the verdict only";
        let sequences = Sequences { absent: Some(absent.to_owned()), counts: None, examples: Vec::new() };
        let measured = (rollup.observed(Fact::Calls) > 0).then(|| {
            let profile = shared.profile((id, handler), &rollup, days_covered);
            measured(&profile, to.0, &known, sequences)
        });
        let moment = |hour: Hour| rfc3339(u64::from(hour.0) * NS_PER_HOUR);
        Looked { window: Window { from: moment(from), to: moment(*to) }, days_covered, measured }
    }
}
