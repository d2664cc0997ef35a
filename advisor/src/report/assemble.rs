//! Puts a report together: Rollups merged into Profiles, judged, listed.

use std::collections::{BTreeMap, HashMap};

use pointsman_store::{Action, AppFact, Caller, Fingerprint, Handler};

use super::types::Quantiles;
use super::{
    Benefit, EffectiveRule, EvidenceKind, EvidenceRow, HandlerReport, Report, Sampled, UnknownActions,
    Verdict, Window,
};
use crate::evidence::{Fact, Measure};
use crate::profile::{Profile, days_covered, profiles};
use crate::rules::{Effect, Gain, RULES};
use crate::sampling::Basis;
use crate::settings::Settings;
use crate::verdict::{Found, Judgement, effort_and_steps, judge};
use crate::windows::Windows;

/// What a report is made from.
pub struct ReportInput<'a> {
    /// `service.name`.
    pub service: &'a str,
    /// The environment to report on.
    pub environment: Option<&'a str>,
    /// When the report is made, ns since the epoch.
    pub generated_at_ns: u64,
    /// Who is who.
    pub handlers: &'a HashMap<Fingerprint, Handler>,
    /// Their merged Rollups.
    pub windows: &'a Windows,
    /// The verdicts that stand since earlier runs: leaving one takes more than not entering it. Empty without history.
    pub standing: &'a HashMap<Fingerprint, Verdict>,
    /// What is known about the app.
    pub facts: &'a [AppFact],
}

/// Judges every Handler that was seen in the window.
#[must_use]
pub fn report(input: &ReportInput<'_>, settings: &Settings) -> Report {
    let days_covered = days_covered(input);
    let next_version = latest_fact(input.facts, "pointsman.next.version");
    let next_major = next_version.as_deref().and_then(|version| version.split('.').next()?.parse().ok());
    let window = window(input);
    let generated_at = rfc3339(input.generated_at_ns);
    let profiles = profiles(input, settings);
    let sampling = sampled(&profiles, settings);
    let (unknown, judged): (Vec<Profile<'_>>, Vec<Profile<'_>>) =
        profiles.into_iter().partition(|profile| profile.handler.action == Some(Action::NotFound));
    let mut handlers: Vec<HandlerReport> =
        judged.iter().map(|profile| row(profile, judge(profile, settings), next_major)).collect();
    handlers.sort_by(by_gain);
    Report {
        schema: "pointsman.report/v1".to_owned(),
        generated_at,
        window,
        service: input.service.to_owned(),
        environment: input.environment.map(str::to_owned),
        days_covered,
        next_version,
        sampling,
        handlers,
        unknown_actions: unknown_actions(&unknown),
        settings: settings.clone(),
        rules: effective_rules(settings),
    }
}

/// What the weights of the Calls rest on, and what it costs.
fn sampled(profiles: &[Profile<'_>], settings: &Settings) -> Sampled {
    let of = |basis| profiles.iter().any(|profile| profile.sampling_basis() == basis);
    let abstains = if profiles.iter().any(|profile| !profile.is_unsampled()) {
        "; what clients do in a row, distinct clients and possible cache hits are not told where only some traces are recorded"
    } else {
        ""
    };
    let text = if of(Basis::Undeclared) {
        "sampling is not declared: every span counts once; if the app samples, set sampling_ratio".to_owned()
    } else if let Some(ratio) = settings.sampling_ratio.filter(|_| of(Basis::Configured)) {
        format!("spans that do not declare their sampling count as recorded at a ratio of {ratio}")
    } else if of(Basis::Counted) {
        "spans that do not declare their sampling are weighed by the app's own count of its requests"
            .to_owned()
    } else {
        "every span declares how it was sampled".to_owned()
    };
    Sampled { declared: !of(Basis::Undeclared), text: text + abstains }
}

fn unknown_actions(profiles: &[Profile<'_>]) -> Vec<UnknownActions> {
    let row =
        |p: &Profile<'_>| UnknownActions { route: p.handler.route.clone(), calls: p.count(Fact::Calls) };
    profiles.iter().map(row).collect()
}

fn row(profile: &Profile<'_>, judgement: Judgement, next_major: Option<u32>) -> HandlerReport {
    let handler = &profile.handler;
    let (effort, steps) = effort_and_steps(profile, judgement.verdict, next_major);
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
        kind: handler.kind.as_str().to_owned(),
        route: handler.route.clone(),
        method: handler.method.clone(),
        action,
        file,
        calls: profile.count(Fact::Calls),
        calls_per_day: profile.per_day(Fact::Calls),
        callers: callers(profile),
        verdict: judgement.verdict,
        confidence: judgement.confidence,
        state: judgement.verdict.is_move().then(|| "proposed".to_owned()),
        reason: judgement.reason.clone(),
        flips_if: judgement.flips_if.clone(),
        blockers: ids(&[Effect::BlocksAction, Effect::BlocksRoute]),
        improvements: ids(&[Effect::Improves]),
        evidence: evidence_rows(&judgement),
        benefit: judgement.gain.map(|gain| benefit(gain, &judgement)),
        effort: effort.map(str::to_owned),
        steps,
        needs: judgement.needs,
        duration_ms: p(0.5).zip(p(0.95)).map(|(p50, p95)| Quantiles { p50, p95 }),
    }
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
    rows
}

fn evidence_row(found: &Found) -> EvidenceRow {
    let statement = &found.statement;
    EvidenceRow {
        rule: found.rule.id.to_owned(),
        kind: match found.rule.effect {
            Effect::BlocksAction | Effect::BlocksRoute => EvidenceKind::Blocker,
            Effect::ForAction | Effect::ForRoute | Effect::ForServerComponent => EvidenceKind::For,
            Effect::AgainstAction | Effect::AgainstRoute => EvidenceKind::Against,
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

/// Per-day numbers from per-Interaction ones. The interval is that of the share of calls that gain.
fn benefit(gain: Gain, judgement: &Judgement) -> Benefit {
    let per_day = gain.interactions_per_day;
    let round_trips_per_day = gain.round_trips * per_day;
    let main = judgement.findings.holding.iter().find(|found| found.statement.gain.round_trips > 0.0);
    let relative = main.map(|found| &found.statement).filter(|statement| statement.observed > 0.0);
    let interval = relative.filter(|_| round_trips_per_day > 0.0).map(|statement| {
        let scale = |end: f64| round_trips_per_day * end / statement.observed;
        ("round_trips_per_day".to_owned(), [scale(statement.interval.low), scale(statement.interval.high)])
    });
    Benefit {
        round_trips_per_day,
        ms_per_interaction_p50: gain.ms_p50,
        bytes_per_day: gain.bytes * per_day,
        origin_requests_per_day: gain.origin_requests_per_day,
        interval: interval.into_iter().collect(),
    }
}

/// Moves first, then by time and requests saved, then by calls.
fn by_gain(a: &HandlerReport, b: &HandlerReport) -> std::cmp::Ordering {
    let rank = |row: &HandlerReport| match row.verdict {
        verdict if verdict.is_move() => 0,
        Verdict::Keep if !row.improvements.is_empty() => 1,
        Verdict::Keep => 2,
        _ => 3,
    };
    let saved = |row: &HandlerReport| {
        row.benefit
            .as_ref()
            .map_or(0.0, |benefit| benefit.round_trips_per_day.max(benefit.origin_requests_per_day))
    };
    rank(a)
        .cmp(&rank(b))
        .then(saved(b).total_cmp(&saved(a)))
        .then(b.calls.total_cmp(&a.calls))
        .then(a.id.cmp(&b.id))
}

fn effective_rules(settings: &Settings) -> Vec<EffectiveRule> {
    let mut rules: Vec<EffectiveRule> = Vec::new();
    for rule in RULES {
        // A rule with two effects stands in the list twice; its first place has its weight.
        if rules.iter().any(|known| known.id == rule.id) {
            continue;
        }
        let knobs = rule.knobs(settings);
        rules.push(EffectiveRule {
            id: rule.id.to_owned(),
            enabled: knobs.is_some(),
            weight: knobs.map_or(rule.weight, |knobs| knobs.weight),
            threshold: knobs.map_or(rule.threshold, |knobs| knobs.threshold),
            min_samples: knobs.map_or(rule.min_samples, |knobs| knobs.min_samples),
        });
    }
    rules
}

/// The value of a fact that was seen last.
fn latest_fact(facts: &[AppFact], name: &str) -> Option<String> {
    facts
        .iter()
        .filter(|fact| fact.name == name)
        .max_by_key(|fact| fact.last_seen_ns)
        .map(|fact| fact.value.clone())
}

/// The time that a report speaks of.
pub(crate) fn window(input: &ReportInput<'_>) -> Window {
    Window { from: rfc3339(input.windows.from.start_ns()), to: rfc3339(input.windows.to.start_ns()) }
}

/// A time as machines and people read it.
pub(crate) fn rfc3339(ns: u64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(ns)).map(|time| time.to_string()).unwrap_or_default()
}
