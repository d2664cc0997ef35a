//! From findings to a verdict, in the order of rules.md, section 3: blockers, improvements, sample, absent evidence,
//! score, callers, gain.

mod confidence;
mod gates;
mod steps;

use pointsman_store::{Action, HandlerKind};

use crate::profile::{Profile, Seen};
use crate::report::{Need, Verdict};
use crate::rules::{Effect, Finding, Gain, Knobs, RULES, Rule, Statement, is_mutation_route};
use crate::settings::Settings;

pub(crate) use steps::effort_and_steps;

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
}

/// The judgement of one Handler.
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// One sentence: why.
    pub(crate) reason: String,
    /// What would have to be seen for another verdict.
    pub(crate) flips_if: String,
    pub(crate) confidence: Option<f64>,
    pub(crate) gain: Option<Gain>,
    pub(crate) needs: Vec<Need>,
    pub(crate) findings: Findings,
}

/// Why a verdict is what it is, before the gains and the rest are added.
struct Decision {
    verdict: Verdict,
    reason: String,
    flips_if: String,
    needs: Vec<Need>,
}

/// Judges one Handler.
pub(crate) fn judge(profile: &Profile, settings: &Settings) -> Judgement {
    let findings = Findings::of(profile, settings);
    let decision = decide(profile, settings, &findings);
    let moves = decision.verdict.is_move();
    let main = moves.then(|| findings.main_reason(decision.verdict)).flatten();
    Judgement {
        verdict: decision.verdict,
        reason: decision.reason,
        flips_if: decision.flips_if,
        confidence: main.map(|found| confidence::of(profile, found, settings)),
        gain: findings.gain(decision.verdict),
        needs: decision.needs,
        findings,
    }
}

fn decide(profile: &Profile, settings: &Settings, findings: &Findings) -> Decision {
    match profile.handler.kind {
        HandlerKind::Page => Decision::keep(
            "pages are not moved; only what they could do better is listed",
            "nothing: this verdict does not depend on traffic",
        ),
        HandlerKind::Unmatched | HandlerKind::Other => Decision::keep(
            "it stands for many paths: there is nothing to move",
            "nothing: this verdict does not depend on traffic",
        ),
        HandlerKind::ServerAction => decide_action(profile, settings, findings),
        HandlerKind::RouteHandler | HandlerKind::PagesApi => decide_route(profile, settings, findings),
    }
}

fn decide_route(profile: &Profile, settings: &Settings, findings: &Findings) -> Decision {
    if let Some(blocker) = findings.first(Effect::BlocksAction) {
        return Decision::keep(&blocker.statement.text, &blocker.statement.flips_if);
    }
    if let Some(needs) = gates::sample(profile, settings) {
        return Decision::insufficient("too few calls to judge", needs);
    }
    if let Some(needs) = gates::callers_absent(profile) {
        return Decision::insufficient("telemetry does not say who calls", needs);
    }
    if !is_mutation_route(profile) {
        return Decision::keep(
            "it reads: a GET can be cached, aborted and run in parallel, which an action cannot",
            "nothing: reads belong in routes or server components",
        );
    }
    let score = findings.score(&[Effect::ForAction], Effect::AgainstAction);
    if score < settings.enter_score {
        return findings.undecided(Effect::ForAction, "no measured reason to move");
    }
    if let Some(decision) = gates::outsiders(profile, settings) {
        return decision;
    }
    worthwhile(profile, settings, findings, Verdict::MoveToServerAction)
}

fn decide_action(profile: &Profile, settings: &Settings, findings: &Findings) -> Decision {
    if let Some(blocker) = findings.first(Effect::BlocksRoute) {
        return Decision::keep(&blocker.statement.text, &blocker.statement.flips_if);
    }
    if gates::is_quiet(profile, settings) {
        return Decision::keep(
            "it is called rarely: nothing to gain by a move",
            &format!("{} calls a day", settings.min_interactions_per_day),
        );
    }
    if let Some(needs) = gates::sample(profile, settings) {
        return Decision::insufficient("too few calls to judge", needs);
    }
    if let Some(needs) = gates::callers_absent(profile) {
        return Decision::insufficient("telemetry does not say who calls", needs);
    }
    let score = findings.score(&[Effect::ForRoute, Effect::ForServerComponent], Effect::AgainstRoute);
    if score < settings.enter_score {
        return findings.undecided(Effect::ForRoute, "it is on the right side: no measured reason to move");
    }
    if let Some(decision) = gates::action_callers(profile) {
        return decision;
    }
    match profile.seen() {
        Seen::Writes => Decision::keep(
            "it changes data, so it stays an action; calls that wait for each other are better sent as one",
            "an action that only reads",
        ),
        Seen::Unclear => Decision::insufficient(
            "neither its name nor its traces say whether it only reads; if it does, it should move",
            vec![Need::code("read_or_write")],
        ),
        Seen::Reads if findings.first(Effect::ForServerComponent).is_some() => {
            worthwhile(profile, settings, findings, Verdict::MoveToServerComponent)
        }
        Seen::Reads => worthwhile(profile, settings, findings, Verdict::MoveToRouteHandler),
    }
}

/// The last gate before a move: an identity that will last, an environment that counts, a gain worth having.
fn worthwhile(profile: &Profile, settings: &Settings, findings: &Findings, verdict: Verdict) -> Decision {
    let Some(main) = findings.main_reason(verdict) else {
        return Decision::keep("no measured reason to move", "a reason that can be measured");
    };
    if let Some(environment) = gates::excluded_environment(profile, settings) {
        return Decision::keep(
            &format!("it runs in the environment {environment}, which yields no moves"),
            "the same traffic in production",
        );
    }
    if matches!(profile.handler.action, Some(Action::Unnamed)) {
        let needs = vec![Need::attribute("next.action.id")];
        return Decision::insufficient("telemetry does not say which action of this page it is", needs);
    }
    let gain = findings.gain(verdict).unwrap_or_default();
    if let Some(reason) = gates::too_small(gain, settings) {
        return Decision::keep(&reason, "a larger gain per interaction, or more of them");
    }
    Decision {
        verdict,
        reason: main.statement.text.clone(),
        flips_if: main.statement.flips_if.clone(),
        needs: Vec::new(),
    }
}

impl Decision {
    fn keep(reason: &str, flips_if: &str) -> Self {
        Self {
            verdict: Verdict::Keep,
            reason: reason.to_owned(),
            flips_if: flips_if.to_owned(),
            needs: Vec::new(),
        }
    }

    fn insufficient(reason: &str, needs: Vec<Need>) -> Self {
        Self {
            verdict: Verdict::InsufficientEvidence,
            reason: reason.to_owned(),
            flips_if: "what is listed under needs".to_owned(),
            needs,
        }
    }
}

impl Findings {
    fn of(profile: &Profile, settings: &Settings) -> Self {
        let mut findings = Self::default();
        for rule in RULES.iter().copied().filter(|rule| (rule.applies)(profile)) {
            let Some(knobs) = rule.knobs(settings) else { continue };
            let Knobs { weight, threshold, .. } = knobs;
            let found = |statement| Found { rule, weight, threshold, statement };
            match (rule.look)(profile, &knobs) {
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
    fn first(&self, effect: Effect) -> Option<&Found> {
        self.of_effect(effect).next()
    }

    /// All rules of an effect that speak.
    pub(crate) fn of_effect(&self, effect: Effect) -> impl Iterator<Item = &Found> {
        self.holding.iter().filter(move |found| found.rule.effect == effect)
    }

    /// Sum of the weights for a move less those against it; of one theme only the heaviest counts.
    fn score(&self, reasons: &[Effect], against: Effect) -> f64 {
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
    fn main_reason(&self, verdict: Verdict) -> Option<&Found> {
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

    /// What acting on the verdict gains: of a move what its main reason promises, else what the best improvement
    /// does. Gains of several rules overlap, so they are never added up.
    fn gain(&self, verdict: Verdict) -> Option<Gain> {
        if verdict.is_move() {
            return self.main_reason(verdict).map(|found| found.statement.gain);
        }
        let gains = self.of_effect(Effect::Improves).map(|found| found.statement.gain);
        gains
            .filter(|gain| *gain != Gain::default())
            .max_by(|a, b| a.requests_per_day().total_cmp(&b.requests_per_day()))
    }

    /// No move is reached: because evidence is absent, or because there is none.
    fn undecided(&self, reasons: Effect, reason: &str) -> Decision {
        let lacking = self.absent.iter().filter(|(rule, _)| rule.weight > 0.0).map(|(_, need)| need.clone());
        let lacking: Vec<Need> = lacking.collect();
        if !lacking.is_empty() {
            let mut needs: Vec<Need> = Vec::new();
            lacking.into_iter().for_each(|need| {
                if !needs.contains(&need) {
                    needs.push(need);
                }
            });
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

impl Gain {
    /// Requests or round trips saved a day, whichever is more.
    fn requests_per_day(&self) -> f64 {
        self.origin_requests_per_day.max(self.round_trips * self.interactions_per_day)
    }
}
