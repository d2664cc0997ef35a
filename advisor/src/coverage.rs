//! Which telemetry arrives and what its absence costs. How that is printed is not decided here.

use std::collections::HashMap;

use pointsman_store::{Action, Caller, Fingerprint, Handler, HandlerKind};

use crate::evidence::{Fact, Measure, Rollup};
use crate::windows::ByHandler;

/// How often one piece of telemetry arrives.
#[derive(Clone, PartialEq, Debug)]
pub struct Coverage {
    /// The attributes, as in the telemetry contract.
    pub attribute: &'static str,
    /// Share of the calls that carry it, 0 to 1.
    pub share: f64,
    /// What cannot be judged without it.
    pub matters_for: &'static str,
}

/// Coverage over the calls of one service in one environment. Empty without calls.
#[must_use]
pub fn coverage(
    handlers: &HashMap<Fingerprint, Handler>,
    rollups: &ByHandler,
    environment: Option<&str>,
) -> Vec<Coverage> {
    let of_environment =
        |id: &Fingerprint| handlers.get(id).filter(|handler| handler.environment.as_deref() == environment);
    let known: Vec<(&Handler, &Rollup)> =
        rollups.iter().filter_map(|(id, rollup)| Some((of_environment(id)?, rollup.as_ref()))).collect();
    let count = |fact: Fact| -> u64 { known.iter().map(|(_, rollup)| rollup.observed(fact)).sum() };
    let measured = |measure: Measure| -> u64 {
        let strata = known.iter().flat_map(|(_, rollup)| rollup.strata.iter());
        strata.filter_map(|(_, stratum)| stratum.measure(measure)).map(crate::stats::Sketch::count).sum()
    };
    let calls = count(Fact::Calls);
    if calls == 0 {
        return Vec::new();
    }
    let share = |part: u64, whole: u64| crate::stats::as_f64(part) / crate::stats::as_f64(whole.max(1));
    let row = |attribute, part, matters_for| Coverage { attribute, share: share(part, calls), matters_for };
    let mut rows = vec![
        row("http.response.status_code", count(Fact::StatusKnown), "errors, successful mutations"),
        row(
            "http.request.header.* (sec-fetch-site, referer, origin, ...)",
            count(Fact::HeadersKnown),
            "who calls: without it nothing is ever moved",
        ),
        row("callers told apart", calls - count(Fact::by(Caller::Unknown)), "who calls"),
        row("pointsman.client.key", count(Fact::ClientKnown), "sequences: refreshes, queues, polls, loads"),
        row(
            "http.response.header.* (cache-control, ...)",
            count(Fact::ResponseHeadersKnown),
            "caches, streams, CORS",
        ),
        row("http.request.body.size", measured(Measure::RequestBytes), "limits of actions"),
        row("http.response.body.size", measured(Measure::ResponseBytes), "payloads"),
    ];
    let (named, actions) = named_actions(&known);
    if actions > 0 {
        rows.push(Coverage {
            attribute: "code.function.name, code.file.path",
            share: share(named, actions),
            matters_for: "telling server actions apart over builds",
        });
    }
    rows
}

/// Calls of actions with a name, and of all actions.
fn named_actions(known: &[(&Handler, &Rollup)]) -> (u64, u64) {
    let (mut named, mut all) = (0, 0);
    for (handler, rollup) in known.iter().filter(|(one, _)| one.kind == HandlerKind::ServerAction) {
        let calls = rollup.observed(Fact::Calls);
        match handler.action {
            Some(Action::NotFound) => {}
            Some(Action::Export { .. }) => {
                named += calls;
                all += calls;
            }
            _ => all += calls,
        }
    }
    (named, all)
}
