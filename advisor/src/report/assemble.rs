//! Puts a report together: Rollups merged into Profiles, judged, listed.

use std::collections::{BTreeMap, HashMap};

use pointsman_store::{Action, AppFact, Caller, Fingerprint, Handler, HandlerKind, Hour};

use super::routes::Routes;
use super::types::Quantiles;
use super::{
    Benefit, EffectiveRule, EvidenceKind, EvidenceRow, HandlerReport, Report, Sampled, UnknownActions,
    Verdict, Window,
};
use crate::evidence::{Fact, Measure, Rollup};
use crate::profile::{Profile, UnknownIds};
use crate::rules::{Effect, Gain, RULES};
use crate::settings::Settings;
use crate::verdict::{Found, Judgement, effort_and_steps, judge};

/// What a report is made from. Rollups come merged per Handler: over the window, and over all that is retained.
pub struct ReportInput<'a> {
    /// `service.name`.
    pub service: &'a str,
    /// The environment to report on.
    pub environment: Option<&'a str>,
    /// First hour of the window.
    pub from: Hour,
    /// First hour after it.
    pub to: Hour,
    /// When the report is made, ns since the epoch.
    pub generated_at_ns: u64,
    /// Who is who.
    pub handlers: &'a HashMap<Fingerprint, Handler>,
    /// Merged Rollups of the window.
    pub window: &'a HashMap<Fingerprint, Rollup>,
    /// Merged Rollups of all that is retained.
    pub retained: &'a HashMap<Fingerprint, Rollup>,
    /// What is known about the app.
    pub facts: &'a [AppFact],
}

/// Judges every Handler that was seen in the window.
#[must_use]
pub fn report(input: &ReportInput<'_>, settings: &Settings) -> Report {
    let days_covered = days_covered(input);
    let next_version = latest_fact(input.facts, "pointsman.next.version");
    let next_major = next_version.as_deref().and_then(|version| version.split('.').next()?.parse().ok());
    let window = Window { from: rfc3339(input.from.start_ns()), to: rfc3339(input.to.start_ns()) };
    let generated_at = rfc3339(input.generated_at_ns);
    let profiles = profiles(input, settings, days_covered);
    let sampling = sampled(&profiles, settings);
    let (unknown, judged): (Vec<Profile>, Vec<Profile>) =
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

fn profiles(input: &ReportInput<'_>, settings: &Settings, days: f64) -> Vec<Profile> {
    let pages = input.handlers.values().filter(|handler| handler.kind == HandlerKind::Page);
    let routes = Routes::new(pages.map(|handler| handler.route.clone()));
    let of_environment = |id: &Fingerprint| {
        let handler = input.handlers.get(id)?;
        (handler.environment.as_deref() == input.environment).then(|| handler.clone())
    };
    let mut profiles: Vec<Profile> = input
        .window
        .iter()
        .filter_map(|(id, window)| {
            let handler = of_environment(id)?;
            let retained = input.retained.get(id).unwrap_or(window).clone();
            let ratio = settings.sampling_ratio;
            Some(Profile::new(*id, handler, window.clone(), retained, days, ratio, |path| routes.of(path)))
        })
        // A Handler that only preflights reached is evidence, not a Handler.
        .filter(|profile| profile.observed(Fact::Calls) > 0)
        .collect();
    profiles.sort_by_key(|profile| profile.id);
    tell_actions_of_unknown_ids(&mut profiles);
    profiles
}

/// Unknown ids are errors of the page's actions: each of them is told how many there were on its page.
fn tell_actions_of_unknown_ids(profiles: &mut [Profile]) {
    let unknown = profiles.iter().filter(|profile| profile.handler.action == Some(Action::NotFound));
    let by_page: HashMap<String, UnknownIds> = unknown
        .map(|profile| {
            let ids =
                UnknownIds { calls: profile.observed(Fact::ActionNotFound), clients: profile.clients() };
            (profile.handler.route.clone(), ids)
        })
        .collect();
    for profile in profiles.iter_mut().filter(|profile| profile.handler.kind == HandlerKind::ServerAction) {
        profile.unknown_ids = by_page.get(&profile.handler.route).copied().unwrap_or_default();
    }
}

/// Days of the window that telemetry of the service covers, at least 1.
fn days_covered(input: &ReportInput<'_>) -> f64 {
    let first = input.retained.values().filter_map(|rollup| rollup.hours.first()).min();
    let from = first.map_or(input.from.0, |first| input.from.0.max(*first));
    (f64::from(input.to.0.saturating_sub(from)) / 24.0).max(1.0)
}

fn sampled(profiles: &[Profile], settings: &Settings) -> Sampled {
    let declared = profiles.iter().all(Profile::sampling_declared);
    let text = match (settings.sampling_ratio, declared) {
        (Some(ratio), _) => {
            format!("spans that do not declare their sampling count as recorded at a ratio of {ratio}")
        }
        (None, true) => "every span declares how it was sampled".to_owned(),
        (None, false) => {
            "sampling is not declared: every span counts once; if the app samples, set sampling_ratio"
                .to_owned()
        }
    };
    Sampled { declared, text }
}

fn unknown_actions(profiles: &[Profile]) -> Vec<UnknownActions> {
    let row = |p: &Profile| UnknownActions { route: p.handler.route.clone(), calls: p.count(Fact::Calls) };
    profiles.iter().map(row).collect()
}

fn row(profile: &Profile, judgement: Judgement, next_major: Option<u32>) -> HandlerReport {
    let handler = &profile.handler;
    let (effort, steps) = effort_and_steps(profile, judgement.verdict, next_major);
    let (action, file) = match &handler.action {
        Some(Action::Export { file, name }) => (Some(name.clone()), Some(file.clone())),
        Some(Action::Id(id)) => (Some(id.clone()), None),
        _ => (None, None),
    };
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

fn callers(profile: &Profile) -> BTreeMap<String, f64> {
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

fn rfc3339(ns: u64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(ns)).map(|time| time.to_string()).unwrap_or_default()
}
