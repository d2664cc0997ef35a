//! Rules whose weights add up to a move, or take from it.

pub(super) mod action_large_response;
pub(super) mod action_long_running;
pub(super) mod action_per_endpoint_ops;
pub(super) mod action_poll;
pub(super) mod action_read_on_load;
pub(super) mod action_read_only;
pub(super) mod action_serial_queue;
pub(super) mod action_shared_result;
pub(super) mod action_typeahead;
pub(super) mod action_use_cache_ref;
pub(super) mod client_cache_library;
pub(super) mod client_needs_abort;
pub(super) mod cookie_write_then_refresh;
pub(super) mod frequent_poll;
pub(super) mod isolated_load_profile;
pub(super) mod low_volume_ok;
pub(super) mod many_callers;
pub(super) mod mutate_then_document;
pub(super) mod mutate_then_refresh;
pub(super) mod mutation_then_stale;
pub(super) mod native_form_post;
pub(super) mod own_ui_only_mutation;
pub(super) mod parallel_reads;
pub(super) mod proxy_coverage_change;
pub(super) mod redirect_with_flight;
pub(super) mod rerender_used;
pub(super) mod route_read_on_load;
pub(super) mod single_page_coupling;
pub(super) mod status_or_header_contract;

use super::Finding;
use crate::evidence::Fact;
use crate::profile::Profile;

/// What a rule about sequences lacks; `None` when they can be seen: clients are known for nine calls in ten, their keys last,
/// and every call was recorded.
fn unseen_sequences(profile: &Profile) -> Option<Finding> {
    if !profile.is_unsampled() {
        return Some(Finding::Sampled);
    }
    if profile.surroundings.habits.keys_change {
        return Some(Finding::Lacking("stable_client_keys"));
    }
    let known = profile.share(Fact::ClientKnown, Fact::Calls).is_some_and(|share| share.observed >= 0.9);
    (!known).then_some(Finding::Absent("pointsman.client.key"))
}
