//! The same scenarios with less telemetry, or with more noise: advice may turn into abstention, never into a wrong move.
//!
//! Each attribute of the contract is taken away in turn, nine of ten traces are not recorded, noise is doubled. `bootstrap`
//! asks how much a verdict depends on who happened to come by.

pub mod bootstrap;
mod table;

use std::collections::BTreeSet;

use pointsman_advisor::{Report, Settings, Verdict};
use pointsman_store::Call;

use crate::judge::{Told, collect, extract_all, judge};
use crate::scenario::Scenario;
use crate::score::{Case, cases, is_wrong_move};
use crate::sim::{Exchange, Play, play};
use crate::telemetry::{Sent, contract, send, send_changed};
pub use table::table;

/// What became of one verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What was taken away or added: `without rsc`, `10 % sampled`, `doubled noise`.
    pub what: String,
    /// The scenario's id.
    pub scenario: String,
    /// The handler's name in it.
    pub handler: String,
    /// What had been said, and what is said now; `None` where the report does not list the handler.
    pub verdicts: (Option<Verdict>, Option<Verdict>),
    /// How that is to be taken.
    pub kind: ChangeKind,
}

/// How a change of a verdict is to be taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ChangeKind {
    /// Nothing changed.
    Same,
    /// No move any more, or nothing at all is said.
    Abstained,
    /// Another move, or one that was not advised before, and it is right.
    RightMove,
    /// A wrong move.
    WrongMove,
}

/// Attributes of which facts about the app are made: all of the telemetry has to be read again without them.
const FACTS: [&str; 6] = [
    "code.file.path",
    "code.function.name",
    "http.request.header.next-action",
    "next.action.id",
    "pointsman.key.scope",
    "pointsman.route.kind",
];

/// Everything that was played once, as it is needed again and again.
struct Played<'s> {
    scenario: &'s Scenario,
    settings: &'s Settings,
    exchanges: Vec<Exchange>,
    told: Told,
    before: Vec<Case>,
}

/// All changes of one scenario.
///
/// # Errors
/// When the collector refuses what is sent.
pub fn changes(scenario: &Scenario, settings: &Settings) -> anyhow::Result<Vec<Change>> {
    let how = Play::default();
    let exchanges = play(scenario, how);
    let told = collect(&send(scenario, how, &exchanges, &Sent::default()))?;
    let before = cases(scenario, &judge(scenario, &told, settings)?);
    let played = Played { scenario, settings, exchanges, told, before };
    let mut changes = Vec::new();
    for attribute in contract(scenario, how, &played.exchanges) {
        let what = format!("without {attribute}");
        match played.without(&attribute)? {
            Some(told) => changes.extend(played.compare(&what, &told)?),
            None => changes.extend(played.same(&what)),
        }
    }
    for (what, declared) in [("10 % sampled, declared", true), ("10 % sampled, undeclared", false)] {
        let sent = Sent { recorded: 0.1, declared, ..Sent::default() };
        let told = extract_all(&send(scenario, how, &played.exchanges, &sent))?;
        changes.extend(played.compare(what, &told)?);
    }
    let noisy = Play { noise: 2.0, ..how };
    let told = collect(&send(scenario, noisy, &play(scenario, noisy), &Sent::default()))?;
    changes.extend(played.compare("doubled noise", &told)?);
    Ok(changes)
}

impl Played<'_> {
    /// What telemetry tells without an attribute; `None` where that is the same.
    fn without(&self, attribute: &str) -> anyhow::Result<Option<Told>> {
        let how = Play::default();
        let sent = Sent { without: Some(attribute.to_owned()), ..Sent::default() };
        let (requests, changed) = send_changed(self.scenario, how, &self.exchanges, &sent);
        if changed.is_empty() || FACTS.contains(&attribute) {
            return extract_all(&send(self.scenario, how, &self.exchanges, &sent)).map(Some);
        }
        let again = extract_all(&requests)?;
        let (touched, untouched): (Vec<_>, Vec<_>) =
            self.told.calls.iter().partition(|call| changed.contains(&call.trace));
        if touched.into_iter().eq(&again.calls) {
            return Ok(None);
        }
        let mut calls: Vec<Call> = untouched.into_iter().cloned().chain(again.calls).collect();
        calls.sort_by_key(|call| (call.start_ns, call.trace, call.span));
        Ok(Some(Told { calls, facts: self.told.facts.clone() }))
    }

    fn compare(&self, what: &str, told: &Told) -> anyhow::Result<Vec<Change>> {
        let report = judge(self.scenario, told, self.settings)?;
        let now = cases(self.scenario, &report);
        let pairs = self.before.iter().zip(&now).filter(|(before, _)| before.is_asked());
        let changes = pairs.map(|(before, now)| Change {
            what: what.to_owned(),
            scenario: before.scenario.clone(),
            handler: before.handler.clone(),
            verdicts: (before.said, now.said),
            kind: kind(before, now.said),
        });
        Ok(changes.chain(self.strays(what, &report, &now)).collect())
    }

    /// What telemetry tells is the same, and so are all verdicts.
    fn same(&self, what: &str) -> impl Iterator<Item = Change> {
        self.before.iter().filter(|case| case.is_asked()).map(move |case| Change {
            what: what.to_owned(),
            scenario: case.scenario.clone(),
            handler: case.handler.clone(),
            verdicts: (case.said, case.said),
            kind: ChangeKind::Same,
        })
    }

    /// Moves of rows that are none of the scenario's handlers by name, as when names of actions are missing: wrong unless
    /// some handler should move that way.
    fn strays(&self, what: &str, report: &Report, now: &[Case]) -> Vec<Change> {
        let known: BTreeSet<&str> =
            now.iter().filter_map(|case| case.row.as_ref()).map(|row| row.id.as_str()).collect();
        let strays = report.handlers.iter().filter(|row| row.verdict.is_move() && !known.contains(&*row.id));
        let wanted = |verdict| self.before.iter().any(|case| case.is_asked() && case.label.accepts(verdict));
        let change = |row: &pointsman_advisor::HandlerReport| Change {
            what: what.to_owned(),
            scenario: self.scenario.id.clone(),
            handler: format!("{} {} {:?}", row.method, row.route, row.action),
            verdicts: (None, Some(row.verdict)),
            kind: if wanted(row.verdict) { ChangeKind::RightMove } else { ChangeKind::WrongMove },
        };
        strays.map(change).collect()
    }
}

fn kind(before: &Case, now: Option<Verdict>) -> ChangeKind {
    match now {
        now if now == before.said => ChangeKind::Same,
        Some(now) if is_wrong_move(&before.label, now) => ChangeKind::WrongMove,
        Some(now) if now.is_move() => ChangeKind::RightMove,
        _ => ChangeKind::Abstained,
    }
}
