//! What one client did, in order. Sequences are read from these lines.

use std::collections::BTreeMap;

use pointsman_store::{Call, Caller, ClientKey, Form, Sampling, Sign};

use super::Known;

/// The Calls of one client, ordered by start. Only Calls that are certain to be complete are on it: with sampling,
/// what lies between two Calls is unknown, so adjacency, intervals and absence say nothing (design.md, invariant 5).
pub(super) struct Timeline<'a> {
    /// Ordered by start.
    pub calls: Vec<Known<'a>>,
}

/// One timeline per client key; Calls without one are on none, nor are those that the app made itself, which may
/// carry the cookies of the client for whom it made them.
pub(super) fn by_client<'a>(calls: &[Known<'a>]) -> Vec<Timeline<'a>> {
    let mut lines: BTreeMap<ClientKey, Vec<Known<'a>>> = BTreeMap::new();
    let by_client = |call: &Call| is_unsampled(call) && call.caller != Caller::Server;
    for known in calls.iter().filter(|known| by_client(known.call)) {
        if let Some(client) = known.call.client {
            lines.entry(client).or_default().push(*known);
        }
    }
    lines.into_values().map(|calls| Timeline { calls }).collect()
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

/// Whether two paths name the same page; a trailing slash does not matter.
pub(super) fn same_page(a: Option<&String>, b: Option<&String>) -> bool {
    let trimmed = |path: &'_ str| path.trim_end_matches('/').to_owned();
    a.zip(b).is_some_and(|(a, b)| trimmed(a) == trimmed(b))
}
