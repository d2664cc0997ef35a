//! From findings to a verdict: blockers, sample, absent evidence, score, callers, gain, in that order. What would change the
//! verdict is found by deciding again without its reasons (`what_if`).

mod cause;
mod confidence;
mod findings;
mod gates;
mod layers;
mod plan;
mod what_if;

use pointsman_store::{Action, HandlerKind};

use crate::gain::Gain;
use crate::life::Policy;
use crate::profile::{Access, Grounds, Profile, Seen};
use crate::rules::{Effect, Pattern, Thresholds, is_unsafe_route};
use crate::settings::Settings;
use crate::words::{Need, NeedCode, Verdict};
use cause::{Assumed, Cause};
pub(crate) use findings::{Findings, Found};
pub(crate) use plan::{UNCACHED, calling_pages, plan};
pub(crate) use what_if::Without;

/// The judgement of one Handler.
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// One sentence: why.
    pub(crate) reason: String,
    /// What would have to be seen for another verdict; empty where nothing that is seen could change it.
    pub(crate) flips_if: String,
    pub(crate) confidence: Option<f64>,
    pub(crate) gain: Option<Gain>,
    pub(crate) needs: Vec<Need>,
    /// A move is out of the question, whatever else is seen: because of who calls, because nobody knows who does, or
    /// because its team has decided so.
    pub(crate) barred: bool,
    /// What the team's house rule changed.
    pub(crate) policy: Option<RuledOut>,
    /// Of a recording of tests: the move that the shape of its calls speaks for.
    pub(crate) shape: Option<Verdict>,
    /// Of a verdict with a single rule behind it: what would be said without that rule.
    pub(crate) without: Option<Without>,
    pub(crate) findings: Findings,
}

impl Judgement {
    /// The rule that gives the reason for a move.
    pub(crate) fn main_rule(&self) -> Option<&'static str> {
        self.findings.main_reason(self.verdict).map(|found| found.rule.id)
    }
}

/// What a house rule ruled out.
pub(crate) struct RuledOut {
    /// The team's reason.
    pub(crate) reason: String,
    /// What would be advised without it.
    pub(crate) verdict: Verdict,
    /// What that would gain.
    pub(crate) gain: Option<Gain>,
}

/// Why a verdict is what it is, before the gains and the rest are added.
#[derive(Clone)]
struct Decision {
    verdict: Verdict,
    reason: String,
    flips_if: String,
    needs: Vec<Need>,
    barred: bool,
    cause: Cause,
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
    /// What its team has decided about it.
    house_rule: Option<&'a Policy>,
    /// What is taken to be otherwise than it was seen.
    assumed: Assumed,
}

/// Judges one Handler; `standing` is the verdict that stands since an earlier run, `house_rule` what its team has decided.
pub(crate) fn judge(
    profile: &Profile,
    thresholds: &Thresholds<'_>,
    standing: Option<Verdict>,
    house_rule: Option<&Policy>,
) -> Judgement {
    let findings = Findings::of(profile, thresholds, standing);
    let settings = thresholds.settings();
    let leave_ratio = findings::leave_ratio(thresholds);
    let bench = |house_rule| Bench {
        profile,
        settings,
        findings: &findings,
        standing,
        leave_ratio,
        house_rule,
        assumed: Assumed::default(),
    };
    let policy = house_rule.and_then(|rule| {
        let (free, bound) = (bench(None).decide().verdict, bench(Some(rule)).decide().verdict);
        let gain = findings.gain(free);
        (free != bound).then(|| RuledOut { reason: rule.reason.clone(), verdict: free, gain })
    });
    let (decision, without) = what_if::weigh(bench(house_rule));
    let shape = profile.handler.is_from_tests().then(|| bench(house_rule).shape()).flatten();
    let moves = decision.verdict.is_move();
    let main = moves.then(|| findings.main_reason(decision.verdict)).flatten();
    let gain = findings.gain(decision.verdict).filter(|_| !profile.handler.is_from_tests());
    let speaking = shape.and_then(|verdict| findings.main_reason(verdict));
    let reason = speaking.map_or(decision.reason, |found| {
        format!(
            "recorded from tests: {}; whether a move is worth it, only traffic shows",
            found.statement.text
        )
    });
    Judgement {
        verdict: decision.verdict,
        reason,
        flips_if: decision.flips_if,
        confidence: main.map(|found| confidence::of(profile, found, decision.verdict, thresholds)),
        gain,
        needs: decision.needs,
        barred: decision.barred,
        policy,
        shape,
        without,
        findings,
    }
}

impl Bench<'_, '_> {
    fn decide(&self) -> Decision {
        match self.profile.handler.kind {
            HandlerKind::Page => Decision::keep("pages are never moved; only improvements are listed", "")
                .because(Cause::Final),
            HandlerKind::Unmatched | HandlerKind::Other => {
                Decision::keep("it stands for many paths, so there is nothing to move", "")
                    .because(Cause::Final)
            }
            HandlerKind::ServerAction | HandlerKind::RouteHandler | HandlerKind::PagesApi => self.judged(),
        }
    }

    fn judged(&self) -> Decision {
        if self.profile.handler.is_from_tests() {
            let reason =
                "recorded from tests, which show the shape of calls, not traffic: no move is advised";
            return Decision::keep(reason, "").because(Cause::Final);
        }
        if let Some(environment) = gates::excluded_environment(self.profile, self.settings) {
            let reason = format!("no moves are advised for the environment {environment}");
            return Decision::keep(&reason, "").because(Cause::Final);
        }
        self.by_kind()
    }

    fn by_kind(&self) -> Decision {
        if self.profile.handler.kind == HandlerKind::ServerAction { self.action() } else { self.route() }
    }

    /// The move that the shape of its calls speaks for, if it had traffic enough of the app's users alone and a gain worth having:
    /// that is what tests cannot show.
    fn shape(mut self) -> Option<Verdict> {
        for cause in [Cause::Sample, Cause::Outsiders, Cause::Gain] {
            self.assumed.remove(cause);
        }
        let has_place = !matches!(
            self.profile.handler.kind,
            HandlerKind::Page | HandlerKind::Unmatched | HandlerKind::Other
        );
        has_place.then(|| self.by_kind().verdict).filter(|verdict| verdict.is_move())
    }

    fn route(&self) -> Decision {
        let Self { profile, settings, .. } = self;
        if let Some(decision) = layers::decide(&profile.handler) {
            return decision;
        }
        if let Some(blocked) = self.ruled(Effect::BlocksAction) {
            return blocked.barred();
        }
        if !is_unsafe_route(profile) {
            return Decision::keep(
                "it reads data: unlike an action, a GET can be cached, aborted and run in parallel",
                "",
            )
            .because(Cause::Final);
        }
        if profile.reads_by_post() {
            return Decision::keep(
                "it reads data by POST: as an action it would wait in the user's queue, and no cache could answer it",
                "",
            )
            .because(Cause::Final);
        }
        if let Some(decision) = layers::metadata_file(&profile.handler).or_else(|| self.unknown()) {
            return decision;
        }
        if let Some(decision) = self.complaint() {
            return decision;
        }
        let verdict = Verdict::MoveToServerAction;
        // Looked at before the score: a move that stands must not outlast an outsider because its reasons fade too.
        let outsiders =
            gates::outsiders(profile, settings).filter(|_| !self.assumed.holds(&Cause::Outsiders));
        if !self.reaches(verdict, Effect::AgainstAction) {
            let undecided = self.undecided(Effect::ForAction, "no measured reason to move");
            return if outsiders.is_some() { undecided.barred() } else { undecided };
        }
        if let Some(decision) = outsiders {
            return decision.barred().because(Cause::Outsiders);
        }
        let unseen = gates::unseen_obstacles(profile).filter(|_| !self.assumed.holds(&Cause::Obstacles));
        unseen.map_or_else(|| self.worthwhile(verdict), |decision| decision.because(Cause::Obstacles))
    }

    fn action(&self) -> Decision {
        let Self { profile, findings, .. } = self;
        if let Some(blocked) = self.ruled(Effect::BlocksRoute) {
            return blocked.barred();
        }
        if let Some(rests) = self.ruled(Effect::Rests) {
            return rests;
        }
        if let Some(decision) = self.unknown() {
            return decision;
        }
        let verdict = self.destination();
        let callers = gates::action_callers(profile).filter(|_| !self.assumed.holds(&Cause::Outsiders));
        if !self.reaches(verdict, Effect::AgainstRoute) {
            let undecided = self.undecided(Effect::ForRoute, "no measured reason to move");
            let undecided = undecided.needs_too(self.needs_to_know_access());
            return if callers.is_some() { undecided.barred() } else { undecided };
        }
        if let Some(decision) = callers {
            return decision.barred().because(Cause::Outsiders);
        }
        // Whatever it does, its answer is a stream that only a route can send so that the user can stop it.
        let mut streams = findings.of_pattern(&[Pattern::Stream]);
        if streams.any(|found| !self.assumed.is_without(found.rule.id)) {
            return self.worthwhile(Verdict::MoveToRouteHandler);
        }
        self.as_it_reads(verdict)
    }

    /// An action with reason enough to move goes where it belongs if it only reads.
    fn as_it_reads(&self, verdict: Verdict) -> Decision {
        match self.profile.access() {
            _ if self.assumed.holds(&Cause::Access) => self.worthwhile(verdict),
            Access { seen: Seen::Writes, grounds } => {
                // Few calls may show effects by chance; many, or its name, are certain.
                let may_change = grounds == Grounds::Traffic && self.assumed.holds(&Cause::Sample);
                let queues = self.findings.of_pattern(&[Pattern::Queue]).next().is_some();
                let reason = if queues {
                    "it changes data, so it stays an action; calls that wait for each other are better sent as one"
                } else {
                    "it changes data, so it stays an action"
                };
                Decision::keep(reason, "an action that only reads").because(if may_change {
                    Cause::Access
                } else {
                    Cause::Final
                })
            }
            Access { seen: Seen::Unclear, .. } => Decision::insufficient(
                "neither its name nor its traces say whether it only reads; if it does, it should move",
                vec![Need::code(NeedCode::ReadOrWrite)],
            )
            .because(Cause::Access),
            Access { seen: Seen::Reads, .. } => {
                if let Some(decision) = self.destination_unknown(verdict) {
                    return decision;
                }
                match gates::too_long_for_a_url(self.profile, verdict) {
                    Some(decision) => decision.because(Cause::Final),
                    None => self.worthwhile(verdict),
                }
            }
        }
    }

    /// What a move of an action needs beside its reasons, where that is not known either.
    fn needs_to_know_access(&self) -> Option<Need> {
        let unclear = self.profile.access().seen == Seen::Unclear && !self.assumed.holds(&Cause::Access);
        unclear.then(|| Need::code(NeedCode::ReadOrWrite))
    }

    /// A read that goes to a route may belong into its page, where telemetry lacks an attribute that would show it.
    fn destination_unknown(&self, verdict: Verdict) -> Option<Decision> {
        let needs = self.findings.attributes_missing(Effect::ForServerComponent, &self.assumed);
        let open = verdict == Verdict::MoveToRouteHandler
            && !self.is_forbidden(Verdict::MoveToServerComponent)
            && !needs.is_empty();
        open.then(|| {
            let rules = self.findings.lacking(Effect::ForServerComponent);
            Decision::insufficient(
                "it should move, but whether into a route or into the page that loads it is not known",
                needs,
            )
            .because(Cause::Score(rules))
        })
    }

    /// Where a reading action belongs: into the page when it comes with the page's load, else into a route. What is asked
    /// again and again while the page is in view cannot come with it.
    fn destination(&self) -> Verdict {
        let again = self.findings.of_pattern(&[Pattern::Poll, Pattern::Search]).next().is_some();
        let mut with_load = self.findings.of_effect(Effect::ForServerComponent);
        let seen = with_load.any(|found| !self.assumed.is_without(found.rule.id));
        let with_load = seen || self.findings.assumes(Effect::ForServerComponent, &self.assumed);
        let allowed = !self.is_forbidden(Verdict::MoveToServerComponent);
        if allowed && !again && with_load {
            Verdict::MoveToServerComponent
        } else {
            Verdict::MoveToRouteHandler
        }
    }

    /// What a rule alone decides.
    fn ruled(&self, effect: Effect) -> Option<Decision> {
        let mut speaking = self.findings.of_effect(effect);
        let found = speaking.find(|found| !self.assumed.is_without(found.rule.id))?;
        let decision = Decision::keep(&found.statement.text, &found.statement.flips_if);
        Some(decision.because(Cause::Rule(found.rule.id)))
    }

    /// What a rule about actions would say of this route, were it one: nobody is advised to go where he would be advised
    /// back.
    fn complaint(&self) -> Option<Decision> {
        let mut speaking = self.findings.complaints.iter();
        let found = speaking.find(|found| !self.assumed.is_without(found.rule.id))?;
        let reason = format!(
            "it stays a route, because as an action it would be advised back ({}): {}",
            found.rule.id, found.statement.text
        );
        Some(Decision::keep(&reason, &found.statement.flips_if).because(Cause::Rule(found.rule.id)))
    }

    /// What is not known yet about any Handler that could move.
    fn unknown(&self) -> Option<Decision> {
        let sample =
            gates::sample(self.profile, self.settings).filter(|_| !self.assumed.holds(&Cause::Sample));
        if let Some(needs) = sample {
            return Some(Decision::insufficient("too few calls to judge", needs).because(Cause::Sample));
        }
        gates::callers_absent(self.profile).filter(|_| !self.assumed.holds(&Cause::Callers)).map(|needs| {
            Decision::insufficient("telemetry does not say who calls", needs).barred().because(Cause::Callers)
        })
    }

    /// No move is reached.
    fn undecided(&self, reasons: Effect, reason: &str) -> Decision {
        self.findings.undecided(reasons, reason, &self.assumed)
    }

    /// Whether the score reaches what a move takes: less when it stands already. Where more calls are assumed, they may
    /// show any reason.
    fn reaches(&self, verdict: Verdict, against: Effect) -> bool {
        let bar = if self.standing == Some(verdict) {
            self.settings.leave_score
        } else {
            self.settings.enter_score
        };
        self.assumed.any_reason
            || self.findings.score(Effect::speaking_for(verdict), against, &self.assumed) >= bar
    }

    /// Whether the team's house rule forbids such a move.
    fn is_forbidden(&self, verdict: Verdict) -> bool {
        let reads = || self.profile.seen() == Seen::Reads;
        self.house_rule.is_some_and(|rule| rule.forbids(verdict, reads()))
    }

    /// The last gate before a move: an identity that will last, a gain worth having.
    fn worthwhile(&self, verdict: Verdict) -> Decision {
        let Self { profile, settings, findings, assumed, .. } = self;
        if let Some(rule) = self.house_rule.filter(|_| self.is_forbidden(verdict)) {
            let reason = format!("your team's policy keeps it where it is: {}", rule.reason);
            return Decision::keep(&reason, "").barred().because(Cause::Final);
        }
        if matches!(profile.handler.action, Some(Action::Unnamed)) && !assumed.holds(&Cause::Unnamed) {
            let needs = vec![Need::attribute("next.action.id")];
            return Decision::insufficient("telemetry does not say which action of this page it is", needs)
                .because(Cause::Unnamed);
        }
        if assumed.adds_reasons() {
            return Decision::to(verdict, "", "");
        }
        let Some(main) = findings.main_reason_without(verdict, assumed) else {
            return Decision::keep("no measured reason to move", "").because(Cause::Final);
        };
        let gain = findings.gain(verdict).unwrap_or_default();
        let ratio = if self.standing == Some(verdict) { self.leave_ratio } else { 1.0 };
        let small = gates::too_small(gain, settings, ratio).filter(|_| !assumed.holds(&Cause::Gain));
        if let Some(reason) = small {
            return Decision::keep(&reason, "a larger gain per interaction, or more of them")
                .because(Cause::Gain);
        }
        Decision::to(verdict, &main.statement.text, &main.statement.flips_if)
    }
}

impl Decision {
    fn to(verdict: Verdict, reason: &str, flips_if: &str) -> Self {
        Self { verdict, ..Self::keep(reason, flips_if) }
    }

    fn keep(reason: &str, flips_if: &str) -> Self {
        Self {
            verdict: Verdict::Keep,
            reason: reason.to_owned(),
            flips_if: flips_if.to_owned(),
            needs: Vec::new(),
            barred: false,
            cause: Cause::Final,
        }
    }

    fn insufficient(reason: &str, needs: Vec<Need>) -> Self {
        let flips_if = needs.iter().map(what_if::need).collect::<Vec<_>>().join(" and ");
        Self { verdict: Verdict::InsufficientEvidence, needs, ..Self::keep(reason, &flips_if) }
    }

    /// The same with one more need, where it lacks something at all.
    fn needs_too(mut self, need: Option<Need>) -> Self {
        if self.verdict == Verdict::InsufficientEvidence {
            let new = need.filter(|need| !self.needs.contains(need));
            self.needs.extend(new);
        }
        self
    }

    /// The same as a matter of safety: no move that stands outlasts it.
    fn barred(self) -> Self {
        Self { barred: true, ..self }
    }

    fn because(self, cause: Cause) -> Self {
        Self { cause, ..self }
    }
}
