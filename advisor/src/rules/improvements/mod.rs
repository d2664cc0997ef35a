//! Rules about what gets better without a move. They are reported first: they win most.

pub(super) mod action_external_caller;
pub(super) mod action_over_limit;
pub(super) mod action_refresh_loop;
pub(super) mod action_replay;
pub(super) mod action_self_fetch;
pub(super) mod batch_burst;
pub(super) mod cache_defeated;
pub(super) mod cache_get;
pub(super) mod cookie_rerender;
pub(super) mod duplicate_get;
pub(super) mod error_shape;
pub(super) mod forwarded_action;
pub(super) mod navigate_after_action;
pub(super) mod origin_host_mismatch;
pub(super) mod overwide_revalidation;
pub(super) mod payload_diet;
pub(super) mod prefetch_load;
pub(super) mod private_cache_get;
pub(super) mod proxy_redirects_action;
pub(super) mod refresh_after_action;
pub(super) mod replica_key_mismatch;
pub(super) mod sequential_waterfall;
pub(super) mod server_self_fetch;
pub(super) mod shared_read;
pub(super) mod unauthenticated_action;
pub(super) mod unsafe_get;
pub(super) mod version_skew;

use super::{Effect, Finding, Knobs, Pattern, Rule};
use crate::profile::Profile;

/// An improvement with its usual settings.
const fn improvement(
    id: &'static str,
    words: &'static str,
    threshold: f64,
    min_samples: u64,
    applies: fn(&Profile) -> bool,
    look: fn(&Profile, &Knobs<'_>) -> Finding,
) -> Rule {
    Rule {
        id,
        words,
        effect: Effect::Improves,
        weight: 0.0,
        threshold,
        min_samples,
        theme: id,
        pattern: Pattern::Usual,
        applies,
        look,
    }
}
