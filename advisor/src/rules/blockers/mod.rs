//! Rules that bar a move, whatever else is seen. All but the last look at routes; their counts run over all that is
//! retained, because one partner who calls once a month is enough to break.

pub(super) mod beacon_or_keepalive;
pub(super) mod body_near_limit;
pub(super) mod crawler_or_wellknown;
pub(super) mod cross_origin_caller;
pub(super) mod external_nonbrowser_client;
pub(super) mod http_cached_get;
pub(super) mod navigation_target;
pub(super) mod pages_router_caller;
pub(super) mod pe_form_in_use;
pub(super) mod scheduler_or_probe;
pub(super) mod stream_or_binary;
pub(super) mod subresource;
pub(super) mod token_without_cookie;
pub(super) mod webhook_signature;
pub(super) mod worker_caller;

use super::{Effect, Pattern, Rule, is_route};
use crate::profile::Profile;

/// A blocker of routes with its usual settings: one observation is enough.
const fn blocker(
    id: &'static str,
    words: &'static str,
    min_samples: u64,
    look: fn(&Profile, &super::Knobs<'_>) -> super::Finding,
) -> Rule {
    Rule {
        id,
        words,
        effect: Effect::BlocksAction,
        weight: 0.0,
        threshold: 0.0,
        min_samples,
        theme: id,
        pattern: Pattern::Usual,
        applies: is_route,
        look,
    }
}
