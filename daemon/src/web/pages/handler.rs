//! One handler: the verdict in a sentence, a picture, the plan or why there is none, the evidence with its intervals, the
//! measurements over a span of time, and its history.

mod span;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use pointsman_advisor::life::State as Stage;
use pointsman_advisor::{EvidenceKind, Explanation, HandlerReport, Report, Verdict};

use super::choice::{name as service_name, query};
use super::decide::{self, successors};
use super::evidence::{Evidence, evidence};
use super::figures::{self, Figure};
use super::history::{Story, story};
use super::sentence::{Step, Words, step, words};
use super::{Frame, Page, Part, draw, unknown_handler};
use crate::render::benefit::{Said, in_plain_words};
use crate::render::when::{Moment, moment};
use crate::render::{self, Class, life, safe};
use crate::web::Web;
use crate::web::board::Shown;
use span::Numbers;

#[derive(Template)]
#[template(path = "pages/handler.html")]
struct HandlerPage<'a> {
    frame: Frame,
    handler: &'a HandlerReport,
    name: String,
    kind: &'a str,
    service: String,
    overview: String,
    class: &'static str,
    verdict: String,
    advice: &'static str,
    reason: String,
    gains: Vec<Said>,
    flips_if: String,
    state: Option<String>,
    policy: Option<String>,
    facts: Vec<(&'static str, String)>,
    sequences: Vec<Figure>,
    /// Why there is no picture, where one could be expected.
    no_sequence: Option<String>,
    /// Address and title of the change that it is part of.
    change: Option<(String, String)>,
    plan: Plan,
    evidence: Vec<Evidence<'a>>,
    numbers: Numbers,
    stories: Vec<Story>,
    source: Vec<String>,
    can_decide: bool,
    successors: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "pages/gone.html")]
struct GonePage {
    frame: Frame,
    name: String,
    service: String,
    overview: String,
    from: Moment,
    stories: Vec<Story>,
}

/// What to do, or why nothing is to be done.
struct Plan {
    heading: &'static str,
    is_kept: bool,
    steps: Vec<Step>,
    warnings: Vec<Vec<Words>>,
    /// Statements that keep it where it is.
    against: Vec<(String, Vec<Words>)>,
    /// What gets better without a move.
    improvements: Vec<(String, Vec<Words>)>,
    needs: Vec<String>,
}

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/handlers/{id}", get(handler))
        .route("/handlers/{id}/decision", post(decide::handler))
}

async fn handler(State(web): State<Web>, Path(id): Path<String>, Query(asked): Query<span::Query>) -> Page {
    let view = web.board.view();
    if let Some(shown) = view.handler(&id)? {
        let numbers = span::numbers(&web, &shown, asked.span()).await?;
        return draw(&page(&shown, numbers, &web));
    }
    let (_, report) = view.named(&id).ok_or_else(|| unknown_handler(&id))?;
    draw(&gone(report, &id, &web))
}

/// A handler that was not called in the window: what is left of it is the life of its moves.
fn gone(report: &Report, id: &str, web: &Web) -> GonePage {
    let lives = life::all_of(report, id);
    let name = lives.first().map_or_else(|| id.to_owned(), |life| safe::terminal(&life::name(life)));
    GonePage {
        frame: Frame::new(Part::Overview, name.clone()),
        name,
        service: service_name(&report.service, report.environment.as_deref()),
        overview: format!("/?{}", query(&report.service, report.environment.as_deref())),
        from: moment(&report.window.from, web.zone()),
        stories: lives.into_iter().map(|life| story(life, web.zone())).collect(),
    }
}

fn page<'a>(shown: &'a Shown<'_>, numbers: Numbers, web: &Web) -> HandlerPage<'a> {
    let (report, handler, zone) = (&shown.outlook.report, shown.handler, web.zone());
    let measured = shown.measured.as_ref();
    let name = safe::terminal(&render::name(handler));
    let life = life::of(report, handler);
    let open = |life: &life::Life| !matches!(life.state, Stage::Applied | Stage::Verified);
    let sequences = measured.map(figures::sequences).unwrap_or_default();
    HandlerPage {
        frame: Frame::new(Part::Overview, name.clone()),
        name,
        kind: render::kind(&handler.kind),
        service: service_name(&report.service, report.environment.as_deref()),
        overview: format!("/?{}", query(&report.service, report.environment.as_deref())),
        class: Class::of(handler).as_str(),
        verdict: render::verdict_and_state(handler),
        advice: advice(handler),
        reason: safe::sentence(&handler.reason),
        gains: handler.benefit.as_ref().map(in_plain_words).unwrap_or_default(),
        flips_if: safe::sentence(&handler.flips_if),
        state: life
            .filter(|life| life.state != Stage::Proposed)
            .map(|life| life::state(life, &web.config.reports.audience())),
        policy: life::house_rule(handler),
        facts: at_a_glance(handler),
        no_sequence: sequences.is_empty().then(|| no_sequence(handler, measured)).flatten(),
        sequences,
        change: part_of(report, handler),
        plan: plan(handler),
        evidence: (1_u32..)
            .zip(&handler.evidence)
            .map(|(number, row)| evidence(row, &number.to_string()))
            .collect(),
        numbers,
        stories: life::all_of(report, &handler.id).into_iter().map(|life| story(life, zone)).collect(),
        source: render::source::lines(handler).iter().map(|line| safe::sentence(line)).collect(),
        can_decide: handler.verdict.is_move() && life.is_some_and(open),
        successors: successors(report, handler),
        handler,
    }
}

/// The verdict as an advice.
fn advice(handler: &HandlerReport) -> &'static str {
    match handler.verdict {
        Verdict::MoveToServerAction => "Move it to a server action",
        Verdict::MoveToRouteHandler => "Move it to a route handler",
        Verdict::MoveToServerComponent => "Move it to a server component",
        Verdict::Keep if handler.improvements.is_empty() => "Keep it where it is",
        Verdict::Keep => "Keep it where it is, and improve it there",
        Verdict::InsufficientEvidence => "There is not enough evidence for a verdict",
    }
}

/// What to do, or why nothing is to be done: always in the same place.
fn plan(handler: &HandlerReport) -> Plan {
    let of_kind = |wanted: &[EvidenceKind]| {
        let rows = handler.evidence.iter().filter(|row| wanted.contains(&row.kind));
        rows.map(|row| (row.rule.clone(), words(&row.text))).collect::<Vec<_>>()
    };
    let is_move = handler.verdict.is_move();
    Plan {
        heading: match handler.verdict {
            _ if is_move => "Plan",
            Verdict::InsufficientEvidence => "What is missing for a verdict",
            _ => "Why it is not moved",
        },
        is_kept: handler.verdict == Verdict::Keep,
        steps: handler.steps.iter().map(|text| step(text)).collect(),
        warnings: handler.warnings.iter().map(|warning| words(warning)).collect(),
        against: if is_move { Vec::new() } else { of_kind(&[EvidenceKind::Blocker, EvidenceKind::Against]) },
        improvements: of_kind(&[EvidenceKind::Improvement]),
        needs: render::needs(handler),
    }
}

/// The change that its move is part of, where it is not the only one.
fn part_of(report: &Report, handler: &HandlerReport) -> Option<(String, String)> {
    let change = report.changes.iter().find(|change| Some(&change.id) == handler.change.as_ref())?;
    Some((format!("/changes/{}", change.id), safe::terminal(&change.title)))
}

/// Why no interaction is drawn; nothing where none was to be expected.
fn no_sequence(handler: &HandlerReport, measured: Option<&Explanation>) -> Option<String> {
    let measured = measured?;
    let absent = measured.sequences.absent.as_ref();
    let because = absent.map(|why| format!("No interaction can be shown: {}.", safe::sentence(why)));
    because.filter(|_| handler.verdict.is_move() || handler.verdict == Verdict::InsufficientEvidence)
}

/// What is to be known at a glance.
fn at_a_glance(handler: &HandlerReport) -> Vec<(&'static str, String)> {
    let unknown = || "unknown".to_owned();
    let duration = handler.duration_ms;
    let mut facts = vec![
        ("Calls a day", render::number(handler.calls_per_day)),
        ("Median", duration.map_or_else(unknown, |ms| render::duration(ms.p50))),
        ("95th percentile", duration.map_or_else(unknown, |ms| render::duration(ms.p95))),
        ("From the app's own pages", render::own_ui(handler)),
    ];
    facts.extend(handler.confidence.map(|share| ("Confidence", render::percent(share))));
    facts.extend(handler.effort.as_ref().map(|effort| ("Effort", life::effort(effort).to_owned())));
    facts.extend(render::forms(handler).into_iter().map(|text| ("Requests", text)));
    facts
}

/// What was counted over a span.
fn facts(measured: &Explanation) -> Vec<(&'static str, String)> {
    let (frequency, errors) = (&measured.frequency, &measured.errors);
    let days =
        if frequency.days_seen == 1 { "1 day".to_owned() } else { format!("{} days", frequency.days_seen) };
    let mut facts = vec![(
        "Calls",
        format!(
            "{}, {} a day, on {days}",
            render::number(frequency.calls),
            render::number(frequency.per_day)
        ),
    )];
    let clients = frequency.clients.map_or_else(|| "unknown".to_owned(), render::number);
    facts.push(("Clients, counted per day", clients));
    let succeeded = match errors.status_known {
        0 => "unknown".to_owned(),
        known => format!("{} of {known}", errors.succeeded),
    };
    facts.push(("Succeeded", succeeded));
    if let Some(ms) = &measured.time.duration_ms {
        let text = format!("{} median, {} p95", render::duration(ms.p50), render::duration(ms.p95));
        facts.push(("Duration", text));
    }
    if let Some(trend) = &frequency.trend {
        let [low, high] = trend.interval.map(|end| format!("{:+.0} %", end * 100.0));
        let per_week = format!("{:+.0} % a week (95 %: {low} to {high})", trend.per_week * 100.0);
        facts.push(("Trend", per_week));
    }
    facts
}
