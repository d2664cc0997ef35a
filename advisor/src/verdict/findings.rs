//! What all rules found about one Handler, and what it adds up to: a score, a main reason, a gain. What follows from the
//! score is decided in `verdict`.

use super::{Decision, layers};
use crate::gain::Gain;
use crate::profile::Profile;
use crate::report::{Need, Verdict};
use crate::rules::{Effect, Finding, Knobs, RULES, Rule, Statement, Thresholds};

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
}

impl Findings {
    /// Lets every rule look. While a move stands, the thresholds of what speaks for it are lower.
    pub(super) fn of(profile: &Profile, thresholds: &Thresholds<'_>, standing: Option<Verdict>) -> Self {
        let mut findings = Self::default();
        let applies = |rule: &&'static Rule| (rule.applies)(profile) && layers::hears(&profile.handler, rule);
        for rule in RULES.iter().copied().filter(applies) {
            let Some(knobs) = knobs(rule, profile, thresholds, standing) else { continue };
            let Knobs { weight, threshold, shadow, .. } = knobs;
            let found = |statement| Found { rule, weight, threshold, statement };
            match (rule.look)(profile, &knobs) {
                Finding::Holds(_) if shadow => findings.shadowed.push(rule),
                _ if shadow => {}
                Finding::Silent => {}
                Finding::Absent(attribute) => findings.absent.push((rule, Need::attribute(attribute))),
                Finding::Sampled => findings.absent.push((rule, Need::code("every_trace"))),
                Finding::Below(statement) => findings.below.push(found(statement)),
                Finding::Holds(statement) => findings.holding.push(found(statement)),
            }
        }
        findings
    }

    /// The first rule of an effect that speaks.
    pub(super) fn first(&self, effect: Effect) -> Option<&Found> {
        self.of_effect(effect).next()
    }

    /// All rules of an effect that speak.
    pub(crate) fn of_effect(&self, effect: Effect) -> impl Iterator<Item = &Found> {
        self.holding.iter().filter(move |found| found.rule.effect == effect)
    }

    /// Whether a rule speaks.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.holding.iter().any(|found| found.rule.id == id)
    }

    /// Sum of the weights for a move less those against it; of one theme only the heaviest counts.
    pub(super) fn score(&self, reasons: &[Effect], against: Effect) -> f64 {
        let mut counted: Vec<&Found> = Vec::new();
        for found in &self.holding {
            match counted.iter_mut().find(|other| {
                other.rule.theme == found.rule.theme
                    && (other.rule.effect == against) == (found.rule.effect == against)
            }) {
                Some(other) if other.weight < found.weight => *other = found,
                Some(_) => {}
                None => counted.push(found),
            }
        }
        let signed = |found: &&Found| {
            if reasons.contains(&found.rule.effect) {
                found.weight
            } else if found.rule.effect == against {
                -found.weight
            } else {
                0.0
            }
        };
        counted.iter().map(signed).sum()
    }

    /// The heaviest rule for a move, which gives it its reason; of equal ones the first.
    pub(super) fn main_reason(&self, verdict: Verdict) -> Option<&Found> {
        let reasons = self.holding.iter().filter(|found| verdict.reasons().contains(&found.rule.effect));
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
    /// does. Gains of several rules overlap, so they are never added up.
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
            let reasons = |found: &&Found| verdict.reasons().contains(&found.rule.effect);
            return best(&mut self.holding.iter().filter(reasons).map(|found| found.statement.gain));
        }
        best(&mut self.of_effect(Effect::Improves).map(|found| found.statement.gain))
    }

    /// No move is reached: because evidence is absent, or because there is none.
    pub(super) fn undecided(&self, reasons: Effect, reason: &str) -> Decision {
        let lacking = self.absent.iter().filter(|(rule, _)| rule.weight > 0.0).map(|(_, need)| need.clone());
        let mut needs: Vec<Need> = Vec::new();
        lacking.for_each(|need| {
            if !needs.contains(&need) {
                needs.push(need);
            }
        });
        if !needs.is_empty() {
            return Decision::insufficient("what clients do in a row cannot be seen", needs);
        }
        let nearest = self.below.iter().filter(|f| f.rule.effect == reasons && f.statement.observed > 0.0);
        match nearest.max_by(|a, b| a.nearness().total_cmp(&b.nearness())) {
            Some(found) => Decision::keep(
                &format!("{reason} ({})", found.statement.text),
                &format!(
                    "{}: at least {:.2} instead of {:.2}",
                    found.rule.id, found.threshold, found.statement.observed
                ),
            ),
            None => Decision::keep(reason, "a sequence that costs its users time"),
        }
    }
}

/// The thresholds of a rule for a Handler whose verdict may stand already.
fn knobs<'a>(
    rule: &Rule,
    profile: &Profile,
    thresholds: &Thresholds<'a>,
    standing: Option<Verdict>,
) -> Option<Knobs<'a>> {
    let mut knobs = thresholds.of(rule, &profile.handler)?;
    if standing.is_some_and(|verdict| verdict.reasons().contains(&rule.effect)) {
        knobs.threshold *= leave_ratio(thresholds);
    }
    Some(knobs)
}

/// By how much lower the thresholds are for a move that stands already.
pub(super) fn leave_ratio(thresholds: &Thresholds<'_>) -> f64 {
    let settings = thresholds.settings();
    (settings.leave_score / settings.enter_score.max(f64::EPSILON)).clamp(0.0, 1.0)
}
