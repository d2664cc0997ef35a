//! One handler: the verdict in a sentence, the evidence in pictures and numbers, the plan, its life, and the forms to decide.

mod decide;
mod figures;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use pointsman_advisor::life::State as Stage;
use pointsman_advisor::{EvidenceRow, Explanation, HandlerReport, Report, Verdict};

use super::choice::{name as service_name, query};
use super::{Frame, Page, Part, draw, unknown_handler};
use crate::render::when::{Moment, moment};
use crate::render::{self, Class, life, safe};
use crate::web::Web;
use crate::web::board::Shown;
use figures::Figure;

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
    advice: String,
    reason: String,
    flips_if: String,
    state: Option<String>,
    policy: Option<String>,
    from: Moment,
    to: Moment,
    facts: Vec<(&'static str, String)>,
    sequences: Vec<Figure>,
    figures: Vec<Figure>,
    evidence: Vec<Evidence<'a>>,
    agents: Vec<(String, String)>,
    needs: Vec<String>,
    steps: Vec<Vec<Words>>,
    warnings: Vec<Vec<Words>>,
    lives: Vec<Lived>,
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
    lives: Vec<Lived>,
}

/// One measured statement.
struct Evidence<'a> {
    rule: &'a str,
    kind: &'static str,
    text: Vec<Words>,
    observed: String,
    interval: String,
    threshold: String,
    samples: String,
    flips_if: String,
    exemplars: &'a [String],
}

/// A part of a sentence.
struct Words {
    text: String,
    is_code: bool,
}

/// What became of a move.
struct Lived {
    title: String,
    steps: Vec<(Moment, String)>,
    proof: Vec<String>,
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/handlers/{id}", get(handler)).route("/handlers/{id}/decision", post(decide::decide))
}

async fn handler(State(web): State<Web>, Path(id): Path<String>) -> Page {
    let view = web.board.view();
    if let Some(shown) = view.handler(&id)? {
        return draw(&page(&shown, &web));
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
        lives: lives.into_iter().map(|life| lived(life, web.zone())).collect(),
    }
}

fn page<'a>(shown: &'a Shown<'_>, web: &Web) -> HandlerPage<'a> {
    let (report, handler, zone) = (&shown.outlook.report, shown.handler, web.zone());
    let measured = shown.measured.as_ref();
    let name = safe::terminal(&render::name(handler));
    let life = life::of(report, handler);
    let open = |life: &life::Life| !matches!(life.state, Stage::Applied | Stage::Verified);
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
        flips_if: safe::sentence(&handler.flips_if),
        state: life.filter(|life| life.state != Stage::Proposed).map(life::state),
        policy: life::house_rule(handler),
        from: moment(&report.window.from, zone),
        to: moment(&report.window.to, zone),
        facts: facts(handler, measured),
        sequences: measured.map(figures::sequences).unwrap_or_default(),
        figures: measured.map(figures::numbers).unwrap_or_default(),
        evidence: handler.evidence.iter().map(evidence).collect(),
        agents: measured.map(agents).unwrap_or_default(),
        needs: render::needs(handler),
        steps: handler.steps.iter().map(|step| words(step)).collect(),
        warnings: handler.warnings.iter().map(|warning| words(warning)).collect(),
        lives: life::all_of(report, &handler.id).into_iter().map(|life| lived(life, zone)).collect(),
        can_decide: handler.verdict.is_move() && life.is_some_and(open),
        successors: successors(report, handler),
        handler,
    }
}

/// The verdict as an advice: `Move it to a server action`.
fn advice(handler: &HandlerReport) -> String {
    match handler.verdict {
        verdict if verdict.is_move() => render::verdict(verdict).replacen("move", "Move it", 1),
        Verdict::InsufficientEvidence => "Not enough evidence".to_owned(),
        _ => "Keep it where it is".to_owned(),
    }
}

/// Words of a sentence in which code stands between backticks.
fn words(sentence: &str) -> Vec<Words> {
    let pieces = safe::sentence(sentence);
    let pieces = pieces.split('`').zip([false, true].into_iter().cycle());
    pieces.map(|(text, is_code)| Words { text: text.to_owned(), is_code }).collect()
}

/// What is to be known at a glance.
fn facts(handler: &HandlerReport, measured: Option<&Explanation>) -> Vec<(&'static str, String)> {
    let mut facts = vec![(
        "calls",
        format!("{} ({} a day)", render::number(handler.calls), render::number(handler.calls_per_day)),
    )];
    facts.extend(render::forms(handler).into_iter().map(|text| ("requests", text)));
    if let Some(ms) = handler.duration_ms {
        let text = format!("{} (p50), {} (p95)", render::duration(ms.p50), render::duration(ms.p95));
        facts.push(("duration", text));
    }
    if let Some(known) = measured {
        let errors = &known.errors;
        if errors.status_known > 0 {
            facts.push(("succeeded", format!("{} of {}", errors.succeeded, errors.status_known)));
        }
        if let Some(clients) = known.frequency.clients {
            facts.push(("clients", format!("{} (each day counted anew)", render::number(clients))));
        }
    }
    if let Some(gain) = handler.benefit.as_ref().and_then(render::benefit::benefit) {
        facts.push(("gain", gain));
    }
    if let Some(confidence) = handler.confidence {
        facts.push(("confidence", render::percent(confidence)));
    }
    if let Some(effort) = &handler.effort {
        let words = match effort.as_str() {
            "S" => "small",
            "M" => "medium",
            _ => "large",
        };
        facts.push(("effort", words.to_owned()));
    }
    facts
}

fn evidence(row: &EvidenceRow) -> Evidence<'_> {
    let [low, high] = row.interval;
    let amount = render::amount;
    Evidence {
        rule: &row.rule,
        kind: render::points(row.kind),
        text: words(&row.text),
        observed: amount(row.observed),
        interval: format!("{} to {}", amount(low), amount(high)),
        threshold: amount(row.threshold),
        samples: row.samples.to_string(),
        flips_if: safe::sentence(&row.flips_if),
        exemplars: &row.exemplars,
    }
}

fn agents(measured: &Explanation) -> Vec<(String, String)> {
    let agents = measured.outside_agents.iter();
    agents.map(|agent| (safe::terminal(&agent.name), render::number(agent.calls))).collect()
}

fn lived(life: &life::Life, zone: &jiff::tz::TimeZone) -> Lived {
    let step = |step: &pointsman_advisor::life::Step| {
        let reason = if step.reason.is_empty() { String::new() } else { format!(": {}", step.reason) };
        let text = format!("{} by the {}{reason}", step.to.as_str(), step.who.as_str());
        (moment(&step.at, zone), safe::sentence(&text))
    };
    Lived {
        title: render::verdict(life.verdict).to_owned(),
        steps: life.history.iter().map(step).collect(),
        proof: life::proof(life).iter().map(|line| safe::sentence(line)).collect(),
    }
}

/// Handlers that may have come in place of one that was moved, with their ids.
fn successors(report: &Report, handler: &HandlerReport) -> Vec<(String, String)> {
    let fits = |one: &&HandlerReport| match handler.verdict {
        Verdict::MoveToServerAction => one.kind == "server_action",
        Verdict::MoveToRouteHandler => {
            matches!(one.kind.as_str(), "route_handler" | "pages_api")
        }
        _ => one.kind == "page",
    };
    let others = report.handlers.iter().filter(|one| one.id != handler.id).filter(fits);
    others.map(|one| (one.id.clone(), safe::terminal(&render::name(one)))).collect()
}
