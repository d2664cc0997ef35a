//! From what a look sees to what stands: raw verdicts and a history in, settled verdicts, states and a new history out.

use std::collections::HashMap;

use pointsman_store::{AppFact, Fingerprint, Handler};

use super::changes;
use super::history::{History, Recommendation, Standing};
use super::policy::Policies;
use super::proof::{Case, Measured, prove};
use super::rows;
use super::standing::{Look, Occasion};
use super::told::{Record, lives};
use super::traffic::Traffic;
use crate::report::{Report, Total, Verdict, by_gain};

/// Facts of which a new value is a deployment.
const BUILDS: [&str; 3] = ["pointsman.next.build_id", "pointsman.deployment.id", "service.version"];

/// What a look rests on beside the report and the history.
pub struct Settling<'a> {
    /// Which kind of look it is.
    pub occasion: Occasion,
    /// When, ns since the epoch.
    pub now_ns: u64,
    /// For how long after a deployment no verdict changes, ns.
    pub pause_ns: u64,
    /// What is known about the app.
    pub facts: &'a [AppFact],
    /// What its team has decided.
    pub policies: &'a Policies,
    /// Who is who.
    pub handlers: &'a HashMap<Fingerprint, Handler>,
    /// How often each was called.
    pub traffic: &'a Traffic,
    /// The hours of moves that are being compared.
    pub measured: &'a Measured,
}

/// Settles a report: its verdicts become those that stand, moves get their states, and the history goes on. Between two
/// runs the new history is only what this look would make of it, and nothing to be kept.
#[must_use]
pub fn settle(mut report: Report, mut history: History, with: &Settling<'_>) -> (Report, History) {
    let deployed_ns = deployed(with.facts, report.environment.as_deref(), with.now_ns);
    let paused = deployed_ns.is_some_and(|at_ns| with.now_ns - at_ns < with.pause_ns);
    let look = Look { occasion: with.occasion, now_ns: with.now_ns, paused };
    if with.occasion != Occasion::View {
        with.look_for_moves(&mut history);
    }
    for row in &report.handlers {
        let Some(id) = Fingerprint::from_hex(&row.id) else { continue };
        let after = look.settle(history.standing.get(&id), row);
        with.advise(id, row, &after, &mut history);
        history.standing.insert(id, after);
    }
    with.wake_and_expire(&mut history);
    changes::join(&report.changes, &mut history, with.now_ns);
    let overlapping = std::mem::take(&mut report.total.overlapping);
    rows::show(&mut report, &history, with);
    changes::remember(&report, &mut history);
    report.changes = changes::shown(&report, &history, with.handlers);
    let open = report.handlers.iter().filter(|row| row.is_open_move());
    report.total = Total::of(&overlapping, open, &report.changes);
    report.handlers.sort_by(by_gain);
    report.recommendations = lives(&history, with.handlers);
    report.record = Record::of(&history, &report.changes);
    (report, history)
}

impl Settling<'_> {
    /// Which moves have been made, and what came of them.
    fn look_for_moves(&self, history: &mut History) {
        for (key, one) in &mut history.recommendations {
            let (id, verdict) = *key;
            one.look_for_move(*key, self.traffic, self.now_ns);
            let Self { measured, handlers, now_ns, .. } = *self;
            let case = Case { id, verdict, recommendation: one, measured, handlers, now_ns };
            let proof = (one.state == super::State::Applied).then(|| prove(&case)).flatten();
            if let Some(proof) = proof {
                one.verify(proof, self.now_ns);
            }
        }
    }

    /// Proposes the move that stands, and ends those that do not.
    fn advise(
        &self,
        id: Fingerprint,
        row: &crate::report::HandlerReport,
        after: &Standing,
        history: &mut History,
    ) {
        for verdict in Verdict::ALL.into_iter().filter(|verdict| verdict.is_move()) {
            let known = history.recommendations.get_mut(&(id, verdict));
            if after.verdict != verdict {
                if let Some(one) = known {
                    let now = after.verdict.as_str().replace('_', " ");
                    one.lose_reason(&format!("the verdict is now {now}: {}", row.reason), self.now_ns);
                }
                continue;
            }
            // A standing move that this look does not see has no numbers to promise.
            let promise = || self.traffic.promise(id, row);
            match known {
                Some(one) if row.verdict == verdict => {
                    one.come_back(promise(), self.now_ns, row.reason.clone());
                }
                Some(_) => {}
                None => {
                    let new = Recommendation::proposed(promise(), self.now_ns, row.reason.clone());
                    history.recommendations.insert((id, verdict), new);
                }
            }
        }
    }

    fn wake_and_expire(&self, history: &mut History) {
        for ((id, verdict), one) in &mut history.recommendations {
            if let Some(standing) = history.standing.get(id) {
                one.lose_handler(standing.seen_ns, self.now_ns);
                if standing.verdict == *verdict {
                    one.wake(self.handlers.get(id), *verdict, self.policies, self.now_ns);
                }
            }
        }
    }
}

/// When the app was last deployed: when a new value of what names its build was first seen. The first value of all is no
/// deployment, it is the beginning of the telemetry. Ns since the epoch; what comes after `now_ns` is not looked at.
#[must_use]
pub fn deployed(facts: &[AppFact], environment: Option<&str>, now_ns: u64) -> Option<u64> {
    let of_name = |name: &&str| {
        let mut first_seen: HashMap<&str, u64> = HashMap::new();
        let known = facts
            .iter()
            .filter(|fact| fact.name == **name && fact.environment.as_deref() == environment)
            .filter(|fact| fact.first_seen_ns <= now_ns);
        for fact in known {
            let seen = first_seen.entry(fact.value.as_str()).or_insert(fact.first_seen_ns);
            *seen = fact.first_seen_ns.min(*seen);
        }
        let latest = first_seen.values().max().copied();
        latest.filter(|_| first_seen.len() > 1)
    };
    BUILDS.iter().filter_map(of_name).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_value_of_a_build_is_a_deployment_and_the_first_of_all_is_none() {
        let fact = |name: &str, value: &str, environment: Option<&str>, first_seen_ns| AppFact {
            service: "shop".into(),
            environment: environment.map(str::to_owned),
            build: None,
            name: name.into(),
            value: value.into(),
            first_seen_ns,
            last_seen_ns: 1_000,
        };
        let first = fact(BUILDS[0], "a", None, 10);
        let second = fact(BUILDS[0], "b", None, 50);
        let again = fact(BUILDS[0], "a", None, 70);
        let elsewhere = fact(BUILDS[0], "c", Some("staging"), 60);
        let other = fact("process.runtime.version", "24", None, 80);
        let version = fact(BUILDS[2], "1.0", None, 90);
        for (facts, now_ns, expected) in [
            (vec![first.clone()], 100, None),
            (vec![first.clone(), second.clone()], 100, Some(50)),
            (vec![first.clone(), second.clone()], 40, None),
            (vec![second.clone(), first.clone(), again], 100, Some(50)),
            (vec![first.clone(), elsewhere], 100, None),
            (vec![first.clone(), other], 100, None),
            (vec![first, second, version], 100, Some(50)),
        ] {
            assert_eq!(deployed(&facts, None, now_ns), expected, "{facts:?}");
        }
    }
}
