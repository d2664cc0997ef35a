//! What a report shows once it is settled: the standing verdict in place of the raw one where they differ, the state of
//! each move, what policies keep out.

use pointsman_store::Fingerprint;

use super::history::{History, Promise, Standing};
use super::policy::PolicyInForce;
use super::settle::Settling;
use crate::report::{HandlerReport, Report, rfc3339};

/// Makes a raw report show what stands.
pub(super) fn show(report: &mut Report, history: &History, with: &Settling<'_>) {
    let mut policies = with.policies.in_force(with.now_ns);
    for row in &mut report.handlers {
        let Some(id) = Fingerprint::from_hex(&row.id) else { continue };
        if let Some(standing) = history.standing.get(&id) {
            let promise = history.recommendations.get(&(id, standing.verdict)).map(|one| &one.promise);
            hold(row, standing, promise);
        }
        let one = history.recommendations.get(&(id, row.verdict));
        row.state = one.map(|one| one.state.as_str().to_owned()).filter(|_| row.verdict.is_move());
        row.change =
            one.and_then(|one| one.change).map(|id| id.to_string()).filter(|_| row.verdict.is_move());
        let Some(handler) = with.handlers.get(&id) else { continue };
        if one.is_some_and(super::history::Recommendation::is_dismissed_by_policy)
            && let Some(place) = with.policies.place(handler, row.verdict, with.now_ns)
        {
            count(&mut policies, place, |policy| {
                policy.dismissed_moves += 1;
                row.benefit.iter().for_each(|gain| policy.costs.add(gain));
            });
        }
        if let Some(policy) = &row.policy
            && let Some(place) = with.policies.house_place(handler, with.now_ns)
        {
            let costs = policy.costs.clone();
            count(&mut policies, place, |policy| {
                policy.changed_verdicts += 1;
                costs.iter().for_each(|gain| policy.costs.add(gain));
            });
        }
        if let Some(shape) = &mut row.shape {
            let policy = with.policies.against(handler, shape.verdict, with.now_ns);
            shape.dismissed = policy.map(|policy| policy.reason.clone());
        }
        for (place, hidden) in with.policies.hide_improvements(row, handler, with.now_ns) {
            count(&mut policies, place, |policy| policy.dismissed_improvements += hidden);
        }
    }
    report.policies = policies.into_iter().flatten().collect();
}

/// Shows the standing verdict where this look sees another one, and says so.
fn hold(row: &mut HandlerReport, standing: &Standing, promise: Option<&Promise>) {
    if row.verdict == standing.verdict {
        return;
    }
    let seen = row.verdict.as_str().replace('_', " ");
    row.reason =
        format!("stands since {}; the last run sees {seen}: {}", rfc3339(standing.since_ns), row.reason);
    row.flips_if = "two runs in a row that see something else".to_owned();
    row.verdict = standing.verdict;
    row.needs = Vec::new();
    row.rule = None;
    // Without a promise nothing is claimed: what the row says is about the other verdict.
    let promise = promise.filter(|_| standing.verdict.is_move()).cloned().unwrap_or_default();
    row.confidence = promise.confidence;
    row.benefit = promise.benefit;
    row.effort = promise.effort;
    row.steps = promise.steps;
    row.warnings = promise.warnings;
}

fn count(policies: &mut [Option<PolicyInForce>], place: usize, add: impl FnOnce(&mut PolicyInForce)) {
    if let Some(policy) = policies.get_mut(place).and_then(Option::as_mut) {
        add(policy);
    }
}
