//! What is known of a service when it is judged: all that Profiles, explanations and reports are made from. Where it comes from
//! is the daemon's business.

use std::collections::HashMap;

use pointsman_store::{AppFact, Fingerprint, Handler};

use crate::windows::Windows;
use crate::words::Verdict;

/// What a report is made from.
pub struct ReportInput<'a> {
    /// `service.name`.
    pub service: &'a str,
    /// The environment to report on.
    pub environment: Option<&'a str>,
    /// When the report is made, ns since the epoch.
    pub generated_at_ns: u64,
    /// Who is who.
    pub handlers: &'a HashMap<Fingerprint, Handler>,
    /// Their merged Rollups.
    pub windows: &'a Windows,
    /// The verdicts that stand since earlier runs: leaving one takes more than not entering it. Empty without history.
    pub standing: &'a HashMap<Fingerprint, Verdict>,
    /// What is known about the app.
    pub facts: &'a [AppFact],
}
