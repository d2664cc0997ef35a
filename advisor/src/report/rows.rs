//! The row of one Handler: what was judged, told.

use std::collections::BTreeMap;

use pointsman_store::Caller;

use super::types::{Quantiles, Shape};
use super::{Benefit, EvidenceKind, EvidenceRow, HandlerReport};
use crate::evidence::{Fact, Measure};
use crate::life::HandlerPolicy;
use crate::profile::Profile;
use crate::rules::Effect;
use crate::settings::Settings;
use crate::verdict::{Found, Judgement, calling_pages, plan};

/// The row of a Handler.
pub(super) fn row(profile: &Profile<'_>, judgement: &Judgement, settings: &Settings) -> HandlerReport {
    let handler = &profile.handler;
    let plan = plan(profile, judgement);
    let (action, file) = profile.action_and_file();
    let ids = |effects: &[Effect]| -> Vec<String> {
        let holding = judgement.findings.holding.iter();
        holding
            .filter(|found| effects.contains(&found.rule.effect))
            .map(|found| found.rule.id.to_owned())
            .collect()
    };
    let p = |q| profile.quantile(Measure::Duration, q).map(|us| us / 1_000.0);
    HandlerReport {
        id: profile.id.to_string(),
        kind: handler.kind.into(),
        route: handler.route.clone(),
        operation: handler.operation.clone(),
        method: handler.method.clone(),
        action,
        file,
        calls: profile.count(Fact::Calls),
        calls_per_day: profile.per_day(Fact::Calls),
        forms: forms(profile),
        preflights: profile.observed(Fact::Preflights),
        callers: callers(profile),
        verdict: judgement.verdict,
        change: None,
        rule: judgement.main_rule().map(str::to_owned),
        pages: calling_pages(profile),
        confidence: judgement.confidence,
        state: judgement.verdict.is_move().then(|| "proposed".to_owned()),
        policy: judgement.policy.as_ref().map(|ruled| HandlerPolicy {
            reason: ruled.reason.clone(),
            verdict_without: ruled.verdict,
            costs: ruled.gain.map(|gain| Benefit::of(gain, settings)),
        }),
        reason: judgement.reason.clone(),
        flips_if: judgement.flips_if.clone(),
        barred: judgement.barred,
        blockers: ids(&[Effect::BlocksAction, Effect::BlocksRoute])
            .into_iter()
            .chain(judgement.findings.complaints.iter().map(|found| found.rule.id.to_owned()))
            .collect(),
        improvements: ids(&[Effect::Improves]),
        evidence: evidence_rows(judgement),
        benefit: judgement.gain.map(|gain| Benefit::of(gain, settings)),
        effort: plan.effort,
        steps: plan.steps,
        warnings: plan.warnings,
        needs: judgement.needs.clone(),
        duration_ms: p(0.5).zip(p(0.95)).map(|(p50, p95)| Quantiles { p50, p95 }),
        source: None,
        shape: judgement.shape.map(|verdict| Shape {
            verdict,
            rule: judgement
                .findings
                .main_reason(verdict)
                .map_or_else(String::new, |it| it.rule.id.to_owned()),
            dismissed: None,
        }),
    }
}

/// Calls of a page by the form in which they came.
fn forms(profile: &Profile<'_>) -> BTreeMap<String, f64> {
    const FORMS: [(&str, Fact); 3] = [
        ("document", Fact::PageDocuments),
        ("navigation", Fact::PageNavigations),
        ("prefetch", Fact::PagePrefetches),
    ];
    let seen = FORMS.into_iter().filter(|(_, fact)| profile.observed(*fact) > 0);
    seen.map(|(name, fact)| (name.to_owned(), profile.count(fact))).collect()
}

fn callers(profile: &Profile<'_>) -> BTreeMap<String, f64> {
    let name = |(caller, share): (Caller, f64)| (caller.as_str().to_owned(), share);
    profile.callers().into_iter().map(name).collect()
}

/// Each rule once: one that both speaks for a move and improves without it is listed with what decides.
fn evidence_rows(judgement: &Judgement) -> Vec<EvidenceRow> {
    let mut rows: Vec<EvidenceRow> = Vec::new();
    for row in judgement.findings.holding.iter().map(evidence_row) {
        match rows.iter_mut().find(|other| other.rule == row.rule) {
            Some(other) if !judgement.verdict.is_move() => *other = row,
            Some(_) => {}
            None => rows.push(row),
        }
    }
    let complaints = judgement.findings.complaints.iter().map(|found| EvidenceRow {
        kind: EvidenceKind::Blocker,
        text: format!("as an action: {}", found.statement.text),
        ..evidence_row(found)
    });
    rows.extend(complaints);
    rows
}

fn evidence_row(found: &Found) -> EvidenceRow {
    let statement = &found.statement;
    EvidenceRow {
        rule: found.rule.id.to_owned(),
        kind: match found.rule.effect {
            Effect::BlocksAction | Effect::BlocksRoute => EvidenceKind::Blocker,
            Effect::ForAction | Effect::ForRoute | Effect::ForServerComponent => EvidenceKind::For,
            Effect::AgainstAction | Effect::AgainstRoute | Effect::Rests => EvidenceKind::Against,
            Effect::Improves => EvidenceKind::Improvement,
        },
        weight: found.weight,
        observed: statement.observed,
        interval: [statement.interval.low, statement.interval.high],
        threshold: found.threshold,
        samples: statement.samples,
        text: statement.text.clone(),
        flips_if: statement.flips_if.clone(),
        exemplars: statement.exemplars.clone(),
    }
}
