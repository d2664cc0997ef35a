//! What one client did, in order. Sequences are read from these lines.

use std::collections::HashMap;

use pointsman_store::{Call, Caller, ClientKey, Form, Sampling, Sign};

use super::pass::Known;

/// The Calls of one client, ordered by start. Only Calls that are certain to be complete are on it: with sampling,
/// what lies between two Calls is unknown, so adjacency, intervals and absence say nothing (design.md, invariant 5).
pub(super) struct Timeline<'a> {
    /// Ordered by start.
    pub(super) calls: Vec<Known<'a>>,
    skew_tolerance_ns: i64,
}

/// What is known of a relation that depends on the clocks of one or two instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Certainty {
    /// It holds, by however much the clocks differ within the tolerance.
    Holds,
    /// It does not, by however much they differ.
    Fails,
    /// That depends on the difference.
    Unclear,
}

/// One timeline per client key, in no order; Calls without one are on none, nor are those that the app made itself,
/// which may carry the cookies of the client for whom it made them.
pub(super) fn by_client<'a>(calls: &[Known<'a>], skew_tolerance_ns: u64) -> Vec<Timeline<'a>> {
    let mut lines: HashMap<ClientKey, Vec<Known<'a>>, foldhash::fast::FixedState> = HashMap::default();
    let by_client = |call: &Call| is_unsampled(call) && call.caller != Caller::Server;
    for known in calls.iter().filter(|known| by_client(known.call)) {
        if let Some(client) = known.call.client {
            lines.entry(client).or_default().push(*known);
        }
    }
    let skew_tolerance_ns = i64::try_from(skew_tolerance_ns).unwrap_or(i64::MAX);
    lines.into_values().map(|calls| Timeline { calls, skew_tolerance_ns }).collect()
}

impl Timeline<'_> {
    /// By how much the order of two Calls may be wrong, ns: not at all within one instance. Two Calls that name no
    /// instance are taken to be of the same one.
    pub(super) fn slack(&self, a: &Call, b: &Call) -> i64 {
        if a.instance == b.instance { 0 } else { self.skew_tolerance_ns }
    }

    /// Whether a time that was measured between two Calls lies within `least..=most`, ns.
    pub(super) fn within(&self, (a, b): (&Call, &Call), measured: i64, least: i64, most: i64) -> Certainty {
        let slack = self.slack(a, b);
        if measured >= least.saturating_add(slack) && measured <= most.saturating_sub(slack) {
            Certainty::Holds
        } else if measured < least.saturating_sub(slack) || measured > most.saturating_add(slack) {
            Certainty::Fails
        } else {
            Certainty::Unclear
        }
    }

    /// How much later a Call may be listed than it happened, ns.
    pub(super) fn skew(&self) -> u64 {
        self.skew_tolerance_ns.unsigned_abs()
    }
}

impl Certainty {
    /// Both hold.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Holds, Self::Holds) => Self::Holds,
            (Self::Fails, _) | (_, Self::Fails) => Self::Fails,
            _ => Self::Unclear,
        }
    }
}

/// Whether the Call's weight is 1: declared so, or taken so because nothing is declared.
pub(super) fn is_unsampled(call: &Call) -> bool {
    matches!(call.sampling, Sampling::Undeclared | Sampling::Threshold(0))
}

/// Whether the Call brought a page to the client: a document, or an RSC response that is not a prefetch.
pub(super) fn shows_page(call: &Call) -> bool {
    matches!(call.form, Form::Document | Form::Rsc) && call.succeeded() == Some(true)
}

/// Whether it is an action called by JavaScript that ran.
pub(super) fn is_action_fetch(call: &Call) -> bool {
    call.form == Form::ActionFetch && !call.has(Sign::ActionNotFound)
}

/// Whether it is a mutation of a route that the code of an own page sends: as an action it would be such a call.
pub(super) fn is_own_mutation(call: &Call) -> bool {
    call.handler.kind.is_route()
        && call.form == Form::Plain
        && call.caller == Caller::OwnUi
        && matches!(call.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
}

/// Whether two paths name the same page; a trailing slash does not matter.
pub(super) fn same_page(a: Option<&String>, b: Option<&String>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a.trim_end_matches('/') == b.trim_end_matches('/'))
}
