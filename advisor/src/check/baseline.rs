//! The baseline: findings that are known, so that a check tells only what is new. Reading and writing files is not done here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Check, Finding};

/// The name and version of the file.
pub const BASELINE_SCHEMA: &str = "pointsman.baseline/v1";

/// Findings that are known. The JSON form is a promise: fields may be added, never renamed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Baseline {
    /// `pointsman.baseline/v1`.
    pub schema: String,
    /// The findings, in the order of service, handler and rule.
    pub findings: Vec<Known>,
}

/// A finding that is known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Known {
    /// `service.name`.
    pub service: String,
    /// The Handler, as findings name it.
    pub handler: String,
    /// The rule.
    pub rule: String,
    /// What people wrote beside it; it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Known {
    /// What makes it the same finding in another run.
    #[must_use]
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.service, &self.handler, &self.rule)
    }

    fn of(finding: &Finding) -> Self {
        let Finding { service, handler, rule, .. } = finding.clone();
        Self { service, handler, rule, note: None }
    }
}

impl Baseline {
    /// The baseline after a check: all that was found, and what was known about Handlers that were not judged this time. Notes stay.
    /// What is dismissed is left out: the decision itself says that it is known.
    #[must_use]
    pub fn after(check: &Check, before: Option<&Self>) -> Self {
        let known = before.iter().flat_map(|before| &before.findings);
        let notes: BTreeMap<_, _> = known.map(|entry| (entry.key(), entry.note.clone())).collect();
        let found = check.new.iter().chain(&check.known).map(|finding| {
            let note = notes.get(&finding.key()).cloned().flatten();
            Known { note, ..Known::of(finding) }
        });
        let mut findings: Vec<Known> = found.chain(check.not_judged.iter().cloned()).collect();
        findings.sort();
        findings.dedup_by(|a, b| a.key() == b.key());
        Self { schema: BASELINE_SCHEMA.to_owned(), findings }
    }
}
