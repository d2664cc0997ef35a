//! A check of what was found against what is known already, as pull requests need it: findings of reports, a baseline, budgets.
//! How the result is printed, and where reports come from, is not decided here.

mod baseline;
mod budget;
mod finding;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;

pub use baseline::{BASELINE_SCHEMA, Baseline, Known};
pub use budget::{Budget, BudgetOutcome, BudgetStatus};
pub use finding::{Finding, findings};

use crate::report::{HandlerReport, Report, Verdict};
use finding::{handler, is_movable};

/// What a check found. Its JSON form is a promise (`pointsman.check/v1`): fields may be added, never renamed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Check {
    /// `pointsman.check/v1`.
    pub schema: &'static str,
    /// What it comes to.
    pub result: Outcome,
    /// Why nothing could be concluded; empty unless the result is `undecided`.
    pub undecided_because: Vec<String>,
    /// API routes and Server Actions about which something could be said.
    pub judged: usize,
    /// API routes and Server Actions that were called.
    pub handlers: usize,
    /// Whether a part of it was recorded while tests ran: it shows the shape of calls, not traffic.
    pub from_tests: bool,
    /// Whether it was compared with a baseline.
    pub has_baseline: bool,
    /// Findings that are not in the baseline; without one, all of them.
    pub new: Vec<Finding>,
    /// Findings that are in the baseline.
    pub known: Vec<Finding>,
    /// Findings that the team does not want to act on.
    pub dismissed: Vec<Finding>,
    /// Entries of the baseline that were looked for and are gone.
    pub gone: Vec<Known>,
    /// Entries of the baseline about handlers that were not judged this time: nobody knows whether they are gone.
    pub not_judged: Vec<Known>,
    /// What became of each budget.
    pub budgets: Vec<BudgetOutcome>,
}

/// What a check comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All budgets are kept.
    Passed,
    /// A budget is broken.
    Failed,
    /// There is too little evidence to tell.
    Undecided,
}

/// Compares what reports found with a baseline and with budgets.
#[must_use]
pub fn check(reports: &[Report], baseline: Option<&Baseline>, budgets: &[Budget]) -> Check {
    let (dismissed, open): (Vec<Finding>, Vec<Finding>) =
        findings(reports).into_iter().partition(|finding| finding.dismissed.is_some());
    let known_keys: BTreeSet<(&str, &str, &str)> =
        baseline.iter().flat_map(|baseline| &baseline.findings).map(Known::key).collect();
    let (known, new): (Vec<Finding>, Vec<Finding>) =
        open.into_iter().partition(|finding| known_keys.contains(&finding.key()));
    let (gone, not_judged) = no_longer_found(reports, baseline, [&known, &dismissed]);
    let looked = Looked::of(reports);
    let all = Compared { reports, new: &new, known: &known, has_baseline: baseline.is_some() };
    let budgets: Vec<BudgetOutcome> = budgets.iter().map(|budget| budget.outcome(&all)).collect();
    let mut undecided_because = looked.faults();
    undecided_because.extend(
        budgets
            .iter()
            .filter(|one| one.status == BudgetStatus::Undecided)
            .map(|one| format!("{}: {}", one.budget, one.text)),
    );
    let result = if budgets.iter().any(|one| one.status == BudgetStatus::Broken) {
        Outcome::Failed
    } else if undecided_because.is_empty() {
        Outcome::Passed
    } else {
        Outcome::Undecided
    };
    Check {
        schema: "pointsman.check/v1",
        result,
        undecided_because,
        judged: looked.judged,
        handlers: looked.handlers,
        from_tests: reports.iter().any(Report::is_from_tests),
        has_baseline: baseline.is_some(),
        new,
        known,
        dismissed,
        gone,
        not_judged,
        budgets,
    }
}

/// What budgets look at.
struct Compared<'a> {
    reports: &'a [Report],
    new: &'a [Finding],
    known: &'a [Finding],
    has_baseline: bool,
}

/// Entries of the baseline that are not found any more: those that are gone, and those of which nobody knows.
fn no_longer_found(
    reports: &[Report],
    baseline: Option<&Baseline>,
    found: [&[Finding]; 2],
) -> (Vec<Known>, Vec<Known>) {
    let found: BTreeSet<_> = found.into_iter().flatten().map(Finding::key).collect();
    let judged: BTreeSet<(&str, String)> = reports
        .iter()
        .flat_map(|report| {
            let rows = report.handlers.iter().filter(|row| report.is_judged(row) || !is_movable(row));
            rows.map(|row| (report.service.as_str(), handler(row)))
        })
        .collect();
    let entries = baseline.iter().flat_map(|baseline| &baseline.findings);
    let missing = entries.filter(|entry| !found.contains(&entry.key())).cloned();
    missing.partition(|entry| judged.contains(&(entry.service.as_str(), entry.handler.clone())))
}

/// How much there was to judge.
struct Looked {
    handlers: usize,
    judged: usize,
    development: bool,
}

impl Looked {
    fn of(reports: &[Report]) -> Self {
        let rows = || {
            let all = reports.iter().flat_map(|report| report.handlers.iter().map(move |row| (report, row)));
            all.filter(|(_, row)| is_movable(row))
        };
        Self {
            handlers: rows().count(),
            judged: rows().filter(|(report, row)| report.is_judged(row)).count(),
            development: reports.iter().any(Report::is_development),
        }
    }

    fn faults(&self) -> Vec<String> {
        let fault = match (self.judged, self.handlers, self.development) {
            (1.., ..) => return Vec::new(),
            (0, _, true) => {
                "the traces come from `next dev`, where nothing is judged: run `next build` and `next start`"
                    .to_owned()
            }
            (0, 0, false) => "no API route and no Server Action was called".to_owned(),
            (0, all, false) => format!("none of the {all} API routes and Server Actions has enough calls"),
        };
        vec![fault]
    }
}

impl Report {
    /// Whether it was recorded while tests ran.
    #[must_use]
    pub fn is_from_tests(&self) -> bool {
        self.environment.as_deref() == Some(pointsman_store::Handler::TESTS)
    }

    fn is_development(&self) -> bool {
        self.environment.as_deref() == Some("development")
    }

    /// Whether something could be said about a Handler.
    fn is_judged(&self, row: &HandlerReport) -> bool {
        if !is_movable(row) || self.is_development() {
            return false;
        }
        if self.is_from_tests() {
            return row.calls >= crate::stats::as_f64(self.settings.min_samples_from_tests);
        }
        // A route that only reads keeps its place whatever its traffic; whether it could be better takes calls all the same.
        let enough = row.calls >= crate::stats::as_f64(self.settings.min_calls_for_move);
        row.verdict != Verdict::InsufficientEvidence && (enough || !row.blockers.is_empty())
    }
}
