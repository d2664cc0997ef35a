//! What all Handlers of an app show together about its clients: whether their keys last, and whether they send actions one
//! by one. Rules about sequences ask here before they read any.

use pointsman_store::AppFact;

use super::Profile;
use crate::evidence::{Fact, Rollup};
use crate::stats::{Interval, as_f64};

/// Keys below which nothing is said about them.
const KEYS: u64 = 20;
/// Share of keys that come from nowhere and are gone within a minute from which on keys do not last. A session that begins with
/// a sign-in makes one such key for each that does.
const FROM_NOWHERE: f64 = 0.6;
/// Actions that ran beside another one of their client, so many and such a share of those that might have waited: then this
/// client does not make them wait. People with two tabs make a few.
const OVERLAPPING: u64 = 10;
const OVERLAPPING_SHARE: f64 = 0.2;
/// Share of mutations without what their browsers say of the site from which on something on the way takes it away. [judgement]
const LEFT_OUT: f64 = 0.3;

/// Habits of an app's clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Habits {
    /// The keys of clients change while people use the app: what a client does in a row cannot be seen.
    pub keys_change: bool,
    /// Actions of one client that ran side by side, where there are so many that this app's client does not queue them.
    pub side_by_side: Option<u64>,
    /// Whether one shell a route is fetched ahead in place of one payload a link (`partialPrefetching`); `None` where the build
    /// does not say which flags it has.
    pub partial_prefetching: Option<bool>,
    /// Whether telemetry says which credentials requests carry: without that, none were seen, and not none were there.
    pub credentials_told: bool,
    /// Whether telemetry says by which host the app was reached: without that no `Origin` was found to be another one.
    pub hosts_told: bool,
    /// Whether browsers' requests reach the app without what they say of the site from which they come, because something on the
    /// way takes it away: then its absence says nothing of one request.
    pub sites_left_out: bool,
    /// Whether actions ran although their `Origin` is another host than the app sees: `serverActions.allowedOrigins` names it.
    pub origins_allowed: bool,
    /// Whether telemetry tells what browsers fetch ahead (`sec-purpose`): without that, a document may have shown nobody a page.
    pub speculation_told: bool,
}

impl Habits {
    /// From all Handlers of an app, and what its build says.
    pub(super) fn of(profiles: &[Profile<'_>], facts: &[AppFact]) -> Self {
        let count = |fact| profiles.iter().map(|profile| profile.observed(fact)).sum::<u64>();
        let (overlapping, waiting) = (count(Fact::OverlappingActions), count(Fact::InBurst));
        let share = as_f64(overlapping) / as_f64((overlapping + waiting).max(1));
        Self {
            partial_prefetching: flag(facts, "partialPrefetching"),
            credentials_told: count(Fact::CredentialsTold) > 0,
            hosts_told: count(Fact::HostsTold) > 0,
            speculation_told: count(Fact::Speculative) > 0,
            origins_allowed: count(Fact::AllowedOrigins) > 0,
            sites_left_out: as_f64(count(Fact::SucceededUnlikeBrowser))
                > LEFT_OUT * as_f64(mutations(profiles)),
            keys_change: do_keys_change(count),
            side_by_side: Some(overlapping).filter(|all| *all >= OVERLAPPING && share >= OVERLAPPING_SHARE),
        }
    }
}

/// Successful mutations of routes by the app's own pages.
fn mutations(profiles: &[Profile<'_>]) -> u64 {
    let changes = |profile: &&Profile<'_>| {
        profile.handler.kind.is_route()
            && !matches!(profile.handler.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    };
    profiles.iter().filter(changes).map(|profile| profile.observed(Fact::SucceededByOwnUi)).sum()
}

/// Whether the build that was seen last has a flag.
fn flag(facts: &[AppFact], name: &str) -> Option<bool> {
    let flags = || facts.iter().filter(|fact| fact.name == "pointsman.next.flags");
    let newest = flags().map(|fact| fact.last_seen_ns).max()?;
    // All flags of a build come together.
    Some(flags().any(|fact| fact.value == name && fact.last_seen_ns == newest))
}

/// Whether the keys of clients change while they use the app, as the Rollups of all its Handlers tell.
pub(crate) fn keys_change(rollups: &[&Rollup]) -> bool {
    do_keys_change(|fact| rollups.iter().map(|rollup| rollup.observed(fact)).sum())
}

fn do_keys_change(count: impl Fn(Fact) -> u64) -> bool {
    let (begun, from_nowhere) = (count(Fact::KeysBegun), count(Fact::KeysBegunMidFlow));
    begun >= KEYS && Interval::wilson(as_f64(from_nowhere), as_f64(begun)).low >= FROM_NOWHERE
}
