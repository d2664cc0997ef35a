//! The same scenarios with less telemetry, or with more noise: advice may turn into abstention, never into a wrong move.
//!
//! Each attribute of the contract is taken away in turn, the same is told in other forms (`forms`), nine of ten traces are not
//! recorded, noise is doubled, the server or the network is slow. `bootstrap` asks how much a verdict depends on who happened to
//! come by. A scenario is played and encoded once for all of that; only slowness and noise need it played again.

pub mod bootstrap;
pub mod forms;
mod table;

use std::collections::BTreeSet;

use pointsman_advisor::{Report, Settings, Verdict};
use pointsman_store::Call;

use crate::judge::{Told, extract_all, judge};
use crate::scenario::Scenario;
use crate::score::{Case, cases, is_wrong_move};
use crate::sim::{Play, play};
use crate::telemetry::{Encoded, Sent};
use forms::Form;
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
    /// Nothing is said any more.
    Abstained,
    /// Another move, or one that was not advised before, and it is right.
    RightMove,
    /// A move before, and told to stay now; or nothing before, and told to stay now.
    Stays,
    /// A wrong move.
    WrongMove,
    /// An improvement that would leak, break or loop, and was not named before.
    Dangerous,
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
pub struct Played<'s> {
    /// The scenario.
    pub scenario: &'s Scenario,
    /// Thresholds.
    pub settings: &'s Settings,
    /// What was sent.
    pub encoded: Encoded<'s>,
    /// What was told by it.
    pub told: Told,
    /// What was said about that.
    pub before: Vec<Case>,
}

/// Other ways to play a scenario, by what is different: five times slower is a loaded machine, or a phone.
const OTHERWISE: [(&str, Play); 3] = [
    ("doubled noise", Play { seed: 1, noise: 2.0, server_slow: 1.0, network_slow: 1.0 }),
    ("server 5 times slower", Play { seed: 1, noise: 1.0, server_slow: 5.0, network_slow: 1.0 }),
    ("network 8 times slower", Play { seed: 1, noise: 1.0, server_slow: 1.0, network_slow: 8.0 }),
];

/// All changes of one scenario.
///
/// # Errors
/// When the collector refuses what is sent.
pub fn changes(played: &Played<'_>) -> anyhow::Result<Vec<Change>> {
    let mut changes = Vec::new();
    for attribute in played.encoded.contract() {
        let what = format!("without {attribute}");
        match played.without(&attribute)? {
            Some(told) => changes.extend(played.compare(&what, &told)?),
            None => changes.extend(played.same(&what)),
        }
    }
    for (what, declared) in [("10 % sampled, declared", true), ("10 % sampled, undeclared", false)] {
        let sent = Sent { recorded: 0.1, declared, ..Sent::default() };
        let told = extract_all(played.encoded.requests(&sent))?;
        changes.extend(played.compare(what, &told)?);
    }
    changes.extend(in_other_forms(played)?);
    for (what, how) in OTHERWISE {
        let encoded = Encoded::new(played.scenario, how, &play(played.scenario, how));
        let told = extract_all(encoded.requests(&Sent::default()))?;
        changes.extend(played.compare(what, &told)?);
    }
    Ok(changes)
}

/// What is said where the same is told in other forms.
///
/// # Errors
/// When the collector refuses what is sent.
pub fn in_other_forms(played: &Played<'_>) -> anyhow::Result<Vec<Change>> {
    let mut changes = Vec::new();
    let sent = Sent::default();
    for form in Form::ALL {
        let requests = played.encoded.requests(&sent).map(|request| form.of(&request));
        let told = extract_all(requests.collect::<anyhow::Result<Vec<_>>>()?)?;
        changes.extend(played.compare(form.name(), &told)?);
    }
    Ok(changes)
}

impl Played<'_> {
    /// What telemetry tells without an attribute; `None` where that is the same.
    fn without(&self, attribute: &str) -> anyhow::Result<Option<Told>> {
        let sent = Sent { without: Some(attribute.to_owned()), ..Sent::default() };
        let (requests, changed) = self.encoded.changed(&sent);
        if changed.is_empty() || FACTS.contains(&attribute) {
            return extract_all(self.encoded.requests(&sent)).map(Some);
        }
        let again = extract_all(requests)?;
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
        let dangerous = self
            .before
            .iter()
            .zip(&now)
            .filter(|(before, now)| now.dangerous().any(|rule| !before.improvements.contains(rule)));
        let dangers = dangerous.map(|(before, now)| Change {
            what: what.to_owned(),
            scenario: before.scenario.clone(),
            handler: before.handler.clone(),
            verdicts: (before.said, now.said),
            kind: ChangeKind::Dangerous,
        });
        Ok(changes.chain(dangers).chain(self.strays(what, &report, &now)).collect())
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
        Some(Verdict::Keep) => ChangeKind::Stays,
        _ => ChangeKind::Abstained,
    }
}
