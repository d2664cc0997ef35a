//! Policies: what an app's team has decided for some of its handlers, with the reason. How files are read is the
//! daemon's business; what a policy means is decided here.

use globset::{GlobSet, GlobSetBuilder};
use pointsman_store::Handler;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::report::{Benefit, HandlerReport, Verdict, rfc3339};
use crate::rules::{RULES, handler_globs, names};

/// One decision of an app's team.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    /// Globs over `/route`, `METHOD /route`, an action's name or `file#name`.
    pub handlers: Vec<String>,
    /// Globs over ids of rules: of these the improvements are hidden, and nothing else changes.
    pub rules: Vec<String>,
    /// No move of these handlers is advised.
    pub dismiss: bool,
    /// No move away from this kind is advised.
    pub keep: Option<Keep>,
    /// The house rule for handlers that read: advice stays within it.
    pub reads: Option<ReadsIn>,
    /// The house rule for handlers that write.
    pub writes: Option<WritesIn>,
    /// Until when it holds, ns since the epoch; `None` is without end.
    pub until_ns: Option<u64>,
    /// Why: it is shown with what the policy does.
    pub reason: String,
}

/// A kind that handlers keep.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Routes stay routes.
    Route,
    /// Actions stay actions.
    Action,
}

/// Where a team has its reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadsIn {
    /// In route handlers, fetched by the client: nothing is moved into server components.
    Route,
    /// In server components: no action becomes a route because it reads.
    Component,
    /// Wherever it is best.
    Any,
}

/// Where a team has its writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WritesIn {
    /// In Server Actions: none of them becomes a route.
    Action,
    /// In route handlers: none of them becomes an action.
    Route,
    /// Wherever it is best.
    Any,
}

/// What a policy's house rule changed about one handler.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HandlerPolicy {
    /// The team's reason for the policy.
    pub reason: String,
    /// What would be advised without it.
    pub verdict_without: Verdict,
    /// What that would gain, and the policy therefore costs; null when nothing is claimed.
    pub costs: Option<Benefit>,
}

/// A policy as a report tells it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PolicyInForce {
    /// Globs over handlers.
    pub handlers: Vec<String>,
    /// Globs over rules of which the improvements are hidden; empty when the policy is about moves.
    pub rules: Vec<String>,
    /// The kind that is kept; null when every move is dismissed.
    pub keep: Option<Keep>,
    /// Where reads belong; null when it says nothing of them.
    #[serde(default)]
    pub reads: Option<ReadsIn>,
    /// Where writes belong; null when it says nothing of them.
    #[serde(default)]
    pub writes: Option<WritesIn>,
    /// Until when, RFC 3339; null is without end.
    pub until: Option<String>,
    /// Why.
    pub reason: String,
    /// Moves that it keeps from being advised in this report.
    pub dismissed_moves: usize,
    /// Improvements that it hides in this report.
    pub dismissed_improvements: usize,
    /// Handlers of which it changed the verdict in this report: they would move, or move elsewhere.
    #[serde(default)]
    pub changed_verdicts: usize,
    /// What all of these moves would gain together, a day, and the policy therefore costs.
    #[serde(default)]
    pub costs: Cost,
}

/// What a policy costs a day.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// Round trips that users wait for.
    pub round_trips_per_day: f64,
    /// Waiting of all users together, s.
    pub waiting_s_per_day: f64,
    /// Requests that the app answers.
    pub origin_requests_per_day: f64,
}

impl Cost {
    /// Adds what a move would have gained. What two policies keep apart is not looked for: shared waiting counts twice.
    pub(super) fn add(&mut self, gain: &Benefit) {
        self.round_trips_per_day += gain.round_trips_per_day;
        self.waiting_s_per_day += gain.interactions_per_day * gain.ms_per_interaction_p50 / 1_000.0;
        self.origin_requests_per_day += gain.origin_requests_per_day;
    }
}

/// Policies that are ready to be asked. Of several that fit the first one speaks.
#[derive(Clone, Debug, Default)]
pub struct Policies(Vec<Compiled>);

#[derive(Clone, Debug)]
struct Compiled {
    policy: Policy,
    handlers: GlobSet,
    rules: GlobSet,
}

impl Policy {
    /// Everything that makes no sense in it, each with its key and what to do.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.handlers.is_empty() {
            faults.push("handlers is missing: name them, as in [\"/api/admin/**\"]".to_owned());
        }
        if let Err(error) = handler_globs(&self.handlers) {
            faults.push(format!("handlers: {error}"));
        }
        for glob in &self.rules {
            match rule_globs(std::slice::from_ref(glob)) {
                Err(error) => faults.push(format!("rules: {error}")),
                Ok(set) if !RULES.iter().any(|rule| set.is_match(rule.id)) => {
                    faults.push(format!("rules: {glob} fits no rule; a report lists them all"));
                }
                Ok(_) => {}
            }
        }
        match (self.dismiss, self.keep) {
            _ if self.is_house_rule() && (self.dismiss || self.keep.is_some() || !self.rules.is_empty()) => {
                faults.push(
                    "reads or writes besides dismiss, keep or rules: a house rule says where handlers belong, the \
                     others what is not wanted; write two policies"
                        .to_owned(),
                );
            }
            _ if self.is_house_rule() => {}
            (false, None) => {
                faults.push("none of reads, writes, keep and dismiss = true: say what it does".to_owned());
            }
            (true, Some(_)) => {
                faults.push("dismiss and keep: dismiss holds for every move already; write one".to_owned());
            }
            (false, Some(_)) if !self.rules.is_empty() => {
                faults.push(
                    "keep and rules: keep is about moves, rules about improvements; write two policies"
                        .to_owned(),
                );
            }
            _ => {}
        }
        if self.reason.trim().is_empty() {
            faults.push("reason is missing: readers of the report need to know why".to_owned());
        }
        faults
    }

    /// Whether it says where reads or writes belong.
    #[must_use]
    pub fn is_house_rule(&self) -> bool {
        self.reads.is_some() || self.writes.is_some()
    }

    /// Whether its house rule forbids such a move of a handler that reads or does not.
    pub(crate) fn forbids(&self, verdict: Verdict, reads: bool) -> bool {
        match verdict {
            Verdict::MoveToServerAction => self.writes == Some(WritesIn::Route),
            Verdict::MoveToServerComponent => self.reads == Some(ReadsIn::Route),
            Verdict::MoveToRouteHandler if reads => self.reads == Some(ReadsIn::Component),
            Verdict::MoveToRouteHandler => self.writes == Some(WritesIn::Action),
            Verdict::Keep | Verdict::InsufficientEvidence => false,
        }
    }

    fn holds_at(&self, now_ns: u64) -> bool {
        self.until_ns.is_none_or(|until| now_ns < until)
    }

    /// Whether it is against such a move. What a house rule forbids is not advised in the first place.
    fn is_against(&self, verdict: Verdict) -> bool {
        let of_kind = match self.keep {
            None => self.dismiss,
            Some(Keep::Route) => verdict == Verdict::MoveToServerAction,
            Some(Keep::Action) => {
                matches!(verdict, Verdict::MoveToRouteHandler | Verdict::MoveToServerComponent)
            }
        };
        self.rules.is_empty() && verdict.is_move() && of_kind
    }
}

impl Policies {
    /// Makes them ready. One with a glob that is none fits nothing; whoever reads the file refuses it before.
    #[must_use]
    pub fn new(policies: impl IntoIterator<Item = Policy>) -> Self {
        let compiled = policies.into_iter().filter_map(|policy| {
            let handlers = handler_globs(&policy.handlers).ok()?;
            let rules = rule_globs(&policy.rules).ok()?;
            Some(Compiled { policy, handlers, rules })
        });
        Self(compiled.collect())
    }

    /// The policy that keeps such a move of this Handler from being advised.
    #[must_use]
    pub fn against(&self, handler: &Handler, verdict: Verdict, now_ns: u64) -> Option<&Policy> {
        self.place(handler, verdict, now_ns).and_then(|place| self.0.get(place)).map(|one| &one.policy)
    }

    /// The house rule for this Handler.
    pub(crate) fn house_rule(&self, handler: &Handler, now_ns: u64) -> Option<&Policy> {
        self.house_place(handler, now_ns).and_then(|place| self.0.get(place)).map(|one| &one.policy)
    }

    /// The place of the house rule for this Handler.
    pub(super) fn house_place(&self, handler: &Handler, now_ns: u64) -> Option<usize> {
        self.0
            .iter()
            .position(|one| one.policy.is_house_rule() && one.policy.holds_at(now_ns) && one.fits(handler))
    }

    /// The place of the policy that is against such a move.
    pub(super) fn place(&self, handler: &Handler, verdict: Verdict, now_ns: u64) -> Option<usize> {
        self.0.iter().position(|one| {
            one.policy.is_against(verdict) && one.policy.holds_at(now_ns) && one.fits(handler)
        })
    }

    /// Takes the improvements that policies hide out of a row, and says which policy hid how many.
    pub(super) fn hide_improvements(
        &self,
        row: &mut HandlerReport,
        handler: &Handler,
        now_ns: u64,
    ) -> Vec<(usize, usize)> {
        use crate::report::EvidenceKind::Improvement;
        let mut hidden = Vec::new();
        for (place, one) in self.0.iter().enumerate() {
            if one.policy.rules.is_empty() || !one.policy.holds_at(now_ns) || !one.fits(handler) {
                continue;
            }
            let before = row.improvements.len();
            row.improvements.retain(|rule| !one.rules.is_match(rule));
            row.evidence.retain(|found| found.kind != Improvement || !one.rules.is_match(&found.rule));
            let count = before - row.improvements.len();
            if count > 0 {
                hidden.push((place, count));
            }
        }
        if !hidden.is_empty() && !row.verdict.is_move() {
            // Whose gain it is cannot be told any more.
            row.benefit = None;
        }
        hidden
    }

    /// All that hold now, with nothing counted yet; the place of each is that of [`Self::place`].
    pub(super) fn in_force(&self, now_ns: u64) -> Vec<Option<PolicyInForce>> {
        let told = |one: &Compiled| {
            let policy = &one.policy;
            policy.holds_at(now_ns).then(|| PolicyInForce {
                handlers: policy.handlers.clone(),
                rules: policy.rules.clone(),
                keep: policy.keep,
                reads: policy.reads,
                writes: policy.writes,
                until: policy.until_ns.map(rfc3339),
                reason: policy.reason.clone(),
                dismissed_moves: 0,
                dismissed_improvements: 0,
                changed_verdicts: 0,
                costs: Cost::default(),
            })
        };
        self.0.iter().map(told).collect()
    }
}

impl Compiled {
    fn fits(&self, handler: &Handler) -> bool {
        names(handler).iter().any(|name| self.handlers.is_match(name))
    }
}

fn rule_globs(globs: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(globset::Glob::new(glob)?);
    }
    set.build()
}

#[cfg(test)]
mod tests {
    use pointsman_store::{Action, HandlerKind};

    use super::*;

    fn route(route: &str) -> Handler {
        Handler {
            service: "shop".into(),
            environment: None,
            kind: HandlerKind::RouteHandler,
            route: route.into(),
            method: "POST".into(),
            action: None,
            operation: None,
        }
    }

    fn action(name: &str) -> Handler {
        let action = Some(Action::Export { file: "app/actions.ts".into(), name: name.into() });
        Handler { kind: HandlerKind::ServerAction, action, ..route("/cart") }
    }

    fn policy(glob: &str) -> Policy {
        Policy { handlers: vec![glob.into()], reason: "because".into(), ..Policy::default() }
    }

    #[test]
    fn a_policy_is_against_the_moves_that_it_names() {
        let (to_action, to_route, to_page) =
            (Verdict::MoveToServerAction, Verdict::MoveToRouteHandler, Verdict::MoveToServerComponent);
        let api_first = Policy { keep: Some(Keep::Route), ..policy("/api/**") };
        let actions = Policy { keep: Some(Keep::Action), ..policy("app/**") };
        let all = Policy { dismiss: true, ..policy("POST /api/admin/*") };
        let ended = Policy { dismiss: true, until_ns: Some(50), ..policy("**") };
        let improvements = Policy { dismiss: true, rules: vec!["cache-*".into()], ..policy("**") };
        for (policy, handler, verdict, expected) in [
            (&api_first, route("/api/cart"), to_action, true),
            (&api_first, route("/cart"), to_action, false),
            (&api_first, route("/api/cart"), to_route, false),
            (&actions, action("getCart"), to_route, true),
            (&actions, action("getCart"), to_page, true),
            (&actions, action("getCart"), Verdict::Keep, false),
            (&all, route("/api/admin/users"), to_action, true),
            (&all, route("/api/admin/users/7"), to_action, false),
            (&ended, route("/api/cart"), to_action, false),
            (&improvements, route("/api/cart"), to_action, false),
        ] {
            let policies = Policies::new([policy.clone()]);
            let found = policies.against(&handler, verdict, 100).is_some();
            assert_eq!(found, expected, "{policy:?} {handler:?} {verdict:?}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        let good = Policy { dismiss: true, ..policy("/api/**") };
        assert_eq!(good.faults(), Vec::<String>::new());
        let nonsense = Policy {
            handlers: vec!["{a,b".into()],
            rules: vec!["no-such-*".into()],
            keep: Some(Keep::Route),
            reason: " ".into(),
            ..good
        };
        let said = nonsense.faults();
        let begins = ["handlers: ", "rules: no-such-* fits no rule", "dismiss and keep", "reason is missing"];
        assert_eq!(said.len(), begins.len(), "{said:#?}");
        for (said, begin) in said.iter().zip(begins) {
            assert!(said.starts_with(begin), "{said}");
        }
        let empty = Policy::default().faults();
        assert!(empty.iter().any(|fault| fault.starts_with("handlers is missing")), "{empty:?}");
        assert!(empty.iter().any(|fault| fault.starts_with("none of reads, writes")), "{empty:?}");
        let both = Policy { reads: Some(ReadsIn::Route), keep: Some(Keep::Route), ..policy("**") };
        assert!(both.faults()[0].starts_with("reads or writes besides"), "{:?}", both.faults());
    }

    #[test]
    fn a_house_rule_forbids_what_leaves_its_place() {
        let (to_action, to_route, to_page) =
            (Verdict::MoveToServerAction, Verdict::MoveToRouteHandler, Verdict::MoveToServerComponent);
        let reads = |place| Policy { reads: Some(place), ..policy("**") };
        let writes = |place| Policy { writes: Some(place), ..policy("**") };
        for (policy, verdict, is_read, forbidden) in [
            (reads(ReadsIn::Route), to_page, true, true),
            (reads(ReadsIn::Route), to_route, true, false),
            (reads(ReadsIn::Component), to_route, true, true),
            (reads(ReadsIn::Component), to_route, false, false),
            (reads(ReadsIn::Component), to_page, true, false),
            (reads(ReadsIn::Any), to_page, true, false),
            (reads(ReadsIn::Route), to_action, false, false),
            (writes(WritesIn::Route), to_action, false, true),
            (writes(WritesIn::Action), to_action, false, false),
            (writes(WritesIn::Action), to_route, false, true),
            (writes(WritesIn::Action), to_route, true, false),
            (writes(WritesIn::Any), to_action, false, false),
        ] {
            assert_eq!(policy.forbids(verdict, is_read), forbidden, "{policy:?} {verdict:?} {is_read}");
        }
    }
}
