//! Reports, checkups and traces as people and machines read them. Numbers are only laid out here, never made.

pub(crate) mod arrivals;
mod audience;
pub(crate) mod benefit;
pub(crate) mod change;
pub(crate) mod chart;
pub(crate) mod check;
pub(crate) mod checkup;
pub(crate) mod code;
pub(crate) mod differences;
mod evidence;
pub(crate) mod explain;
mod holes;
pub(crate) mod html;
pub(crate) mod life;
pub(crate) mod mail;
pub(crate) mod markdown;
mod page;
pub(crate) mod phrases;
pub(crate) mod remarks;
pub(crate) mod rounded;
pub(crate) mod safe;
pub(crate) mod silence;
pub(crate) mod slack;
pub(crate) mod source;
pub(crate) mod summary;
pub(crate) mod text;
pub(crate) mod tree;
pub(crate) mod when;

pub(crate) use audience::Audience;

use std::borrow::Borrow;
use std::io::IsTerminal;

use anyhow::Context;
use pointsman_advisor::{
    EvidenceKind, HandlerReport, Need, NeedCode, Report, ReportedKind, Settings, Verdict,
};
use pointsman_store::{Action, Handler};
use serde::Serialize;

/// How text for a terminal looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Style {
    /// Columns; lines are wrapped at it.
    pub width: usize,
    /// Whether escape sequences for colour are written.
    pub colour: bool,
}

/// Colour only on a terminal and without `NO_COLOR`; the width from `COLUMNS`, else the terminal's, else 100.
pub(crate) fn style() -> Style {
    let terminal = std::io::stdout().is_terminal();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let own = || terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0));
    let columns = columns.or_else(own);
    Style { width: columns.unwrap_or(100).clamp(40, 160), colour: terminal && !no_colour }
}

/// The machine-readable report: one object, or one per service under `services` when there are several.
pub(crate) fn json<R: Borrow<Report> + Serialize>(reports: &[R]) -> anyhow::Result<String> {
    let text = match reports {
        [one] => serde_json::to_string_pretty(one),
        several => serde_json::to_string_pretty(&serde_json::json!({
            "schema": "pointsman.report/v1",
            "services": several,
        })),
    };
    Ok(safe::json(text.context("the report cannot be written as JSON")?) + "\n")
}

/// A handler's name in one line: `POST /api/cart`, `POST /api/trpc/[trpc] task.move`, `getProfile (app/actions.ts)`.
pub(crate) fn name(handler: &HandlerReport) -> String {
    let HandlerReport { kind, method, route, operation, action, file, .. } = handler;
    name_of(kind, (method, &path(route, operation.as_deref())), (action.as_deref(), file.as_deref()))
}

/// A route with the operation of it that is meant, if one is: `/api/trpc/[trpc] task.move`.
pub(crate) fn path(route: &str, operation: Option<&str>) -> String {
    operation.map_or_else(|| route.to_owned(), |operation| format!("{route} {operation}"))
}

/// The same, from what makes the name: the kind, the method and route, an action's name and file.
fn name_of(
    kind: &ReportedKind,
    (method, route): (&str, &str),
    action: (Option<&str>, Option<&str>),
) -> String {
    match action {
        (Some(action), Some(file)) => Action::title(action, file),
        (Some(action), None) => Action::title_on(action, route),
        (None, _) if *kind == ReportedKind::ServerAction => format!("actions of {route}"),
        (None, _) if *kind == ReportedKind::Unmatched => unmatched(route).to_owned(),
        (None, _) => format!("{method} {route}"),
    }
}

/// What the lines are called on which paths stand together for which no route answered.
fn unmatched(route: &str) -> &'static str {
    match route {
        Handler::REDIRECTED => {
            "paths that were redirected before any route (by the proxy, or by next.config)"
        }
        Handler::PUBLIC_FILES => "public files",
        _ => "paths without a route",
    }
}

/// A kind in people's words.
pub(crate) fn kind(kind: &ReportedKind) -> &str {
    match kind {
        ReportedKind::RouteHandler => "route handler",
        ReportedKind::PagesApi => "pages/api",
        ReportedKind::ServerAction => "server action",
        other => other.as_str(),
    }
}

/// How many preflights there were in all; nothing when there were none.
pub(crate) fn preflights(report: &Report) -> Option<String> {
    let count = report.preflights;
    let verb = if count == 1 { "preflight (OPTIONS) was" } else { "preflights (OPTIONS) were" };
    (count > 0).then(|| {
        format!("{count} {verb} seen: they show which other origins call, and are not counted as calls")
    })
}

/// What of the calls is not what it seems: prefetches of a page, and preflights, which are none.
pub(crate) fn forms(handler: &HandlerReport) -> Vec<String> {
    let prefetches = handler.forms.get("prefetch").filter(|count| **count >= 0.5);
    let prefetches = prefetches
        .map(|count| format!("{} of {} requests are prefetches", number(*count), number(handler.calls)));
    let preflights = (handler.preflights > 0).then(|| match handler.preflights {
        1 => "1 preflight (OPTIONS) besides".to_owned(),
        many => format!("{many} preflights (OPTIONS) besides"),
    });
    prefetches.into_iter().chain(preflights).collect()
}

/// How much of its calls the app's own pages make; `unknown` where nobody knows who calls.
pub(crate) fn own_ui(handler: &HandlerReport) -> String {
    match (handler.callers.get("own_ui"), handler.callers.get("unknown")) {
        (Some(share), _) => percent(*share),
        (None, Some(unknown)) if *unknown > 0.99 => "unknown".to_owned(),
        (None, _) => percent(0.0),
    }
}

/// A verdict in people's words.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::MoveToServerAction => "move to a server action",
        Verdict::MoveToRouteHandler => "move to a route handler",
        Verdict::MoveToServerComponent => "move to a server component",
        Verdict::Keep => "keep",
        Verdict::InsufficientEvidence => "not enough evidence",
    }
}

/// Which way a measured statement points, in people's words.
pub(crate) fn points(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::For => "supports a move",
        EvidenceKind::Against => "argues against a move",
        EvidenceKind::Blocker => "blocks a move",
        EvidenceKind::Improvement => "to improve",
    }
}

/// A verdict in people's words; of a move that is not just proposed also where it stands.
pub(crate) fn verdict_and_state(handler: &HandlerReport) -> String {
    let state = handler.state.as_deref().filter(|state| *state != "proposed");
    let state = state.map_or_else(String::new, |state| format!(" ({state})"));
    verdict(handler.verdict).to_owned() + &state
}

/// What is missing for a verdict about a handler, in people's words.
pub(crate) fn needs(handler: &HandlerReport) -> Vec<String> {
    handler.needs.iter().map(|one| need(one, handler.calls_per_day)).collect()
}

fn need(need: &Need, calls_per_day: f64) -> String {
    let missing = need.want.unwrap_or_default().saturating_sub(need.have.unwrap_or_default());
    match &need.code {
        NeedCode::MoreCalls => {
            let missing = precise(missing);
            let days = (missing / calls_per_day).ceil();
            let at_this_rate = match days {
                ..=1.0 => " (about one day at this rate)".to_owned(),
                // Who knows what the rate is by then?
                ..=90.0 => format!(" (about {} days at this rate)", number(days)),
                _ => String::new(),
            };
            format!("about {} more calls{at_this_rate}", number(missing))
        }
        NeedCode::MoreDays if missing == 1 => "calls on one more day".to_owned(),
        NeedCode::MoreDays => format!("calls on {missing} more days"),
        NeedCode::ReadOrWrite => {
            "to know whether it only reads: name it get..., or trace its database calls".to_owned()
        }
        NeedCode::EveryTrace => {
            "every trace recorded for a while: sequences cannot be seen in a sample".to_owned()
        }
        NeedCode::StableClientKeys => {
            "client keys that do not change while people use the app (see `pointsman doctor`)".to_owned()
        }
        NeedCode::BaseRate => {
            "more calls that come some time after the one before: how often the same happens by itself is not known".to_owned()
        }
        NeedCode::ClientRhythm => {
            "pages with links that are prefetched: they show whether clients are slow or people took their time".to_owned()
        }
        NeedCode::UnknownPages => {
            "requests for the pages that call it: some of them were never seen here, so another app may serve them".to_owned()
        }
        NeedCode::Arguments => {
            "to know that the server can tell its arguments: they differ from load to load of the same page, or no two loads could be \
             compared"
                .to_owned()
        }
        NeedCode::PushedRefresh => {
            "to know whose refresh it is: an open event stream may push one after each change, and would after an action as well".to_owned()
        }
        NeedCode::MissingAttribute | NeedCode::Later(_) => match &need.attribute {
            Some(attribute) => format!("the attribute {attribute} (see `pointsman doctor`)"),
            None => need.code.to_string(),
        },
    }
}

/// What sums a report up, in two sentences: the end of the last one is the caller's.
pub(crate) fn headline(report: &Report) -> String {
    format!("{}. {}", capital(&moves_in_short(report)), others_in_short(report))
}

/// What harms people now, ahead of everything else; empty where nothing does.
fn urgent_in_short(report: &Report) -> String {
    match report.handlers.iter().filter(|handler| handler.is_urgent()).count() {
        0 => String::new(),
        1 => "Fix first: 1 action refreshes its page without end. ".to_owned(),
        many => format!("Fix first: {many} actions refresh their pages without end. "),
    }
}

/// What the Changes would bring: `3 changes would save about 41,000 round trips a day`.
pub(crate) fn moves_in_short(report: &Report) -> String {
    let total = &report.total;
    let saves = [
        (total.round_trips_per_day >= 1.0)
            .then(|| format!("{} round trips", rounded::rounded(total.round_trips_per_day))),
        (total.waiting_s_per_day >= 60.0)
            .then(|| format!("{} of waiting", rounded::duration(total.waiting_s_per_day * 1_000.0))),
    ];
    let saves: Vec<String> = saves.into_iter().flatten().collect();
    let urgent = urgent_in_short(report);
    if total.changes == 0 {
        return format!("{urgent}{}", none_so_far(report));
    }
    let changes = rounded::counted(total.changes, "change");
    if saves.is_empty() {
        format!("{urgent}{changes} would help")
    } else {
        format!("{urgent}{changes} would save about {} a day", saves.join(" and "))
    }
}

/// That no move is advised; and, as long as some handlers lack calls, that this is so only so far, and how much it takes.
fn none_so_far(report: &Report) -> String {
    let waits = report.handlers.iter().filter(|h| h.verdict == Verdict::InsufficientEvidence);
    let mut days: Vec<f64> = waits.filter_map(days_to_judge).collect();
    days.sort_by(f64::total_cmp);
    match days.first() {
        None => "no moves recommended".to_owned(),
        Some(first) => {
            let (count, noun) = (days.len(), if days.len() == 1 { "handler needs" } else { "handlers need" });
            let day = if *first <= 1.0 {
                "about one day".to_owned()
            } else {
                format!("about {} days", number(*first))
            };
            format!(
                "no moves recommended so far: {count} {noun} more calls; the first can be judged in {day}"
            )
        }
    }
}

/// Days after which a handler has been called often enough; `None` where more calls alone do not help.
fn days_to_judge(handler: &HandlerReport) -> Option<f64> {
    let days = handler.needs.iter().map(|need| {
        let missing = precise(need.want?.saturating_sub(need.have.unwrap_or_default()));
        match need.code {
            NeedCode::MoreDays => Some(missing),
            NeedCode::MoreCalls if handler.calls_per_day > 0.0 => {
                Some((missing / handler.calls_per_day).ceil())
            }
            _ => None,
        }
    });
    days.collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)
}

/// What else there is: improvements, and what is not known enough.
pub(crate) fn others_in_short(report: &Report) -> String {
    let others = report.handlers.iter().filter(|h| !h.verdict.is_move());
    let better = others.filter(|h| !h.improvements.is_empty()).count();
    let unsure = report.handlers.iter().filter(|h| h.verdict == Verdict::InsufficientEvidence).count();
    let total = report.handlers.len();
    let better = match better {
        0 => format!("None of {} can be improved in place", rounded::counted(total, "handler")),
        some => format!("{some} of {} can be improved in place", rounded::counted(total, "handler")),
    };
    match unsure {
        0 => better,
        1 => format!("{better}, and 1 lacks evidence"),
        many => format!("{better}, and {many} lack evidence"),
    }
}

/// What a handler's row asks of its reader, as style sheets and maps mark it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// A move that waits for somebody.
    Move,
    /// Better where it is.
    Improve,
    /// It stays.
    Keep,
    /// Not known, or answered: nothing waits for anybody.
    Unsure,
}

impl Class {
    /// Every class, in the order in which they ask for attention.
    pub(crate) const ALL: [Self; 4] = [Self::Move, Self::Improve, Self::Keep, Self::Unsure];

    pub(crate) fn of(handler: &HandlerReport) -> Self {
        match handler.verdict {
            _ if handler.is_open_move() => Self::Move,
            verdict if verdict.is_move() => Self::Unsure,
            _ if !handler.improvements.is_empty() => Self::Improve,
            Verdict::InsufficientEvidence => Self::Unsure,
            _ => Self::Keep,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Move => "move",
            Self::Improve => "improve",
            Self::Keep => "keep",
            Self::Unsure => "unsure",
        }
    }

    /// In people's words, as the name of a group.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Move => "move",
            Self::Improve => "improve in place",
            Self::Keep => "keep",
            Self::Unsure => "not decided",
        }
    }
}

/// Thresholds that differ from the defaults, as `key = value (default ...)`.
pub(crate) fn lowered(settings: &Settings) -> Vec<String> {
    let (Ok(now), Ok(default)) = (serde_json::to_value(settings), serde_json::to_value(Settings::default()))
    else {
        return Vec::new();
    };
    let (Some(now), Some(default)) = (now.as_object(), default.as_object()) else { return Vec::new() };
    let changed = now.iter().filter(|(key, value)| default.get(*key) != Some(value));
    changed
        .map(|(key, value)| match default.get(key) {
            Some(usual) if !usual.is_object() => format!("{key} = {value} (default {usual})"),
            _ => format!("{key} = {value}"),
        })
        .collect()
}

/// A number as people read it: `3`, `411`, `41,000`, `0.4`.
pub(crate) fn number(value: f64) -> String {
    if value.abs() < 10.0 && value.fract().abs() > 0.049 {
        let text = format!("{value:.1}");
        return text.strip_suffix(".0").map_or(text.clone(), str::to_owned);
    }
    let digits = format!("{:.0}", value.abs());
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if value <= -0.5 { format!("-{grouped}") } else { grouped }
}

/// A measured value of any unit: round trips, shares, ms; small ones with the digits that tell them apart.
pub(crate) fn amount(value: f64) -> String {
    if value.abs() >= 100.0 {
        return number(value);
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A sentence, from words that begin small.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A duration in ms as people read it: `13 ms`, `1.4 s`.
pub(crate) fn duration(ms: f64) -> String {
    if ms < 1_000.0 { format!("{} ms", number(ms)) } else { format!("{} s", number(ms / 1_000.0)) }
}

/// A share as people read it.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn precise(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (value, text) in [
            (0.0, "0"),
            (0.42, "0.4"),
            (0.98, "1"),
            (9.0, "9"),
            (999.6, "1,000"),
            (41_000.0, "41,000"),
            (-1_234.0, "-1,234"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn what_is_missing_is_told_with_the_time_that_it_takes() {
        let more = |have, want| Need {
            code: NeedCode::MoreCalls,
            have: Some(have),
            want: Some(want),
            attribute: None,
        };
        for (missing, per_day, text) in [
            (more(188, 1_000), 280.0, "about 812 more calls (about 3 days at this rate)"),
            (more(40, 100), 90.0, "about 60 more calls (about one day at this rate)"),
            (more(40, 100), 0.5, "about 60 more calls"),
            (more(40, 100), 0.0, "about 60 more calls"),
        ] {
            assert_eq!(need(&missing, per_day), text);
        }
    }

    #[test]
    fn only_what_differs_from_the_defaults_is_said() {
        assert_eq!(lowered(&Settings::default()), Vec::<String>::new());
        let demo = Settings { min_days_for_move: 1, ..Settings::default() };
        assert_eq!(lowered(&demo), ["min_days_for_move = 1 (default 2)"]);
    }
}
