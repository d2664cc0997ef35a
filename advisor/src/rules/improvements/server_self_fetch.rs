//! **server-self-fetch**: a page fetches the app's own API over HTTP while it renders.
//!
//! Seen: outgoing fetch spans of a render with a request of the same service below them in the trace.
//! Why: the server calls itself through the network: a second invocation, the proxy once more, a round trip inside
//! the response. Calling the function behind the route saves all of it; at build time the fetch even fails. All
//! versions.
//! Source: Next.js docs, Backend for Frontend "Caveats > Server Components"; [measured] 51 ms against 0.8 ms.
//! Guard: only spans nested in one trace count, so another service on the same host does not.
//! Example: `await fetch(`${origin}/api/stats`)` in `app/stats/page.tsx`.

use pointsman_store::HandlerKind;

use super::super::{Finding, Knobs, Rule, Statement, counted};
use super::improvement;
use crate::evidence::{Fact, Measure};
use crate::gain::{Gain, Waiting};
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = improvement(
    "server-self-fetch",
    "call the function instead of fetching the app's own API",
    0.0,
    20,
    |profile| profile.handler.kind == HandlerKind::Page,
    look,
);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    self_fetches(profile, knobs, "rendering it")
}

/// The statement of this rule and of `action-self-fetch`.
pub(super) fn self_fetches(profile: &Profile, knobs: &Knobs<'_>, doing: &str) -> Finding {
    let fetches = profile.observed(Fact::SelfFetches);
    let overhead = profile.quantile(Measure::SelfFetchOverhead, 0.5).unwrap_or_default() / 1_000.0;
    let text = format!(
        "{doing} made {} to the app's own API over HTTP, {overhead:.0} ms (p50) beyond the work itself: call the \
         function behind the route",
        counted(fetches, "request"),
    );
    let flips = "no request to the app itself within its traces".to_owned();
    let times = profile.count(Fact::SelfFetches) / profile.count(Fact::SelfFetching).max(1.0);
    let gain = Gain {
        per_day: profile.estimate_per_day(Fact::SelfFetching),
        requests: times,
        waiting: profile.quantile(Measure::SelfFetchOverhead, 0.95).map(|p95| Waiting {
            p50: overhead,
            p95: p95 / 1_000.0,
            p50_range: None,
        }),
        ..Gain::default()
    };
    let statement = Statement::of_count(fetches, text, flips);
    statement.with(profile.exemplars(Fact::SelfFetching)).gaining(gain).judged_by_count(knobs)
}
