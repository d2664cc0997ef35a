//! What would change a verdict: it is decided again without its reason, and again without the next one, until another verdict
//! is reached or nothing is left that could change. Only what can change a verdict is said to.

use super::cause::{Assumed, Cause};
use super::{Bench, Decision};
use crate::report::{Need, Verdict};

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
    match (need.code.as_str(), &need.attribute) {
        ("more_calls", _) => format!("{missing} more calls"),
        ("more_days", _) if missing == 1 => "calls on one more day".to_owned(),
        ("more_days", _) => format!("calls on {missing} more days"),
        ("read_or_write", _) => "to know that it only reads".to_owned(),
        ("every_trace", _) => "every trace recorded for a while".to_owned(),
        (_, Some(attribute)) => format!("the attribute {attribute}"),
        (code, None) => code.to_owned(),
    }
}
