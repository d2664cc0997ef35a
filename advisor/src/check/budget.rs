//! Budgets: how many findings of which rules are allowed. They are written as people say them, `max cache-get 3` or
//! `no new action-poll`.

use std::fmt;
use std::str::FromStr;

use globset::{Glob, GlobMatcher};
use serde::Serialize;

use super::{Compared, Finding};
use crate::report::Report;
use crate::rules::{NEED_TRAFFIC, RULES};

/// What the rule of a budget may be written as.
const FORMS: &str =
    "write `max RULE NUMBER` or `no new RULE`, where RULE is a rule's id or a glob as `cache-*`";

/// How many findings of some rules are allowed.
#[derive(Clone, Debug)]
pub struct Budget {
    limit: Limit,
    pattern: String,
    rules: GlobMatcher,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Limit {
    /// So many, known ones included.
    Max(usize),
    /// None that the baseline does not have.
    NoNew,
}

/// What became of a budget.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BudgetOutcome {
    /// The budget, as it was written.
    pub budget: String,
    /// Whether it is kept.
    pub status: BudgetStatus,
    /// Findings that count against it.
    pub count: usize,
    /// Why, in a few words.
    pub text: String,
}

/// Whether a budget is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetStatus {
    /// It is.
    Kept,
    /// It is not.
    Broken,
    /// There is too little evidence to tell.
    Undecided,
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (limit, pattern) = match words.as_slice() {
            ["max", rule, number] => {
                let fault = |_| format!("`{text}`: {number} is not a number of findings; {FORMS}");
                (Limit::Max(number.parse().map_err(fault)?), *rule)
            }
            ["no", "new", rule] => (Limit::NoNew, *rule),
            _ => return Err(format!("`{text}` is not a budget; {FORMS}")),
        };
        let glob = Glob::new(pattern).map_err(|error| format!("`{text}`: {error}; {FORMS}"))?;
        let budget = Self { limit, pattern: pattern.to_owned(), rules: glob.compile_matcher() };
        if RULES.iter().any(|rule| budget.is_about(rule.id)) {
            Ok(budget)
        } else {
            Err(format!("`{text}`: there is no such rule; docs/rules lists them all"))
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Limit::Max(number) => write!(f, "max {} {number}", self.pattern),
            Limit::NoNew => write!(f, "no new {}", self.pattern),
        }
    }
}

impl Budget {
    /// Whether it is about a rule.
    #[must_use]
    pub fn is_about(&self, rule: &str) -> bool {
        self.rules.is_match(rule)
    }

    /// Whether it needs a baseline.
    #[must_use]
    pub fn needs_baseline(&self) -> bool {
        self.limit == Limit::NoNew
    }

    pub(super) fn outcome(&self, all: &Compared<'_>) -> BudgetOutcome {
        let of = |list: &[Finding]| list.iter().filter(|one| self.is_about(&one.rule)).count();
        let (new, known) = (of(all.new), of(all.known));
        let (count, broken) = match self.limit {
            Limit::Max(most) => (new + known, new + known > most),
            Limit::NoNew => (new, new > 0),
        };
        let because = self.undecided_because(all);
        let (status, text) = match because {
            _ if self.needs_baseline() && !all.has_baseline => {
                (BudgetStatus::Undecided, "there is no baseline to compare with".to_owned())
            }
            _ if broken => (BudgetStatus::Broken, self.found(count)),
            Some(because) => (BudgetStatus::Undecided, because),
            None => (BudgetStatus::Kept, self.found(count)),
        };
        BudgetOutcome { budget: self.to_string(), status, count, text }
    }

    fn found(&self, count: usize) -> String {
        let new = if self.limit == Limit::NoNew { "new " } else { "" };
        match count {
            0 => format!("no {new}finding"),
            1 => format!("1 {new}finding"),
            many => format!("{many} {new}findings"),
        }
    }

    /// Why none of its rules could decide; `None` when one of them could, or has nothing to look at.
    fn undecided_because(&self, all: &Compared<'_>) -> Option<String> {
        let reasons: Vec<Option<String>> = RULES
            .iter()
            .filter(|rule| self.is_about(rule.id))
            .map(|rule| why_undecided(rule.id, all.reports))
            .collect();
        let undecided: Vec<String> = reasons.iter().flatten().cloned().collect();
        (undecided.len() == reasons.len()).then(|| undecided.into_iter().next()).flatten()
    }
}

/// Why a rule decided about no Handler.
fn why_undecided(id: &str, reports: &[Report]) -> Option<String> {
    if reports.is_empty() {
        return Some("nothing was judged".to_owned());
    }
    let rules = || reports.iter().flat_map(|report| &report.rules).filter(|rule| rule.id == id);
    if rules().all(|rule| !rule.enabled || rule.shadow) {
        return Some(format!("{id} is switched off, or only counts what it would say (shadow)"));
    }
    if NEED_TRAFFIC.contains(&id) && reports.iter().all(Report::is_from_tests) {
        return Some(format!("{id} needs traffic, which a recording of tests does not show"));
    }
    let (looked, undecided) =
        rules().fold((0, 0), |(looked, open), rule| (looked + rule.handlers, open + rule.undecided));
    (looked > 0 && looked == undecided).then(|| {
        let handlers = if looked == 1 { "the one handler".to_owned() } else { format!("the {looked} handlers") };
        format!(
            "{id} could decide about none of {handlers} that it looks at: too few calls, or telemetry lacks what it needs"
        )
    })
}
