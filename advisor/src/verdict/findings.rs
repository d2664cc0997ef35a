//! What all rules found about one Handler, and what it adds up to: a score, a main reason, a gain. What follows from the
//! score is decided in `verdict`.

use super::cause::{Assumed, Cause};
use super::plan::action_name;
use super::{Decision, Verdict, layers};
use crate::evidence::Fact;
use crate::gain::{Gain, held_by_action};
use crate::profile::Profile;
use crate::rules::{
    Effect, Finding, Knobs, NEED_TRAFFIC, Pattern, RULES, Rule, Statement, Thresholds, is_mutation_route,
};
use crate::words::{Need, NeedCode};

/// A rule with what it found.
pub(crate) struct Found {
    pub(crate) rule: &'static Rule,
    pub(crate) weight: f64,
    pub(crate) threshold: f64,
    pub(crate) statement: Statement,
}

impl Found {
    /// How near its observation is to its threshold, 1 at the threshold.
    fn nearness(&self) -> f64 {
        self.statement.interval.low / self.threshold.max(f64::EPSILON)
    }
}

/// Everything that all rules found about one Handler.
#[derive(Default)]
pub(crate) struct Findings {
    /// Rules that speak.
    pub(crate) holding: Vec<Found>,
    /// Rules that looked and did not reach their threshold.
    pub(crate) below: Vec<Found>,
    /// Rules that could not look, and what they lack.
    pub(crate) absent: Vec<(&'static Rule, Need)>,
    /// Rules that would speak, but run in the shadow.
    pub(crate) shadowed: Vec<&'static Rule>,
    /// Rules that apply to it, each once for each of its places in the list.
    pub(crate) asked: Vec<&'static Rule>,
    /// Those of them that could not decide: telemetry lacks what they look at, or there are too few observations.
    pub(crate) undecided: Vec<&'static Rule>,
    /// Of a route that changes something: rules that would advise it back, were it an action.
    pub(crate) complaints: Vec<Found>,
    /// ... and for how long it would hold the client's queue of actions, ms per call.
    held_ms: f64,
}

impl Findings {
    /// Lets every rule look. While a move stands, the thresholds of what speaks for it are lower.
    pub(super) fn of(profile: &Profile, thresholds: &Thresholds<'_>, standing: Option<Verdict>) -> Self {
        let mut findings = Self::default();
        if is_mutation_route(profile) && profile.handler.layer().is_none() {
            findings.complaints = complaints(profile, thresholds);
            findings.held_ms = held_by_action(profile);
        }
        // What developers do says nothing of what users do, and React runs effects twice there.
        let development = profile.handler.environment.as_deref() == Some("development");
        let tests = profile.handler.is_from_tests();
        let heard = |rule: &Rule| {
            layers::hears(&profile.handler, rule)
                && !(development && rule.effect == Effect::Improves)
                && !(tests && NEED_TRAFFIC.contains(&rule.id))
        };
        let applies = |rule: &&'static Rule| (rule.applies)(profile) && heard(rule);
        for rule in RULES.iter().copied().filter(applies) {
            let Some(knobs) = knobs(rule, profile, thresholds, standing) else { continue };
            let Knobs { weight, threshold, shadow, .. } = knobs;
            let found = |statement| Found { rule, weight, threshold, statement };
            let finding = (rule.look)(profile, &knobs);
            if !shadow {
                findings.note(rule, &finding, profile.observed(Fact::Calls) >= knobs.min_samples);
            }
            match finding {
                Finding::Holds(_) if shadow => findings.shadowed.push(rule),
                _ if shadow => {}
                Finding::Silent => {}
                Finding::Absent(attribute) => findings.absent.push((rule, Need::attribute(attribute))),
                Finding::Lacking(code) => findings.absent.push((rule, Need::code(code))),
                Finding::Sampled => findings.absent.push((rule, Need::code(NeedCode::EveryTrace))),
                Finding::Below(statement) => findings.below.push(found(statement)),
                Finding::Holds(statement) => findings.holding.push(found(statement)),
            }
        }
        findings
    }

    /// Notes whether a rule could decide. What is silent about a Handler with fewer calls than it needs has decided nothing.
    fn note(&mut self, rule: &'static Rule, finding: &Finding, enough_calls: bool) {
        self.asked.push(rule);
        let decided = match finding {
            Finding::Holds(_) => true,
            Finding::Silent | Finding::Below(_) => enough_calls,
            Finding::Absent(_) | Finding::Lacking(_) | Finding::Sampled => false,
        };
        if !decided {
            self.undecided.push(rule);
        }
    }

    /// All rules of an effect that speak.
    pub(crate) fn of_effect(&self, effect: Effect) -> impl Iterator<Item = &Found> {
        self.holding.iter().filter(move |found| found.rule.effect == effect)
    }

    /// What speaks of one of these patterns.
    pub(super) fn of_pattern(&self, patterns: &'static [Pattern]) -> impl Iterator<Item = &Found> {
        self.holding.iter().filter(|found| patterns.contains(&found.rule.pattern))
    }

    /// Whether a rule of an effect whose evidence is absent is assumed to speak.
    pub(super) fn assumes(&self, effect: Effect, assumed: &Assumed) -> bool {
        self.absent.iter().any(|(rule, _)| rule.effect == effect && assumed.is_with(rule.id))
    }

    /// The attributes without which rules of an effect could not look.
    pub(super) fn attributes_missing(&self, effect: Effect, assumed: &Assumed) -> Vec<Need> {
        let absent = self.absent.iter().filter(|(rule, need)| {
            rule.effect == effect && need.attribute.is_some() && !assumed.is_with(rule.id)
        });
        absent.map(|(_, need)| need.clone()).collect()
    }

    /// The rules of an effect that could not look.
    pub(super) fn lacking(&self, effect: Effect) -> Vec<&'static str> {
        self.absent.iter().filter(|(rule, _)| rule.effect == effect).map(|(rule, _)| rule.id).collect()
    }

    /// Whether a rule speaks.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.holding.iter().any(|found| found.rule.id == id)
    }

    /// Sum of the weights for a move less those against it; of one theme only the heaviest counts. What is assumed counts as
    /// if it had been seen.
    pub(super) fn score(&self, reasons: &[Effect], against: Effect, assumed: &Assumed) -> f64 {
        let speaking = self.holding.iter().map(|found| (found.rule, found.weight));
        let below = self.below.iter().map(|found| (found.rule, found.weight));
        let unseen = self.absent.iter().map(|(rule, _)| (*rule, rule.weight));
        let added = below.chain(unseen).filter(|(rule, _)| assumed.is_with(rule.id));
        let mut counted: Vec<(&Rule, f64)> = Vec::new();
        for (rule, weight) in speaking.filter(|(rule, _)| !assumed.is_without(rule.id)).chain(added) {
            let same = counted.iter_mut().find(|(other, _)| {
                other.theme == rule.theme && (other.effect == against) == (rule.effect == against)
            });
            match same {
                Some(other) if other.1 < weight => *other = (rule, weight),
                Some(_) => {}
                None => counted.push((rule, weight)),
            }
        }
        let signed = |(rule, weight): &(&Rule, f64)| {
            if reasons.contains(&rule.effect) {
                *weight
            } else if rule.effect == against {
                -weight
            } else {
                0.0
            }
        };
        counted.iter().map(signed).sum()
    }

    /// The heaviest rule for a move, which gives it its reason; of equal ones the first.
    pub(crate) fn main_reason(&self, verdict: Verdict) -> Option<&Found> {
        self.main_reason_without(verdict, &Assumed::default())
    }

    /// The same among the rules that are not assumed away.
    pub(super) fn main_reason_without(&self, verdict: Verdict, assumed: &Assumed) -> Option<&Found> {
        let speaking = self.holding.iter().filter(|found| !assumed.is_without(found.rule.id));
        let reasons = speaking.filter(|found| Effect::speaking_for(verdict).contains(&found.rule.effect));
        let destination = |found: &&Found| found.rule.effect == Effect::ForServerComponent;
        let component = verdict == Verdict::MoveToServerComponent;
        let mut sorted: Vec<&Found> = reasons.collect();
        sorted.sort_by(|a, b| {
            let by_destination =
                if component { destination(b).cmp(&destination(a)) } else { std::cmp::Ordering::Equal };
            by_destination.then(b.weight.total_cmp(&a.weight))
        });
        sorted.into_iter().next()
    }

    /// What acting on the verdict gains: of a move what the best of its reasons promises, else what the best improvement
    /// does. Gains of several rules overlap, so they are never added up. What a move costs counts against it.
    pub(super) fn gain(&self, verdict: Verdict) -> Option<Gain> {
        let best = |gains: &mut dyn Iterator<Item = Gain>| {
            gains
                .filter(|gain| *gain != Gain::default())
                .max_by(|a, b| a.worth_per_day().total_cmp(&b.worth_per_day()))
        };
        if verdict == Verdict::MoveToServerComponent {
            return self.main_reason(verdict).map(|found| found.statement.gain);
        }
        if verdict.is_move() {
            let reasons = |found: &&Found| Effect::speaking_for(verdict).contains(&found.rule.effect);
            let gain = best(&mut self.holding.iter().filter(reasons).map(|found| found.statement.gain));
            let held = if verdict == Verdict::MoveToServerAction { self.held_ms } else { 0.0 };
            return gain.map(|gain| Gain { queue_ms: gain.queue_ms - held, ..gain });
        }
        best(&mut self.of_effect(Effect::Improves).map(|found| found.statement.gain))
    }

    /// No move is reached: because evidence is absent, or because there is none.
    pub(super) fn undecided(&self, reasons: Effect, reason: &str, assumed: &Assumed) -> Decision {
        let lacking = || {
            self.absent.iter().filter(|(rule, _)| {
                rule.weight > 0.0 && rule.effect.points_to(reasons) && !assumed.is_with(rule.id)
            })
        };
        let mut needs: Vec<Need> = Vec::new();
        for (_, need) in lacking() {
            if !needs.contains(need) {
                needs.push(need.clone());
            }
        }
        if !needs.is_empty() {
            let cause = Cause::Score(lacking().map(|(rule, _)| rule.id).collect());
            let in_two_ways = |need: &Need| {
                matches!(need.code, NeedCode::BaseRate | NeedCode::ClientRhythm | NeedCode::PushedRefresh)
            };
            let reason = if needs.iter().all(|need| need.code == NeedCode::Arguments) {
                "it comes with the load of its page, but whether the server can know its arguments is not known"
            } else if needs.iter().all(in_two_ways) {
                "what clients do in a row can be read in two ways"
            } else {
                "what clients do in a row cannot be seen"
            };
            return Decision::insufficient(reason, needs).because(cause);
        }
        let nearest = self.below.iter().filter(|found| {
            found.rule.effect.points_to(reasons)
                && found.statement.observed > 0.0
                && !assumed.is_with(found.rule.id)
        });
        match nearest.max_by(|a, b| a.nearness().total_cmp(&b.nearness())) {
            Some(found) => Decision::keep(
                &format!("{reason} ({})", found.statement.text),
                &format!(
                    "{}: at least {:.2} instead of {:.2}",
                    found.rule.id, found.threshold, found.statement.observed
                ),
            )
            .because(Cause::Score(vec![found.rule.id])),
            // More calls may show anything.
            None if assumed.holds(&Cause::Sample) => {
                Decision::keep(reason, "a sequence that costs its users time")
                    .because(Cause::Score(Vec::new()))
            }
            None => Decision::keep(reason, "").because(Cause::Final),
        }
    }
}

/// What rules about actions would say of a route that becomes one.
fn complaints(profile: &Profile, thresholds: &Thresholds<'_>) -> Vec<Found> {
    let name = action_name(&profile.handler.route, &profile.handler.method);
    profile.as_action(&name, |action| {
        let advise_back = RULES.iter().copied().filter(|rule| rule.effect == Effect::ForRoute);
        let said = advise_back.filter(|rule| (rule.applies)(action)).filter_map(|rule| {
            let knobs = thresholds.of(rule, &profile.handler).filter(|knobs| !knobs.shadow)?;
            let Finding::Holds(statement) = (rule.look)(action, &knobs) else { return None };
            // What it gains to leave a state is no gain of never going there.
            let statement = Statement { gain: Gain::default(), ..statement };
            Some(Found { rule, weight: knobs.weight, threshold: knobs.threshold, statement })
        });
        said.collect()
    })
}

/// The thresholds of a rule for a Handler whose verdict may stand already.
fn knobs<'a>(
    rule: &Rule,
    profile: &Profile,
    thresholds: &Thresholds<'a>,
    standing: Option<Verdict>,
) -> Option<Knobs<'a>> {
    let mut knobs = thresholds.of(rule, &profile.handler)?;
    if profile.handler.is_from_tests() {
        knobs.min_samples = knobs.min_samples.min(thresholds.settings().min_samples_from_tests);
    }
    if standing.is_some_and(|verdict| Effect::speaking_for(verdict).contains(&rule.effect)) {
        knobs.threshold *= leave_ratio(thresholds);
    }
    Some(knobs)
}

/// By how much lower the thresholds are for a move that stands already.
pub(super) fn leave_ratio(thresholds: &Thresholds<'_>) -> f64 {
    let settings = thresholds.settings();
    (settings.leave_score / settings.enter_score.max(f64::EPSILON)).clamp(0.0, 1.0)
}
