//! One change: what to do in a sentence, one user's requests now and after, the plan for all of its handlers, the decision, and what
//! became of it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use pointsman_advisor::life::State as Stage;
use pointsman_advisor::{Change, EvidenceKind, HandlerReport, Report};

use super::choice::{name as service_name, query};
use super::decide::{self, successors};
use super::evidence::{Evidence, evidence};
use super::figures::{self, Figure};
use super::history::{Story, story_of};
use super::sentence::{Step, Words, step, words};
use super::{Frame, Page, Part, draw};
use crate::advise::Outlook;
use crate::render::benefit::{Said, in_plain_words};
use crate::render::{self, life, safe};
use crate::web::{Problem, Web};

#[derive(Template)]
#[template(path = "pages/change.html")]
struct ChangePage<'a> {
    frame: Frame,
    change: &'a Change,
    title: String,
    service: String,
    overview: String,
    class: &'static str,
    verdict: &'static str,
    /// Where it stands, unless it is just proposed.
    state: Option<String>,
    reason: String,
    gains: Vec<Said>,
    facts: Vec<(&'static str, String)>,
    sequence: Option<Figure>,
    members: Vec<Member<'a>>,
    steps: Vec<Step>,
    warnings: Vec<Vec<Words>>,
    story: Story,
    can_decide: bool,
    successors: Vec<(String, String)>,
}

/// A handler of the change.
struct Member<'a> {
    id: &'a str,
    name: String,
    /// `None` for one that was not called in the window.
    called: Option<Called<'a>>,
}

/// What is known of a handler that was called.
struct Called<'a> {
    calls_per_day: String,
    p95: String,
    own_ui: String,
    flips_if: String,
    evidence: Vec<Evidence<'a>>,
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/changes/{id}", get(change)).route("/changes/{id}/decision", post(decide::change))
}

async fn change(State(web): State<Web>, Path(id): Path<String>) -> Page {
    let view = web.board.view();
    let of = |outlook: &'_ Outlook| outlook.report.changes.iter().position(|change| change.id == id);
    let found = view.outlooks.iter().find_map(|outlook| Some((outlook, of(outlook)?)));
    let (outlook, place) = found.ok_or_else(|| {
        Problem::not_found(format!("no change has the id {}; the overview lists them", safe::terminal(&id)))
    })?;
    draw(&page(outlook, &outlook.report.changes[place], &web)?)
}

fn page<'a>(outlook: &'a Outlook, change: &'a Change, web: &Web) -> anyhow::Result<ChangePage<'a>> {
    let report = &outlook.report;
    let title = safe::terminal(&change.title);
    let first = report.handlers.iter().find(|handler| change.handlers.contains(&handler.id));
    let history = (change.history.as_slice(), change.proof.as_ref());
    Ok(ChangePage {
        frame: Frame::new(Part::Overview, title.clone()),
        title,
        service: service_name(&report.service, report.environment.as_deref()),
        overview: format!("/?{}", query(&report.service, report.environment.as_deref())),
        class: if change.state.is_open() { "move" } else { "unsure" },
        verdict: render::verdict(change.verdict),
        state: (change.state != Stage::Proposed).then(|| state(change, web)),
        reason: safe::sentence(&change.reason),
        gains: change.benefit.as_ref().map(in_plain_words).unwrap_or_default(),
        facts: facts(change),
        sequence: sequence(outlook, change)?,
        members: change.handlers.iter().map(|id| member(report, id)).collect(),
        steps: change.steps.iter().map(|text| step(text)).collect(),
        warnings: change.warnings.iter().map(|warning| words(warning)).collect(),
        story: story_of("What happened".to_owned(), &change.id, history, web.zone()),
        can_decide: !matches!(change.state, Stage::Applied | Stage::Verified | Stage::Expired),
        successors: first.map(|handler| successors(report, handler)).unwrap_or_default(),
        change,
    })
}

/// `dismissed since 22 Nov 2026, 06:00 UTC until ...: not worth it`.
fn state(change: &Change, web: &Web) -> String {
    let time = |text: &String| render::when::moment(text, web.zone()).text;
    let since = change.since.as_ref().map_or_else(String::new, |since| format!(" since {}", time(since)));
    let until = change.until.as_ref().map_or_else(String::new, |until| format!(" until {}", time(until)));
    let reason = change.history.last().map(|step| step.reason.as_str()).filter(|reason| !reason.is_empty());
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    safe::sentence(&format!("{}{since}{until}{reason}", change.state.as_str()))
}

fn facts(change: &Change) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    facts.extend(change.confidence.map(|share| ("Confidence", render::percent(share))));
    facts.extend(change.effort.as_ref().map(|effort| ("Effort", life::effort(effort).to_owned())));
    if !change.pages.is_empty() {
        facts.push(("Pages", safe::terminal(&change.pages.join(", "))));
    }
    facts.push(("Handlers", change.handlers.len().to_string()));
    facts
}

/// The interaction that stands for it.
fn sequence(outlook: &Outlook, change: &Change) -> anyhow::Result<Option<Figure>> {
    Ok(outlook.evidence.example_of(change)?.as_ref().map(figures::one_user))
}

fn member<'a>(report: &'a Report, id: &'a str) -> Member<'a> {
    let Some(handler) = report.handlers.iter().find(|handler| handler.id == id) else {
        let life = report.recommendations.iter().find(|life| life.id == id);
        let name = life.map_or_else(|| id.to_owned(), |life| safe::terminal(&life::name(life)));
        return Member { id, name, called: None };
    };
    Member { id, name: safe::terminal(&render::name(handler)), called: Some(called(handler)) }
}

fn called(handler: &HandlerReport) -> Called<'_> {
    let reasons = handler.evidence.iter().filter(|row| row.kind != EvidenceKind::Improvement);
    let name = |number: usize| format!("{}-{number}", handler.id);
    Called {
        calls_per_day: render::number(handler.calls_per_day),
        p95: handler.duration_ms.map_or_else(|| "unknown".to_owned(), |ms| render::duration(ms.p95)),
        own_ui: render::own_ui(handler),
        flips_if: safe::sentence(&handler.flips_if),
        evidence: reasons.enumerate().map(|(number, row)| evidence(row, &name(number))).collect(),
    }
}
