//! The overview: what all handlers of an app come to, what to do first, and what became of earlier advice.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use pointsman_advisor::{HandlerReport, Report, Verdict};

use super::choice::{Choice, Which, choices, name as service_name};
use super::{Frame, Page, Part, draw};
use crate::advise::Outlook;
use crate::render::checkup::Telemetry;
use crate::render::when::{Moment, moment};
use crate::render::{self, Class, life, safe};
use crate::web::Web;

#[derive(Template)]
#[template(path = "pages/overview.html")]
struct Overview<'a> {
    frame: Frame,
    choices: Vec<Choice>,
    found: Option<Found<'a>>,
    otlp_http: &'a str,
}

/// What is known of one service and environment.
struct Found<'a> {
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
    map: Option<String>,
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

pub(super) fn router() -> Router<Web> {
    Router::new().route("/", get(overview))
}

async fn overview(State(web): State<Web>, Query(which): Query<Which>) -> Page {
    let view = web.board.view();
    let outlook = which.of(&view)?;
    let page = Overview {
        frame: Frame::new(Part::Overview, "Overview"),
        choices: choices(&view, "/", outlook),
        found: outlook.map(|outlook| found(outlook, &web)),
        otlp_http: &web.config.serve.otlp_http,
    };
    draw(&page)
}

fn found<'a>(outlook: &'a Outlook, web: &Web) -> Found<'a> {
    let (report, zone) = (&outlook.report, web.zone());
    let rows = |wanted: fn(&HandlerReport) -> bool| {
        report.handlers.iter().filter(|handler| wanted(handler)).map(row).collect()
    };
    Found {
        report,
        name: service_name(&report.service, report.environment.as_deref()),
        headline: render::moves_in_short(report),
        beside: render::others_in_short(report),
        from: moment(&report.window.from, zone),
        to: moment(&report.window.to, zone),
        made: moment(&report.generated_at, zone),
        covered: render::text::days(report.days_covered),
        lowered: render::lowered(&report.settings),
        missing: missing(outlook),
        overlap: render::benefit::overlap(report),
        map: None,
        moves: rows(|handler| handler.verdict.is_move()),
        improvements: rows(|handler| !handler.verdict.is_move() && !handler.improvements.is_empty()),
        others: rows(|handler| !handler.verdict.is_move() && handler.improvements.is_empty()),
        record: life::record(&report.record),
        made_moves: life::made(report).into_iter().map(made).collect(),
        policies: report.policies.iter().map(life::policy).collect(),
    }
}

fn missing(outlook: &Outlook) -> Vec<(String, String)> {
    let pieces = Telemetry::of(&outlook.checkup).coverage.into_iter();
    pieces.filter(|piece| piece.missing).map(|piece| (piece.attribute, piece.matters_for)).collect()
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
        own_ui: handler
            .callers
            .get("own_ui")
            .map_or_else(|| "0 %".to_owned(), |share| render::percent(*share)),
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
