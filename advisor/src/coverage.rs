//! Which telemetry arrives and what its absence costs. How that is printed is not decided here.

use std::collections::HashMap;

use pointsman_store::{Action, Caller, Fingerprint, Handler, HandlerKind};

use crate::evidence::{Fact, Measure, Rollup};
use crate::windows::ByHandler;

/// What keys of clients are for.
const SEQUENCES: &str = "sequences: refreshes, queues, polls, loads";
/// The row of client keys that do not last.
pub const CHANGING_KEYS: &str = "pointsman.client.key that lasts (it changes while people use the app)";

/// The row of the names of Server Actions.
pub const ACTION_NAMES: &str = "code.function.name, code.file.path";

/// How often one piece of telemetry arrives.
#[derive(Clone, PartialEq, Debug)]
pub struct Coverage {
    /// The attributes, as in the telemetry contract.
    pub attribute: &'static str,
    /// Share of the calls that carry it, 0 to 1.
    pub share: f64,
    /// What cannot be judged without it.
    pub matters_for: &'static str,
    /// Whether spans of the npm package lack it: more calls do than other instrumentation reported.
    pub package_lacks_it: bool,
}

/// What keeps client keys from being known, as far as telemetry says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Proxied {
    /// Calls whose client's address a proxy named, which the package was not told to trust.
    pub untrusted: u64,
    /// Calls that spans of the package stand for.
    pub by_package: u64,
    /// Calls with a client key.
    pub with_key: u64,
}

impl Proxied {
    /// Whether the package reports calls without client keys. It has one reason only: all of them would share the address of
    /// a proxy that it was not told to trust, and no session's cookie tells them apart.
    #[must_use]
    pub fn hides_clients(self) -> bool {
        self.by_package > 0 && self.with_key.saturating_mul(10) < self.by_package.saturating_mul(9)
    }
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
    let by_others = calls.saturating_sub(count(Fact::ByPackage));
    let row = |attribute, part: u64, matters_for| {
        let lacking = calls.saturating_sub(part);
        // Some requests end without an answer, some have nothing to report.
        let package_lacks_it = lacking > by_others.saturating_add(calls / 20);
        Coverage { attribute, share: share(part, calls), matters_for, package_lacks_it }
    };
    let mut rows = vec![
        row("http.response.status_code", count(Fact::StatusKnown), "errors, successful mutations"),
        row(
            "http.request.header.* (sec-fetch-site, referer, origin, ...)",
            count(Fact::HeadersKnown),
            "who calls: without it, no move is recommended",
        ),
        row("the kind of caller", calls - count(Fact::by(Caller::Unknown)), "who calls"),
        lasting_keys(&known, row("pointsman.client.key", count(Fact::ClientKnown), SEQUENCES)),
        row(
            "pointsman.request.credentials",
            count(Fact::CredentialsTold),
            "who is signed in: without it no route becomes an action, and nothing is said about shared caches",
        ),
        row(
            "http.response.header.* (cache-control, ...)",
            count(Fact::ResponseHeadersKnown),
            "caches, streams, CORS",
        ),
        row("http.request.body.size", measured(Measure::RequestBytes), "limits of actions"),
        row("http.response.body.size", measured(Measure::ResponseBytes), "payloads"),
    ];
    rows.extend(action_names(&known));
    rows
}

/// What keeps client keys from being known, over the calls of one service in one environment.
#[must_use]
pub fn proxied(
    handlers: &HashMap<Fingerprint, Handler>,
    rollups: &ByHandler,
    environment: Option<&str>,
) -> Proxied {
    let of_environment = |id: &Fingerprint| {
        handlers.get(id).is_some_and(|handler| handler.environment.as_deref() == environment)
    };
    let of_environment = || rollups.iter().filter(|(id, _)| of_environment(id)).map(|(_, rollup)| rollup);
    let count = |fact: Fact| -> u64 { of_environment().map(|rollup| rollup.observed(fact)).sum() };
    Proxied {
        untrusted: count(Fact::ForwardedUntrusted),
        by_package: count(Fact::ByPackage),
        with_key: count(Fact::ClientKnown),
    }
}

/// Keys that change while people use the app are as good as none, however many calls have one.
fn lasting_keys(known: &[(&Handler, &Rollup)], row: Coverage) -> Coverage {
    let rollups: Vec<&Rollup> = known.iter().map(|(_, rollup)| *rollup).collect();
    if crate::profile::keys_change(&rollups) {
        Coverage { attribute: CHANGING_KEYS, share: 0.0, ..row }
    } else {
        row
    }
}

/// How many of the actions' calls have a name; none where no action was called. Who lacks it is asked of these calls alone:
/// pages that other instrumentation reports say nothing of it.
fn action_names(known: &[(&Handler, &Rollup)]) -> Option<Coverage> {
    let (mut named, mut by_package, mut all) = (0, 0, 0);
    for (handler, rollup) in known.iter().filter(|(one, _)| one.kind == HandlerKind::ServerAction) {
        let calls = rollup.observed(Fact::Calls);
        match handler.action {
            Some(Action::NotFound) => continue,
            Some(Action::Export { .. }) => named += calls,
            _ => by_package += rollup.observed(Fact::ByPackage).min(calls),
        }
        all += calls;
    }
    (all > 0).then(|| Coverage {
        attribute: ACTION_NAMES,
        share: crate::stats::as_f64(named) / crate::stats::as_f64(all),
        matters_for: "following server actions across builds",
        package_lacks_it: by_package > all / 20,
    })
}
