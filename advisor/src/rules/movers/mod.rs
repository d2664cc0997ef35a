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
pub(super) mod parallel_mutations;
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
use crate::words::NeedCode;

/// What a rule about sequences lacks; `None` when they can be seen: clients are known for nine calls in ten, their keys last,
/// and every call was recorded.
fn unseen_sequences(profile: &Profile) -> Option<Finding> {
    if !profile.is_unsampled() {
        return Some(Finding::Sampled);
    }
    if profile.surroundings.habits.keys_change {
        return Some(Finding::Lacking(NeedCode::StableClientKeys));
    }
    let known = profile.share(Fact::ClientKnown, Fact::Calls).is_some_and(|share| share.observed >= 0.9);
    (!known).then_some(Finding::Absent("pointsman.client.key"))
}

/// What a rule found that rests on refreshes: not certain where an event stream is open meanwhile, since the server may have pushed
/// them, and would push them after an action as well.
fn by_own_code(profile: &Profile, finding: Finding) -> Finding {
    match finding {
        Finding::Holds(_) if may_be_pushed(profile) => Finding::Lacking(NeedCode::PushedRefresh),
        finding => finding,
    }
}

/// Whether an event stream is open during most of what could be followed by a refresh.
pub(super) fn may_be_pushed(profile: &Profile) -> bool {
    /// Share of mutations. [judgement]
    const OFTEN: f64 = 0.3;
    profile.share(Fact::FollowableBesideStream, Fact::Followable).is_some_and(|share| share.observed >= OFTEN)
}

/// Whether it begins or renews a session: then a page loads itself again for all that it knows of its user, and the endpoint is
/// most likely a library's.
fn is_about_sessions(profile: &Profile) -> bool {
    /// Share of successful calls. [judgement]
    const USUAL: f64 = 0.5;
    let about = |fact| profile.share(fact, Fact::Succeeded).map_or(0.0, |share| share.observed);
    let renewed_everywhere = profile.surroundings.cookies_are_ambient();
    let by_name = names_a_session(&profile.handler.route) && about(Fact::SetsCookie) >= USUAL;
    !renewed_everywhere
        && (by_name || about(Fact::SetsSession) >= USUAL || about(Fact::SessionsBegun) >= USUAL)
}

/// Whether a path says that its cookie is a session's, which telemetry may not know by its name.
fn names_a_session(route: &str) -> bool {
    const WORDS: [&str; 8] = ["auth", "session", "sessions", "token", "login", "logout", "signin", "signout"];
    let route = route.to_ascii_lowercase();
    route.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}

/// What a rule found that rests on new documents: not certain where they may have been fetched ahead for nobody, and no call of
/// the app shows that telemetry tells such documents from others.
fn in_view(profile: &Profile, fact: Fact, finding: Finding) -> Finding {
    /// Part of what was seen that may be such documents. [judgement]
    const FEW: f64 = 0.05;
    let told = profile.surroundings.habits.speculation_told;
    let ahead = profile.count(Fact::FollowedByOwnDocument) > FEW * profile.count(fact);
    match finding {
        Finding::Holds(_) if !told && ahead => Finding::Absent("http.request.header.sec-purpose"),
        finding => finding,
    }
}
