//! The evidence about Handlers in full, as `explain` and pages show it. What follows from it is the verdict's; how it is
//! drawn is not decided here.

mod app;
mod lookback;
mod sequences;
mod together;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{Dimension, Fact, Lifetime, Measure};
use crate::profile::{Profile, days_covered, profiles};
use crate::report::{ReportInput, rfc3339, window};
use crate::rules::Thresholds;
use crate::sampling::Basis;
use crate::settings::Settings;
use crate::stats::{Distribution, Interval, Trend};
use crate::verdict::{Judgement, judge};

pub use app::builds;
pub use lookback::{Lookback, Looked, Looking};
pub use types::{
    After, AfterStep, App, BaseRateRow, BinRow, Build, Cache, CallerShare, Errors, Example, ExampleStep,
    Explanation, Explanations, Frequency, HourCalls, KnownAction, NamedCount, PageShare, Payload, Quantiles,
    Repeats, SamplingRow, Seen, SequenceCounts, Sequences, Time, TrendRow,
};

const NS_PER_HOUR: u64 = 3_600_000_000_000;
/// Bins of a histogram.
const BINS: usize = 16;
/// User agents that are named.
const AGENTS: usize = 20;
/// Share of a body limit that counts as near it, in percent.
const NEAR_PERCENT: u64 = 70;

/// The evidence about every Handler that was called in the window.
#[must_use]
pub fn explanations(input: &ReportInput<'_>, settings: &Settings) -> Explanations {
    let mut handlers = Vec::new();
    let body_limit = explain_each(input, settings, |explanation| handlers.push(explanation));
    Explanations {
        schema: "pointsman.evidence/v1".to_owned(),
        service: input.service.to_owned(),
        environment: input.environment.map(str::to_owned),
        window: window(input),
        days_covered: days_covered(input),
        app: app::of(input, body_limit),
        handlers,
    }
}

/// The same, Handler by Handler in the order of their ids, for whoever does not want to hold all of it. Gives the largest body
/// that actions accept, bytes.
pub fn explain_each(input: &ReportInput<'_>, settings: &Settings, mut take: impl FnMut(Explanation)) -> u64 {
    let profiles = profiles(input, settings);
    let thresholds = Thresholds::new(settings);
    let hours = known_hours(input);
    for profile in &profiles {
        let judgement = judge(profile, &thresholds, input.standing.get(&profile.id).copied(), None);
        take(explanation(profile, input, &hours, &judgement));
    }
    profiles.first().map_or(settings.action_body_limit, |profile| profile.body_limit)
}

/// Hours of the window in which a Call of any Handler was recorded: of the others nothing is known.
fn known_hours(input: &ReportInput<'_>) -> BTreeSet<u32> {
    input.windows.window.values().flat_map(|rollup| rollup.hours()).collect()
}

fn explanation(
    profile: &Profile<'_>,
    input: &ReportInput<'_>,
    hours: &BTreeSet<u32>,
    judgement: &Judgement,
) -> Explanation {
    let sequences = sequences::of(profile, input.handlers, judgement);
    measured(profile, input.windows.to.0, hours, sequences)
}

/// What a Profile holds, as it is told; `to` is the first hour after it.
fn measured(profile: &Profile<'_>, to: u32, hours: &BTreeSet<u32>, sequences: Sequences) -> Explanation {
    let handler = &profile.handler;
    let (action, file) = profile.action_and_file();
    Explanation {
        id: profile.id.to_string(),
        kind: handler.kind.into(),
        route: handler.route.clone(),
        operation: handler.operation.clone(),
        method: handler.method.clone(),
        action,
        file,
        frequency: frequency(profile, to, hours),
        time: time(profile),
        errors: errors(profile),
        payload: payload(profile),
        cache: cache(profile),
        callers: callers(profile),
        outside_agents: outside_agents(profile),
        pages: pages(profile),
        sequences,
        exemplars: exemplars(profile),
        source: None,
    }
}

fn frequency(profile: &Profile<'_>, to: u32, hours: &BTreeSet<u32>) -> Frequency {
    let observed = profile.observed(Fact::Calls);
    let calls = profile.estimate(Fact::Calls);
    let by_hour = profile.by_hour();
    let mut by_hour_of_day = vec![0.0; 24];
    for (hour, calls) in &by_hour {
        if let Some(of_day) = by_hour_of_day.get_mut(*hour as usize % 24) {
            *of_day += calls / profile.days;
        }
    }
    let all_told = profile.observed(Fact::ClientKnown) == observed;
    Frequency {
        observed,
        calls: calls.value,
        interval: [calls.low, calls.high],
        per_day: calls.divided_by(profile.days).value,
        by_hour: hours
            .iter()
            .map(|hour| HourCalls {
                at: rfc3339(u64::from(*hour) * NS_PER_HOUR),
                calls: by_hour.get(hour).copied().unwrap_or_default(),
            })
            .collect(),
        by_hour_of_day,
        days_seen: profile.days_seen(),
        clients: (all_told && profile.is_unsampled()).then(|| profile.clients()),
        trend: trend(&by_hour, to),
        sampling: SamplingRow {
            basis: match profile.sampling_basis() {
                Basis::Declared => "declared",
                Basis::Configured => "configured",
                Basis::Counted => "counted",
                Basis::Undeclared => "undeclared",
            }
            .to_owned(),
            weight: calls.value / crate::stats::as_f64(observed).max(1.0),
        },
    }
}

/// Of the whole days from the first Call on.
fn trend(by_hour: &BTreeMap<u32, f64>, to: u32) -> Option<TrendRow> {
    let first_day = by_hour.keys().next()?.div_ceil(24);
    let whole_days = first_day..to / 24;
    let of_day = |day: u32| by_hour.range(day * 24..(day + 1) * 24).map(|(_, calls)| calls).sum();
    let Trend { per_week, low, high } = Trend::of_days(&whole_days.map(of_day).collect::<Vec<f64>>())?;
    Some(TrendRow { per_week, interval: [low, high] })
}

fn time(profile: &Profile<'_>) -> Time {
    let ms = |measure| quantiles(&profile.distribution(measure), 1_000.0);
    let (whole, children) = (profile.count(Fact::TimeWithChildSpans), profile.count(Fact::TimeInChildSpans));
    Time {
        duration_ms: ms(Measure::Duration),
        database_ms: ms(Measure::DatabaseTime),
        outgoing_ms: ms(Measure::OutgoingTime),
        own_share: (whole > 0.0).then(|| (1.0 - children / whole).clamp(0.0, 1.0)),
        with_child_spans: profile.observed(Fact::WithChildSpans),
    }
}

/// A distribution in a unit that is `unit` of what was measured; `None` when nothing was.
fn quantiles(distribution: &Distribution, unit: f64) -> Option<Quantiles> {
    let q = |q| distribution.quantile(q).map(|value| value / unit);
    let bins = distribution.bins(BINS);
    Some(Quantiles {
        count: distribution.samples(),
        p50: q(0.5)?,
        p75: q(0.75)?,
        p95: q(0.95)?,
        p99: q(0.99)?,
        histogram: bins
            .into_iter()
            .map(|bin| BinRow { from: bin.from / unit, to: bin.to / unit, count: bin.count })
            .collect(),
    })
}

fn errors(profile: &Profile<'_>) -> Errors {
    let observed = |fact| profile.observed(fact);
    Errors {
        status_known: observed(Fact::StatusKnown),
        succeeded: observed(Fact::Succeeded),
        client_error: observed(Fact::ClientErrors),
        server_error: observed(Fact::ServerErrors),
        client_gone: observed(Fact::ClientGone),
        unknown_action: observed(Fact::ActionNotFound),
        body_too_large: observed(Fact::BodiesTooLarge),
        origin_mismatch: observed(Fact::OriginMismatch),
    }
}

fn payload(profile: &Profile<'_>) -> Payload {
    let requests = profile.distribution(Measure::RequestBytes);
    Payload {
        request_bytes: quantiles(&requests, 1.0),
        response_bytes: quantiles(&profile.distribution(Measure::ResponseBytes), 1.0),
        action_body_limit: profile.body_limit,
        over_limit: requests.share_above(profile.body_limit),
        over_70_percent: requests.share_above(profile.body_limit * NEAR_PERCENT / 100),
    }
}

fn cache(profile: &Profile<'_>) -> Option<Cache> {
    let reads = profile.handler.method == "GET";
    let comparable = profile.observed(Fact::Comparable);
    if !reads && comparable == 0 {
        return None;
    }
    let told = reads && profile.observed(Fact::ResponseHeadersKnown) > 0;
    let observed = |fact| told.then(|| profile.observed(fact));
    let absent = if !profile.is_unsampled() {
        Some("only some traces are recorded".to_owned())
    } else if comparable == 0 {
        Some("no successful call carries pointsman.request.key and pointsman.response.hash".to_owned())
    } else {
        None
    };
    let curve = |fact: fn(Lifetime) -> Fact| {
        let lifetimes = Lifetime::ALL.into_iter().filter(|_| absent.is_none());
        lifetimes.filter_map(|lifetime| repeats(profile, lifetime, fact(lifetime))).collect()
    };
    Some(Cache {
        hits: observed(Fact::CacheHits),
        misses: observed(Fact::CacheMisses),
        not_modified: observed(Fact::NotModified),
        cache_control: observed(Fact::CacheControl),
        may_be_kept: observed(Fact::CacheAllowed),
        comparable,
        shared: curve(Fact::repeat_of_anyone),
        private: curve(Fact::repeat_of_same_client),
        absent,
    })
}

fn repeats(profile: &Profile<'_>, lifetime: Lifetime, fact: Fact) -> Option<Repeats> {
    let share = profile.share(fact, Fact::Comparable)?;
    Some(Repeats {
        seconds: lifetime.seconds(),
        repeats: profile.observed(fact),
        share: share.observed,
        interval: ends(share.interval),
    })
}

fn callers(profile: &Profile<'_>) -> Vec<CallerShare> {
    let row = |caller| {
        let share = profile.share(Fact::by(caller), Fact::Calls)?;
        Some(CallerShare {
            class: caller.as_str().to_owned(),
            calls: profile.count(Fact::by(caller)),
            share: share.observed,
            interval: ends(share.interval),
            succeeded: profile.observed(Fact::succeeded_by(caller)),
        })
    };
    let mut rows: Vec<CallerShare> = profile.callers().into_keys().filter_map(row).collect();
    rows.sort_by(|a, b| b.calls.total_cmp(&a.calls));
    rows
}

fn outside_agents(profile: &Profile<'_>) -> Vec<NamedCount> {
    let agents = profile.values(Dimension::OutsideAgent).into_iter().take(AGENTS);
    agents.map(|(name, calls)| NamedCount { name, calls }).collect()
}

fn pages(profile: &Profile<'_>) -> Vec<PageShare> {
    let total: f64 = profile.pages.iter().map(|(_, calls)| calls).sum();
    let row = |(route, calls): &(String, f64)| PageShare {
        route: route.clone(),
        calls: *calls,
        share: calls / total.max(f64::MIN_POSITIVE),
    };
    profile.pages.iter().map(row).collect()
}

/// Traces by what they show; what is ordinary shows nothing.
fn exemplars(profile: &Profile<'_>) -> BTreeMap<String, Vec<String>> {
    const SHOWN: [(&str, Fact); 19] = [
        ("client_error", Fact::ClientErrors),
        ("server_error", Fact::ServerErrors),
        ("client_gone", Fact::ClientGone),
        ("unknown_action", Fact::ActionNotFound),
        ("body_too_large", Fact::BodiesTooLarge),
        ("origin_mismatch", Fact::OriginMismatch),
        ("external", Fact::SucceededByExternal),
        ("cross_origin", Fact::SucceededByCrossOrigin),
        ("bot", Fact::SucceededByBot),
        ("server", Fact::SucceededByServer),
        ("followed_by_refresh", Fact::FollowedByRefresh),
        ("followed_by_document", Fact::FollowedByDocument),
        ("followed_by_refetch", Fact::FollowedByRefetch),
        ("in_burst", Fact::InBurst),
        ("soon_after_load", Fact::SoonAfterLoad),
        ("polled", Fact::Polled),
        ("typed", Fact::Typed),
        ("duplicates", Fact::Duplicates),
        ("retries", Fact::Retries),
    ];
    let traces = |(name, fact): (&str, Fact)| (name.to_owned(), profile.exemplars(fact));
    SHOWN.into_iter().map(traces).filter(|(_, traces)| !traces.is_empty()).collect()
}

fn ends(interval: Interval) -> [f64; 2] {
    [interval.low, interval.high]
}
