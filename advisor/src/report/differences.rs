//! What changed from one report to a later one of the same service and environment. How it is worded is not decided here.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Benefit, HandlerReport, Report, Verdict};
use crate::life::{Life, Proof, State};
use crate::words::ReportedKind;

/// Entries of one list that are told; of more only how many there are.
const MOST_ENTRIES: usize = 50;
/// A gain has changed clearly when it is so much more or less, as a share of the larger one, and the intervals of the two do
/// not touch.
const CLEARLY: f64 = 0.25;
/// Gains of less than so much (round trips a day, requests a day, ms) are not compared: they come and go.
const LEAST_GAIN: f64 = 1.0;

/// What changed since an earlier report. A recommendation stands in one list only; the order is that of the reports.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Differences {
    /// When the earlier report was made, RFC 3339.
    pub since: String,
    /// Moves and improvements that were not advised then.
    pub new: Vec<HandlerDifference>,
    /// What is judged otherwise, was answered, or gains clearly more or less.
    pub changed: Vec<HandlerDifference>,
    /// What was advised then and no longer is.
    pub gone: Vec<HandlerDifference>,
    /// Moves that have been made since.
    pub applied: Vec<HandlerDifference>,
    /// Moves that were made and of which before and after have been compared since.
    pub verified: Vec<HandlerDifference>,
    /// Entries beyond the first fifty of each list, which are left out.
    pub left_out: usize,
}

/// What changed about one Handler.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HandlerDifference {
    /// Stable fingerprint of the Handler, 16 hex digits.
    pub id: String,
    /// Its kind.
    #[schema(value_type = String)]
    pub kind: ReportedKind,
    /// Its HTTP method.
    pub method: String,
    /// Its route pattern; of an action its commonest page.
    pub route: String,
    /// Of a Dispatcher, which of its operations it is; null for all else.
    #[serde(default)]
    pub operation: Option<String>,
    /// Name or id of an action.
    pub action: Option<String>,
    /// The file of an action.
    pub file: Option<String>,
    /// The Change that its move is or was part of; null where it is about no move.
    #[serde(default)]
    pub change: Option<PartOf>,
    /// What was said about it then; null when it was not in the earlier report.
    pub before: Option<Situation>,
    /// What is said now; null when it is no longer in the report.
    pub after: Option<Situation>,
    /// Improvements (ids of rules) that are new, among `new`, or gone, among `gone`; else empty.
    pub improvements: Vec<String>,
    /// One sentence: why it is as it is now.
    pub reason: String,
    /// What the move promised when it was proposed; only of moves that were made.
    pub promised: Option<Benefit>,
    /// What the comparison of before and after found; only among `verified`.
    pub proof: Option<Proof>,
}

/// The Change that a Handler's move is part of.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PartOf {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What all of it gains; null when nothing is claimed.
    pub benefit: Option<Benefit>,
    /// What it promised when it was proposed.
    pub promised: Option<Benefit>,
    /// What comparing before and after found.
    pub proof: Option<Proof>,
}

/// What a report says about a Handler, as far as changes are told.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Situation {
    /// The verdict; of a move that was made the move.
    pub verdict: Verdict,
    /// Where the move stands in its life; null unless the verdict is a move.
    pub state: Option<State>,
    /// What acting on it gains; null when nothing is claimed.
    pub benefit: Option<Benefit>,
}

impl Differences {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left_out == 0 && self.lists().iter().all(|(_, list)| list.is_empty())
    }

    /// The lists by the words of the machine-readable report, in the order in which they are told.
    #[must_use]
    pub fn lists(&self) -> [(&'static str, &[HandlerDifference]); 5] {
        [
            ("new", &self.new),
            ("changed", &self.changed),
            ("gone", &self.gone),
            ("applied", &self.applied),
            ("verified", &self.verified),
        ]
    }

    /// Notes of each move which Change it is part of, as the later report has it.
    fn name_changes(&mut self, before: &Report, after: &Report) {
        for entry in self.lists_mut().into_iter().flatten() {
            let situation = entry.after.as_ref().filter(|it| it.verdict.is_move()).or(entry.before.as_ref());
            let Some(verdict) = situation.map(|it| it.verdict).filter(|verdict| verdict.is_move()) else {
                continue;
            };
            let mut known = after.changes.iter().chain(&before.changes);
            let found = known.find(|one| one.verdict == verdict && one.handlers.contains(&entry.id));
            entry.change = found.map(|change| PartOf {
                id: change.id.clone(),
                title: change.title.clone(),
                benefit: change.benefit.clone(),
                promised: change.promised.clone(),
                proof: change.proof.clone(),
            });
        }
    }

    fn lists_mut(&mut self) -> [&mut Vec<HandlerDifference>; 5] {
        [&mut self.new, &mut self.changed, &mut self.gone, &mut self.applied, &mut self.verified]
    }

    fn limit(&mut self) {
        let lists = [&mut self.new, &mut self.changed, &mut self.gone, &mut self.applied, &mut self.verified];
        for list in lists {
            self.left_out += list.len().saturating_sub(MOST_ENTRIES);
            list.truncate(MOST_ENTRIES);
        }
    }
}

/// What changed between two reports of one service and environment.
#[must_use]
pub fn differences(before: &Report, after: &Report) -> Differences {
    let mut differences = Differences { since: before.generated_at.clone(), ..Differences::default() };
    let lives: HashMap<_, _> = before.recommendations.iter().map(|life| (key(life), life.state)).collect();
    let mut made = BTreeSet::new();
    for life in &after.recommendations {
        let was = lives.get(&key(life)).copied();
        let list = match life.state {
            State::Applied if !matches!(was, Some(State::Applied | State::Verified)) => {
                &mut differences.applied
            }
            State::Verified if was != Some(State::Verified) => &mut differences.verified,
            _ => continue,
        };
        made.insert(key(life));
        list.push(HandlerDifference::of_life(life, was));
    }
    let earlier: HashMap<&str, &HandlerReport> =
        before.handlers.iter().map(|row| (row.id.as_str(), row)).collect();
    for row in &after.handlers {
        let was = earlier.get(row.id.as_str()).copied();
        tell(was, row, &made, &mut differences);
    }
    let listed: BTreeSet<&str> = after.handlers.iter().map(|row| row.id.as_str()).collect();
    let absent = before.handlers.iter().filter(|row| !listed.contains(row.id.as_str()));
    for row in absent {
        let is_gone = row.is_open_move() && !made.contains(&(row.id.as_str(), row.verdict));
        if is_gone || !row.improvements.is_empty() {
            let improvements = row.improvements.clone();
            let reason = after.reason_of(row);
            differences.gone.push(HandlerDifference {
                improvements,
                reason,
                ..HandlerDifference::of(Some(row), None, row)
            });
        }
    }
    differences.name_changes(before, after);
    differences.limit();
    differences
}

/// What changed about a Handler that is in the later report.
fn tell(
    was: Option<&HandlerReport>,
    row: &HandlerReport,
    made: &BTreeSet<(&str, Verdict)>,
    differences: &mut Differences,
) {
    let change = || HandlerDifference::of(was, Some(row), row);
    let is_made = |row: &HandlerReport| made.contains(&(row.id.as_str(), row.verdict));
    let was_move = was.filter(|was| was.verdict.is_move());
    // Two lists at most: what came and what went.
    let came = without(&row.improvements, was.map_or(&[], |was| &was.improvements));
    let went = was.map_or_else(Vec::new, |was| without(&was.improvements, &row.improvements));
    let is_new_move = row.is_open_move() && was_move.is_none();
    let is_gone_move = !row.verdict.is_move() && was.is_some_and(|was| was.is_open_move() && !is_made(was));
    if is_new_move || !came.is_empty() {
        differences.new.push(HandlerDifference { improvements: came, ..change() });
    }
    if is_gone_move || !went.is_empty() {
        differences.gone.push(HandlerDifference { improvements: went, ..change() });
    }
    if let Some(was) = was
        && !(is_new_move || is_gone_move || is_made(was) || is_made(row))
        && (was.verdict != row.verdict || state(was) != state(row) || gain_differs(was, row))
    {
        differences.changed.push(change());
    }
}

/// A recommendation among others of a service.
fn key(life: &Life) -> (&str, Verdict) {
    (life.id.as_str(), life.verdict)
}

fn state(row: &HandlerReport) -> Option<State> {
    row.state.as_deref().and_then(State::from_word)
}

/// What is in the one list and not in the other.
fn without(these: &[String], others: &[String]) -> Vec<String> {
    these.iter().filter(|one| !others.contains(one)).cloned().collect()
}

/// Whether an open move gains clearly more or less than it did.
fn gain_differs(was: &HandlerReport, row: &HandlerReport) -> bool {
    let open = |row: &HandlerReport| row.benefit.clone().filter(|_| row.is_open_move());
    let (Some(was), Some(now)) = (open(was), open(row)) else { return false };
    let numbers = |gain: &Benefit| {
        [
            ("round_trips_per_day", gain.round_trips_per_day),
            ("origin_requests_per_day", gain.origin_requests_per_day),
            ("ms_per_interaction_p50", gain.ms_per_interaction_p50),
        ]
    };
    numbers(&was).into_iter().zip(numbers(&now)).any(|((name, before), (_, after))| {
        let larger = before.abs().max(after.abs());
        let touch = match (was.interval.get(name), now.interval.get(name)) {
            (Some(one), Some(other)) => one[0] <= other[1] && other[0] <= one[1],
            _ => false,
        };
        larger >= LEAST_GAIN && (after - before).abs() > CLEARLY * larger && !touch
    })
}

impl Report {
    /// Why a Handler that is no longer listed is not.
    fn reason_of(&self, gone: &HandlerReport) -> String {
        let life =
            self.recommendations.iter().find(|life| life.id == gone.id && life.verdict == gone.verdict);
        let expired = life.filter(|life| life.state == State::Expired);
        expired.map_or_else(|| "no calls in the window".to_owned(), |life| life.reason.clone())
    }
}

impl HandlerDifference {
    /// Named as in `named`, which is one of the two.
    fn of(was: Option<&HandlerReport>, now: Option<&HandlerReport>, named: &HandlerReport) -> Self {
        Self {
            id: named.id.clone(),
            kind: named.kind.clone(),
            method: named.method.clone(),
            route: named.route.clone(),
            operation: named.operation.clone(),
            action: named.action.clone(),
            file: named.file.clone(),
            change: None,
            before: was.map(Situation::of),
            after: now.map(Situation::of),
            improvements: Vec::new(),
            reason: named.reason.clone(),
            promised: None,
            proof: None,
        }
    }

    fn of_life(life: &Life, was: Option<State>) -> Self {
        let promised = life.promised.clone();
        let situation =
            |state| Situation { verdict: life.verdict, state: Some(state), benefit: promised.clone() };
        Self {
            id: life.id.clone(),
            kind: life.kind.clone(),
            method: life.method.clone(),
            route: life.route.clone(),
            operation: life.operation.clone(),
            action: life.action.clone(),
            file: life.file.clone(),
            change: None,
            before: was.map(situation),
            after: Some(situation(life.state)),
            improvements: Vec::new(),
            reason: life.reason.clone(),
            promised: life.promised.clone(),
            proof: life.proof.clone().filter(|_| life.state == State::Verified),
        }
    }
}

impl Situation {
    fn of(row: &HandlerReport) -> Self {
        Self { verdict: row.verdict, state: state(row), benefit: row.benefit.clone() }
    }
}

#[cfg(test)]
#[path = "differences_tests.rs"]
mod tests;
