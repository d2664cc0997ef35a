//! What would change a verdict: it is decided again without its reason, and again without the next one, until another verdict
//! is reached or nothing is left that could change. Only what can change a verdict is said to.

use super::cause::{Assumed, Cause};
use super::{Bench, Decision};
use crate::words::{Need, NeedCode, Verdict};

/// Reasons that are taken away one after the other, at most. There are not more kinds of them.
const MOST: usize = 12;

/// What would be said without the one rule that decided.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Without {
    /// The rule.
    pub(crate) rule: &'static str,
    /// The verdict then.
    pub(crate) verdict: Verdict,
    /// Its reason.
    pub(crate) reason: String,
}

/// Decides, and says what would change the decision.
pub(super) fn weigh(mut bench: Bench<'_, '_>) -> (Decision, Option<Without>) {
    let first = bench.decide();
    if first.verdict.is_move() {
        let flips_if = losing(&mut bench, &first);
        return (Decision { flips_if, ..first }, None);
    }
    let mut without = None;
    let mut conditions: Vec<String> = Vec::new();
    let mut decision = first.clone();
    for _ in 0..MOST {
        let (condition, cause) = (decision.flips_if.clone(), decision.cause.clone());
        if decision.verdict.is_move() || !bench.assumed.remove(cause) {
            break;
        }
        if !condition.is_empty() && !conditions.contains(&condition) {
            conditions.push(condition);
        }
        decision = bench.decide();
        if let (None, Cause::Rule(rule)) = (&without, &first.cause) {
            without = Some(Without { rule, verdict: decision.verdict, reason: decision.reason.clone() });
        }
    }
    if decision.verdict.is_move() {
        return (Decision { flips_if: conditions.join("; and "), ..first }, without);
    }
    // Whatever else is seen, it stays: then nothing is missing either.
    let said = if first.verdict == Verdict::InsufficientEvidence { decision } else { first.clone() };
    let unchanged = Decision {
        verdict: Verdict::Keep,
        flips_if: String::new(),
        needs: Vec::new(),
        barred: first.barred,
        ..said
    };
    (unchanged, without)
}

/// What would have to go before a move is no longer advised: its reasons, the heaviest first, as many as it takes.
fn losing(bench: &mut Bench<'_, '_>, first: &Decision) -> String {
    let mut conditions: Vec<String> = Vec::new();
    let mut decision = first.clone();
    for _ in 0..MOST {
        if decision.verdict != first.verdict {
            break;
        }
        let main = bench.findings.main_reason_without(first.verdict, &bench.assumed);
        let Some((rule, flips_if)) = main.map(|found| (found.rule.id, found.statement.flips_if.clone()))
        else {
            break;
        };
        if !conditions.contains(&flips_if) {
            conditions.push(flips_if);
        }
        bench.assumed.remove(Cause::Rule(rule));
        decision = bench.decide();
    }
    bench.assumed = Assumed::default();
    conditions.join("; and ")
}

/// What is missing, as a condition.
pub(super) fn need(need: &Need) -> String {
    let missing = need.want.unwrap_or_default().saturating_sub(need.have.unwrap_or_default());
    let told = match &need.code {
        NeedCode::MoreCalls => return format!("{missing} more calls"),
        NeedCode::MoreDays if missing == 1 => "calls on one more day",
        NeedCode::MoreDays => return format!("calls on {missing} more days"),
        NeedCode::ReadOrWrite => "to know that it only reads",
        NeedCode::Arguments => "arguments that the server can know",
        NeedCode::EveryTrace => "every trace recorded for a while",
        NeedCode::StableClientKeys => "client keys that do not change while people use the app",
        NeedCode::BaseRate => "to know how often the same happens by itself",
        NeedCode::ClientRhythm => "to know how slow the clients are",
        NeedCode::PushedRefresh => "to know whose refresh follows",
        NeedCode::UnknownPages => "requests for the pages that call it",
        NeedCode::MissingAttribute | NeedCode::Later(_) => match &need.attribute {
            Some(attribute) => return format!("the attribute {attribute}"),
            None => need.code.as_str(),
        },
    };
    told.to_owned()
}
