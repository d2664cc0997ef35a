//! Puts a report together: Rollups merged into Profiles, judged, listed.

use std::collections::BTreeMap;

use pointsman_store::{Action, AppFact};

use super::rows::row;
use super::shared::{shared_improvements, shared_reasons};
use super::{Benefit, EffectiveRule, HandlerReport, Report, Sampled, Total, UnknownActions, Verdict, Window};
use crate::change::{self, Change, ChangeId};
use crate::evidence::Fact;
use crate::gain::overlaps;
use crate::input::ReportInput;
use crate::life::{Policies, Record};
use crate::profile::{Profile, days_covered, profiles};
use crate::rules::{RULES, Thresholds};
use crate::sampling::Basis;
use crate::settings::Settings;
use crate::verdict::{Judgement, judge};

/// Judges every Handler that was seen in the window.
#[must_use]
pub fn report(input: &ReportInput<'_>, settings: &Settings) -> Report {
    report_within(input, settings, &Policies::default())
}

/// The same within a team's house rules: no move that they forbid is advised.
#[must_use]
pub fn report_within(input: &ReportInput<'_>, settings: &Settings, policies: &Policies) -> Report {
    let days_covered = days_covered(input);
    let next_version = latest_fact(input.facts, "pointsman.next.version");
    let window = window(input);
    let generated_at = rfc3339(input.generated_at_ns);
    let profiles = profiles(input, settings);
    let sampling = sampled(&profiles, settings);
    let (unknown, judged): (Vec<Profile<'_>>, Vec<Profile<'_>>) =
        profiles.into_iter().partition(|profile| profile.handler.action == Some(Action::NotFound));
    let thresholds = Thresholds::new(settings);
    let standing = |profile: &Profile<'_>| input.standing.get(&profile.id).copied();
    let house_rule = |profile: &Profile<'_>| policies.house_rule(&profile.handler, input.generated_at_ns);
    let judgements: Vec<(&Profile<'_>, Judgement)> =
        judged.iter().map(|one| (one, judge(one, &thresholds, standing(one), house_rule(one)))).collect();
    let mut handlers: Vec<HandlerReport> =
        judgements.iter().map(|(profile, judgement)| row(profile, judgement, settings)).collect();
    let shared_reasons = shared_reasons(&judgements, &mut handlers);
    let shared_improvements = shared_improvements(&handlers);
    handlers.sort_by(by_gain);
    let moves = judgements.iter().filter(|(_, judgement)| judgement.verdict.is_move());
    let overlapping: Vec<Vec<String>> = overlaps(moves.map(|(profile, _)| *profile))
        .into_iter()
        .map(|group| group.iter().map(ToString::to_string).collect())
        .collect();
    let changes = changes(&judgements, &mut handlers);
    let total = Total::of(&overlapping, handlers.iter().filter(|row| row.verdict.is_move()), &changes);
    Report {
        schema: "pointsman.report/v1".to_owned(),
        generated_at,
        window,
        service: input.service.to_owned(),
        environment: input.environment.map(str::to_owned),
        days_covered,
        next_version,
        sampling,
        changes,
        handlers,
        total,
        shared_reasons,
        shared_improvements,
        recommendations: Vec::new(),
        record: Record::default(),
        policies: Vec::new(),
        shadow: shadow(&judgements),
        unknown_actions: unknown_actions(&unknown),
        preflights: preflights(input),
        source: None,
        settings: settings.clone(),
        rules: effective_rules(&thresholds, &judgements),
        since_last_report: None,
    }
}

/// The moves as Changes, before anything is known of their lives; each row is told its Change.
fn changes(judgements: &[(&Profile<'_>, Judgement)], rows: &mut [HandlerReport]) -> Vec<Change> {
    let moves: Vec<change::Moving<'_>> = judgements
        .iter()
        .filter(|(_, judgement)| judgement.verdict.is_move())
        .map(|(profile, judgement)| (*profile, judgement.verdict, judgement.main_rule().unwrap_or_default()))
        .collect();
    let mut changes = Vec::new();
    for group in change::groups(&moves) {
        let ids: Vec<String> = group.iter().map(ToString::to_string).collect();
        let together: Vec<&HandlerReport> = rows.iter().filter(|row| ids.contains(&row.id)).collect();
        let Some((first, verdict)) = group.first().zip(together.first().map(|row| row.verdict)) else {
            continue;
        };
        let Some(outline) = change::outline(&together) else { continue };
        let change = Change::proposed(ChangeId::of((*first, verdict), 0), verdict, outline);
        rows.iter_mut()
            .filter(|row| ids.contains(&row.id))
            .for_each(|row| row.change = Some(change.id.clone()));
        changes.push(change);
    }
    changes.sort_by(Change::by_gain);
    changes
}

/// What the weights of the Calls rest on, and what it costs.
fn sampled(profiles: &[Profile<'_>], settings: &Settings) -> Sampled {
    let of = |basis| profiles.iter().any(|profile| profile.sampling_basis() == basis);
    let abstains = if profiles.iter().any(|profile| !profile.is_unsampled()) {
        "; sequences, distinct clients and possible cache hits are unknown where only some traces are recorded"
    } else {
        ""
    };
    let text = if of(Basis::Undeclared) {
        "sampling is not declared, so every span counts once; if the app samples, set sampling_ratio"
            .to_owned()
    } else if let Some(ratio) = settings.sampling_ratio.filter(|_| of(Basis::Configured)) {
        format!("spans that do not declare their sampling are scaled by the configured ratio of {ratio}")
    } else if of(Basis::Counted) {
        "sampling is not declared in the spans; counts are scaled using the app's own request counter"
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

/// Preflights that were observed in the window, of all Handlers of the environment.
fn preflights(input: &ReportInput<'_>) -> u64 {
    let of_environment = |id| {
        input.handlers.get(id).is_some_and(|handler| handler.environment.as_deref() == input.environment)
    };
    let rollups = input.windows.window.iter().filter(|(id, _)| of_environment(*id));
    rollups.map(|(_, rollup)| rollup.observed(Fact::Preflights)).sum()
}

/// What harms people now first, then moves, then by time and requests saved, then by calls.
pub(crate) fn by_gain(a: &HandlerReport, b: &HandlerReport) -> std::cmp::Ordering {
    let rank = |row: &HandlerReport| match row.verdict {
        _ if row.is_urgent() => 0,
        verdict if verdict.is_move() => 1,
        Verdict::Keep if !row.improvements.is_empty() => 2,
        Verdict::Keep => 3,
        _ => 4,
    };
    let saved = |row: &HandlerReport| row.benefit.as_ref().map_or(0.0, Benefit::worth);
    rank(a)
        .cmp(&rank(b))
        .then(saved(b).total_cmp(&saved(a)))
        .then(b.calls.total_cmp(&a.calls))
        .then(a.id.cmp(&b.id))
}

/// Rules in the shadow, and on how many Handlers they would have spoken.
fn shadow(judgements: &[(&Profile<'_>, Judgement)]) -> BTreeMap<String, usize> {
    let mut shadow = BTreeMap::new();
    for rule in judgements.iter().flat_map(|(_, judgement)| &judgement.findings.shadowed) {
        *shadow.entry(rule.id.to_owned()).or_default() += 1;
    }
    shadow
}

fn effective_rules(
    thresholds: &Thresholds<'_>,
    judgements: &[(&Profile<'_>, Judgement)],
) -> Vec<EffectiveRule> {
    let all = || judgements.iter().map(|(_, judgement)| &judgement.findings);
    let mut rules: Vec<EffectiveRule> = Vec::new();
    for rule in RULES {
        // A rule with two effects stands in the list twice; its first place has its weight.
        if rules.iter().any(|known| known.id == rule.id) {
            continue;
        }
        let knobs = thresholds.for_all(rule);
        rules.push(EffectiveRule {
            id: rule.id.to_owned(),
            enabled: knobs.is_some(),
            weight: knobs.map_or(rule.weight, |knobs| knobs.weight),
            threshold: knobs.map_or(rule.threshold, |knobs| knobs.threshold),
            min_samples: knobs.map_or(rule.min_samples, |knobs| knobs.min_samples),
            shadow: knobs.is_some_and(|knobs| knobs.shadow),
            handlers: all().filter(|found| found.asked.iter().any(|one| one.id == rule.id)).count(),
            undecided: all().filter(|found| found.undecided.iter().any(|one| one.id == rule.id)).count(),
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

/// A time (ns since the epoch) as machines and people read it, to the second.
#[must_use]
pub fn rfc3339(ns: u64) -> String {
    let seconds = i64::try_from(ns / 1_000_000_000).map(jiff::Timestamp::from_second);
    seconds.ok().and_then(Result::ok).map(|time| time.to_string()).unwrap_or_default()
}
