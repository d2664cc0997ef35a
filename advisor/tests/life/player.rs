//! Plays traffic and looks at it at any time, with a memory.

use std::collections::{BTreeSet, HashMap};

use pointsman_advisor::evidence::roll_up;
use pointsman_advisor::life::{
    Decision, DecisionError, History, Measured, Occasion, Policies, Policy, Settling, Subject,
    Traffic as Seen, decide, settle,
};
use pointsman_advisor::{Gathering, HandlerReport, Report, ReportInput, Settings, Verdict, report};
use pointsman_store::{AppFact, Fingerprint, Handler, Hour, RollupRecord};

use crate::traffic::{Traffic, around};

/// A pause after deployments, as it is by default.
const PAUSE: u64 = 6 * Hour::NANOS;

pub(crate) struct Player {
    rollups: Vec<RollupRecord>,
    handlers: HashMap<Fingerprint, Handler>,
    settings: Settings,
    pub(crate) facts: Vec<AppFact>,
    pub(crate) policies: Policies,
    pub(crate) history: History,
}

impl Player {
    pub(crate) fn new(traffic: &Traffic) -> Self {
        let settings = Settings::default();
        let hours: BTreeSet<u32> = traffic.calls.iter().map(|call| Hour::of(call.start_ns).0).collect();
        let of_hour = |hour| roll_up(Hour(hour), &around(&traffic.calls, Hour(hour)), settings.of_pass());
        let calls = traffic.calls.iter();
        Self {
            rollups: hours.into_iter().flat_map(of_hour).collect(),
            handlers: calls.map(|call| (call.handler.fingerprint(), (*call.handler).clone())).collect(),
            settings: Settings::default(),
            facts: Vec::new(),
            policies: Policies::default(),
            history: History::default(),
        }
    }

    pub(crate) fn with_policy(mut self, policy: Policy) -> Self {
        assert_eq!(policy.faults(), Vec::<String>::new());
        self.policies = Policies::new([policy]);
        self
    }

    /// A look at this hour; only runs are remembered.
    pub(crate) fn look(&mut self, occasion: Occasion, to: u32) -> Report {
        let (report, history) = self.settled(occasion, to);
        if occasion != Occasion::View {
            self.history = history;
        }
        report
    }

    fn settled(&self, occasion: Occasion, to: u32) -> (Report, History) {
        let standing: HashMap<Fingerprint, Verdict> =
            self.history.standing.iter().map(|(id, standing)| (*id, standing.verdict)).collect();
        self.with_input(to, &standing, |input, measured| {
            let seen = Seen::of(input, &self.settings);
            let with = Settling {
                occasion,
                now_ns: Hour(to).start_ns(),
                pause_ns: PAUSE,
                facts: &self.facts,
                policies: &self.policies,
                handlers: &self.handlers,
                traffic: &seen,
                measured,
            };
            settle(report(input, &self.settings), self.history.clone(), &with)
        })
    }

    /// A user's decision at this hour.
    pub(crate) fn decide(
        &mut self,
        id: Fingerprint,
        decision: &Decision,
        to: u32,
    ) -> Result<(), DecisionError> {
        let mut history = self.settled(Occasion::View, to).1;
        let seen = self.with_input(to, &HashMap::new(), |input, _| Seen::of(input, &self.settings));
        let decided = decide(&mut history, Subject::Handler(id), decision, &seen, Hour(to).start_ns())?;
        for key in &decided.moves {
            self.history.recommendations.insert(*key, history.recommendations[key].clone());
        }
        self.history.changes.extend(decided.change.and_then(|id| history.changes.remove_entry(&id)));
        Ok(())
    }

    fn with_input<T>(
        &self,
        to: u32,
        standing: &HashMap<Fingerprint, Verdict>,
        make: impl FnOnce(&ReportInput<'_>, &Measured) -> T,
    ) -> T {
        let mut gathering = Gathering::new(Hour(to), 7 * 24);
        let mut measured = Measured::wanted([&self.history], &self.handlers);
        let oldest = gathering.oldest();
        for rollup in self.rollups.iter().filter(|rollup| rollup.hour >= oldest && rollup.hour.0 < to) {
            gathering.add(rollup.handler, rollup.hour, &rollup.payload).unwrap();
            measured.add(rollup.handler, rollup.hour, &rollup.payload).unwrap();
        }
        let input = ReportInput {
            service: "shop",
            environment: Some("production"),
            generated_at_ns: Hour(to).start_ns(),
            handlers: &self.handlers,
            windows: &gathering.finish().unwrap(),
            standing,
            facts: &self.facts,
        };
        make(&input, &measured)
    }

    pub(crate) fn id(&self, name: &str) -> Fingerprint {
        let known = self.handlers.iter().find(|(_, handler)| {
            let action = matches!(&handler.action, Some(pointsman_store::Action::Export { name: action, .. }) if action == name);
            action || format!("{} {}", handler.method, handler.route) == name
        });
        *known.unwrap_or_else(|| panic!("nobody is called {name}")).0
    }
}

/// The row of a handler.
pub(crate) fn row<'a>(report: &'a Report, name: &str) -> &'a HandlerReport {
    let found = report
        .handlers
        .iter()
        .find(|row| row.action.as_deref() == Some(name) || format!("{} {}", row.method, row.route) == name);
    found.unwrap_or_else(|| panic!("{name} is not in the report"))
}
