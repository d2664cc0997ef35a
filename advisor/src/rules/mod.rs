//! The rules, one file each: what a rule watches, why it is true, and its text. The list below is the only place
//! that knows them all. How findings add up is decided in `verdict`.

mod blockers;
mod improvements;
mod knobs;
mod movers;
mod statement;

use pointsman_store::HandlerKind;

use crate::profile::Profile;
use crate::words::Verdict;

pub(crate) use knobs::names;
pub use knobs::{Knobs, Thresholds, handler_globs};
pub(crate) use statement::counted;
pub use statement::{Finding, Statement};
use statement::{named, part_of, percent, tenths};

/// What a rule can do to a verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// A route that must stay a route, whatever else is seen.
    BlocksAction,
    /// For a route becoming an action.
    ForAction,
    /// Against a route becoming an action.
    AgainstAction,
    /// For a reading action becoming a route.
    ForRoute,
    /// For a reading action becoming part of a server component.
    ForServerComponent,
    /// An action that must stay an action, whatever else is seen.
    BlocksRoute,
    /// Against an action becoming a route or part of a server component.
    AgainstRoute,
    /// An action with which nothing is wrong: it stays.
    Rests,
    /// Better without a move.
    Improves,
}

impl Effect {
    /// Effects of the rules that speak for a verdict.
    pub(crate) fn speaking_for(verdict: Verdict) -> &'static [Self] {
        match verdict {
            Verdict::MoveToServerAction => &[Self::ForAction],
            Verdict::MoveToRouteHandler => &[Self::ForRoute],
            Verdict::MoveToServerComponent => &[Self::ForServerComponent, Self::ForRoute],
            Verdict::Keep | Verdict::InsufficientEvidence => &[],
        }
    }

    /// Whether it points the same way: out of an action it does not matter where to.
    pub(crate) fn points_to(self, other: Self) -> bool {
        self == other || (other == Self::ForRoute && self == Self::ForServerComponent)
    }
}

/// What a move replaces on the pages: it decides the words of the plan and of the Change's title.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// Requests that are made by themselves.
    Usual,
    /// A form that is sent without a script.
    Form,
    /// A request and a whole page after it.
    Reload,
    /// Reads that wait for each other.
    Queue,
    /// The same read again and again.
    Poll,
    /// A read with each letter that is typed.
    Search,
    /// An answer that comes piece by piece.
    Stream,
    /// Answers that are the same for everybody.
    SharedAnswer,
}

/// A rule: what it watches and what follows.
pub struct Rule {
    /// Its stable id, as in reports and settings.
    pub id: &'static str,
    /// What a list says of it: of an improvement what to do, of a blocker why the Handler stays; empty for what only adds to a
    /// score.
    pub words: &'static str,
    /// What it can do to a verdict.
    pub effect: Effect,
    /// What it adds to or takes from the score; 0 for blockers and improvements.
    pub weight: f64,
    /// What its observable must reach.
    pub threshold: f64,
    /// Observations it needs.
    pub min_samples: u64,
    /// Rules with the same theme tell the same fact: only the heaviest of them counts.
    pub theme: &'static str,
    /// What a move for this reason replaces on the pages.
    pub pattern: Pattern,
    /// Kinds of Handler it looks at.
    pub applies: fn(&Profile) -> bool,
    /// Looks.
    pub look: fn(&Profile, &Knobs) -> Finding,
}

/// Rules that are new: they look and are counted, but do not speak unless the settings say so (`shadow = false`).
pub static SHADOWED: &[&str] = &["action-per-endpoint-ops", "route-read-on-load"];

/// Rules about what harms people now: a Handler of which one of them speaks is listed before all moves.
pub static URGENT: &[&str] = &["action-refresh-loop"];

/// Rules about how often, by whom, how slowly or with how much data an app is called, and about failures, which tests provoke.
/// A recording of tests shows none of that, so they stay silent there.
pub static NEED_TRAFFIC: &[&str] = &[
    "action-external-caller",
    "action-large-response",
    "action-long-running",
    "action-over-limit",
    "action-per-endpoint-ops",
    "action-replay",
    "action-shared-result",
    "cache-defeated",
    "cache-get",
    "client-needs-abort",
    "error-shape",
    "isolated-load-profile",
    "low-volume-ok",
    "many-callers",
    "mutation-then-stale",
    "origin-host-mismatch",
    "own-ui-only-mutation",
    "payload-diet",
    "prefetch-load",
    "private-cache-get",
    "replica-key-mismatch",
    "shared-read",
    "single-page-coupling",
    "version-skew",
];

/// Every rule, in the order in which their findings are listed.
pub static RULES: &[&Rule] = &[
    &blockers::webhook_signature::RULE,
    &blockers::external_nonbrowser_client::RULE,
    &blockers::cross_origin_caller::RULE,
    &blockers::navigation_target::RULE,
    &blockers::subresource::RULE,
    &blockers::stream_or_binary::RULE,
    &blockers::http_cached_get::RULE,
    &blockers::scheduler_or_probe::RULE,
    &blockers::crawler_or_wellknown::RULE,
    &blockers::body_near_limit::RULE,
    &blockers::beacon_or_keepalive::RULE,
    &blockers::pages_router_caller::RULE,
    &blockers::worker_caller::RULE,
    &blockers::token_without_cookie::RULE,
    &blockers::pe_form_in_use::RULE,
    &movers::mutate_then_refresh::RULE,
    &movers::mutate_then_document::RULE,
    &movers::native_form_post::RULE,
    &movers::cookie_write_then_refresh::RULE,
    &movers::mutation_then_stale::RULE,
    &movers::own_ui_only_mutation::RULE,
    &movers::single_page_coupling::RULE,
    &movers::status_or_header_contract::RULE,
    &movers::client_cache_library::RULE,
    &movers::many_callers::RULE,
    &movers::isolated_load_profile::RULE,
    &movers::proxy_coverage_change::RULE,
    &movers::parallel_reads::RULE,
    &movers::parallel_mutations::RULE,
    &movers::frequent_poll::RULE,
    &movers::client_needs_abort::RULE,
    &movers::action_serial_queue::RULE,
    &movers::action_read_on_load::RULE,
    &movers::action_poll::RULE,
    &movers::action_use_cache_ref::RULE,
    &movers::action_read_only::RULE,
    &movers::action_typeahead::RULE,
    &movers::action_shared_result::RULE,
    &movers::action_long_running::RULE,
    &movers::action_large_response::RULE,
    &movers::action_per_endpoint_ops::RULE,
    &blockers::stream_or_binary::OF_ACTION,
    &movers::rerender_used::RULE,
    &movers::redirect_with_flight::RULE,
    &movers::low_volume_ok::RULE,
    &blockers::webhook_signature::TURNED_AWAY,
    &improvements::action_refresh_loop::RULE,
    &improvements::server_self_fetch::RULE,
    &improvements::action_self_fetch::RULE,
    &improvements::cache_get::RULE,
    &improvements::private_cache_get::RULE,
    &improvements::shared_read::RULE,
    &improvements::cache_defeated::RULE,
    &improvements::duplicate_get::RULE,
    &improvements::payload_diet::RULE,
    &improvements::refresh_after_action::RULE,
    &improvements::navigate_after_action::RULE,
    &improvements::overwide_revalidation::RULE,
    &improvements::prefetch_load::RULE,
    &improvements::cookie_rerender::RULE,
    &improvements::batch_burst::RULE,
    &improvements::action_external_caller::RULE,
    &improvements::action_over_limit::RULE,
    &improvements::version_skew::RULE,
    &improvements::replica_key_mismatch::RULE,
    &improvements::action_replay::RULE,
    &improvements::origin_host_mismatch::RULE,
    &improvements::forwarded_action::RULE,
    &improvements::proxy_redirects_action::RULE,
    &improvements::unauthenticated_action::RULE,
    &improvements::unsafe_get::RULE,
    &improvements::sequential_waterfall::RULE,
    &improvements::error_shape::RULE,
    &movers::action_typeahead::FIRST_AID,
    &movers::action_long_running::FIRST_AID,
    &movers::action_read_on_load::PER_USE,
    &movers::route_read_on_load::RULE,
];

/// What to do about an improvement, in a few words; `None` where no rule with this id improves anything.
#[must_use]
pub fn remedy(id: &str) -> Option<&'static str> {
    with_id(id).find(|rule| rule.effect == Effect::Improves).map(|rule| rule.words)
}

/// Why a Handler stays, in a few words; `None` where no rule with this id bars a move.
#[must_use]
pub fn bar(id: &str) -> Option<&'static str> {
    let bars = |rule: &&Rule| matches!(rule.effect, Effect::BlocksAction | Effect::BlocksRoute);
    with_id(id).find(bars).map(|rule| rule.words)
}

/// What a move replaces for which the rule with this id is the reason.
pub(crate) fn pattern(id: &str, verdict: Verdict) -> Pattern {
    let speaks = |rule: &&Rule| Effect::speaking_for(verdict).contains(&rule.effect);
    with_id(id).find(speaks).map_or(Pattern::Usual, |rule| rule.pattern)
}

/// One id may stand for what is seen of routes and of actions, and for what bars and what improves.
fn with_id(id: &str) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().filter(move |rule| rule.id == id)
}

/// API routes of either router.
fn is_route(profile: &Profile) -> bool {
    profile.handler.kind.is_route()
}

/// API routes answering GET.
fn is_get_route(profile: &Profile) -> bool {
    is_route(profile) && profile.handler.method == "GET"
}

/// API routes answering a method that changes something, unless it is a POST that only reads.
pub(crate) fn is_mutation_route(profile: &Profile) -> bool {
    is_unsafe_route(profile) && !profile.reads_by_post()
}

/// API routes answering a method that may change something.
pub(crate) fn is_unsafe_route(profile: &Profile) -> bool {
    is_route(profile) && matches!(profile.handler.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
}

/// Server actions.
fn is_action(profile: &Profile) -> bool {
    profile.handler.kind == HandlerKind::ServerAction
}

/// Pages.
fn is_page(profile: &Profile) -> bool {
    profile.handler.kind == HandlerKind::Page
}

/// Handlers on which unknown action ids are told: the page's actions, or the page where none of them is known.
fn named_unknown_ids(profile: &Profile) -> bool {
    profile.surroundings.unknown_ids.calls > 0
}
