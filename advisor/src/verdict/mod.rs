//! From findings to a verdict, in the order of rules.md, section 3: blockers, improvements, sample, absent evidence,
//! score, callers, gain.

mod confidence;
mod findings;
mod gates;
mod layers;
mod plan;

use pointsman_store::{Action, HandlerKind};

use crate::gain::Gain;
use crate::profile::{Profile, Seen};
use crate::report::{Need, Verdict};
use crate::rules::{Effect, Thresholds, is_mutation_route};
use crate::settings::Settings;

pub(crate) use findings::{Findings, Found};
pub(crate) use plan::plan;

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
    /// A move is out of the question, whatever else is seen: because of who calls, or because nobody knows who does.
    pub(crate) barred: bool,
    pub(crate) findings: Findings,
}

/// Why a verdict is what it is, before the gains and the rest are added.
struct Decision {
    verdict: Verdict,
    reason: String,
    flips_if: String,
    needs: Vec<Need>,
    barred: bool,
}

/// What a judgement rests on.
struct Bench<'a, 'p> {
    profile: &'a Profile<'p>,
    settings: &'a Settings,
    findings: &'a Findings,
    /// The verdict that stands since an earlier run.
    standing: Option<Verdict>,
    /// By how much lower the bar is for a move that stands.
    leave_ratio: f64,
}

/// Judges one Handler; `standing` is the verdict that stands since an earlier run.
pub(crate) fn judge(profile: &Profile, thresholds: &Thresholds<'_>, standing: Option<Verdict>) -> Judgement {
    let findings = Findings::of(profile, thresholds, standing);
    let settings = thresholds.settings();
    let leave_ratio = findings::leave_ratio(thresholds);
    let decision = Bench { profile, settings, findings: &findings, standing, leave_ratio }.decide();
    let moves = decision.verdict.is_move();
    let main = moves.then(|| findings.main_reason(decision.verdict)).flatten();
    Judgement {
        verdict: decision.verdict,
        reason: decision.reason,
        flips_if: decision.flips_if,
        confidence: main.map(|found| confidence::of(profile, found, thresholds)),
        gain: findings.gain(decision.verdict),
        needs: decision.needs,
        barred: decision.barred,
        findings,
    }
}

impl Bench<'_, '_> {
    fn decide(&self) -> Decision {
        match self.profile.handler.kind {
            HandlerKind::Page => Decision::keep(
                "pages are not moved; only what they could do better is listed",
                "nothing: this verdict does not depend on traffic",
            ),
            HandlerKind::Unmatched | HandlerKind::Other => Decision::keep(
                "it stands for many paths: there is nothing to move",
                "nothing: this verdict does not depend on traffic",
            ),
            HandlerKind::ServerAction => self.action(),
            HandlerKind::RouteHandler | HandlerKind::PagesApi => self.route(),
        }
    }

    fn route(&self) -> Decision {
        let Self { profile, settings, findings, .. } = self;
        if let Some(decision) = layers::decide(&profile.handler) {
            return decision;
        }
        if let Some(blocker) = findings.first(Effect::BlocksAction) {
            return Decision::keep(&blocker.statement.text, &blocker.statement.flips_if).barred();
        }
        if let Some(decision) = layers::metadata_file(&profile.handler).or_else(|| self.unknown()) {
            return decision;
        }
        if !is_mutation_route(profile) {
            return Decision::keep(
                "it reads: a GET can be cached, aborted and run in parallel, which an action cannot",
                "nothing: reads belong in routes or server components",
            );
        }
        let verdict = Verdict::MoveToServerAction;
        // Looked at before the score: a move that stands must not outlast an outsider because its reasons fade too.
        let outsiders = gates::outsiders(profile, settings);
        if findings.score(verdict.reasons(), Effect::AgainstAction) < self.bar(verdict) {
            let undecided = findings.undecided(Effect::ForAction, "no measured reason to move");
            return if outsiders.is_some() { undecided.barred() } else { undecided };
        }
        if let Some(decision) = outsiders {
            return decision.barred();
        }
        gates::unseen_obstacles(profile).unwrap_or_else(|| self.worthwhile(verdict))
    }

    fn action(&self) -> Decision {
        let Self { profile, findings, .. } = self;
        if let Some(blocker) = findings.first(Effect::BlocksRoute) {
            return Decision::keep(&blocker.statement.text, &blocker.statement.flips_if).barred();
        }
        if let Some(rests) = findings.first(Effect::Rests) {
            return Decision::keep(&rests.statement.text, &rests.statement.flips_if);
        }
        if let Some(decision) = self.unknown() {
            return decision;
        }
        let verdict = self.destination();
        let reasons = Verdict::MoveToServerComponent.reasons();
        let callers = gates::action_callers(profile);
        if findings.score(reasons, Effect::AgainstRoute) < self.bar(verdict) {
            let undecided =
                findings.undecided(Effect::ForRoute, "it is on the right side: no measured reason to move");
            return if callers.is_some() { undecided.barred() } else { undecided };
        }
        if let Some(decision) = callers {
            return decision.barred();
        }
        match profile.seen() {
            // Whatever it does, its answer is a stream that only a route can send so that the user can stop it.
            _ if findings.holds("stream-or-binary") => self.worthwhile(Verdict::MoveToRouteHandler),
            Seen::Writes => Decision::keep(
                "it changes data, so it stays an action; calls that wait for each other are better sent as one",
                "an action that only reads",
            ),
            Seen::Unclear => Decision::insufficient(
                "neither its name nor its traces say whether it only reads; if it does, it should move",
                vec![Need::code("read_or_write")],
            ),
            Seen::Reads => self.worthwhile(verdict),
        }
    }

    /// Where a reading action belongs: into the page when it comes with the page's load, else into a route.
    fn destination(&self) -> Verdict {
        if self.findings.first(Effect::ForServerComponent).is_some() {
            Verdict::MoveToServerComponent
        } else {
            Verdict::MoveToRouteHandler
        }
    }

    /// What is not known yet about any Handler that could move.
    fn unknown(&self) -> Option<Decision> {
        if let Some(needs) = gates::sample(self.profile, self.settings) {
            return Some(Decision::insufficient("too few calls to judge", needs));
        }
        gates::callers_absent(self.profile)
            .map(|needs| Decision::insufficient("telemetry does not say who calls", needs).barred())
    }

    /// The score that a move takes: less when it stands already.
    fn bar(&self, verdict: Verdict) -> f64 {
        if self.standing == Some(verdict) { self.settings.leave_score } else { self.settings.enter_score }
    }

    /// The last gate before a move: an identity that will last, an environment that counts, a gain worth having.
    fn worthwhile(&self, verdict: Verdict) -> Decision {
        let Self { profile, settings, findings, .. } = self;
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
        let ratio = if self.standing == Some(verdict) { self.leave_ratio } else { 1.0 };
        if let Some(reason) = gates::too_small(gain, settings, ratio) {
            return Decision::keep(&reason, "a larger gain per interaction, or more of them");
        }
        Decision {
            verdict,
            reason: main.statement.text.clone(),
            flips_if: main.statement.flips_if.clone(),
            needs: Vec::new(),
            barred: false,
        }
    }
}

impl Decision {
    fn keep(reason: &str, flips_if: &str) -> Self {
        Self {
            verdict: Verdict::Keep,
            reason: reason.to_owned(),
            flips_if: flips_if.to_owned(),
            needs: Vec::new(),
            barred: false,
        }
    }

    fn insufficient(reason: &str, needs: Vec<Need>) -> Self {
        Self {
            verdict: Verdict::InsufficientEvidence,
            reason: reason.to_owned(),
            flips_if: "what is listed under needs".to_owned(),
            needs,
            barred: false,
        }
    }

    /// The same as a matter of safety: no move that stands outlasts it.
    fn barred(self) -> Self {
        Self { barred: true, ..self }
    }
}
