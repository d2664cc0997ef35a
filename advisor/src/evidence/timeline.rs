//! What one client did, in order. Sequences are read from these lines.

use pointsman_store::{Call, Caller, Form, Sampling, Sign};

use super::pass::Known;
use super::rhythm::Rhythm;

/// The Calls of one client, ordered by start. Only Calls that are certain to be complete are on it: with sampling,
/// what lies between two Calls is unknown, so adjacency, intervals and absence say nothing (ARCHITECTURE.md#what-always-holds).
pub(super) struct Timeline<'a> {
    /// Ordered by start.
    pub(super) calls: Vec<Known<'a>>,
    /// How fast its client is.
    pub(super) rhythm: Rhythm,
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

impl<'a> Timeline<'a> {
    /// That of these Calls, which are ordered by start.
    pub(super) fn of(calls: Vec<Known<'a>>, skew_tolerance_ns: u64) -> Self {
        let rhythm = Rhythm::of(&calls);
        Self { calls, rhythm, skew_tolerance_ns: i64::try_from(skew_tolerance_ns).unwrap_or(i64::MAX) }
    }
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

/// Whether the Call brought a page to the client: a document, or an RSC response that is not a prefetch. An image that a
/// proxy answers with a page shows none, and neither does what a browser fetches in case somebody goes there.
pub(super) fn shows_page(call: &Call) -> bool {
    asks_for_page(call) && call.succeeded() == Some(true)
}

/// Whether the Call asked for a page to be shown. With HEAD Next.js only looks whether the server is there.
pub(super) fn asks_for_page(call: &Call) -> bool {
    matches!(call.form, Form::Document | Form::Rsc)
        && call.method == "GET"
        && !call.has(Sign::Subresource)
        && !call.has(Sign::Speculative)
}

/// Whether it may have changed what the client is shown: a method that writes, or an action.
pub(super) fn may_write(call: &Call) -> bool {
    let route =
        call.handler.kind.is_route() && matches!(call.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE");
    route || matches!(call.form, Form::ActionFetch | Form::ActionForm)
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
