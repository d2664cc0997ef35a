//! The rules, one file each: what a rule watches, why it is true, and its text. The list below is the only place
//! that knows them all. How findings add up is decided in `verdict`.

mod blockers;
mod improvements;
mod movers;

use pointsman_store::HandlerKind;

use crate::profile::{Profile, Share};
use crate::settings::{RuleSettings, Settings};
use crate::stats::{Interval, as_f64};

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
    /// Better without a move.
    Improves,
}

/// A rule: what it watches and what follows.
pub struct Rule {
    /// Its stable id, as in reports and settings.
    pub id: &'static str,
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
    /// Kinds of Handler it looks at.
    pub applies: fn(&Profile) -> bool,
    /// Looks.
    pub look: fn(&Profile, &Knobs) -> Finding,
}

/// The effective thresholds of one rule, beside those for all.
#[derive(Clone, Copy, Debug)]
pub struct Knobs<'a> {
    /// What it adds to or takes from the score.
    pub weight: f64,
    /// What its observable must reach.
    pub threshold: f64,
    /// Observations it needs.
    pub min_samples: u64,
    /// Thresholds for all rules.
    pub settings: &'a Settings,
}

/// What a rule found.
#[derive(Clone, PartialEq, Debug)]
pub enum Finding {
    /// Nothing that bears on this Handler.
    Silent,
    /// Telemetry lacks what the rule needs to see.
    Absent(&'static str),
    /// Only some traces are recorded: what the rule looks for lies between two of them.
    Sampled,
    /// It looked, and its threshold is not reached.
    Below(Statement),
    /// It speaks.
    Holds(Statement),
}

/// A measured statement.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    /// The observed value, in the unit of the threshold.
    pub observed: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// Observations behind it.
    pub samples: u64,
    /// One sentence with the measured numbers.
    pub text: String,
    /// What would have to be seen for the opposite.
    pub flips_if: String,
    /// Traces that show it.
    pub exemplars: Vec<String>,
    /// What acting on it gains.
    pub gain: Gain,
}

/// What acting on a finding gains. Negative numbers are losses.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Gain {
    /// Interactions a day that gain.
    pub interactions_per_day: f64,
    /// Round trips saved per Interaction.
    pub round_trips: f64,
    /// Waiting saved in the median Interaction, ms, as measured.
    pub ms_p50: f64,
    /// Bytes saved per Interaction.
    pub bytes: f64,
    /// Requests a day that the app no longer has to answer.
    pub origin_requests_per_day: f64,
}

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
    &blockers::pe_form_in_use::RULE,
    &movers::mutate_then_refresh::RULE,
    &movers::mutate_then_document::RULE,
    &movers::native_form_post::RULE,
    &movers::own_ui_only_mutation::RULE,
    &movers::single_page_coupling::RULE,
    &movers::status_or_header_contract::RULE,
    &movers::client_cache_library::RULE,
    &movers::many_callers::RULE,
    &movers::action_serial_queue::RULE,
    &movers::action_read_on_load::RULE,
    &movers::action_poll::RULE,
    &movers::action_read_only::RULE,
    &movers::action_typeahead::RULE,
    &movers::action_long_running::RULE,
    &movers::rerender_used::RULE,
    &improvements::server_self_fetch::RULE,
    &improvements::action_self_fetch::RULE,
    &improvements::cache_get::RULE,
    &improvements::refresh_after_action::RULE,
    &improvements::batch_burst::RULE,
    &improvements::action_external_caller::RULE,
    &improvements::origin_host_mismatch::RULE,
    &improvements::unauthenticated_action::RULE,
    &improvements::duplicate_get::RULE,
    &improvements::private_cache_get::RULE,
    &improvements::action_over_limit::RULE,
    &improvements::version_skew::RULE,
    &movers::action_typeahead::FIRST_AID,
];

impl Rule {
    /// Its thresholds as the settings have them; `None` when it is switched off.
    #[must_use]
    pub fn knobs<'a>(&self, settings: &'a Settings) -> Option<Knobs<'a>> {
        let own = settings.rules.get(self.id).copied().unwrap_or_default();
        let RuleSettings { enabled, weight, threshold, min_samples } = own;
        enabled.unwrap_or(true).then_some(Knobs {
            weight: weight.unwrap_or(self.weight),
            threshold: threshold.unwrap_or(self.threshold),
            min_samples: min_samples.unwrap_or(self.min_samples),
            settings,
        })
    }
}

impl Gain {
    /// One round trip and one request less in each of so many Interactions a day.
    fn of_one_request(interactions_per_day: f64) -> Self {
        let origin_requests_per_day = interactions_per_day;
        Self { interactions_per_day, round_trips: 1.0, origin_requests_per_day, ..Self::default() }
    }
}

impl Statement {
    /// A statement about a share. `what` completes "... of N": "mutations were followed by a refresh".
    fn of_share(share: Share, text: String, flips_if: String) -> Self {
        Self {
            observed: share.observed,
            interval: share.interval,
            samples: share.samples,
            text,
            flips_if,
            exemplars: Vec::new(),
            gain: Gain::default(),
        }
    }

    /// A statement about a number of observations, each of which is certain.
    fn of_count(count: u64, text: String, flips_if: String) -> Self {
        let observed = as_f64(count);
        let interval = Interval { low: observed, high: observed };
        let (exemplars, gain) = (Vec::new(), Gain::default());
        Self { observed, interval, samples: count, text, flips_if, exemplars, gain }
    }

    fn with(mut self, exemplars: Vec<String>) -> Self {
        self.exemplars = exemplars;
        self
    }

    fn gaining(mut self, gain: Gain) -> Self {
        self.gain = gain;
        self
    }

    /// Holds when the lower end of the interval reaches the threshold and the sample is large enough.
    fn judged_by_low(self, knobs: &Knobs<'_>) -> Finding {
        if self.samples >= knobs.min_samples && self.interval.low >= knobs.threshold {
            Finding::Holds(self)
        } else {
            Finding::Below(self)
        }
    }

    /// Holds when the count reaches the number of samples that the rule needs.
    fn judged_by_count(self, knobs: &Knobs<'_>) -> Finding {
        match self.samples {
            0 => Finding::Silent,
            samples if samples >= knobs.min_samples => Finding::Holds(self),
            _ => Finding::Below(self),
        }
    }
}

/// API routes of either router.
fn is_route(profile: &Profile) -> bool {
    profile.handler.kind.is_route()
}

/// API routes answering GET.
fn is_get_route(profile: &Profile) -> bool {
    is_route(profile) && profile.handler.method == "GET"
}

/// API routes answering a method that changes something.
pub(crate) fn is_mutation_route(profile: &Profile) -> bool {
    is_route(profile) && matches!(profile.handler.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
}

/// Server actions.
fn is_action(profile: &Profile) -> bool {
    profile.handler.kind == HandlerKind::ServerAction
}

/// A share as people read it: `97 %`, `0.4 %`.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// A noun with its number: `1 call`, `12 calls`.
fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Names as a list: `a`, `a and b`, `a, b and 3 more`.
fn named(names: &[String]) -> String {
    match names {
        [] => "unnamed".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

/// The median of some numbers; `None` without any.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied()?;
    if values.len() % 2 == 1 {
        Some(upper)
    } else {
        values.get(middle - 1).map(|lower| f64::midpoint(*lower, upper))
    }
}
