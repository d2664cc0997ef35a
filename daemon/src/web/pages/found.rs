//! What is found in one report, in words: on the overview as it stands now, on the page of a kept report as it was.

use askama::Template;
use jiff::tz::TimeZone;
use pointsman_advisor::{HandlerReport, Report, Verdict};

use super::choice::name as service_name;
use crate::render::chart::map::Room;
use crate::render::when::{Moment, moment};
use crate::render::{self, Class, chart, life, safe};

/// What is known of one service and environment.
#[derive(Template)]
#[template(path = "pages/found.html")]
pub(super) struct Found<'a> {
    report: &'a Report,
    name: String,
    headline: String,
    beside: String,
    from: Moment,
    to: Moment,
    made: Moment,
    covered: String,
    lowered: Vec<String>,
    /// Telemetry that too few calls carry, with what it is needed for.
    missing: Vec<(String, String)>,
    overlap: Vec<String>,
    /// The map of all handlers, for each width of a window.
    maps: Vec<(&'static str, String)>,
    moves: Vec<Row<'a>>,
    improvements: Vec<Row<'a>>,
    others: Vec<Row<'a>>,
    record: Option<String>,
    made_moves: Vec<Made>,
    policies: Vec<String>,
}

/// A handler in a list.
struct Row<'a> {
    handler: &'a HandlerReport,
    name: String,
    kind: &'a str,
    class: &'static str,
    verdict: String,
    reason: String,
    gain: String,
    calls_per_day: String,
    p95: String,
    own_ui: String,
    confidence: String,
    needs: Vec<String>,
}

/// A move that was made.
struct Made {
    id: String,
    title: String,
    found: Vec<String>,
}

impl<'a> Found<'a> {
    /// A report in words.
    pub(super) fn of(report: &'a Report, zone: &TimeZone) -> Self {
        let rows = |wanted: fn(&HandlerReport) -> bool| {
            report.handlers.iter().filter(|handler| wanted(handler)).map(row).collect()
        };
        Self {
            report,
            name: service_name(&report.service, report.environment.as_deref()),
            headline: render::capital(&render::moves_in_short(report)),
            beside: render::others_in_short(report),
            from: moment(&report.window.from, zone),
            to: moment(&report.window.to, zone),
            made: moment(&report.generated_at, zone),
            covered: render::text::days(report.days_covered),
            lowered: render::lowered(&report.settings),
            missing: Vec::new(),
            overlap: render::remarks::remarks(report),
            maps: maps(report),
            moves: rows(|handler| handler.verdict.is_move()),
            improvements: rows(|handler| !handler.verdict.is_move() && !handler.improvements.is_empty()),
            others: rows(|handler| !handler.verdict.is_move() && handler.improvements.is_empty()),
            record: life::record(&report.record),
            made_moves: life::made(report).into_iter().map(made).collect(),
            policies: report.policies.iter().map(life::policy).collect(),
        }
    }

    /// With what telemetry lacks, and what that is needed for.
    pub(super) fn lacking(self, missing: Vec<(String, String)>) -> Self {
        Self { missing, ..self }
    }
}

/// Every handler, with a link to its page; once for wide windows and once for narrow ones.
fn maps(report: &Report) -> Vec<(&'static str, String)> {
    let all: Vec<&HandlerReport> = report.handlers.iter().collect();
    let href = |handler: &HandlerReport| format!("/handlers/{}", handler.id);
    let map = |(class, room)| {
        let picture = chart::map::handlers(&all, room, href)?;
        Some((class, picture.with_id(class).into()))
    };
    [("wide", Room::Wide), ("narrow", Room::Narrow)].into_iter().filter_map(map).collect()
}

fn row(handler: &HandlerReport) -> Row<'_> {
    Row {
        handler,
        name: safe::terminal(&render::name(handler)),
        kind: render::kind(&handler.kind),
        class: Class::of(handler).as_str(),
        verdict: render::verdict_and_state(handler),
        reason: safe::sentence(&handler.reason),
        gain: handler.benefit.as_ref().and_then(render::benefit::benefit).unwrap_or_default(),
        calls_per_day: render::number(handler.calls_per_day),
        p95: handler.duration_ms.map_or_else(|| "unknown".to_owned(), |ms| render::duration(ms.p95)),
        own_ui: render::own_ui(handler),
        confidence: handler.confidence.map_or_else(String::new, render::percent),
        needs: render::needs(handler),
    }
}

fn made(life: &life::Life) -> Made {
    Made { id: life.id.clone(), title: safe::terminal(&life::title(life)), found: life::proof(life) }
}

impl Row<'_> {
    fn is_unsure(&self) -> bool {
        self.handler.verdict == Verdict::InsufficientEvidence
    }
}
