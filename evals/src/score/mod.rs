//! How well reports agree with labels: verdict by verdict, improvement by improvement, and how sure the advisor was.

mod calibration;
mod improvements;
pub mod naive;
mod table;

use pointsman_advisor::{HandlerReport, Report, Verdict};

use crate::scenario::{Label, Scenario, operation};
pub use calibration::Calibration;
pub use table::{Counts, table};

/// What was said about one handler, and what should have been.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// The scenario's id.
    pub scenario: String,
    /// The handler's name in it.
    pub handler: String,
    /// What was said; `None` where the report does not list the handler.
    pub said: Option<Verdict>,
    /// How sure a move is.
    pub confidence: Option<f64>,
    /// All that was said.
    pub row: Option<HandlerReport>,
    /// What should have been said.
    pub label: Label,
    /// Improvements that were named.
    pub improvements: Vec<String>,
    /// Every rule that spoke.
    pub spoke: Vec<String>,
    /// The advisor's reason, or what it lacks.
    pub reason: String,
    /// What the naive adviser would have said.
    pub naive: Verdict,
    /// Whether it is a page, which never moves.
    pub is_page: bool,
}

/// The cases of a scenario: its labelled handlers, and its pages of which nothing is expected.
#[must_use]
pub fn cases(scenario: &Scenario, report: &Report) -> Vec<Case> {
    let silent = Label::default();
    let pages =
        scenario.pages.keys().filter(|page| !scenario.expect.contains_key(*page)).map(|page| (page, &silent));
    scenario.expect.iter().chain(pages).map(|(name, label)| case(scenario, report, name, label)).collect()
}

/// What was said about the handler of this name. A route that stands for many is one row, and one more for each of its
/// operations: a label without an operation holds for all of them, so that the worst of them counts, and every
/// improvement.
fn case(scenario: &Scenario, report: &Report, name: &str, label: &Label) -> Case {
    let rows: Vec<&HandlerReport> = report.handlers.iter().filter(|row| is_named(row, name)).collect();
    let is_wrong = |row: &&&HandlerReport| is_wrong_move(label, row.verdict);
    let disagrees = |row: &&&HandlerReport| !label.expect.is_empty() && !label.accepts(row.verdict);
    let worst = rows.iter().find(is_wrong).or_else(|| rows.iter().find(disagrees)).or_else(|| rows.first());
    let row = worst.copied();
    let all = |of: fn(&HandlerReport) -> &Vec<String>| {
        let mut all: Vec<String> = rows.iter().flat_map(|row| of(row)).cloned().collect();
        all.sort();
        all.dedup();
        all
    };
    let mut spoke: Vec<String> = all(|row| &row.improvements);
    spoke.extend(all(|row| &row.blockers));
    spoke.extend(rows.iter().flat_map(|row| &row.evidence).map(|evidence| evidence.rule.clone()));
    spoke.sort();
    spoke.dedup();
    let needs = |row: &HandlerReport| match row.needs.first() {
        Some(need) => {
            format!("{}: {} {:?} {:?}", row.reason, need.code, need.attribute, (need.have, need.want))
        }
        None => row.reason.clone(),
    };
    Case {
        scenario: scenario.id.clone(),
        handler: name.to_owned(),
        said: row.map(|row| row.verdict),
        confidence: row.and_then(|row| row.confidence),
        row: row.cloned(),
        label: label.clone(),
        improvements: all(|row| &row.improvements),
        spoke,
        reason: row.map(needs).unwrap_or_default(),
        naive: row.map_or(Verdict::Keep, naive::verdict),
        is_page: scenario.pages.contains_key(name),
    }
}

/// Whether a row of the report is the handler of this name: `/page`, `METHOD /route`, `METHOD /route @operation` or an action.
fn is_named(row: &HandlerReport, name: &str) -> bool {
    let (named, operation) = operation(name);
    match (row.kind.as_str(), named.split_once(' ')) {
        ("server_action", None) => row.action.as_deref() == Some(name),
        ("page", None) => row.route == name && row.method == "GET",
        ("route_handler" | "pages_api", Some((method, route))) => {
            let of_operation = operation.is_none() || row.operation.as_deref() == operation;
            row.method == method && row.route == route && of_operation
        }
        _ => false,
    }
}

impl Case {
    /// Whether the verdict was in question.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        !self.is_page && !self.label.expect.is_empty()
    }

    /// Whether the verdict, where it was in question, is among the right ones.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.said.is_some_and(|said| self.label.accepts(said))
    }

    /// A move that is not among the right ones, or one that would be an outage.
    #[must_use]
    pub fn is_wrong_move(&self) -> bool {
        self.said.is_some_and(|said| is_wrong_move(&self.label, said))
    }

    /// Improvements, blockers and rules that should have spoken and did not, and the other way round, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let missing = |what: &str, wanted: &[String], said: &[String]| {
            let missing = wanted.iter().filter(|rule| !said.contains(rule));
            missing.map(|rule| format!("{what} {rule} is missing")).collect::<Vec<_>>()
        };
        let mut faults = missing("improvement", &self.label.improve, &self.improvements);
        faults.extend(missing("blocker", &self.label.blocks, &self.spoke));
        faults.extend(missing("rule", &self.label.speaks, &self.spoke));
        let barred = self.label.silent.iter().chain(&self.label.not).filter(|rule| !self.forbids(rule));
        faults.extend(
            barred.filter(|rule| self.spoke.contains(rule)).map(|rule| format!("{rule} should be silent")),
        );
        faults
    }

    /// Improvements that were named and would leak, break or loop.
    pub fn dangerous(&self) -> impl Iterator<Item = &String> {
        self.improvements.iter().filter(|rule| self.forbids(rule))
    }

    fn forbids(&self, rule: &String) -> bool {
        self.label.never_improve.contains(rule)
    }

    /// Improvements that were named and nobody asked for.
    pub fn unasked(&self) -> impl Iterator<Item = &String> {
        let asked = |rule: &&String| self.label.improve.contains(rule) || self.label.may.contains(rule);
        self.improvements.iter().filter(move |rule| !asked(rule))
    }
}

/// Whether a verdict is a move that the label does not have among the right ones.
#[must_use]
pub fn is_wrong_move(label: &Label, said: Verdict) -> bool {
    let labelled = !label.expect.is_empty() || !label.never.is_empty();
    said.is_move() && labelled && (label.forbids(said) || !label.accepts(said))
}
